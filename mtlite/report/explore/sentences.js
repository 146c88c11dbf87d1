// The sentences of a test set: the form, how many fit, and a page of cards.

/** @import {Outputs} from "./outputs.js" */
/** @import {State} from "./address.js" */
import { card, legend } from "./cards.js";
import { chosenLines, meanBleu, shownSystems } from "./choose.js";
import { controls } from "./controls.js";
import { element } from "../../page/views/elements.js";
import { button } from "./elements.js";

const ON_A_PAGE = 10;

/**
 * Put the sentences into a part of the page.
 * @param {HTMLElement} container
 * @param {Outputs} outputs
 * @param {(change: Partial<State>) => void} change is told what was chosen
 * @returns {(state: State) => void} shows a state
 */
export function showSentences(container, outputs, change) {
  const form = controls(outputs, change);
  const found = element("p", { class: "found", role: "status" });
  const cards = element("ol", { class: "cards" });
  const pages = pager(change);
  container.replaceChildren(form.node, found, legend(), cards, pages.node);
  return (state) => {
    const lines = chosenLines(outputs, state);
    const page = Math.min(state.page, Math.max(0, Math.ceil(lines.length / ON_A_PAGE) - 1));
    const shown = lines.slice(page * ON_A_PAGE, (page + 1) * ON_A_PAGE);
    form.show(state);
    found.textContent = inWords(outputs, state, lines);
    cards.replaceChildren(...shown.map((line) => card(outputs, state, line)));
    pages.show(page, lines.length);
  };
}

function inWords(outputs, state, lines) {
  const all = outputs.tests[state.test].sources.length;
  const count = (number) => number.toLocaleString("en");
  if (!lines.length) return `None of the ${count(all)} sentences fits.`;
  const number = lines.length < all ? `${count(lines.length)} of ${count(all)}` : `All ${count(all)}`;
  const means = shownSystems(state).map((system) => {
    const mean = meanBleu(outputs, state, system, lines);
    return `${outputs.systems[system]} ${mean === null ? "has no such seed" : mean.toFixed(1)}`;
  });
  return `${number} sentences. ${means.length ? `Mean sentence BLEU: ${means.join(", ")}.` : "No system is chosen."}`;
}

function pager(change) {
  let current = 0;
  const back = /** @type {HTMLButtonElement} */ (button("← Before", () => change({ page: current - 1 })));
  const on = /** @type {HTMLButtonElement} */ (button("Next →", () => change({ page: current + 1 })));
  const where = element("span", {});
  const node = element("p", { class: "pager" }, back, where, on);
  const show = (page, count) => {
    current = page;
    back.disabled = page === 0;
    on.disabled = (page + 1) * ON_A_PAGE >= count;
    where.textContent = `${count ? page * ON_A_PAGE + 1 : 0} to ${Math.min(count, (page + 1) * ON_A_PAGE)} of ${count}`;
    node.hidden = count <= ON_A_PAGE;
  };
  return { node, show };
}
