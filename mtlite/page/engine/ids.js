/**
 * The four ids that every vocabulary shares.
 */

export const PAD = 0;
export const UNK = 1;
export const BOS = 2;
export const EOS = 3;

/** Unicode keeps it free, so no text has it: with it in their names, `<s>` and the like in a text are text. */
export const NO_CHARACTER = "\ufdd0";

/**
 * A sentence of at most so many ids, which ends in `</s>` as it did before.
 * @param {number[]} ids
 * @param {number} most
 * @returns {number[]}
 */
export function truncate(ids, most) {
  return ids.length <= most ? ids : [...ids.slice(0, most - 1), EOS];
}
