// What is known of each run: where it comes from, how it was scored, what may be done with it.

import {element, table} from "./elements.js";

/**
 * @typedef {object} AboutTable a table of the run, as `page/about.py` makes it
 * @property {string} caption
 * @property {string[][]} rows the headings first
 * @property {boolean} folded whether it is shown when asked for
 */

export const aboutView = {name: "about", title: "About", render: renderAbout};

/**
 * @param {HTMLElement} container
 * @param {import("./address.js").State} _state
 * @param {import("./client.js").Client} client
 */
function renderAbout(container, _state, client) {
  if (container.firstChild) return; // it depends on nothing that can be chosen
  container.append(
    element("p", {}, "This file holds trained models of mtlite and a program that runs them in your browser. It needs no ",
      "network, and what you type leaves this page only if you copy it, or share its address: the text is in it."),
    ...client.runs.map(aboutRun));
}

/** @param {any} run */
function aboutRun(run) {
  const made = element("article", {class: "about"}, element("h2", {}, element("bdi", {}, run.name)));
  for (const text of run.about.paragraphs) made.append(element("p", {dir: "auto", class: "said"}, text));
  for (const {caption, rows, folded} of /** @type {AboutTable[]} */ (run.about.tables)) {
    const shown = table(caption, rows);
    made.append(folded ? element("details", {}, element("summary", {}, caption), shown) : shown);
  }
  return made;
}
