// Topologies that write one token after another.

import { BOS } from "../ids.js";
import { Tensor, gatherRows } from "../tensor.js";
import { Topology } from "./topology.js";

/**
 * @typedef {object} Decoded the result of one call of `decode`
 * @property {Tensor} features `[rows, size]`: input of the head
 * @property {import("../stack.js").State} state
 * @property {Tensor | null} attention `[rows, source length]`, where the topology has it
 */

/**
 * Reads once, then decodes. A topology has two methods:
 *
 * `read(source)` gives `{memory, state}`: what is remembered, and the state of one row in which decoding starts;
 * `decode(tokens, state, memory)` goes on from `state` over the previous target tokens `[rows]` and gives a `Decoded`.
 */
export class Autoregressive extends Topology {
  /**
   * One vector of the sentence, for each row of tokens.
   *
   * @param {ArrayLike<number>} tokens `[rows]`
   * @param {Tensor} vector `[1, size]`
   * @returns {Tensor} `[rows, size]`
   */
  atEach(tokens, vector) {
    return gatherRows(vector, new Uint8Array(tokens.length));
  }

  /**
   * Teacher forcing (Williams & Zipser 1989): each position sees the reference tokens before it.
   *
   * @param {ArrayLike<number>} source
   * @param {ArrayLike<number>} target ids with `</s>`
   * @returns {Tensor} `[target length, size]`
   */
  features(source, target) {
    let { memory, state } = this.read(source);
    const rows = Array.from(target, (_, position) => {
      const decoded = this.decode([position ? target[position - 1] : BOS], state, memory);
      state = decoded.state;
      return decoded.features;
    });
    const features = new Tensor(rows.length, rows[0].size);
    rows.forEach((row, position) => features.row(position).set(row.data));
    return features;
  }
}

/**
 * The states of the hypotheses that go on.
 *
 * @param {import("../stack.js").State} state of all layers `[rows, units]`
 * @param {ArrayLike<number>} origins which row each hypothesis comes from `[new rows]`
 * @returns {import("../stack.js").State} `[new rows, units]`
 */
export function selected(state, origins) {
  return state.map(({ h, c }) => ({ h: gatherRows(h, origins), c: gatherRows(c, origins) }));
}
