// Every row to mean 0 and variance 1, then scaled and shifted (Ba et al. 2016).

import { Tensor } from "./tensor.js";

const EPSILON = 1e-3; // as in Keras

/** `keras.layers.LayerNormalization` over the numbers of each row. */
export class LayerNormalization {
  /**
   * @param {import("./weights.js").Weights} weights
   * @param {string} name
   */
  constructor(weights, name) {
    this.weights = weights;
    this.name = name;
  }

  build(size) {
    this.gamma ??= this.weights.vector(`${this.name}/gamma`, size);
    this.beta ??= this.weights.vector(`${this.name}/beta`, size);
  }

  /**
   * @param {Tensor} x `[rows, size]`
   * @returns {Tensor} `[rows, size]`
   */
  call(x) {
    this.build(x.size);
    const normalised = new Tensor(x.rows, x.size);
    for (let row = 0; row < x.rows; row++) {
      const values = x.row(row);
      const mean = values.reduce((sum, value) => sum + value, 0) / x.size;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.size;
      const scale = 1 / Math.sqrt(variance + EPSILON);
      normalised.row(row).set(values.map((value, i) => (value - mean) * scale * this.gamma[i] + this.beta[i]));
    }
    return normalised;
  }
}
