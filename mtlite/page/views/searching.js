/** How a run searches: as it was configured, or as somebody has chosen. */

const OFFERED = 5; // hypotheses

/**
 * @param {any} run its description
 * @param {{beam: number, lengthPenalty: number}} state
 * @returns {{beam: number, lengthPenalty: number, count: number}} what `translate` is asked
 */
export function searchOf(run, state) {
  const beam = run.search === "one pass" ? 1 : state.beam || run.searchConfig.beam_size;
  return {
    beam,
    lengthPenalty: state.lengthPenalty < 0 ? run.searchConfig.length_penalty : state.lengthPenalty,
    count: Math.min(beam, OFFERED),
  };
}
