/** Which pieces of a translation are forced, after a click on one. */

/**
 * @param {object} now
 * @param {boolean} now.tokenByToken whether each piece depends on those before it: then these stay as they are
 * @param {(number | null)[]} now.written ids at each step
 * @param {(number | null)[]} now.forced null where nothing is
 * @param {number} at the step
 * @param {number} id of the piece; a forced one is set free
 * @returns {(number | null)[]}
 */
export function forcedAfter({tokenByToken, written, forced}, at, id) {
  const isForced = (forced[at] ?? null) !== null;
  if (isForced && forced[at] === id) return tokenByToken ? forced.slice(0, at) : trimmed(withForced(forced, at, null));
  return tokenByToken ? [...written.slice(0, at), id] : withForced(forced, at, id);
}

function withForced(forced, at, id) {
  const longer = Array.from({length: Math.max(forced.length, at + 1)}, (_, place) => forced[place] ?? null);
  longer[at] = id;
  return longer;
}

/** Without what is free at the end. */
function trimmed(forced) {
  const last = forced.findLastIndex((id) => id !== null);
  return forced.slice(0, last + 1);
}
