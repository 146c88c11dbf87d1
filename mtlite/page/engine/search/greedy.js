// One token after another: the likeliest.

import { pause } from "../control.js";
import { continuedBy, followedBack, nothingWritten } from "./hypothesis.js";
import { topK } from "./top_k.js";

/**
 * Take the likeliest next token, again and again, `limit` times at most. The score is log p.
 * @param {import("./stepper.js").Stepper} stepper
 * @param {Int32Array} source
 * @param {number} limit
 * @param {import("../control.js").Control} control
 * @returns {Promise<import("./hypothesis.js").Hypothesis>}
 */
export async function greedy(stepper, source, limit, control) {
  let { memory, state } = stepper.read(source);
  let written = nothingWritten();
  while (written.running) {
    await pause(control);
    const step = stepper.step([written.id], state, memory, written.step);
    const [scores] = step.scores;
    const [id] = topK(scores, 1);
    written = continuedBy(written, id, scores[id] - step.logTotals[0], limit, step.attention && step.attention[0]);
    state = step.state;
  }
  return followedBack(written);
}
