// Search where all positions are written in one pass: the likeliest token at each.

import { pause } from "../control.js";
import { BOS, EOS, PAD, UNK } from "../ids.js";
import { restrict, rowsOf } from "./stepper.js";
import { logSumExp, topK } from "./top_k.js";

const POSITIONS_AT_ONCE = 32; // the scores of all positions at once would need much memory

/** What no position writes where there are no blanks. */
export const NEVER_IN_ONE_PASS = [PAD, BOS, UNK];

/**
 * Scores at one output position: log p of a token is its score less the log total.
 * @typedef {{scores: Float32Array, logTotal: number}} Position
 */

/**
 * The scores at every output position, one after another.
 * @param {any} topology
 * @param {Int32Array} source
 * @returns {Generator<Position>}
 */
export function* scoredPositions(topology, source) {
  const count = topology.positions(source);
  const features = topology.features(source); // [at least that many, size]
  for (let start = 0; start < count; start += POSITIONS_AT_ONCE) {
    const some = features.slice(start, Math.min(count, start + POSITIONS_AT_ONCE));
    for (const scores of rowsOf(topology.head.logits(some))) yield { scores, logTotal: logSumExp(scores) };
  }
}

/**
 * The likeliest tokens at one output position, best first, with their log p.
 * @typedef {{ids: number[], logP: number[]}} Likeliest
 */

/**
 * The likeliest tokens at every output position but for some; where one is forced, that one alone.
 * @param {any} topology
 * @param {Int32Array} source
 * @param {{count: number, never: number[], forced: (number | null)[]}} asked
 * @param {import("../control.js").Control} control
 * @returns {Promise<Likeliest[]>}
 */
export async function likeliest(topology, source, { count, never, forced }, control) {
  const positions = [];
  for (const { scores, logTotal } of scoredPositions(topology, source)) {
    await pause(control);
    for (const id of never) scores[id] = -Infinity;
    if (positions.length < forced.length) restrict(scores, forced[positions.length]);
    const ids = topK(scores, count);
    positions.push({ ids, logP: ids.map((id) => scores[id] - logTotal) });
  }
  return positions;
}

/**
 * A hypothesis with log p up to each of its tokens, and the output positions, from 1, at which they were written.
 * @typedef {import("./hypothesis.js").Hypothesis & {logP: number[], steps: number[]}} OnePath
 */

/**
 * Take the likeliest token at every position, up to the first `</s>` or the last position.
 *
 * The first `minLength` positions are no `</s>`. The score is log p of the tokens and of their `</s>`.
 * @param {any} topology
 * @param {Int32Array} source
 * @param {{minLength: number, forced: (number | null)[]}} asked
 * @param {import("../control.js").Control} control
 * @returns {Promise<OnePath>}
 */
export async function onePass(topology, source, { minLength, forced }, control) {
  const asked = { count: minLength ? 2 : 1, never: NEVER_IN_ONE_PASS, forced };
  const positions = await likeliest(topology, source, asked, control);
  const found = { ids: [], score: 0, attention: null, logP: [], steps: [] };
  for (const [at, position] of positions.entries()) {
    const tooEarly = at < minLength && position.ids[0] === EOS && position.ids.length > 1;
    const choice = tooEarly ? 1 : 0;
    found.score += position.logP[choice];
    found.ids.push(position.ids[choice]);
    found.logP.push(found.score);
    found.steps.push(at + 1);
    if (found.ids[at] === EOS) break;
  }
  return found;
}
