/**
 * Where the nodes and edges of a wiring lie: time goes from left to right, depth upwards.
 *
 * In the visual language of `mtlite/topologies/diagram.py`: tokens are squares, cells circles, memories wide, a band
 * marks each zone. Columns are as wide as the pieces in them. Lengths are in pixels.
 *
 * @typedef {import("../engine/wiring.js").Wiring} Wiring
 * @typedef {[number, number]} Point
 * @typedef {{name: string, role: string, layer: string, column: number, step: number, text: string, full: string,
 *   x: number, y: number, halfWidth: number, halfHeight: number}} PlacedNode
 * @typedef {{start: string, end: string, use: string, step: number, points: Point[]}} PlacedEdge
 * @typedef {{width: number, height: number, nodes: PlacedNode[], edges: PlacedEdge[],
 *   bands: {zone: string, top: number, bottom: number}[], captions: {text: string, x: number, y: number, anchor:
 * string}[]}} Layout
 */

import {ZONE_OF_LAYER} from "../engine/wiring.js";
import {shortened, shownPiece, textWidth} from "./shapes.js";

const LEFT_MARGIN = 100; // for the names of the zones
const NARROWEST = 47; // of a column
const LONGEST_TOKEN = 120; // the text of a token
const ABOVE_TARGET = 46;
const GAPS = {source: 44, reader: 52, memory: 62, copy: 50, context: 105, input: 56, writer: 52, target: 54};
const TOKENS = ["source", "so-far", "target", "blank"];
const ARROW_GAP = 2; // between an arrow and a node

/**
 * @param {Wiring} wiring
 * @param {Record<string, string>} texts what stands on a node, by its name, where it is not the text of the wiring
 * @returns {Layout}
 */
export function wiringLayout(wiring, texts = {}) {
  const levels = levelsOf(wiring);
  const sized = wiring.nodes.map((node) => sizedNode(node, texts[node.name] ?? node.text));
  const reach = reachOf(sized);
  const across = centresOf(wiring, sized, reach);
  const height = Math.max(...Object.values(levels)) + ABOVE_TARGET;
  const nodes = sized.map((node) => ({...node, x: across(node.column), y: height - levels[node.layer]}));
  const router = new Router(wiring, nodes, reach, levels);
  const edges = wiring.edges.map((edge) => ({...edge, points: router.route(edge)}));
  const captions = Object.entries(wiring.labels).map(([role, text]) => router.caption(role, text));
  const right = Math.max(
    ...nodes.map(({x, halfWidth}) => x + halfWidth),
    ...captions.map(({x, text, anchor}) => x + textWidth(text, 12) * {start: 1, middle: 0.5, end: 0}[anchor]),
  );
  return {width: right + 24, height, nodes, edges, bands: bandsOf(levels, height), captions};
}

function levelsOf(wiring) {
  const there = new Set(wiring.nodes.map(({layer}) => layer));
  const levels = {};
  let height = 0;
  for (const layer of Object.keys(ZONE_OF_LAYER)) {
    if (there.has(layer)) levels[layer] = height += GAPS[layer];
  }
  return levels;
}

function sizedNode(node, text) {
  const full = shownPiece(text);
  if (TOKENS.includes(node.role)) {
    const shown = text === "" ? "" : shortened(full, LONGEST_TOKEN);
    return {
      ...node,
      text: shown,
      full: text === "" ? "" : full,
      halfWidth: Math.max(13, textWidth(shown) / 2 + 7),
      halfHeight: 13,
    };
  }
  const wide = node.role === "memory" || node.role === "copy";
  return {
    ...node,
    text,
    full: text,
    halfWidth: wide ? Math.max(17, textWidth(text, 12) / 2 + 5) : 13,
    halfHeight: wide ? 12 : 13,
  };
}

/** How far the nodes between source and target reach from the middle of their column: lanes run beside them. */
function reachOf(nodes) {
  const reach = new Map();
  for (const {layer, column, halfWidth} of nodes) {
    if (layer !== "source" && layer !== "target") reach.set(column, Math.max(reach.get(column) ?? 0, halfWidth));
  }
  return reach;
}

/** The middle of each column; that of a half lies between two. */
function centresOf(wiring, nodes, reach) {
  const spread = 2 * nodes.filter(({role}) => role === "source")[0].column + 1; // columns of a source token
  const widths = Array(Math.floor(Math.max(...nodes.map(({column}) => column))) + 1).fill(NARROWEST);
  for (const {role, column, halfWidth} of nodes) {
    const count = role === "source" ? spread : 1;
    const need = Math.max(2 * halfWidth + 18, count === 1 ? 2 * (reach.get(column) ?? 0) + 34 : 0) / count;
    const first = Math.round(column - (count - 1) / 2);
    for (let at = first; at < first + count; at++) widths[at] = Math.max(widths[at] ?? NARROWEST, need);
  }
  let left = LEFT_MARGIN;
  const centres = widths.map((width) => (left += width) - width / 2);
  return (column) => (centres[Math.floor(column)] + centres[Math.ceil(column)]) / 2;
}

function bandsOf(levels, height) {
  const bands = [];
  let bottom = 0;
  for (const zone of ["reads", "remembers", "writes"]) {
    const top = Math.max(
      ...Object.keys(levels)
        .filter((layer) => ZONE_OF_LAYER[layer] === zone)
        .map((layer) => levels[layer]),
    );
    const above = Math.min(height + 100, ...Object.values(levels).filter((level) => level > top));
    const edge = zone === "writes" ? height : Math.min((top + above) / 2, top + 31);
    bands.push({zone, top: height - edge, bottom: height - bottom - 3});
    bottom = edge;
  }
  return bands;
}

/** Leads edges past nodes, and finds places for captions. */
class Router {
  constructor(wiring, nodes, reach, levels) {
    Object.assign(this, {wiring, reach, levels});
    this.nodes = new Map(nodes.map((node) => [node.name, node]));
    this.pairs = new Set(wiring.edges.map(({start, end}) => `${start} ${end}`));
    const memories = nodes.filter(({role}) => role === "memory");
    const last = memories[memories.length - 1];
    const after = nodes.some(({role, column}) => role === "writer" && column > last.column);
    /** The memory right of which is written, where there is one for all. */
    this.vector = after ? last : null;
    this.memories = memories.length;
  }

  /** The points of an edge. @returns {Point[]} */
  route(edge) {
    const start = this.nodes.get(edge.start);
    const end = this.nodes.get(edge.end);
    const out = start.y - start.halfHeight;
    const into = end.y + end.halfHeight + ARROW_GAP;
    if (edge.use === "carries on") return this.inTime(edge, start, end);
    if (edge.use === "feeds back") return feedBack(start, end);
    if (start.role === "writer" && end.role === "context") {
      // down, left of the column
      const lane = start.x - this.reach.get(start.column) - 6;
      return [
        [start.x - 10, start.y + 8],
        [lane, start.y + 20],
        [lane, end.y - 20],
        [end.x - 10, end.y - 10],
      ];
    }
    const sideways = start.role === "copy" || start.role === "context";
    if (sideways && (end.role === "target" || "input" in this.levels)) {
      const lane = start.x + this.reach.get(start.column) + 6; // up, right of the column
      return [
        [start.x + 8, out + 2],
        [lane, start.y - 25],
        [lane, end.y + 25],
        [end.x + 10, into],
      ];
    }
    if (start === this.vector && (end.role === "copy" || end.role === "writer")) {
      // along, then up
      return [
        [start.x + start.halfWidth, start.y],
        [end.x, start.y],
        [end.x, into],
      ];
    }
    return [
      [start.x, out],
      [end.x, into],
    ];
  }

  inTime(edge, start, end) {
    if (start.layer !== end.layer) {
      // a state starts a cell: up, then along
      return [
        [start.x, start.y - start.halfHeight],
        [start.x, end.y],
        [end.x - end.halfWidth - ARROW_GAP, end.y],
      ];
    }
    const side = end.x > start.x ? 1 : -1;
    const shift = this.pairs.has(`${edge.end} ${edge.start}`) ? -4.5 * side : 0;
    return [
      [start.x + side * start.halfWidth, start.y + shift],
      [end.x - side * (end.halfWidth + ARROW_GAP), end.y + shift],
    ];
  }

  /** The name of a role, beside its nodes. */
  caption(role, text) {
    const nodes = [...this.nodes.values()].filter(
      (node) => node.role === role || (role === "target" && node.layer === role),
    );
    const [first, last] = [nodes[0], nodes[nodes.length - 1]];
    if (first.layer === "source" || first.layer === "target") {
      return {text, x: (first.x + last.x) / 2, y: first.y + (first.layer === "target" ? -28 : 28), anchor: "middle"};
    }
    if (this.vector && role !== "reader" && (role !== "memory" || nodes.length === 1)) {
      return {text, x: this.vector.x - 28, y: first.y, anchor: "end"};
    }
    return {text, x: last.x + last.halfWidth + 12, y: first.y, anchor: "start"};
  }
}

/** What was written is read in the next column. @returns {Point[]} */
function feedBack(start, end) {
  const into = end.x - end.halfWidth - ARROW_GAP;
  const middle = into - 8;
  return [
    [start.x + start.halfWidth, start.y],
    [middle, start.y],
    [middle, end.y],
    [into, end.y],
  ];
}
