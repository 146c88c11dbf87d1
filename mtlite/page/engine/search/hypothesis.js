// Hypotheses as linked tokens: those with one beginning share it.

import { BOS, EOS } from "../ids.js";

/**
 * The last token of a hypothesis, and the way back to its first.
 * @typedef {object} Written
 * @property {Written | null} before
 * @property {number} id
 * @property {number} step how many tokens it is the last of; 0 is `<s>`
 * @property {number} logP of the tokens up to this one
 * @property {number} score by which hypotheses are ranked
 * @property {boolean} running whether it goes on
 * @property {Float32Array | null} attention [source length], when it was written
 */

/**
 * The result of every search, best first. Ids end with `</s>` where one was written.
 * @typedef {{ids: number[], score: number, attention: Float32Array[] | null}} Hypothesis
 */

/**
 * The hypothesis with which a search starts.
 * @returns {Written}
 */
export function nothingWritten() {
  return { before: null, id: BOS, step: 0, logP: 0, score: 0, running: true, attention: null };
}

/**
 * A hypothesis with one more token; it ends with `</s>` or with its `limit`-th token.
 * @param {Written} before
 * @param {number} id
 * @param {number} logP of this token alone
 * @param {number} limit
 * @param {Float32Array | null} attention
 * @returns {Written}
 */
export function continuedBy(before, id, logP, limit, attention) {
  const step = before.step + 1;
  const total = before.logP + logP;
  return { before, id, step, logP: total, score: total, running: id !== EOS && step < limit, attention };
}

/**
 * Follow the way back from the last token to the first.
 * @param {Written} last
 * @returns {Hypothesis}
 */
export function followedBack(last) {
  /** @type {Written[]} */
  const tokens = [];
  for (let at = last; at.before; at = at.before) tokens.unshift(at);
  const looked = tokens.flatMap(({ attention }) => (attention ? [attention] : []));
  return { ids: tokens.map(({ id }) => id), score: last.score, attention: looked.length ? looked : null };
}
