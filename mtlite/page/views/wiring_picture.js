/** The picture of a wiring with a sentence in it, as shapes. Each knows its step, so that it can be stepped through. */

import {label, percent, pictureShape, rounded, shape, through, tip} from "./shapes.js";
import {wiringLayout} from "./wiring_layout.js";
import {numberOf} from "./wiring_steps.js";

const ROUND = ["reader", "writer", "context"];
/** The colour of the text on a node, so that it stands out from the node's own; `light` on all others. */
const INK = {"so-far": "ink", copy: "ink", blank: "ink", memory: "black", context: "black", target: "black"};
const WHAT = {
  source: "source",
  "so-far": "written before",
  target: "written",
  blank: "a blank",
  reader: "reading cell",
  writer: "writing cell",
  memory: "memory",
  copy: "copy of the memory",
  context: "what it looks back at",
};
const MOST_FAINT = 400; // edges that look back; more of them are shown at their own step only

/**
 * @param {import("../engine/wiring.js").Wiring} wiring
 * @param {{texts: Record<string, string>, activity: Record<string, number>, attention: number[][] | null, title:
 *   string}} what
 *   stands on the nodes; how strong each is, from 0 to 1, by name; `[target pieces][source pieces]`
 * @returns {import("./shapes.js").Shape}
 */
export function wiringPicture(wiring, {texts, activity, attention, title}) {
  const layout = wiringLayout(wiring, texts);
  const {width, height} = layout;
  const crowded = layout.edges.filter(({use}) => use === "looks back").length > MOST_FAINT;
  return pictureShape(
    width,
    height,
    {class: `picture wiring${crowded ? " crowded" : ""}`, role: "img", "aria-label": title},
    ...layout.bands.flatMap(({zone, top, bottom}) => [
      shape("rect", {
        x: 4,
        y: rounded(top),
        width: rounded(width - 8),
        height: rounded(bottom - top),
        class: `band ${zone}`,
      }),
      shape("text", {x: 14, y: rounded(top + 19), class: "zone"}, zone),
    ]),
    ...layout.edges.map((edge) => edgeShape(edge, weightOf(edge, attention))),
    ...layout.captions.map(({text, x, y, anchor}) =>
      shape(
        "text",
        {x: rounded(x), y: rounded(y), "text-anchor": anchor, "dominant-baseline": "central", class: "caption"},
        text,
      ),
    ),
    ...layout.nodes.map((node) => nodeShape(node, wiring.shared, activity[node.name])),
  );
}

/** How much a step looks back at a position, if this is known. */
function weightOf({use, start, end}, attention) {
  if (use !== "looks back" || !start.startsWith("memory") || !attention) return null;
  return attention[numberOf({name: end}) - 1]?.[numberOf({name: start}) - 1] ?? null;
}

function edgeShape(edge, weight) {
  const known =
    weight === null
      ? {}
      : {style: `stroke-width: ${(0.6 + 5 * weight).toFixed(2)}; stroke-opacity: ${(0.2 + 0.8 * weight).toFixed(2)}`};
  return shape(
    "g",
    {
      class: `edge ${edge.use.replace(" ", "-")}${weight === null ? "" : " weighted"}`,
      "data-step": edge.step,
      "data-edge": `${edge.start}--${edge.end}`,
    },
    shape("path", {d: through(edge.points), class: "line", ...known}),
    shape("path", {d: tip(edge.points), class: "tip"}),
  );
}

function nodeShape(node, shared, strength = 1) {
  const role = shared && node.role === "writer" ? "reader" : node.role;
  const size = isWide(node) ? 12 : 13;
  return shape(
    "g",
    {class: `node ${role}`, "data-step": node.step, "data-node": node.name},
    shape("title", {}, titleOf(node, strength)),
    ...outline(node, strength),
    ...(node.text ? [label(node.text, node.x, node.y, {class: INK[node.role] ?? "light", "font-size": size})] : []),
  );
}

/** A cell is smaller, and a memory paler, the weaker it is. */
function outline(node, strength) {
  const {role, x, y, halfWidth, halfHeight} = node;
  if (ROUND.includes(role)) {
    const circle = {cx: rounded(x), cy: y, r: rounded(halfHeight * (0.5 + 0.5 * strength))};
    return [shape("circle", {...circle, class: "backing"}), shape("circle", {...circle, class: "body"})];
  }
  const box = {
    x: rounded(x - halfWidth),
    y: y - halfHeight,
    width: rounded(2 * halfWidth),
    height: 2 * halfHeight,
    rx: isWide(node) ? halfHeight : 3,
  };
  return [
    shape("rect", {...box, class: "backing"}),
    shape("rect", {...box, class: "body", "fill-opacity": rounded(0.7 + 0.3 * strength)}),
  ];
}

function isWide({role}) {
  return role === "memory" || role === "copy";
}

function titleOf({full, role, step}, strength) {
  const active = strength < 1 ? `; ${percent(strength)} as strong as the strongest of its kind` : "";
  return `${WHAT[role]}${full ? `: ${full}` : ""}, step ${step}${active}`;
}

/**
 * Marks what has happened at a step: `past`, `now`, or `future`; at step 0 all is there.
 *
 * @param {Element} picture drawn
 * @param {number} step
 */
export function showWiringStep(picture, step) {
  for (const part of picture.querySelectorAll("[data-step]")) {
    const own = Number(part.getAttribute("data-step"));
    part.classList.toggle("past", step > 0 && own < step);
    part.classList.toggle("now", own === step);
    part.classList.toggle("future", step > 0 && own > step);
  }
}
