// One vector in, a sequence out.

import { Tensor } from "../tensor.js";
import { Direct, copies } from "./direct.js";

/** Reads the source as one vector, its mean embedding; repeats it N times; writes with an LSTM over the copies. */
export class OneToMany extends Direct {
  makeLayers() {
    this.decoder = this.stack("decoder");
  }

  features(source) {
    const mean = meanOf(this.sourceEmbedding.call(source));
    return this.decoder.sequence(copies(mean, this.positions(source))).outputs;
  }
}

/** `[length, size]` → `[1, size]` */
function meanOf({ rows, size, data }) {
  const mean = new Tensor(1, size);
  for (let i = 0; i < data.length; i++) mean.data[i % size] += data[i] / rows;
  return mean;
}
