/** What was chosen in the pictures, as texts in the address: for each run, by its place in the page. */

/** How often a sentence may be repeated. */
export const MOST_REPEATS = 10;

const MOST_CHOSEN = 500;
const LARGEST_NUMBER = 2 ** 24;

/**
 * @typedef {Record<string, (number | null)[]>} ForcedByRun ids of target pieces that are forced, null where none is
 * @typedef {Record<string, number>} NodeByRun the number of a hypothesis in the beam
 * @typedef {Record<string, [row: number, column: number]>} CellByRun
 */

/** @param {string} text such as `0:12.-.7,2:5` @returns {ForcedByRun | undefined} */
export function readForced(text) {
  return byRun(text, (part) => {
    const ids = part.split(".", MOST_CHOSEN + 1).map((id) => (id === "-" ? null : natural(id)));
    return ids.length > MOST_CHOSEN || ids.includes(undefined) ? undefined : ids;
  });
}

/** @param {ForcedByRun} forced */
export function writeForced(forced) {
  return writtenByRun(forced, (ids) => ids.map((id) => id ?? "-").join("."));
}

/** @param {string} text such as `0:17` @returns {NodeByRun | undefined} */
export function readNodes(text) {
  return byRun(text, natural);
}

/** @param {NodeByRun} nodes */
export function writeNodes(nodes) {
  return writtenByRun(nodes, String);
}

/** @param {string} text such as `0:3.4` @returns {CellByRun | undefined} */
export function readCells(text) {
  return byRun(text, (part) => {
    const [row, column, ...others] = part.split(".", 3).map(natural);
    return row === undefined || column === undefined || others.length ? undefined : [row, column];
  });
}

/** @param {CellByRun} cells */
export function writeCells(cells) {
  return writtenByRun(cells, (cell) => cell.join("."));
}

/**
 * @template Value
 * @param {string} text
 * @param {(part: string) => Value | undefined} read
 * @returns {Record<string, Value> | undefined} undefined if any part is no good
 */
function byRun(text, read) {
  if (text === "") return {};
  const values = text.split(",", MOST_CHOSEN + 1).map((part) => {
    const [run, value, ...others] = part.split(":", 3);
    return [natural(run), others.length ? undefined : read(value ?? "")];
  });
  if (values.length > MOST_CHOSEN || values.flat().includes(undefined)) return undefined;
  return Object.fromEntries(values);
}

function writtenByRun(values, write) {
  return Object.entries(values)
    .map(([run, value]) => `${run}:${write(value)}`)
    .join(",");
}

function natural(text) {
  return /^\d{1,8}$/.test(text) && Number(text) <= LARGEST_NUMBER ? Number(text) : undefined;
}
