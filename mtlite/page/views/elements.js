// Making elements. Text enters the page as text alone: no string is ever read as HTML.

/**
 * @param {string} tag
 * @param {Record<string, any>} attributes `class`, `aria-label` …; a function is a listener (`onclick`), false and null
 *   are left out, true is an attribute without a value
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/**
 * A table whose first row are headings (none are shown if all are empty), and whose first cell of each other row is one.
 * @param {string} caption
 * @param {(string | Node)[][]} rows
 */
export function table(caption, rows) {
  const [head, ...others] = rows;
  const line = (/** @type {(string | Node)[]} */ cells, /** @type {string} */ scope) =>
    element("tr", {}, ...cells.map((cell, at) => (scope === "col" || at === 0
      ? element("th", {scope}, cell)
      : element("td", {dir: "auto"}, cell))));
  return element("div", {class: "scroll", tabindex: "0", role: "group", "aria-label": caption},
    element("table", {},
      element("caption", {}, caption),
      ...(head.some(Boolean) ? [element("thead", {}, line(head, "col"))] : []),
      element("tbody", {}, ...others.map((cells) => line(cells, "row")))));
}

/**
 * Says something to those who hear the page, and shows it.
 * @param {string} text
 */
export function announce(text) {
  const place = document.getElementById("status");
  if (place && place.textContent !== text) place.textContent = text;
}

/**
 * @param {string} text
 * @returns {Promise<boolean>} whether it is on the clipboard now
 */
export async function copyText(text) {
  if (navigator.clipboard) {
    // A browser may refuse, for instance in a frame: then the older way may work.
    const copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
    if (copied) return true;
  }
  const field = /** @type {HTMLTextAreaElement} */ (element("textarea", {class: "unseen", "aria-hidden": "true"}));
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}
