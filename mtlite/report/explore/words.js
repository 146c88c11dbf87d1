// How a hypothesis differs from its reference, word by word.

const SPACED = /[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*|\S/gu;
const UNSPACED = /\S\p{M}*/gu;
const MOST_CELLS = 4_000_000; // of the table of an alignment: 2,000 words by 2,000

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
  const steps = [];
  let at = 0;
  let there = 0;
  const upTo = (nextAt, nextThere) => {
    for (; there < nextThere; there++) steps.push({ kind: "missing", ...expected[there] });
    for (; at < nextAt; at++) steps.push({ kind: "extra", ...written[at] });
  };
  for (const [inHypothesis, inReference] of commonWords(written, expected)) {
    upTo(inHypothesis, inReference);
    steps.push({ kind: "same", ...written[at++] });
    there++;
  }
  upTo(written.length, expected.length);
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

/** Places [in one, in the other] of a longest common subsequence. */
function commonWords(one, other) {
  const equal = (i, j) => one[i].text === other[j].text;
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && equal(start, start)) start++;
  let end = 0;
  while (end < shorter - start && equal(one.length - 1 - end, other.length - 1 - end)) end++;
  const found = Array.from({ length: start }, (_, i) => [i, i]);
  found.push(...commonInside(one.slice(start, one.length - end), other.slice(start, other.length - end), start));
  for (let back = end; back > 0; back--) found.push([one.length - back, other.length - back]);
  return found;
}

/** The same of two texts that begin and end with different words; none of those that are too long to compare. */
function commonInside(one, other, offset) {
  const width = other.length + 1;
  if (one.length * other.length > MOST_CELLS) return [];
  // longest[i * width + j]: how many words the rests from i and from j have in common.
  const longest = new Uint32Array((one.length + 1) * width);
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = other.length - 1; j >= 0; j--) {
      const cell = i * width + j;
      longest[cell] = one[i].text === other[j].text
        ? longest[cell + width + 1] + 1
        : Math.max(longest[cell + width], longest[cell + 1]);
    }
  }
  const found = [];
  for (let i = 0, j = 0; i < one.length && j < other.length;) {
    const cell = i * width + j;
    if (one[i].text === other[j].text) found.push([offset + i++, offset + j++]);
    else if (longest[cell + width] >= longest[cell + 1]) i++;
    else j++;
  }
  return found;
}
