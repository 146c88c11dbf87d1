// The largest few of many numbers.

/**
 * The places of the `count` largest values, largest first, of equal ones the earlier; fewer where the others are
 * -Infinity: what cannot be written is never among them.
 * @param {ArrayLike<number>} values
 * @param {number} count
 * @returns {number[]}
 */
export function topK(values, count) {
  /** @type {number[]} */
  const best = [];
  let least = -Infinity;
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (!(value > least)) continue;
    let place = best.length;
    while (place && values[best[place - 1]] < value) place--;
    best.splice(place, 0, at);
    if (best.length > count) best.pop();
    if (best.length === count) least = values[best[count - 1]];
  }
  return best;
}

/**
 * log of the sum of the exponentials.
 * @param {ArrayLike<number>} values
 * @returns {number}
 */
export function logSumExp(values) {
  let most = -Infinity;
  for (let at = 0; at < values.length; at++) if (values[at] > most) most = values[at];
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += Math.exp(values[at] - most);
  const total = most + Math.log(sum);
  if (!Number.isFinite(total)) {
    throw new Error("the model's scores are no numbers: its weights are too large to compute with");
  }
  return total;
}
