// Search over tokens and blanks: best path, and prefix beam search (Hannun et al. 2014).

import { BOS, EOS, UNK } from "../ids.js";
import { BLANK } from "../topologies/ctc.js";
import { likeliest } from "./one_pass.js";

/** What no position writes where there are blanks. */
export const NEVER_OVER_PATHS = [UNK, BOS, EOS];

const MORE_THAN_BLANK_AND_LAST = 3;
const TOKENS_PER_HYPOTHESIS = 2; // how many of a position's likeliest tokens are tried, for each hypothesis kept

/**
 * An output so far: `inBlank` is the probability of its paths that end in a blank, `inToken` of those that end in its
 * last token.
 * @typedef {{ids: number[], inBlank: number, inToken: number}} Prefix
 */

/**
 * Called at every position with the prefixes that are kept, best first, those that are cut, and the log of what their
 * probabilities were divided by.
 * @typedef {(kept: Prefix[], cut: Prefix[], logScale: number) => void} WatchPrefixes
 */

/**
 * Take the likeliest token or blank at every position, merge equal neighbours and leave out blanks.
 *
 * The score is log p of that one path; a token's step is the position at which it begins.
 * @param {any} topology
 * @param {Int32Array} source
 * @param {(number | null)[]} forced tokens or blanks at the first positions; `null` leaves one free
 * @param {import("../control.js").Control} control
 * @returns {Promise<import("./one_pass.js").OnePath>} with log p of the path up to each token
 */
export async function bestPath(topology, source, forced, control) {
  const positions = await likeliest(topology, source, { count: 1, never: NEVER_OVER_PATHS, forced }, control);
  const found = { ids: [], score: 0, attention: null, logP: [], steps: [] };
  let before = BLANK;
  for (const [at, position] of positions.entries()) {
    const [id] = position.ids;
    found.score += position.logP[0];
    if (id !== BLANK && id !== before) {
      found.ids.push(id);
      found.logP.push(found.score);
      found.steps.push(at + 1);
    }
    before = id;
  }
  return found;
}

/**
 * Find the outputs with the largest sum over their paths, as far as a beam finds them.
 *
 * Outputs have at least `minLength` tokens, or as many as there are positions. A score is log p of all paths of a
 * hypothesis that the beam has kept.
 * @param {any} topology
 * @param {Int32Array} source
 * @param {{beam: number, minLength: number, forced: (number | null)[]}} asked
 * @param {import("../control.js").Control} control
 * @param {WatchPrefixes} [watch]
 * @returns {Promise<import("./hypothesis.js").Hypothesis[]>}
 */
export async function prefixBeamSearch(topology, source, { beam, minLength, forced }, control, watch) {
  // Besides a blank and the last token, one that makes the output longer.
  const count = Math.max(TOKENS_PER_HYPOTHESIS * beam, minLength ? MORE_THAN_BLANK_AND_LAST : 0);
  const positions = await likeliest(topology, source, { count, never: NEVER_OVER_PATHS, forced }, control);
  return bestPrefixes(positions, beam, minLength, watch);
}

/**
 * Prefix beam search over the tokens that are tried at each position.
 * @param {import("./one_pass.js").Likeliest[]} positions
 * @param {number} beam
 * @param {number} minLength
 * @param {WatchPrefixes} [watch]
 * @returns {import("./hypothesis.js").Hypothesis[]}
 */
export function bestPrefixes(positions, beam, minLength, watch) {
  /** @type {Prefix[]} */
  let alive = [{ ids: [], inBlank: 1, inToken: 0 }];
  let logScale = 0;
  let least = Math.min(minLength, positions.length) - positions.length;
  for (const position of positions) {
    least += 1;
    const longer = longEnough(continuedPrefixes(alive, position), least);
    const total = longer.reduce((sum, each) => sum + probabilityOf(each), 0);
    longer.sort((a, b) => probabilityOf(b) - probabilityOf(a)); // stable: of equal ones the earlier
    // The probabilities of long outputs are too small for a number: only their ratios are kept.
    logScale += Math.log(total);
    const possible = longer.filter((each) => probabilityOf(each) > 0);
    for (const each of possible) {
      each.inBlank /= total;
      each.inToken /= total;
    }
    alive = possible.slice(0, beam);
    watch?.(alive, possible.slice(beam), logScale);
  }
  return alive.map((each) => ({ ids: each.ids, score: Math.log(probabilityOf(each)) + logScale, attention: null }));
}

/**
 * @param {Prefix} prefix
 * @returns {number}
 */
export function probabilityOf({ inBlank, inToken }) {
  return inBlank + inToken;
}

/**
 * The prefixes that can still become as long as was asked for; all if none can.
 * @param {Prefix[]} prefixes
 * @param {number} least
 */
function longEnough(prefixes, least) {
  if (least <= 0) return prefixes;
  const long = prefixes.filter((each) => each.ids.length >= least && probabilityOf(each) > 0);
  return long.length ? long : prefixes;
}

/**
 * All prefixes after one more position.
 * @param {Prefix[]} alive
 * @param {import("./one_pass.js").Likeliest} position
 */
function continuedPrefixes(alive, { ids, logP }) {
  /** @type {Map<string, Prefix>} */
  const longer = new Map();
  const add = (prefix, inBlank, inToken) => {
    const key = prefix.join(" ");
    const there = longer.get(key) ?? { ids: prefix, inBlank: 0, inToken: 0 };
    there.inBlank += inBlank;
    there.inToken += inToken;
    longer.set(key, there);
  };
  for (const prefix of alive) {
    for (const [rank, token] of ids.entries()) {
      const p = Math.exp(logP[rank]);
      if (token === BLANK) {
        add(prefix.ids, probabilityOf(prefix) * p, 0);
      } else if (token === prefix.ids.at(-1)) {
        add(prefix.ids, 0, prefix.inToken * p);
        add([...prefix.ids, token], 0, prefix.inBlank * p);
      } else {
        add([...prefix.ids, token], 0, probabilityOf(prefix) * p);
      }
    }
  }
  return [...longer.values()];
}
