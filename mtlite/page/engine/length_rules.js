// How long an output may be: rules that were learnt from the training pairs.

const EXTRA_TOKENS = 10; // beyond the length rule; autoregressive search stops there
const MAX_HYPOTHESIS_TOKENS = 1 << 14;

/** @typedef {{slope: number, intercept: number}} LengthRule */

/**
 * The smallest whole number that `factor` · `length` + `added` does not exceed, in float32 and in this order, so that
 * the numbers are those of Python.
 *
 * @param {number} factor
 * @param {number} length
 * @param {number} [added]
 * @returns {number}
 */
export function ceilOf(factor, length, added = 0) {
  const exact = Math.fround(Math.fround(Math.fround(factor) * length) + Math.fround(added));
  return Math.ceil(Math.fround(exact - Math.fround(1e-4)));
}

/**
 * @param {LengthRule} rule
 * @param {number} length tokens of the source
 * @returns {number} output positions N, at least one
 */
export function positionsBy(rule, length) {
  return Math.max(1, ceilOf(rule.slope, length, rule.intercept));
}

/**
 * @param {{search: LengthRule}} lengths
 * @param {number} length tokens of the source
 * @returns {number} tokens that an autoregressive search may write
 */
export function searchLimit(lengths, length) {
  return Math.min(positionsBy(lengths.search, length) + EXTRA_TOKENS, MAX_HYPOTHESIS_TOKENS);
}
