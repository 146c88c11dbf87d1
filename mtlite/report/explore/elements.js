// Elements of the page. What others have written enters as text, never as markup.

/**
 * Make an element.
 * @param {string} name of the element
 * @param {Record<string, any>} attributes by name; `onclick` and the like are listeners, `false` and `null` leave out
 * @param {...(Node|string)} children texts and elements
 * @returns {HTMLElement}
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

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
