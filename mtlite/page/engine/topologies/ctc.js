// Aligned, freed from equal lengths: every position writes a token or a blank (Graves et al. 2006).

import { PAD } from "../ids.js";
import { Tensor } from "../tensor.js";
import { Direct } from "./direct.js";

/** No target contains padding, so its id is free. */
export const BLANK = PAD;

/** Reads the sequence; spreads each position over k; remembers the LSTM's output there; writes a token or a blank. */
export class CTC extends Direct {
  makeLayers() {
    const { lengths, units } = this.config;
    this.encoder = this.sourceStack("encoder");
    this.spread = this.dense("spread", lengths.expansion * units);
    this.decoder = this.sourceStack("decoder");
  }

  positions(source) {
    return this.config.lengths.expansion * source.length;
  }

  features(source) {
    const { outputs } = this.encode(this.encoder, source);
    const spread = new Tensor(this.positions(source), this.config.units, this.spread.call(outputs).data);
    return this.decoder.sequence(spread).outputs;
  }
}
