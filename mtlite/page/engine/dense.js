// One product and a bias.

import { product } from "./tensor.js";

/** `keras.layers.Dense(size)`, linear or with tanh. */
export class Dense {
  /**
   * @param {import("./weights.js").Weights} weights
   * @param {string} name
   * @param {number} size
   * @param {"linear" | "tanh"} [activation]
   */
  constructor(weights, name, size, activation = "linear") {
    this.weights = weights;
    this.name = name;
    this.size = size;
    this.activation = activation;
  }

  build(inputSize) {
    this.kernel ??= this.weights.kernel(`${this.name}/kernel`, inputSize, this.size);
    this.bias ??= this.weights.vector(`${this.name}/bias`, this.size);
  }

  /**
   * @param {import("./tensor.js").Tensor} x `[rows, input size]`
   * @returns {import("./tensor.js").Tensor} `[rows, size]`
   */
  call(x) {
    this.build(x.size);
    const outputs = product(x, this.kernel, this.bias);
    if (this.activation === "tanh") {
      for (let i = 0; i < outputs.data.length; i++) outputs.data[i] = Math.tanh(outputs.data[i]);
    }
    return outputs;
  }
}
