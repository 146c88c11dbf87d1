// An LSTM stack without recurrence.

import { Dense } from "./dense.js";
import { Stack } from "./stack.js";

/** `layers` × `Dense(units, tanh)` at every position alone. */
export class DenseStack extends Stack {
  /**
   * @param {import("./weights.js").Weights} weights
   * @param {string} name
   * @param {import("./stack.js").StackOptions} options
   */
  constructor(weights, name, options) {
    super(weights, name, options);
    this.denses = Array.from(
      { length: options.layers },
      (_, layer) => new Dense(weights, `${name}/${name}_${layer}`, options.units, "tanh"),
    );
  }

  /**
   * @param {import("./tensor.js").Tensor} x `[length, input size]`
   * @returns {import("./tensor.js").Tensor} `[length, units]`
   */
  call(x) {
    return this.denses.reduce((input, dense, layer) => this.after(layer, input, dense.call(input)), x);
  }
}
