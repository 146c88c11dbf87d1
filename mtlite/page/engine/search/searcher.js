// Ids in, hypotheses out: the search that fits a topology.

import { EOS } from "../ids.js";
import { searchLimit } from "../length_rules.js";
import { beamSearch } from "./beam.js";
import { bestPath, prefixBeamSearch } from "./ctc.js";
import { greedy } from "./greedy.js";
import { onePass } from "./one_pass.js";
import { Forced, MinimumLength, Stepper } from "./stepper.js";

/**
 * What is asked of a search.
 * @typedef {object} Asked
 * @property {number} beam 1 is greedy search, or the best path
 * @property {number} lengthPenalty
 * @property {number} minLength
 * @property {(number | null)[]} forced the first tokens, or those of the first positions; `null` leaves one free
 */

/**
 * Translate one sentence.
 * @param {any} topology
 * @param {"token by token" | "one pass" | "paths"} kind how this topology's hypotheses are found
 * @param {Int32Array} source ids with `</s>`
 * @param {Asked} asked
 * @param {import("../control.js").Control} control
 * @returns {Promise<import("./hypothesis.js").Hypothesis[]>} best first
 */
export async function searchFor(topology, kind, source, asked, control) {
  if (kind === "one pass") return [await onePass(topology, source, asked, control)];
  if (kind === "paths") {
    // One path cannot be made longer without looking at others.
    const direct = asked.beam === 1 && !asked.minLength;
    if (direct) return [await bestPath(topology, source, asked.forced, control)];
    return prefixBeamSearch(topology, source, asked, control);
  }
  const stepper = stepperFor(topology, asked);
  const limit = limitFor(topology, source.length, asked);
  if (asked.beam === 1) return [await greedy(stepper, source, limit, control)];
  return beamSearch(stepper, source, limit, asked, control);
}

/**
 * The stepper that writes what was asked for.
 * @param {any} topology
 * @param {Asked} asked
 */
export function stepperFor(topology, { minLength, forced }) {
  const stepper = new Stepper(topology);
  const least = forced.includes(EOS) ? 0 : minLength;
  return new Forced(least ? new MinimumLength(stepper, least) : stepper, forced);
}

/**
 * The most tokens that autoregressive search may write for a source of so many.
 * @param {any} topology
 * @param {number} sourceLength
 * @param {Asked} asked
 */
export function limitFor(topology, sourceLength, { minLength, forced }) {
  return Math.max(searchLimit(topology.config.lengths, sourceLength), minLength + 1, forced.length);
}
