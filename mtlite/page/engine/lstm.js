// An LSTM layer in one direction: one step of several hypotheses, or all steps of one sentence.

import { Tensor, addProduct, product } from "./tensor.js";

/**
 * @typedef {object} LayerState the state of one layer
 * @property {Tensor} h `[rows, units]`
 * @property {Tensor} c `[rows, units]`
 */

/** Hochreiter & Schmidhuber's LSTM (1997; forget gate: Gers et al. 2000), with the weights of `keras.layers.LSTM`. */
export class LSTM {
  /**
   * @param {import("./weights.js").Weights} weights
   * @param {string} name
   * @param {number} units
   */
  constructor(weights, name, units) {
    Object.assign(this, { weights, name, units });
  }

  build(inputSize) {
    const path = `${this.name}/lstm_cell`;
    this.kernel ??= this.weights.kernel(`${path}/kernel`, inputSize, 4 * this.units);
    this.recurrentKernel ??= this.weights.kernel(`${path}/recurrent_kernel`, this.units, 4 * this.units);
    this.bias ??= this.weights.vector(`${path}/bias`, 4 * this.units);
  }

  /**
   * @param {number} rows
   * @returns {LayerState} zeros, with which a sentence starts
   */
  zeros(rows) {
    return { h: new Tensor(rows, this.units), c: new Tensor(rows, this.units) };
  }

  /**
   * @param {Tensor} x `[rows, input size]`: one step of each row
   * @param {LayerState} state
   * @returns {LayerState} after that step; its h is the output
   */
  step(x, state) {
    this.build(x.size);
    const z = product(x, this.kernel, this.bias);
    addProduct(z, state.h, this.recurrentKernel);
    return oneStep(z, state.c);
  }

  /**
   * @param {Tensor} x `[length, input size]`: the steps of one sentence
   * @param {LayerState} state of one row
   * @param {boolean} [backwards] start at the last step; outputs stand at the position of their input either way
   * @returns {{outputs: Tensor, h: Tensor, c: Tensor}} outputs `[length, units]`, the last h and c `[1, units]`
   */
  sequence(x, state, backwards = false) {
    this.build(x.size);
    const z = product(x, this.kernel, this.bias); // of all steps: the weights are read once
    const outputs = new Tensor(x.rows, this.units);
    for (let step = 0; step < x.rows; step++) {
      const at = backwards ? x.rows - 1 - step : step;
      const ofStep = z.slice(at, at + 1);
      addProduct(ofStep, state.h, this.recurrentKernel);
      state = oneStep(ofStep, state.c);
      outputs.row(at).set(state.h.data);
    }
    return { outputs, h: state.h, c: state.c };
  }
}

/**
 * @param {Tensor} z both products and the bias summed `[rows, 4 · units]`; gates in the order input, forget, cell, output
 * @param {Tensor} c `[rows, units]`
 * @returns {LayerState}
 */
function oneStep(z, c) {
  const units = c.size;
  const next = { h: new Tensor(c.rows, units), c: new Tensor(c.rows, units) };
  for (let row = 0; row < c.rows; row++) {
    const gates = z.row(row);
    const from = row * units;
    for (let unit = 0; unit < units; unit++) {
      const i = sigmoid(gates[unit]);
      const f = sigmoid(gates[units + unit]);
      const g = Math.tanh(gates[2 * units + unit]);
      const o = sigmoid(gates[3 * units + unit]);
      const cell = f * c.data[from + unit] + i * g;
      next.c.data[from + unit] = cell;
      next.h.data[from + unit] = o * Math.tanh(cell);
    }
  }
  return next;
}

function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}
