// The one state of the page: everything that a person chose. It stands in the address, so that it can be linked.

import {DEFAULTS, readAddress, writeAddress} from "./address.js";

const ADDRESS_PAUSE = 200; // milliseconds: browsers refuse addresses that change too often, as while a slider moves

/** @typedef {import("./address.js").State} State */

/** What is chosen within one sentence, before anything is. */
export const NOTHING_CHOSEN = Object.freeze({step: 0, forced: {}, node: {}, cell: {}, changed: ""});

let current = /** @type {State} */ ({...DEFAULTS});
let listeners = /** @type {((state: State) => void)[]} */ ([]);
let ownAddress = "";
let unwritten = 0; // the timer of an address that is not written yet

/** @returns {State} what is chosen now; never changed in place */
export function getState() {
  return current;
}

/**
 * Changes some of the state, writes the address and renders.
 *
 * A new text has other sentences: what was chosen within the old one is dropped.
 * @param {Partial<State>} change
 * @param {{step?: boolean}} options `step: true` makes a step in the browser's history, for what one may go back from
 */
export function setState(change, {step = false} = {}) {
  if (step && unwritten) writeNow();
  const newText = change.text !== undefined && change.text !== current.text;
  const dropped = newText ? {sentence: 0, alternatives: {}, ...NOTHING_CHOSEN} : {};
  current = {...current, ...dropped, ...change};
  if (step) {
    ownAddress = writeAddress(current);
    history.pushState(null, "", ownAddress);
  } else if (!unwritten) {
    unwritten = setTimeout(writeNow, ADDRESS_PAUSE);
  }
  tellListeners();
}

/**
 * Calls `listener` with the state after every change.
 * @param {(state: State) => void} listener
 */
export function onState(listener) {
  listeners = [...listeners, listener];
}

/**
 * Reads the address now, and whenever somebody goes back or follows a link within the page.
 * @param {Partial<State>} first what the page shows where the address says nothing
 * @param {import("./address.js").Limits} limits
 */
export function followAddress(first, limits) {
  const read = () => {
    clearTimeout(unwritten);
    unwritten = 0;
    ownAddress = location.hash;
    current = {...DEFAULTS, ...first, ...readAddress(location.hash, limits)};
    tellListeners();
  };
  const readIfOther = () => {
    if (location.hash !== ownAddress) read();
  };
  addEventListener("hashchange", readIfOther);
  addEventListener("popstate", readIfOther);
  read();
}

function writeNow() {
  clearTimeout(unwritten);
  unwritten = 0;
  ownAddress = writeAddress(current);
  history.replaceState(null, "", ownAddress);
}

function tellListeners() {
  for (const listener of listeners) listener(current);
}
