// What a reader has chosen, as the part of the address after `#`: what was found can be linked.

/** @import {Outputs} from "./outputs.js" */

/**
 * @typedef {{systems: number[], test: number, seed: number, first: number, second: number, order: string,
 *   search: string, buckets: Record<string, number>, everyone: boolean, page: number, section: string}} State
 *   chosen systems; the two that are compared; by property, the bucket that is shown; where the reader is
 */

export const ORDERS = ["line", "ahead", "behind", "worst", "longest", "shortest", "reordered", "rarest"];
const MOST_LETTERS = 1000;
const MOST_PAGES = 1_000_000;

/**
 * What is shown when nothing was chosen.
 * @param {Outputs} outputs
 * @returns {State}
 */
export function startState(outputs) {
  return {
    systems: outputs.systems.map((_, system) => system),
    test: outputs.test, seed: outputs.seed,
    first: outputs.baseline, second: otherSystem(outputs, outputs.baseline),
    order: "line", search: "", buckets: {}, everyone: false, page: 0, section: "",
  };
}

/**
 * The baseline, or beside it the system that follows in the tables; a single one stands beside itself.
 * @param {Outputs} outputs
 * @param {number} first
 * @returns {number}
 */
export function otherSystem(outputs, first) {
  if (first !== outputs.baseline) return outputs.baseline;
  return Math.max(0, outputs.systems.findIndex((_, system) => system !== first));
}

/**
 * Read an address; what is not known, or cannot be, is as when nothing was chosen.
 * @param {string} hash begins with `#` or is empty
 * @param {Outputs} outputs
 * @returns {State}
 */
export function readAddress(hash, outputs) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const state = startState(outputs);
  const number = (name, least, most) => {
    const text = given.get(name) ?? "";
    const value = Number(text);
    return /^\d{1,9}$/.test(text) && value >= least && value <= most ? value : null;
  };
  const lastSystem = outputs.systems.length - 1;
  state.first = number("first", 0, lastSystem) ?? state.first;
  state.second = number("second", 0, lastSystem) ?? state.second;
  state.page = (number("page", 1, MOST_PAGES) ?? 1) - 1;
  state.everyone = given.get("everyone") === "1";
  state.search = (given.get("search") ?? "").slice(0, MOST_LETTERS);
  state.section = (given.get("section") ?? "").slice(0, MOST_LETTERS);
  const test = outputs.tests.findIndex(({ name }) => name === given.get("test"));
  if (test >= 0) state.test = test;
  const seed = Number(given.get("seed") ?? NaN);
  if (outputs.seeds.includes(seed)) state.seed = seed;
  if (ORDERS.includes(given.get("order") ?? "")) state.order = String(given.get("order"));
  for (const { name, labels } of outputs.properties) {
    const bucket = number(name, 0, labels.length - 1);
    if (bucket !== null) state.buckets[name] = bucket;
  }
  if (given.has("systems")) {
    const named = String(given.get("systems")).split(".");
    state.systems = state.systems.filter((system) => named.includes(String(system)));
  }
  return state;
}

/**
 * The address of a state: only what differs from the start is in it.
 * @param {State} state
 * @param {Outputs} outputs
 * @returns {string}
 */
export function writeAddress(state, outputs) {
  const start = startState(outputs);
  const given = new URLSearchParams();
  if (state.systems.length !== outputs.systems.length) given.set("systems", state.systems.join("."));
  if (state.test !== start.test) given.set("test", outputs.tests[state.test].name);
  for (const name of ["seed", "first", "second", "order", "search"]) {
    if (state[name] !== start[name]) given.set(name, String(state[name]));
  }
  for (const [name, bucket] of Object.entries(state.buckets)) given.set(name, String(bucket));
  if (state.everyone) given.set("everyone", "1");
  if (state.page) given.set("page", String(state.page + 1));
  if (state.section) given.set("section", state.section);
  return `#${given}`;
}
