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
    ...(client.runs.length > 1 ? [overviewOf(client.runs)] : []),
    ...client.runs.map((run) => aboutRun(run, client.runs.length > 1)));
}

/** All runs with their scores. @param {any[]} runs */
function overviewOf(runs) {
  const tests = [...new Set(runs.flatMap((run) => Object.keys(run.scores?.tests ?? {})))];
  const rows = runs.map((run) => [run.name, run.parameters?.toLocaleString("en") ?? "",
    ...tests.map((test) => run.scores?.tests[test]?.bleu.score.toFixed(1) ?? "")]);
  const headings = ["model", "weights", ...tests.map((test) => `BLEU, ${test}`)];
  return element("div", {class: "about"}, table("The models", [headings, ...rows]));
}

/**
 * @param {any} run
 * @param {boolean} isFolded
 */
function aboutRun(run, isFolded) {
  const name = element("bdi", {}, run.name);
  const made = isFolded
    ? element("details", {class: "about"}, element("summary", {}, name))
    : element("article", {class: "about"}, element("h2", {}, name));
  for (const text of run.about.paragraphs) made.append(element("p", {dir: "auto", class: "said"}, text));
  for (const {caption, rows, folded} of /** @type {AboutTable[]} */ (run.about.tables)) {
    const shown = table(caption, rows);
    made.append(folded ? element("details", {class: "folded"}, element("summary", {}, caption), shown) : shown);
  }
  return made;
}
