// Saves a picture as it is seen now, as SVG or PNG. The colours of the page are written into it, so that it needs no
// page.

import {announce, element} from "./elements.js";

const STYLES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "stroke-linejoin",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
  "dominant-baseline",
];
const PNG_SCALE = 2;
const LONGEST_SIDE = 16_000; // pixels, which browsers can draw
const MOST_PIXELS = 60e6;

/**
 * @param {SVGElement} picture
 * @param {string} name of the file, without ending
 */
export function saveSvg(picture, name) {
  download(new Blob([svgText(picture)], {type: "image/svg+xml"}), `${fileName(name)}.svg`);
}

/**
 * @param {SVGElement} picture
 * @param {string} name of the file, without ending
 */
export async function savePng(picture, name) {
  const [width, height] = ["width", "height"].map((side) => Number(picture.getAttribute(side)));
  const scale = Math.min(PNG_SCALE, LONGEST_SIDE / Math.max(width, height), Math.sqrt(MOST_PIXELS / (width * height)));
  const address = URL.createObjectURL(new Blob([svgText(picture)], {type: "image/svg+xml"}));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = /** @type {HTMLCanvasElement} */ (element("canvas"));
    canvas.width = Math.ceil(width * scale);
    canvas.height = Math.ceil(height * scale);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    if (!blob) throw new Error("the browser has no memory for it");
    download(blob, `${fileName(name)}.png`);
  } catch (error) {
    announce(
      `The picture could not be saved as PNG (${/** @type {Error} */ (error).message}). SVG has no limit of size.`,
    );
  } finally {
    URL.revokeObjectURL(address);
  }
}

/**
 * @param {SVGElement} picture in the page
 * @returns {string} the same picture alone
 */
export function svgText(picture) {
  const copy = /** @type {SVGElement} */ (picture.cloneNode(true));
  copyStyles(picture, copy);
  const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of [
    ["width", "100%"],
    ["height", "100%"],
    ["fill", paperColour(picture)],
  ])
    paper.setAttribute(name, value);
  copy.prepend(paper);
  return new XMLSerializer().serializeToString(copy);
}

/** Writes what style sheets say of each element into it, and leaves out what they hide. */
function copyStyles(from, to) {
  const style = getComputedStyle(from);
  to.removeAttribute("style");
  for (const name of STYLES) to.setAttribute(name, style.getPropertyValue(name));
  for (const name of ["class", "tabindex"]) to.removeAttribute(name);
  const copies = [...to.children];
  [...from.children].forEach((child, at) => {
    if (getComputedStyle(child).display === "none" && child.tagName !== "title") copies[at].remove();
    else if (child.tagName !== "title") copyStyles(child, copies[at]);
  });
}

/** The first colour behind the picture that can be seen. */
function paperColour(picture) {
  for (let place = picture; place; place = place.parentElement) {
    const colour = getComputedStyle(place).backgroundColor;
    if (!/^(transparent|rgba\(.*, 0\))$/.test(colour)) return colour;
  }
  return "white";
}

function download(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = /** @type {HTMLAnchorElement} */ (element("a", {href: address, download: name}));
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser may still be reading it
  announce(`Saved as ${name}.`);
}

/** A name that every system takes. */
function fileName(name) {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 80) || "picture";
}
