/**
 * The hypotheses of a beam search, step after step: a column for each step, the likeliest at its top, and a line from
 * each hypothesis to those that continue it.
 *
 * @typedef {{number: number, parent: number, step: number, id: number, piece: string, logP: number, score: number,
 *   fate: "kept" | "cut" | "finished" | "best"}} BeamNode
 * @typedef {BeamNode & {x: number, y: number, width: number, row: number, column: number, text: string, own: number}}
 *   PlacedBeamNode
 */

import {label, percent, pictureShape, rounded, shape, shortened, shownPiece, textWidth} from "./shapes.js";

const NODE_HEIGHT = 36;
const ROW_HEIGHT = 46;
const COLUMN_GAP = 34;
const HEAD_HEIGHT = 30;
const LONGEST_PIECE = 120;

/**
 * @param {BeamNode[]} nodes the first is the beginning of all
 * @returns {{nodes: PlacedBeamNode[], columns: {step: number, x: number}[], width: number, height: number}}
 */
export function trellisLayout(nodes) {
  const steps = [...new Set(nodes.map(({step}) => step))].sort((one, other) => one - other);
  const placed = [];
  const columns = [];
  let left = 12;
  steps.forEach((step, column) => {
    const here = nodes
      .filter((node) => node.step === step)
      .sort((one, other) => other.logP - one.logP || one.number - other.number);
    const texts = here.map(({piece, number}) => (number === 0 ? "<s>" : shortened(shownPiece(piece), LONGEST_PIECE)));
    const own = here.map((node) => ownProbability(node, nodes));
    const numbers = own.map((share) => textWidth(percent(share), 11) + 14);
    const width = Math.max(52, ...texts.map((text) => textWidth(text) + 18), ...numbers);
    here.forEach((node, row) =>
      placed.push({
        ...node,
        row,
        column,
        width,
        text: texts[row],
        x: left + width / 2,
        y: HEAD_HEIGHT + ROW_HEIGHT * (row + 0.5),
        own: own[row],
      }),
    );
    columns.push({step, x: left + width / 2});
    left += width + COLUMN_GAP;
  });
  const rows = Math.max(...placed.map(({row}) => row)) + 1;
  return {nodes: placed, columns, width: left - COLUMN_GAP + 12, height: HEAD_HEIGHT + ROW_HEIGHT * rows + 6};
}

/** The probability of a node's own piece, after those before it. */
function ownProbability({logP, parent}, nodes) {
  return Math.min(1, Math.exp(logP - (nodes[parent]?.logP ?? 0)));
}

/** The nodes from the beginning to one of them. @param {BeamNode[]} nodes @param {number} number */
export function beamPath(nodes, number) {
  const path = [];
  for (let node = nodes[number]; node; node = nodes[node.parent]) path.unshift(node);
  return path;
}

/**
 * @param {BeamNode[]} nodes
 * @param {string} title
 * @returns {import("./shapes.js").Shape}
 */
export function trellisPicture(nodes, title) {
  const layout = trellisLayout(nodes);
  const byNumber = new Map(layout.nodes.map((node) => [node.number, node]));
  const lines = layout.nodes
    .filter(({parent}) => parent >= 0)
    .map((node) => lineBetween(byNumber.get(node.parent), node));
  return pictureShape(
    layout.width,
    layout.height,
    {class: "picture trellis", role: "group", "aria-label": title},
    ...layout.columns.filter(({step}) => step > 0).map(({step, x}) => label(String(step), x, 15, {class: "caption"})),
    // The best path lies above the others.
    ...lines.filter(({attributes}) => !attributes.class.includes("best")),
    ...lines.filter(({attributes}) => attributes.class.includes("best")),
    ...layout.nodes.map(nodeOfTrellis),
  );
}

function lineBetween(from, to) {
  const [startX, endX] = [from.x + from.width / 2, to.x - to.width / 2];
  const bend = Math.min(COLUMN_GAP, endX - startX) / 2;
  const [start, end] = [`${rounded(startX)} ${rounded(from.y)}`, `${rounded(endX)} ${rounded(to.y)}`];
  return shape("path", {
    d: `M${start}C${rounded(endX - COLUMN_GAP + bend)} ${rounded(from.y)} ${rounded(endX - bend)} ${rounded(to.y)} ${end}`,
    class: `branch ${to.fate}`,
    "data-to": to.number,
  });
}

function nodeOfTrellis(node) {
  const {x, y, width, fate, text, own, number, row, column, step} = node;
  const box = {
    x: rounded(x - width / 2),
    y: rounded(y - NODE_HEIGHT / 2),
    width: rounded(width),
    height: NODE_HEIGHT,
    rx: 6,
  };
  const says = number === 0 ? "the beginning" : `${shownPiece(node.piece)}, step ${step}, ${percent(own)}, ${fate}`;
  return shape(
    "g",
    {
      class: `hypothesis ${fate}`,
      role: "button",
      "aria-label": says,
      "data-cell": number,
      "data-focus": `node-${number}`,
      "data-column": column,
      "data-row": row,
    },
    shape("title", {}, says),
    shape("rect", {...box, class: "backing"}),
    shape("rect", {...box, class: "body"}),
    label(text, x, number === 0 ? y : y - 7, {class: "piece", "font-size": 13}),
    ...(number === 0 ? [] : [label(percent(own), x, y + 9, {class: "number", "font-size": 11})]),
  );
}
