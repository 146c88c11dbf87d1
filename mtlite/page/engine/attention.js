// A look back at every encoder output.

import { Tensor, dot, product } from "./tensor.js";

/**
 * @typedef {object} LookedAt encoder outputs of one sentence that are looked back at
 * @property {Tensor} keys `[source length, units]`: what queries are compared with
 * @property {Tensor} values `[source length, units]`
 */

/**
 * Weighs encoder outputs by how well they fit a decoder output, both of size `units`.
 *
 * The score is `dot` q·k, `general` q·Wk (both Luong et al. 2015) or `additive` v·tanh(Wk + Uq) (Bahdanau et al. 2015).
 */
export class AttentionLayer {
  /**
   * @param {import("./weights.js").Weights} weights
   * @param {string} name
   * @param {"dot" | "general" | "additive"} score
   * @param {number} units
   */
  constructor(weights, name, score, units) {
    this.weights = weights;
    this.name = name;
    this.score = score;
    this.units = units;
  }

  build() {
    const units = this.units;
    if (this.score !== "dot") this.keyKernel ??= this.weights.kernel(`${this.name}/key_kernel`, units, units);
    if (this.score === "additive") {
      this.queryKernel ??= this.weights.kernel(`${this.name}/query_kernel`, units, units);
      this.scale ??= this.weights.vector(`${this.name}/scale`, units);
    }
  }

  /**
   * Prepare encoder outputs, once a sentence.
   *
   * @param {Tensor} values `[source length, units]`
   * @returns {LookedAt}
   */
  lookAt(values) {
    this.build();
    return { keys: this.score === "dot" ? values : product(values, this.keyKernel), values };
  }

  /**
   * @param {Tensor} queries `[rows, units]`
   * @param {LookedAt} lookedAt
   * @returns {{context: Tensor, attention: Tensor}} `[rows, units]` and `[rows, source length]`
   */
  call(queries, { keys, values }) {
    const scores = this.score === "additive" ? this.#additive(queries, keys) : product(queries, keys);
    const attention = new Tensor(queries.rows, keys.rows);
    const context = new Tensor(queries.rows, this.units);
    for (let row = 0; row < queries.rows; row++) {
      softmax(scores.row(row), attention.row(row), this.units ** -0.5);
      addWeighted(context.row(row), attention.row(row), values);
    }
    return { context, attention };
  }

  #additive(queries, keys) {
    const projected = product(queries, this.queryKernel);
    const scores = new Tensor(queries.rows, keys.rows);
    for (let row = 0; row < queries.rows; row++) {
      const query = projected.row(row);
      for (let position = 0; position < keys.rows; position++) {
        const joined = keys.row(position).map((key, unit) => Math.tanh(key + query[unit]));
        scores.row(row)[position] = dot(joined, this.scale);
      }
    }
    return scores;
  }
}

/** Write exp(scores · scale), divided by the sum, into `shares`. */
function softmax(scores, shares, scale) {
  const most = scores.reduce((best, score) => Math.max(best, score), -Infinity);
  let total = 0;
  for (let i = 0; i < scores.length; i++) {
    shares[i] = Math.exp((scores[i] - most) * scale);
    total += shares[i];
  }
  for (let i = 0; i < scores.length; i++) shares[i] /= total;
}

/** Add the rows of `values`, each times its share, to `sums` `[size]`. */
function addWeighted(sums, shares, values) {
  for (let position = 0; position < values.rows; position++) {
    const value = values.row(position);
    for (let i = 0; i < sums.length; i++) sums[i] += shares[position] * value[i];
  }
}
