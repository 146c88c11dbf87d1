// Input longer than output: the last N outputs of an LSTM are the translation.

import { ceilOf } from "../length_rules.js";
import { Direct, followedByBlanks } from "./direct.js";

/** Reads the sequence; waits; remembers the LSTM's state; writes the last N of its steps. */
export class LastN extends Direct {
  makeLayers() {
    this.lstm = this.stack("lstm");
  }

  features(source) {
    const written = this.positions(source);
    const wait = ceilOf(this.config.wait, source.length);
    const steps = Math.max(source.length, wait + written);
    const inputs = followedByBlanks(this.sourceEmbedding.call(source), steps);
    return this.lstm.sequence(inputs).outputs.slice(steps - written, steps);
  }
}
