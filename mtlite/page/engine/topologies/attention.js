// Encoder-decoder with a look back at every position (Bahdanau et al. 2015; Luong et al. 2015).

import { AttentionLayer } from "../attention.js";
import { sideBySide } from "../tensor.js";
import { Autoregressive } from "./autoregressive.js";

/** Reads the sequence; remembers (h, c) and every encoder output; writes with an LSTM that looks back. */
export class Attention extends Autoregressive {
  makeLayers() {
    this.encoder = this.sourceStack("encoder");
    this.decoder = this.stack("decoder", { layers: 1 });
    this.above = this.stack("above", { layers: this.config.layers - 1 });
    const { attention, units, attention_heads: heads } = this.config;
    this.attention = new AttentionLayer(this.weights, "attention", attention, units, heads);
  }

  read(source) {
    const { outputs, state } = this.encode(this.encoder, source);
    return { memory: this.attention.lookAt(outputs), state };
  }

  decode(tokens, state, memory) {
    const first = this.decoder.step(this.targetEmbedding.call(tokens), state.slice(0, 1));
    const { context, attention } = this.attention.call(first.outputs, memory);
    const looked = sideBySide(first.outputs, context);
    if (state.length === 1) return { features: looked, state: first.state, attention };
    const above = this.above.step(looked, state.slice(1));
    return { features: sideBySide(above.outputs, context), state: [...first.state, ...above.state], attention };
  }
}
