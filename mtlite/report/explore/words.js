// How a hypothesis differs from its reference, word by word.

import { differences } from "../../page/views/differences.js";

const SPACED = /[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*|\S/gu;
const UNSPACED = /\S\p{M}*/gu;
const KINDS = { same: "same", gone: "missing", new: "extra" };

/**
 * The words and marks of a text, each with the space before it.
 * @param {string} text
 * @param {boolean} unspaced whether its script has no spaces between words: then each character is a word
 * @returns {{before: string, text: string}[]}
 */
export function wordsOf(text, unspaced) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(unspaced ? UNSPACED : SPACED)) {
    found.push({ before: text.slice(end, match.index), text: match[0] });
    end = match.index + match[0].length;
  }
  return found;
}

/**
 * The words of a hypothesis, with those of the reference that are missing in it where they would stand.
 *
 * `same` stands in both in this order, `moved` elsewhere in the reference, `extra` in the hypothesis alone, `missing`
 * in the reference alone.
 * @param {string} hypothesis
 * @param {string} reference
 * @param {boolean} unspaced as in `wordsOf`
 * @returns {{kind: "same"|"moved"|"extra"|"missing", before: string, text: string}[]}
 */
export function compareWords(hypothesis, reference, unspaced) {
  const written = wordsOf(hypothesis, unspaced);
  const expected = wordsOf(reference, unspaced);
  const texts = (words) => words.map(({ text }) => text);
  let [at, there] = [0, 0];
  const steps = differences(texts(expected), texts(written)).map(({ kind }) => {
    const step = { kind: KINDS[kind], ...(kind === "gone" ? expected[there] : written[at]) };
    if (kind !== "gone") at++;
    if (kind !== "new") there++;
    return step;
  });
  return withMoved(steps);
}

/** The same, where an extra word that is missing elsewhere is one that has moved. */
function withMoved(steps) {
  const missing = new Map();
  for (const { kind, text } of steps) {
    if (kind === "missing") missing.set(text, (missing.get(text) ?? 0) + 1);
  }
  const moved = new Map();
  const named = steps.map((step) => {
    const left = step.kind === "extra" ? missing.get(step.text) ?? 0 : 0;
    if (!left) return step;
    missing.set(step.text, left - 1);
    moved.set(step.text, (moved.get(step.text) ?? 0) + 1);
    return { ...step, kind: "moved" };
  });
  return named.filter(({ kind, text }) => {
    const left = kind === "missing" ? moved.get(text) ?? 0 : 0;
    if (left) moved.set(text, left - 1);
    return !left;
  });
}
