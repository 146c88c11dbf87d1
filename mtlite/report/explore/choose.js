// Which sentences are shown, and in which order.

/** @import {Outputs} from "./outputs.js" */
/** @import {State} from "./address.js" */

/**
 * The lines, from 0, that fit what was chosen, in the order that was chosen; lines of equal rank as in the test set.
 * @param {Outputs} outputs
 * @param {State} state
 * @returns {number[]}
 */
export function chosenLines(outputs, state) {
  const lines = outputs.tests[state.test].sources.map((_, line) => line);
  const kept = lines.filter((line) => isInBuckets(outputs, state, line) && holdsText(outputs, state, line));
  const rank = ranking(outputs, state);
  const ranked = kept.map((line) => ({ line, rank: rank(line) }));
  return ranked.sort((one, other) => one.rank - other.rank || one.line - other.line).map(({ line }) => line);
}

/**
 * The mean sentence BLEU of a system over some lines; null if it was not trained with the seed that is shown.
 * @param {Outputs} outputs
 * @param {State} state
 * @param {number} system
 * @param {number[]} lines
 * @returns {number | null}
 */
export function meanBleu(outputs, state, system, lines) {
  let sum = 0;
  for (const line of lines) {
    const hypothesis = outputs.hypothesis(state.test, system, state.seed, line);
    if (!hypothesis) return null;
    sum += hypothesis.bleu;
  }
  return lines.length ? sum / lines.length : null;
}

function isInBuckets(outputs, state, line) {
  return outputs.properties.every((property) => {
    const bucket = state.buckets[property.name];
    if (bucket === undefined) return true;
    const hypothesis = property.ofHypothesis ? outputs.hypothesis(state.test, state.first, state.seed, line) : null;
    return outputs.buckets(property, state.test, line, hypothesis).includes(bucket);
  });
}

/** Whether the source, the reference or the output of a chosen system holds the text that is searched for. */
function holdsText(outputs, state, line) {
  const wanted = state.search.trim().toLowerCase();
  if (!wanted) return true;
  const { sources, references } = outputs.tests[state.test];
  const holds = (text) => text.toLowerCase().includes(wanted);
  return holds(sources[line]) || holds(references[line]) || shownSystems(state).some((system) => {
    const hypothesis = outputs.hypothesis(state.test, system, state.seed, line);
    return hypothesis !== null && holds(hypothesis.text);
  });
}

/**
 * The systems whose outputs are shown: the two that are compared, or all that were chosen.
 * @param {State} state
 * @returns {number[]}
 */
export function shownSystems(state) {
  return state.everyone ? state.systems : [...new Set([state.first, state.second])];
}

/** By line, a number that is lowest for what comes first; what has no number comes last. */
function ranking(outputs, state) {
  const values = (name) => outputs.tests[state.test].values[name];
  const bleu = (system, line) => outputs.hypothesis(state.test, system, state.seed, line)?.bleu ?? NaN;
  const lead = (line) => bleu(state.first, line) - bleu(state.second, line);
  const ranks = {
    line: (line) => line,
    ahead: (line) => -lead(line),
    behind: lead,
    worst: (line) => bleu(state.first, line),
    longest: (line) => -values("length")[line],
    shortest: (line) => values("length")[line],
    reordered: (line) => -(values("word-order")[line] ?? NaN),
    rarest: (line) => values("rarest-word")[line] ?? NaN,
  };
  return (line) => {
    const rank = ranks[state.order](line);
    return Number.isNaN(rank) ? Number.MAX_VALUE : rank;
  };
}
