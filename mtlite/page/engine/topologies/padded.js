// Input lengthened by blanks: read everything, then write.

import { Direct, followedByBlanks } from "./direct.js";

/** Reads the whole source, then N blanks; remembers the LSTM's state; writes at the blanks. */
export class Padded extends Direct {
  makeLayers() {
    this.lstm = this.stack("lstm");
  }

  features(source) {
    const steps = source.length + this.positions(source);
    const inputs = followedByBlanks(this.sourceEmbedding.call(source), steps);
    return this.lstm.sequence(inputs).outputs.slice(source.length, steps);
  }
}
