// Things to choose with.

import { element } from "../../page/views/elements.js";

/**
 * A choice of one among several.
 * @param {string} label what is chosen
 * @param {[string, string][]} choices value and text of each
 * @param {(value: string) => void} changed is told what was chosen
 * @returns {{node: HTMLElement, set: (value: string, choices?: [string, string][]) => void, say: (label: string) => void}}
 *   `set` shows a choice, `say` another label
 */
export function choice(label, choices, changed) {
  const options = (among) => among.map(([value, text]) => element("option", { value }, text));
  const select = /** @type {HTMLSelectElement} */ (element("select", {}, ...options(choices)));
  select.addEventListener("change", () => changed(select.value));
  const name = element("span", {}, label);
  const node = element("label", { class: "choice" }, name, select);
  const set = (value, among) => {
    if (among) select.replaceChildren(...options(among));
    select.value = value;
  };
  return { node, set, say: (other) => { name.textContent = other; } };
}

/**
 * A box that can be ticked.
 * @param {string} label what it stands for
 * @param {(ticked: boolean) => void} changed is told whether it is ticked
 * @returns {{node: HTMLElement, set: (ticked: boolean) => void}}
 */
export function tick(label, changed) {
  const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox" }));
  box.addEventListener("change", () => changed(box.checked));
  const node = element("label", { class: "tick" }, box, element("span", {}, label));
  return { node, set: (ticked) => { box.checked = ticked; } };
}

/**
 * @param {string} text on it
 * @param {() => void} pressed is called
 * @returns {HTMLElement}
 */
export function button(text, pressed) {
  return element("button", { type: "button", onclick: pressed }, text);
}
