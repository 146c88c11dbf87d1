// Topologies that write all positions in one pass.

import { positionsBy } from "../length_rules.js";
import { Tensor, gatherRows } from "../tensor.js";
import { Topology } from "./topology.js";

/**
 * Reads once and writes every output position at once: no position sees what another one writes.
 *
 * A topology has a method `features(source)`, which gives the input of the head `[N, size]`.
 */
export class Direct extends Topology {
  /**
   * Output positions N, by the length rule.
   *
   * @param {ArrayLike<number>} source
   * @returns {number}
   */
  positions(source) {
    return positionsBy(this.config.lengths.direct, source.length);
  }
}

/**
 * The same vector at every output position.
 *
 * @param {Tensor} vector `[1, size]`
 * @param {number} count
 * @returns {Tensor} `[count, size]`
 */
export function copies(vector, count) {
  return gatherRows(vector, new Uint8Array(count));
}

/**
 * Put zero vectors after a sequence.
 *
 * @param {Tensor} vectors `[length, size]`
 * @param {number} steps vectors and blanks together
 * @returns {Tensor} `[steps, size]`
 */
export function followedByBlanks(vectors, steps) {
  const longer = new Tensor(steps, vectors.size);
  longer.data.set(vectors.data);
  return longer;
}
