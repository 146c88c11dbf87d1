// Sections fold: those that the contents, the address or the printer ask for are opened.

import { button } from "./elements.js";

/**
 * Open a section and go there.
 * @param {string} id
 */
export function openSection(id) {
  const section = document.getElementById(id);
  if (!(section instanceof HTMLDetailsElement)) return;
  section.open = true;
  section.scrollIntoView();
}

/**
 * Buttons that open all sections, or fold them.
 * @param {HTMLElement} container
 */
export function foldTogether(container) {
  const all = (open) => () => {
    for (const section of document.querySelectorAll("details.section")) {
      /** @type {HTMLDetailsElement} */ (section).open = open;
    }
  };
  container.append(button("open all", all(true)), button("fold all", all(false)));
}

/** Print what is folded away, too. A style that does so is not understood by browsers from before 2025. */
export function printFolded() {
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const each of closed) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of closed) each.open = false;
  });
}
