/**
 * The likeliest pieces at each step, the step's likeliest at its top, with bars for their probabilities.
 *
 * @typedef {{id: number, piece: string, p: number}} Candidate
 * @typedef {{candidates: Candidate[], rest: number}} Choice
 */

import {label, percent, pictureShape, pieceText, rounded, shape, shortened, shownPiece, textWidth} from "./shapes.js";

const NARROWEST_COLUMN = 96;
const LONGEST_CANDIDATE = 130;
const ROW = 32;
const BOX = 28;
const GAP = 10;
const HEAD = 30;

/**
 * @param {Choice[]} steps
 * @param {{written: (number | null)[], forced: (number | null)[], pieces: Record<number, string>, blank: number |
 *   null, title: string}} what
 *   was written at each step (null: what stands there comes after the end), what of it was forced; the pieces of ids
 * that are
 *   no candidates; the id of a blank, if there is one
 * @returns {import("./shapes.js").Shape}
 */
export function candidatesPicture(steps, {written, forced, pieces, blank, title}) {
  let left = 10;
  const columns = steps.map((step, at) => {
    const shown = withWritten(step.candidates, written[at], pieces);
    const texts = shown.map(({piece, id}) =>
      id === blank ? "blank" : shortened(shownPiece(piece), LONGEST_CANDIDATE),
    );
    const width = Math.max(NARROWEST_COLUMN, ...texts.map((text, row) => boxWidth(text, shown[row].p)));
    const column = {
      shown,
      texts,
      width,
      x: left,
      rest: step.rest,
      isForced: (forced[at] ?? null) !== null,
      chosen: written[at] ?? null,
    };
    left += width + GAP;
    return column;
  });
  const height = HEAD + ROW * (Math.max(...columns.map(({shown}) => shown.length)) + 1);
  return pictureShape(
    left,
    height,
    {class: "picture candidates", role: "group", "aria-label": title},
    ...columns.map(candidateColumn),
  );
}

/** A piece and its number side by side; the piece that was written is bold, and wider by about an eighth. */
function boxWidth(text, p) {
  return 8 + 1.12 * textWidth(text) + 8 + textWidth(numberOfCandidate(p), 11) + 7;
}

function numberOfCandidate(p) {
  return Number.isNaN(p) ? "less" : percent(p);
}

/** What was written is shown, even where it is not among the likeliest. */
function withWritten(candidates, id, pieces) {
  if (id === null || id === undefined || candidates.some((each) => each.id === id)) return candidates;
  return [...candidates, {id, piece: pieces[id] ?? "?", p: NaN}];
}

function candidateColumn(column, at) {
  const {shown, texts, width, x, rest, isForced, chosen} = column;
  const head = `${at + 1}${isForced ? " · forced" : ""}`;
  return shape(
    "g",
    {
      class: `step${isForced ? " forced" : ""}${chosen === null ? " after" : ""}`,
      role: "group",
      "aria-label": `Step ${at + 1}`,
    },
    label(head, x + width / 2, 15, {class: "caption"}),
    ...shown.map((candidate, row) =>
      candidateBox(
        candidate,
        texts[row],
        {x, y: HEAD + ROW * row, width},
        {at, row, isForced, isChosen: candidate.id === chosen},
      ),
    ),
    label(`others ${percent(Math.max(0, rest))}`, x + width / 2, HEAD + ROW * (shown.length + 0.45), {
      class: "caption",
    }),
  );
}

function candidateBox({id, p}, text, {x, y, width}, {at, row, isForced, isChosen}) {
  const known = numberOfCandidate(p);
  const says = `${text}, ${known}${isChosen ? (isForced ? ", forced" : ", written") : ""}`;
  const bar = Number.isNaN(p) ? 0 : Math.min(1, p);
  return shape(
    "g",
    {
      class: `candidate${isChosen ? " chosen" : ""}`,
      role: "button",
      "aria-label": says,
      "aria-pressed": String(isChosen && isForced),
      "data-cell": `${at}.${id}`,
      "data-focus": `candidate-${at}.${id}`,
      "data-column": at,
      "data-row": row,
    },
    shape("title", {}, says),
    shape("rect", {x: rounded(x), y, width: rounded(width), height: BOX, rx: 5, class: "box"}),
    shape("rect", {
      x: rounded(x + 1),
      y: y + 1,
      width: rounded((width - 2) * bar),
      height: BOX - 2,
      rx: 4,
      class: "bar",
    }),
    pieceText(text, {
      x: rounded(x + 8),
      y: y + BOX / 2,
      "dominant-baseline": "central",
      class: "piece",
      "font-size": 13,
    }),
    shape(
      "text",
      {
        x: rounded(x + width - 7),
        y: y + BOX / 2,
        "text-anchor": "end",
        "dominant-baseline": "central",
        class: "number",
        "font-size": 11,
      },
      known,
    ),
  );
}
