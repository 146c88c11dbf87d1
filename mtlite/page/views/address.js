// The state of the page in its address, as `#view=pieces&runs=0,3&text=…`. Anybody may have written an address:
// unknown keys and values that are no good are left out.

import {MOST_REPEATS, readCells, readForced, readNodes, writeCells, writeForced, writeNodes} from "./chosen.js";

/**
 * @typedef {object} State
 * @property {string} view name of the view that is shown
 * @property {number[]} runs which runs are shown, by their place in the page
 * @property {string} text what is typed in
 * @property {number} sentence which sentence of the text is explained, from 0
 * @property {number} beam hypotheses that search keeps; 0 is as each run was configured
 * @property {number} lengthPenalty −1 is as each run was configured
 * @property {Record<string, number>} alternatives by "run.sentence", which hypothesis is shown instead of the best
 * @property {import("./chosen.js").ForcedByRun} forced target pieces that each run must write
 * @property {import("./chosen.js").NodeByRun} node the hypothesis that is looked at in each run's beam
 * @property {import("./chosen.js").CellByRun} cell the square that is looked at in each run's maps
 * @property {string} changed the sentence with other words; empty is as it is
 * @property {number} repeat how often the sentence is repeated
 * @property {number} step the step in time that a view shows
 * @property {"" | "light" | "dark"} theme empty is as the system says
 */

const LONGEST_TEXT = 20_000; // characters of an address; longer texts stay in the page and out of its address
const MOST_NUMBERS = 500;
const LARGEST_BEAM = 50;

/** @type {State} */
export const DEFAULTS = Object.freeze({
  view: "translate",
  runs: [0],
  text: "",
  sentence: 0,
  beam: 0,
  lengthPenalty: -1,
  alternatives: {},
  forced: {},
  node: {},
  cell: {},
  changed: "",
  repeat: 1,
  step: 0,
  theme: "",
});

/**
 * How each key is read (undefined for a bad value) and written. A view that needs a key of its own adds it here and to
 * DEFAULTS.
 * @type {Record<string, {key: keyof State, read: (text: string, limits: Limits) => any, write?: (value: any) => string}>}
 * @typedef {{runs: number, views: string[]}} Limits
 */
const KEYS = {
  view: {key: "view", read: (text, {views}) => (views.includes(text) ? text : undefined)},
  runs: {key: "runs", read: readRuns},
  text: {key: "text", read: (text) => (text.length <= LONGEST_TEXT ? text : undefined)},
  sentence: {key: "sentence", read: (text) => wholeNumber(text, MOST_NUMBERS)},
  beam: {key: "beam", read: (text) => wholeNumber(text, LARGEST_BEAM)},
  penalty: {key: "lengthPenalty", read: (text) => numberWithin(text, 0, 10)},
  alternatives: {key: "alternatives", read: readAlternatives, write: writeAlternatives},
  force: {key: "forced", read: readForced, write: writeForced},
  node: {key: "node", read: readNodes, write: writeNodes},
  cell: {key: "cell", read: readCells, write: writeCells},
  changed: {key: "changed", read: (text) => (text.length <= LONGEST_TEXT ? text : undefined)},
  repeat: {key: "repeat", read: (text) => wholeNumber(text, MOST_REPEATS) || undefined},
  step: {key: "step", read: (text) => wholeNumber(text, 10 * MOST_NUMBERS)},
  theme: {key: "theme", read: (text) => (["light", "dark"].includes(text) ? text : undefined)},
};

/**
 * @param {string} hash of the address, with or without `#`
 * @param {Limits} limits
 * @returns {Partial<State>} what it says
 */
export function readAddress(hash, limits) {
  /** @type {Record<string, any>} */
  const state = {};
  for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    const entry = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined;
    const value = entry?.read(text, limits);
    if (entry && value !== undefined) state[entry.key] = value;
  }
  return state;
}

/**
 * @param {State} state
 * @returns {string} an address with all that is not as it is by default
 */
export function writeAddress(state) {
  const parts = new URLSearchParams();
  for (const [name, {key, write = String}] of Object.entries(KEYS)) {
    const text = write(state[key]);
    const isUsual = text === write(DEFAULTS[key]) && name !== "text" && name !== "runs";
    if (!isUsual && text.length <= LONGEST_TEXT) parts.set(name, text);
  }
  return `#${parts}`;
}

/**
 * @param {string} text
 * @param {number} most
 */
function wholeNumber(text, most) {
  return /^\d{1,9}$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}

/**
 * @param {string} text
 * @param {number} least
 * @param {number} most
 */
function numberWithin(text, least, most) {
  const value = /^\d{1,3}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN;
  return least <= value && value <= most ? value : undefined;
}

/**
 * @param {string} text numbers with commas between them
 * @param {number} most
 * @returns {number[] | undefined}
 */
function wholeNumbers(text, most) {
  if (text === "") return [];
  const parts = text.split(",", MOST_NUMBERS + 1);
  const numbers = parts.map((part) => wholeNumber(part, most));
  if (parts.length > MOST_NUMBERS || numbers.includes(undefined)) return undefined;
  return /** @type {number[]} */ (numbers);
}

/**
 * @param {string} text
 * @param {Limits} limits
 */
function readRuns(text, {runs}) {
  const found = wholeNumbers(text, runs - 1);
  return found?.length ? [...new Set(found)].sort((a, b) => a - b) : undefined;
}

/** @param {string} text such as `0.2:1,3.0:4` */
function readAlternatives(text) {
  const parts = text === "" ? [] : text.split(",", MOST_NUMBERS + 1);
  const found = parts.map((part) => /^(\d{1,3}\.\d{1,6}):(\d{1,2})$/.exec(part));
  if (parts.length > MOST_NUMBERS || found.includes(null)) return undefined;
  return Object.fromEntries(found.map((match) => [match?.[1], Number(match?.[2])]));
}

/** @param {Record<string, number>} alternatives */
function writeAlternatives(alternatives) {
  return Object.entries(alternatives)
    .map(([place, number]) => `${place}:${number}`)
    .join(",");
}
