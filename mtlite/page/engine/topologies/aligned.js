// Sequences of equal length: the LSTM's output at each position is written there.

import { Direct } from "./direct.js";

/** Reads the sequence; remembers the LSTM's output at each position; writes one token per source position. */
export class Aligned extends Direct {
  makeLayers() {
    this.lstm = this.sourceStack("lstm");
  }

  positions(source) {
    return source.length;
  }

  features(source) {
    return this.encode(this.lstm, source).outputs;
  }
}
