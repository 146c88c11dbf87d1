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
 * Of several heads, each weighs by its share of the units (Vaswani et al. 2017; with LSTMs: Chen et al. 2018).
 */
export class AttentionLayer {
  /**
   * @param {import("./weights.js").Weights} weights
   * @param {string} name
   * @param {"dot" | "general" | "additive"} score
   * @param {number} units
   * @param {number} heads
   */
  constructor(weights, name, score, units, heads) {
    this.weights = weights;
    this.name = name;
    this.score = score;
    this.units = units;
    this.heads = heads;
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
   * @returns {{context: Tensor, attention: Tensor}} `[rows, units]` and `[rows, source length]`, the mean of all heads
   */
  call(queries, { keys, values }) {
    const asked = this.score === "additive" ? product(queries, this.queryKernel) : queries;
    const attention = new Tensor(queries.rows, keys.rows);
    const context = new Tensor(queries.rows, this.units);
    const shares = new Float32Array(keys.rows);
    const size = this.units / this.heads;
    for (let start = 0; start < this.units; start += size) {
      const [own, ownKeys, ownValues] = [asked, keys, values].map((tensor) => someColumns(tensor, start, size));
      const scores = this.score === "additive" ? this.#additive(own, ownKeys, start) : product(own, ownKeys);
      for (let row = 0; row < queries.rows; row++) {
        softmax(scores.row(row), shares, size ** -0.5);
        addWeighted(context.row(row).subarray(start, start + size), shares, ownValues);
        const all = attention.row(row);
        shares.forEach((share, position) => (all[position] += share / this.heads));
      }
    }
    return { context, attention };
  }

  #additive(projected, keys, start) {
    const scale = this.scale.subarray(start, start + keys.size);
    const scores = new Tensor(projected.rows, keys.rows);
    for (let row = 0; row < projected.rows; row++) {
      const query = projected.row(row);
      for (let position = 0; position < keys.rows; position++) {
        const joined = keys.row(position).map((key, unit) => Math.tanh(key + query[unit]));
        scores.row(row)[position] = dot(joined, scale);
      }
    }
    return scores;
  }
}

/** Some columns of a matrix: `[rows, size]`, itself where these are all. */
function someColumns(tensor, start, size) {
  if (size === tensor.size) return tensor;
  const some = new Tensor(tensor.rows, size);
  for (let row = 0; row < tensor.rows; row++) some.row(row).set(tensor.row(row).subarray(start, start + size));
  return some;
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
