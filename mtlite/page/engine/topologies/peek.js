// Encoder-decoder whose decoder sees the encoder's last output at every step (Cho et al. 2014).

import { sideBySide } from "../tensor.js";
import { Autoregressive } from "./autoregressive.js";

/** Reads the sequence; remembers (h, c) and keeps the top h in sight; writes with an LSTM over the target so far. */
export class Peek extends Autoregressive {
  makeLayers() {
    this.encoder = this.sourceStack("encoder", { state_only: true });
    this.decoder = this.stack("decoder");
  }

  read(source) {
    const { state } = this.encode(this.encoder, source);
    return { memory: { context: state.at(-1).h }, state };
  }

  decode(tokens, state, memory) {
    const context = this.atEach(tokens, memory.context);
    const decoded = this.decoder.step(sideBySide(this.targetEmbedding.call(tokens), context), state);
    return { features: sideBySide(decoded.outputs, context), state: decoded.state, attention: null };
  }
}
