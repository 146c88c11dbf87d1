// Beam search: the best few hypotheses are continued side by side.

import { pause } from "../control.js";
import { selected } from "../topologies/autoregressive.js";
import { continuedBy, followedBack, nothingWritten } from "./hypothesis.js";
import { topK } from "./top_k.js";

/**
 * What a search keeps at one step, best first, and what it cuts.
 * @typedef {(kept: import("./hypothesis.js").Written[], cut: import("./hypothesis.js").Written[]) => void} Watch
 */

/**
 * Beam search for an output of at most `limit` tokens; gives hypotheses, best first.
 *
 * They are ranked by log p / ((5 + length) / 6) ** lengthPenalty (Wu et al. 2016): 0 prefers short ones, 1 long ones. A
 * finished one is frozen: it keeps its rank as long as nothing better comes.
 * @param {import("./stepper.js").Stepper} stepper
 * @param {Int32Array} source
 * @param {number} limit
 * @param {{beam: number, lengthPenalty: number}} asked
 * @param {import("../control.js").Control} control
 * @param {Watch} [watch] called at every step
 * @returns {Promise<import("./hypothesis.js").Hypothesis[]>}
 */
export async function beamSearch(stepper, source, limit, { beam, lengthPenalty }, control, watch) {
  let { memory, state } = stepper.read(source); // one row for each hypothesis that is running
  let alive = [nothingWritten()];
  for (let written = 0; alive.some(({ running }) => running); written++) {
    await pause(control);
    const running = alive.filter((each) => each.running);
    const step = stepper.step(running.map(({ id }) => id), state, memory, written);
    const candidates = alive.flatMap((each) => {
      // A finished hypothesis has one continuation: itself.
      if (!each.running) return [{ row: -1, written: each }];
      const row = running.indexOf(each);
      return bestContinuations(each, row, step, beam, limit).map((longer) => ({ row, written: longer }));
    });
    for (const { row, written: each } of candidates) {
      if (row >= 0) each.score = each.logP / ((5 + each.step) / 6) ** lengthPenalty;
    }
    candidates.sort((a, b) => b.written.score - a.written.score); // stable: of equal ones the earlier
    const kept = candidates.slice(0, beam);
    alive = kept.map((each) => each.written);
    watch?.(alive, candidates.slice(beam).map((each) => each.written));
    state = selected(step.state, kept.filter((each) => each.written.running).map(({ row }) => row));
  }
  return alive.map(followedBack);
}

/**
 * The continuations of one hypothesis that can be among the best.
 * @param {import("./hypothesis.js").Written} before
 * @param {number} row
 * @param {import("./stepper.js").Step} step
 * @param {number} width
 * @param {number} limit
 */
function bestContinuations(before, row, { scores, logTotals, attention }, width, limit) {
  const looked = attention && attention[row];
  return topK(scores[row], width).map((id) =>
    continuedBy(before, id, scores[row][id] - logTotals[row], limit, looked),
  );
}
