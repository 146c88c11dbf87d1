// Ids to vectors.

import { gatherRows } from "./tensor.js";

/** A table of vectors. */
export class Embedding {
  /**
   * @param {import("./weights.js").Weights} weights
   * @param {string} name
   * @param {number} vocabularySize
   * @param {number} size
   */
  constructor(weights, name, vocabularySize, size) {
    this.weights = weights;
    this.name = name;
    this.vocabularySize = vocabularySize;
    this.size = size;
  }

  /** @param {string} [path] where Python keeps the table: with the layer that first needs it */
  build(path = this.name) {
    this.table ??= this.weights.matrix(`${path}/table`, this.vocabularySize, this.size);
  }

  /**
   * @param {ArrayLike<number>} ids `[length]`
   * @returns {import("./tensor.js").Tensor} `[length, size]`
   */
  call(ids) {
    this.build();
    for (const id of ids) {
      if (!(id >= 0 && id < this.vocabularySize)) throw new Error(`${this.name}: no id ${id} in ${this.vocabularySize}`);
    }
    return gatherRows(this.table, ids);
  }
}
