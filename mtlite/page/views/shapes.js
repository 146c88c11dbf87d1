/**
 * Pictures as plain values, so that what computes them needs no browser, and the one function that draws them.
 *
 * @typedef {{tag: string, attributes: Record<string, string | number>, children: (Shape | string)[]}} Shape
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag an element of SVG
 * @param {Record<string, string | number>} attributes
 * @param {...(Shape | string)} children
 * @returns {Shape}
 */
export function shape(tag, attributes = {}, ...children) {
  return {tag, attributes, children};
}

/**
 * The element of a shape. Texts become text, whatever stands in them.
 *
 * @param {Shape} plain
 * @returns {SVGElement}
 */
export function drawn({tag, attributes, children}) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  for (const child of children) element.append(typeof child === "string" ? child : drawn(child));
  return element;
}

const SMALLEST = 0.85; // to fit the page a picture may shrink to this share; beyond, it scrolls

/** A whole picture, of so many pixels. */
export function pictureShape(width, height, attributes, ...children) {
  const [wide, high] = [rounded(width), rounded(height)];
  const style = `min-width: ${Math.round(SMALLEST * wide)}px`;
  return shape("svg", {viewBox: `0 0 ${wide} ${high}`, width: wide, height: high, style, ...attributes}, ...children);
}

/** A text in the middle of a point, in the direction of its own letters. */
export function label(text, x, y, attributes = {}) {
  return pieceText(text, {
    x: rounded(x),
    y: rounded(y),
    "text-anchor": "middle",
    "dominant-baseline": "central",
    ...attributes,
  });
}

/** A line through points as the `d` of a path. @param {[number, number][]} points */
export function through(points) {
  return points.map(([x, y], at) => `${at ? "L" : "M"}${rounded(x)} ${rounded(y)}`).join("");
}

/** The tip of an arrow along the last two of its points, as the `d` of a path. @param {[number, number][]} points */
export function tip(points, length = 6, width = 3) {
  const [[fromX, fromY], [x, y]] = points.slice(-2);
  const distance = Math.hypot(x - fromX, y - fromY) || 1;
  const [alongX, alongY] = [(x - fromX) / distance, (y - fromY) / distance];
  const [backX, backY] = [x - alongX * length, y - alongY * length];
  return `${through([
    [x, y],
    [backX - alongY * width, backY + alongX * width],
    [backX + alongY * width, backY - alongX * width],
  ])}Z`;
}

/** A tenth of a pixel is enough, and keeps saved pictures small. */
export function rounded(number) {
  return Math.round(number * 10) / 10;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const NO_WIDTH = /\p{M}|\p{Cf}/u;
const PICTURE_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif'; // as in page.css

/** @type {CanvasRenderingContext2D | null | undefined} */
let ruler;

/** How wide a text is, in pixels: in a browser as it is drawn, elsewhere about. */
export function textWidth(text, size = 13) {
  if (typeof document === "undefined") return size * [...text].reduce((sum, letter) => sum + letterWidth(letter), 0);
  ruler ??= document.createElement("canvas").getContext("2d");
  if (!ruler) return 0.6 * size * text.length;
  ruler.font = `${size}px ${PICTURE_FONT}`;
  return ruler.measureText(text).width;
}

function letterWidth(letter) {
  if (NO_WIDTH.test(letter)) return 0;
  return WIDE.test(letter) ? 1 : 0.6;
}

/** A text of at most so many pixels: what is too long ends in `…`. */
export function shortened(text, most, size = 13) {
  if (textWidth(text, size) <= most) return text;
  const letters = [...new Intl.Segmenter().segment(text)].map(({segment}) => segment);
  while (letters.length > 1 && textWidth(`${letters.join("")}…`, size) > most) letters.pop();
  return `${letters.join("")}…`;
}

/** A piece in a picture: its mark of a space is there and does not shout. */
export function pieceText(text, attributes) {
  const parts = text.split(/(▁+)/).filter(Boolean);
  return shape(
    "text",
    attributes,
    ...parts.map((part) => (part.startsWith("▁") ? shape("tspan", {class: "space"}, part) : part)),
  );
}

/** A piece within a sentence: as the text that it is, with marks that keep its direction apart from the sentence's. */
export function saidPiece(piece) {
  const text = shownPiece(piece).replaceAll("▁", " ").trim();
  return `“\u2068${text || shownPiece(piece)}\u2069”`;
}

/** A piece as it is shown: what cannot be seen as its code. */
export function shownPiece(piece) {
  const seen = [...piece]
    .map((letter) => (/[\p{C}\p{Zl}\p{Zp}]/u.test(letter) && !/[\u200c\u200d]/.test(letter) ? codeOf(letter) : letter))
    .join("");
  return seen === "" || /^\p{M}/u.test(seen) ? `◌${seen}` : seen;
}

function codeOf(letter) {
  return `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** A number with two digits and a true minus. */
export function decimal(number) {
  return number.toFixed(2).replace("-", "−");
}

/** A share as a reader says it, never broken over two lines. What is nearly nothing or all is not rounded to it. */
export function percent(share) {
  if (share > 0 && share < 0.001) return "<\u00a00.1%";
  if (share > 0.999 && share < 1) return ">\u00a099.9%";
  const digits = (share > 0 && share < 0.0995) || (share >= 0.995 && share < 1) ? 1 : 0;
  return `${(100 * share).toFixed(digits)}%`;
}
