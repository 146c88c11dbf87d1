/**
 * A map of numbers: a row for each written piece, a column for each source piece, darker where the number is larger.
 */

import {pictureShape, pieceText, rounded, shape, shortened, shownPiece, textWidth} from "./shapes.js";

const CELL = 26;
const LONGEST_SIDE_TEXT = 130;
const CONTRAST = 0.6; // below 1, small numbers are seen beside large ones

/**
 * @param {number[][]} values `[target][source]`
 * @returns {number[][]} from −1 to 1: what is largest in size is 1 or −1
 */
export function heatStrengths(values, most = Math.max(1e-9, ...values.flat().map(Math.abs))) {
  return values.map((row) => row.map((value) => Math.sign(value) * Math.min(1, Math.abs(value) / most) ** CONTRAST));
}

/**
 * @param {{source: string[], target: string[], values: number[][], kind: string, title: string, most?: number,
 *   says: (row: number, column: number) => string}} what `kind` is a class of its colour; `most` is the darkest
 * number, the
 *   largest one if it is not given
 * @returns {import("./shapes.js").Shape}
 */
export function heatPicture({source, target, values, kind, title, most, says}) {
  const strengths = heatStrengths(values, most);
  const rows = target.slice(0, values.length).map((piece) => shortened(shownPiece(piece), LONGEST_SIDE_TEXT));
  const columns = source.map((piece) => shortened(shownPiece(piece), LONGEST_SIDE_TEXT));
  const left = Math.max(60, ...rows.map((text) => textWidth(text))) + 18;
  const top = Math.max(30, ...columns.map((text) => textWidth(text) * 0.87)) + 22;
  // Slanted texts of the last columns reach to the right of them.
  const width =
    Math.max(
      ...columns.map((text, at) => left + CELL * (at + 1) + textWidth(text) * 0.55),
      left + CELL * source.length,
    ) + 14;
  const height = top + CELL * rows.length + 8;
  const middle = (at) => CELL * (at + 0.5);
  return pictureShape(
    width,
    height,
    {class: `picture heat ${kind}`, role: "group", "aria-label": title},
    ...columns.map((text, at) => slanted(text, left + middle(at), top - 8)),
    ...rows.map((text, at) =>
      pieceText(text, {
        x: rounded(left - 8),
        y: rounded(top + middle(at)),
        "text-anchor": "end",
        "dominant-baseline": "central",
        class: "piece",
        "font-size": 13,
      }),
    ),
    ...strengths.flatMap((row, at) =>
      row.map((strength, column) =>
        heatCell(strength, left + CELL * column, top + CELL * at, at, column, says(at, column)),
      ),
    ),
    shape("rect", {
      x: rounded(left),
      y: rounded(top),
      width: CELL * source.length,
      height: CELL * rows.length,
      class: "frame",
    }),
  );
}

function slanted(text, x, y) {
  return pieceText(text, {
    x: 0,
    y: 0,
    transform: `translate(${rounded(x)} ${rounded(y)}) rotate(-60)`,
    "dominant-baseline": "central",
    class: "piece",
    "font-size": 13,
  });
}

function heatCell(strength, x, y, row, column, says) {
  return shape(
    "rect",
    {
      x: rounded(x),
      y: rounded(y),
      width: CELL,
      height: CELL,
      class: `cell ${strength < 0 ? "against" : "for"}`,
      "fill-opacity": Math.abs(strength).toFixed(2),
      role: "button",
      "aria-label": says,
      "data-cell": `${row}.${column}`,
      "data-focus": `cell-${row}.${column}`,
      "data-row": row,
      "data-column": column,
    },
    shape("title", {}, says),
  );
}
