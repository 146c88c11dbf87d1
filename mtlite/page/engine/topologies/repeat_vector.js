// The "encoder-decoder" of many tutorials: the last output is repeated, and a second LSTM reads the copies.

import { Direct, copies } from "./direct.js";

/** Reads the sequence; remembers the top layer's last h, repeated N times; writes with an LSTM over the copies. */
export class RepeatVector extends Direct {
  makeLayers() {
    this.encoder = this.sourceStack("encoder", { state_only: true });
    this.decoder = this.stack("decoder");
  }

  features(source) {
    const { state } = this.encode(this.encoder, source);
    const { h } = state.at(-1);
    return this.decoder.sequence(copies(h, this.positions(source))).outputs;
  }
}
