// Where it came from: how much likelier each source piece makes each written piece.

import { pause } from "../control.js";
import { BOS, EOS, UNK } from "../ids.js";
import { scoredPositions } from "../search/one_pass.js";
import { NEVER_TOKEN_BY_TOKEN, Stepper, rowsOf } from "../search/stepper.js";
import { logSumExp, topK } from "../search/top_k.js";
import { BLANK } from "../topologies/ctc.js";

/** How many frequent pieces stand in for a source piece, besides the unknown one. */
export const FREQUENT_PIECES = 2;

/**
 * The influence of each source piece on each written piece: log p of the written piece, less its mean log p where the
 * source piece is replaced by neutral ones.
 *
 * Token by token, what was written before a piece says much of the source, too: with a replaced piece, it contradicts the
 * source, which would show an influence of pieces that are long written. So log p is taken both after what was written
 * (teacher forcing) and after what the model itself writes with the replaced piece, and the smaller change counts.
 * In one pass, a written piece is looked at where it stands; over paths, where the likeliest path that gives the target
 * has it.
 * @param {any} topology
 * @param {"token by token" | "one pass" | "paths"} kind
 * @param {Int32Array} source ids with `</s>`
 * @param {number[]} target ids as they were written
 * @param {number[]} frequent ids of frequent source pieces, the most frequent first: one more than stand in
 * @param {import("../control.js").Control} control
 * @returns {Promise<number[][]>} [target][source]
 */
export async function influenceByReplacement(topology, kind, source, target, frequent, control) {
  if (!target.length) return [];
  const places = kind === "paths" ? placesOnPath(topology, source, target) : [...target.keys()];
  const ways = kind === "token by token" ? [logPOfSteps, logPOfOwnSteps] : [logPAtPlaces];
  const whole = ways[0](topology, source, target, places);
  const influence = target.map(() => Array(source.length).fill(0));
  for (let at = 0; at < source.length; at++) {
    const neutral = [UNK, ...frequent].filter((id) => id !== source[at]).slice(0, 1 + FREQUENT_PIECES);
    for (const id of neutral) {
      await pause(control);
      const other = Int32Array.from(source);
      other[at] = id;
      const logP = ways.map((way) => way(topology, other, target, places));
      for (const step of target.keys()) {
        const changes = logP.map((each) => whole[step] - each[step]);
        influence[step][at] += changes.reduce((a, b) => (Math.abs(b) < Math.abs(a) ? b : a)) / neutral.length;
      }
    }
    control.progress?.(at + 1, source.length);
  }
  return influence;
}

/** log p of every written piece, after those before it. */
function logPOfSteps(topology, source, target) {
  const logits = rowsOf(topology.head.logits(topology.features(source, target)));
  return target.map((id, step) => logits[step][id] - logSumExp(logits[step]));
}

/** log p of every written piece, after the likeliest tokens that the model itself writes before it, without an end. */
function logPOfOwnSteps(topology, source, target) {
  const stepper = new Stepper(topology);
  let { memory, state } = stepper.read(source);
  let token = BOS;
  return target.map((id) => {
    const step = stepper.decode([token], state, memory);
    const [scores] = step.scores;
    const logP = scores[id] - step.logTotals[0];
    for (const never of [...NEVER_TOKEN_BY_TOKEN, EOS]) scores[never] = -Infinity;
    [token] = topK(scores, 1);
    state = step.state;
    return logP;
  });
}

/** log p of every written piece at its output position. */
function logPAtPlaces(topology, source, target, places) {
  const logP = [];
  let position = 0;
  for (const { scores, logTotal } of scoredPositions(topology, source)) {
    places.forEach((place, step) => {
      if (place === position) logP[step] = scores[target[step]] - logTotal;
    });
    position += 1;
  }
  return logP;
}

/**
 * The output position that speaks for each token of a target: on the likeliest path that gives it, the one of the
 * token's positions at which it is likeliest (Viterbi).
 * @param {any} topology
 * @param {Int32Array} source
 * @param {number[]} target
 * @returns {number[]}
 */
export function placesOnPath(topology, source, target) {
  // A path goes on from symbol to symbol: a blank may stand before, between and after tokens.
  const symbols = target.flatMap((id) => [BLANK, id]).concat(BLANK);
  const logP = []; // [positions][symbols]
  for (const { scores, logTotal } of scoredPositions(topology, source)) {
    logP.push(symbols.map((id) => scores[id] - logTotal));
  }
  const path = likeliestPath(symbols, logP);
  return target.map((_, token) => {
    const own = path.flatMap((symbol, position) => (symbol === 2 * token + 1 ? [position] : []));
    return own.reduce((best, each) => (logP[each][2 * token + 1] > logP[best][2 * token + 1] ? each : best));
  });
}

/**
 * @param {number[]} symbols
 * @param {number[][]} logP [positions][symbols]
 * @returns {number[]} the symbol at each position
 */
function likeliestPath(symbols, logP) {
  let best = symbols.map((_, symbol) => (symbol < 2 ? logP[0][symbol] : -Infinity));
  const origins = [];
  for (const here of logP.slice(1)) {
    const origin = symbols.map((id, symbol) => {
      const able = [symbol];
      if (symbol > 0) able.push(symbol - 1);
      // Between different tokens there may be no blank.
      if (symbol > 1 && id !== BLANK && id !== symbols[symbol - 2]) able.push(symbol - 2);
      return able.reduce((a, b) => (best[b] > best[a] ? b : a));
    });
    origins.push(origin);
    best = symbols.map((_, symbol) => best[origin[symbol]] + here[symbol]);
  }
  const last = symbols.length - 1;
  let symbol = best[last] > best[last - 1] ? last : last - 1;
  if (best[symbol] === -Infinity) throw new Error(`${(last) / 2} tokens do not fit into ${logP.length} positions`);
  const path = [symbol];
  for (const origin of origins.reverse()) path.unshift((symbol = origin[symbol]));
  return path;
}
