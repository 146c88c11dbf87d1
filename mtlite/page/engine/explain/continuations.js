// Why this piece: the likeliest tokens at every step, and what is left for all others.

import { pause } from "../control.js";
import { BOS, EOS } from "../ids.js";
import { NEVER_OVER_PATHS } from "../search/ctc.js";
import { NEVER_IN_ONE_PASS, scoredPositions } from "../search/one_pass.js";
import { NEVER_TOKEN_BY_TOKEN, Stepper } from "../search/stepper.js";
import { topK } from "../search/top_k.js";

/**
 * The likeliest tokens at one step, best first, and the probability of all others together.
 * @typedef {{candidates: {id: number, p: number}[], rest: number}} Choice
 */

/**
 * The choices at every step. Token by token: after each beginning of the prefix, and after all of it unless it ends
 * with `</s>`. In one pass: at every output position, whatever the prefix.
 * @param {any} topology
 * @param {"token by token" | "one pass" | "paths"} kind
 * @param {Int32Array} source
 * @param {number[]} prefix
 * @param {number} count of candidates at each step
 * @param {import("../control.js").Control} control
 * @returns {Promise<Choice[]>}
 */
export async function choicesAt(topology, kind, source, prefix, count, control) {
  if (kind === "token by token") return choicesAfter(new Stepper(topology), source, prefix, count, control);
  const never = kind === "paths" ? NEVER_OVER_PATHS : NEVER_IN_ONE_PASS;
  const choices = [];
  for (const { scores, logTotal } of scoredPositions(topology, source)) {
    await pause(control);
    choices.push(choiceAmong(scores, logTotal, count, never));
  }
  return choices;
}

/**
 * @param {Stepper} stepper
 * @param {Int32Array} source
 * @param {number[]} prefix
 * @param {number} count
 * @param {import("../control.js").Control} control
 */
async function choicesAfter(stepper, source, prefix, count, control) {
  let { memory, state } = stepper.read(source);
  const choices = [];
  const read = [BOS, ...prefix];
  if (prefix.at(-1) === EOS) read.pop();
  for (const token of read) {
    await pause(control);
    const step = stepper.decode([token], state, memory);
    choices.push(choiceAmong(step.scores[0], step.logTotals[0], count, NEVER_TOKEN_BY_TOKEN));
    state = step.state;
  }
  return choices;
}

/**
 * @param {Float32Array} scores [vocabulary]
 * @param {number} logTotal
 * @param {number} count
 * @param {number[]} never tokens that are no candidates: their probability is among the rest
 * @returns {Choice}
 */
function choiceAmong(scores, logTotal, count, never) {
  const all = Float64Array.from(scores, (score) => Math.exp(score - logTotal));
  const able = scores.slice();
  for (const id of never) able[id] = -Infinity;
  const candidates = topK(able, count).map((id) => ({ id, p: all[id] }));
  for (const { id } of candidates) all[id] = 0;
  return { candidates, rest: all.reduce((sum, p) => sum + p, 0) };
}
