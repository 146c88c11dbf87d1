// The frame of a picture: it scrolls in itself, can be saved, and has a text that says the same.

import {element} from "./elements.js";
import {savePng, saveSvg} from "./pictures.js";

/**
 * @param {object} what
 * @param {SVGElement} what.picture
 * @param {string} what.title in plain words: what the picture shows
 * @param {string} what.name of the file in which it is saved, without ending
 * @param {HTMLElement[]} [what.legend] how to read it
 * @param {() => HTMLElement} what.table what the picture shows as a table, made when it is asked for
 * @param {HTMLElement[]} [what.before] what stands above the picture
 */
export function figure({picture, title, name, legend = [], table, before = []}) {
  const place = element("div", {
    class: "canvas",
    tabindex: "0",
    role: "group",
    "aria-label": `${title} The picture scrolls.`,
  });
  place.append(picture);
  const folded = element("details", {class: "as-table"}, element("summary", {}, "As a table"));
  folded.addEventListener("toggle", () => {
    if (folded.children.length === 1) folded.append(table());
  });
  return element(
    "figure",
    {},
    ...before,
    place,
    element("figcaption", {}, ...legend),
    element(
      "div",
      {class: "figure-tools"},
      element("button", {type: "button", class: "quiet", onclick: () => saveSvg(picture, name)}, "Save as SVG"),
      element("button", {type: "button", class: "quiet", onclick: () => savePng(picture, name)}, "Save as PNG"),
      folded,
    ),
  );
}

/**
 * A part of a legend: a mark in the colours of the picture, and what it means.
 * @param {string} mark class of the mark
 * @param {string} text
 */
export function legendItem(mark, text) {
  return element("span", {class: "legend-item"}, element("span", {class: `mark ${mark}`, "aria-hidden": "true"}), text);
}

/**
 * The chosen part of a wide picture comes into sight; the page itself stays where it is.
 * @param {Element} part of a picture
 */
export function scrollIntoPicture(part) {
  const canvas = part.closest(".canvas");
  if (!canvas) return;
  const [inner, outer] = [part.getBoundingClientRect(), canvas.getBoundingClientRect()];
  const edge = Math.min(60, outer.width / 6);
  if (inner.left < outer.left + edge) canvas.scrollLeft -= outer.left + edge - inner.left;
  else if (inner.right > outer.right - edge) canvas.scrollLeft += inner.right - outer.right + edge;
  if (inner.top < outer.top) canvas.scrollTop -= outer.top - inner.top;
  else if (inner.bottom > outer.bottom) canvas.scrollTop += inner.bottom - outer.bottom;
}
