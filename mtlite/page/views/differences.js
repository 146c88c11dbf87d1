// What is the same in two lists, in the same order.

const MOST_CELLS = 4_000_000; // of the table of an alignment: 2,000 words by 2,000

/**
 * @param {string[]} before
 * @param {string[]} after
 * @returns {{kind: "same" | "gone" | "new", text: string}[]} both lists as one: a longest common part is the same
 */
export function differences(before, after) {
  const parts = [];
  let [one, other] = [0, 0];
  const upTo = (nextOne, nextOther) => {
    for (; one < nextOne; one++) parts.push({kind: "gone", text: before[one]});
    for (; other < nextOther; other++) parts.push({kind: "new", text: after[other]});
  };
  for (const [inBefore, inAfter] of commonPart(before, after)) {
    upTo(inBefore, inAfter);
    parts.push({kind: "same", text: after[other++]});
    one++;
  }
  upTo(before.length, after.length);
  return parts;
}

/** The share of the longer list that both have in common, from 0 to 1. */
export function agreement(before, after) {
  const longer = Math.max(before.length, after.length);
  return longer ? commonPart(before, after).length / longer : 1;
}

/** Places [in one, in the other] of a longest common part. */
function commonPart(one, other) {
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start++;
  let end = 0;
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  const found = Array.from({length: start}, (_, at) => [at, at]);
  found.push(...commonInside(one.slice(start, one.length - end), other.slice(start, other.length - end), start));
  for (let back = end; back > 0; back--) found.push([one.length - back, other.length - back]);
  return found;
}

/** The same of two lists that begin and end differently; nothing of those that are too long to compare. */
function commonInside(one, other, offset) {
  const width = other.length + 1;
  if (one.length * other.length > MOST_CELLS) return [];
  // longest[i * width + j]: how much the rests from i and from j have in common.
  const longest = new Uint32Array((one.length + 1) * width);
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = other.length - 1; j >= 0; j--) {
      const cell = i * width + j;
      longest[cell] =
        one[i] === other[j] ? longest[cell + width + 1] + 1 : Math.max(longest[cell + width], longest[cell + 1]);
    }
  }
  const found = [];
  for (let i = 0, j = 0; i < one.length && j < other.length; ) {
    const cell = i * width + j;
    if (one[i] === other[j]) found.push([offset + i++, offset + j++]);
    else if (longest[cell + width] >= longest[cell + 1]) i++;
    else j++;
  }
  return found;
}
