// Layers on top of each other.

import { LayerNormalization } from "./layer_normalization.js";
import { LSTM } from "./lstm.js";
import { sideBySide, sumOf } from "./tensor.js";

/** @typedef {import("./lstm.js").LayerState[]} State for each layer h and c (directions joined), each `[rows, units]` */

/**
 * @typedef {object} StackOptions
 * @property {number} units
 * @property {number} layers
 * @property {boolean} layer_normalization
 * @property {boolean} residual add a layer's input to its output where both have the same size
 * @property {boolean} [state_only] only the state of the top layer is used, not its outputs: it gets no normalisation
 * @property {boolean} [bidirectional] `units` / 2 in each direction, with the outputs joined
 */

/** What stacks share: residual connections and layer normalisation after every layer. */
export class Stack {
  /**
   * @param {import("./weights.js").Weights} weights
   * @param {string} name
   * @param {StackOptions} options
   */
  constructor(weights, name, options) {
    this.units = options.units;
    this.residual = options.residual;
    const normed = options.layer_normalization ? options.layers - (options.state_only ? 1 : 0) : 0;
    this.norms = Array.from(
      { length: normed },
      (_, layer) => new LayerNormalization(weights, `${name}/${name}_${layer}_norm`),
    );
  }

  /**
   * What follows one layer.
   *
   * @param {number} layer
   * @param {import("./tensor.js").Tensor} x the layer's input `[rows, input size]`
   * @param {import("./tensor.js").Tensor} outputs `[rows, units]`
   * @returns {import("./tensor.js").Tensor} `[rows, units]`
   */
  after(layer, x, outputs) {
    const added = this.residual && x.size === this.units ? sumOf(x, outputs) : outputs;
    return layer < this.norms.length ? this.norms[layer].call(added) : added;
  }
}

/** `layers` × LSTM, in one direction or in both. */
export class LSTMStack extends Stack {
  /**
   * @param {import("./weights.js").Weights} weights
   * @param {string} name
   * @param {StackOptions} options
   */
  constructor(weights, name, options) {
    super(weights, name, options);
    const directions = options.bidirectional ? ["", "_backwards"] : [""];
    const size = options.units / directions.length;
    this.lstms = Array.from({ length: options.layers }, (_, layer) =>
      directions.map((direction) => new LSTM(weights, `${name}/${name}_${layer}${direction}`, size)),
    );
  }

  /**
   * Run over one sentence.
   *
   * @param {import("./tensor.js").Tensor} x `[length, input size]`
   * @param {State} [state] where each layer starts (one direction only); zeros if not given
   * @returns {{outputs: import("./tensor.js").Tensor, state: State}} outputs `[length, units]`, and each layer's last
   *   h and c `[1, units]`
   */
  sequence(x, state) {
    const last = this.lstms.map((directions, layer) => {
      const each = directions.map((lstm, backwards) =>
        lstm.sequence(x, state ? state[layer] : lstm.zeros(1), Boolean(backwards)),
      );
      const joined = each.reduce((forwards, backwards) => ({
        outputs: sideBySide(forwards.outputs, backwards.outputs),
        h: sideBySide(forwards.h, backwards.h),
        c: sideBySide(forwards.c, backwards.c),
      }));
      x = this.after(layer, x, joined.outputs);
      return { h: joined.h, c: joined.c };
    });
    return { outputs: x, state: last };
  }

  /**
   * One step of several hypotheses, in one direction.
   *
   * @param {import("./tensor.js").Tensor} x `[rows, input size]`
   * @param {State} state
   * @returns {{outputs: import("./tensor.js").Tensor, state: State}} outputs `[rows, units]`, and the state after them
   */
  step(x, state) {
    const next = this.lstms.map(([lstm], layer) => {
      const after = lstm.step(x, state[layer]);
      x = this.after(layer, x, after.h);
      return after;
    });
    return { outputs: x, state: next };
  }
}
