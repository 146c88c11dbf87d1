// One token in, one token out: no sequence is processed.

import { Direct } from "./direct.js";

/** Reads each token alone; remembers its vector; writes one token per source position. */
export class OneToOne extends Direct {
  makeLayers() {
    this.hidden = this.denseStack("hidden");
  }

  positions(source) {
    return source.length;
  }

  features(source) {
    return this.hidden.call(this.sourceEmbedding.call(source));
  }
}
