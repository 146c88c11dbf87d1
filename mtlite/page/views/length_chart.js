/**
 * How well each model keeps up with a sentence that is repeated: a line for each, over how often it is repeated.
 *
 * @typedef {{times: number, agreement: number, score: number, read: number, written: number, truncated: boolean}}
 *   Repeat
 */

import {label, percent, pictureShape, rounded, shape, shortened, textWidth, through} from "./shapes.js";

const PLOT = {left: 52, top: 18, width: 420, height: 190};
const COLOURS = 6;
const LONGEST_NAME = 160;
const LINE = 15; // from one name to the next
const MARKS = [0, 0.25, 0.5, 0.75, 1];

/**
 * @param {{name: string, repeats: Repeat[]}[]} runs
 * @param {string} title
 * @returns {import("./shapes.js").Shape}
 */
export function lengthChart(runs, title) {
  const most = Math.max(2, ...runs.flatMap(({repeats}) => repeats.map(({times}) => times)));
  const x = (times) => PLOT.left + (PLOT.width * (times - 1)) / (most - 1);
  const y = (share) => PLOT.top + PLOT.height * (1 - share);
  const height = Math.max(PLOT.top + PLOT.height + 46, PLOT.top + LINE * runs.length);
  const named = spreadLabels(
    runs
      .map(({name, repeats}, at) => ({name: shortened(name, LONGEST_NAME, 12), at, last: repeats.at(-1)}))
      .filter(({last}) => last)
      .map(({name, at, last}) => ({name, at, y: y(last.agreement)})),
    height - LINE / 2,
  );
  const right = PLOT.left + PLOT.width + 14;
  const width = right + Math.max(0, ...named.map(({name}) => 1.15 * textWidth(name, 12))) + 10;
  return pictureShape(
    width,
    height,
    {class: "picture lengths", role: "img", "aria-label": title},
    ...MARKS.flatMap((share) => [
      shape("path", {
        d: through([
          [PLOT.left, y(share)],
          [PLOT.left + PLOT.width, y(share)],
        ]),
        class: "rule",
      }),
      shape(
        "text",
        {
          x: PLOT.left - 8,
          y: rounded(y(share)),
          "text-anchor": "end",
          "dominant-baseline": "central",
          class: "caption",
        },
        percent(share),
      ),
    ]),
    ...Array.from({length: most}, (_, at) =>
      label(String(at + 1), x(at + 1), PLOT.top + PLOT.height + 16, {class: "caption"}),
    ),
    label("times the sentence", PLOT.left + PLOT.width / 2, PLOT.top + PLOT.height + 36, {class: "caption"}),
    ...runs.map(({repeats}, at) =>
      shape(
        "g",
        {class: `series ${seriesClass(at)}`},
        shape("path", {d: through(repeats.map(({times, agreement}) => [x(times), y(agreement)])), class: "curve"}),
        ...repeats.map(({times, agreement}) =>
          shape("circle", {cx: rounded(x(times)), cy: rounded(y(agreement)), r: 4, class: "point"}),
        ),
      ),
    ),
    ...named.map(({name, at, y: height}) =>
      shape(
        "text",
        {x: right, y: rounded(height), "dominant-baseline": "central", class: `caption ${seriesClass(at)}`},
        name,
      ),
    ),
  );
}

/** A colour and a kind of line. @param {number} at */
function seriesClass(at) {
  return `series-${at % COLOURS}${at < COLOURS ? "" : " dashed"}`;
}

/** Names beside the ends of their lines, none on another and none below the lowest place. */
function spreadLabels(labels, lowest) {
  const fromAbove = [...labels].sort((one, other) => one.y - other.y);
  let before = -Infinity;
  for (const each of fromAbove) {
    each.y = Math.max(each.y, before + LINE);
    before = each.y;
  }
  let below = lowest + LINE;
  for (const each of fromAbove.reverse()) {
    each.y = Math.min(each.y, below - LINE);
    below = each.y;
  }
  return labels;
}
