// Sequence to sequence: the last state of the encoder starts the decoder (Sutskever et al. 2014).

import { Autoregressive } from "./autoregressive.js";

/** Reads the sequence; remembers each encoder layer's last (h, c); writes with an LSTM over the target so far. */
export class EncoderDecoder extends Autoregressive {
  makeLayers() {
    this.encoder = this.sourceStack("encoder", { state_only: true });
    this.decoder = this.stack("decoder");
  }

  read(source) {
    const { state } = this.encode(this.encoder, source);
    return { memory: {}, state };
  }

  decode(tokens, state, memory) {
    const decoded = this.decoder.step(this.targetEmbedding.call(tokens), state);
    return { features: decoded.outputs, state: decoded.state, attention: null };
  }
}
