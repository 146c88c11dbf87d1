/** What is the same in two lists, in the same order. */

/**
 * @param {string[]} before
 * @param {string[]} after
 * @returns {{kind: "same" | "gone" | "new", text: string}[]} both lists as one: a longest common part is the same
 */
export function differences(before, after) {
  const lengths = commonLengths(before, after);
  const parts = [];
  let [one, other] = [0, 0];
  while (one < before.length || other < after.length) {
    if (one < before.length && other < after.length && before[one] === after[other]) {
      parts.push({kind: "same", text: after[other]});
      one += 1;
      other += 1;
    } else if (other === after.length || (one < before.length && lengths[one + 1][other] >= lengths[one][other + 1])) {
      parts.push({kind: "gone", text: before[one++]});
    } else parts.push({kind: "new", text: after[other++]});
  }
  return parts;
}

/** How long the longest common part of what follows two places is: `[before + 1][after + 1]`. */
function commonLengths(before, after) {
  const lengths = Array.from({length: before.length + 1}, () => new Uint16Array(after.length + 1));
  for (let one = before.length - 1; one >= 0; one--) {
    for (let other = after.length - 1; other >= 0; other--) {
      lengths[one][other] =
        before[one] === after[other]
          ? lengths[one + 1][other + 1] + 1
          : Math.max(lengths[one + 1][other], lengths[one][other + 1]);
    }
  }
  return lengths;
}

/** The share of the longer list that both have in common, from 0 to 1. */
export function agreement(before, after) {
  const longer = Math.max(before.length, after.length);
  return longer ? commonLengths(before, after)[0][0] / longer : 1;
}
