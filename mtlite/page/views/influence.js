// Where it came from: how much each source piece matters for each written piece, for every topology.

import {element, table} from "./elements.js";
import {ABOUT_PIECES, renderExplanation} from "./explained.js";
import {figure, legendItem} from "./figures.js";
import {makeGrid} from "./grid_keys.js";
import {heatPicture} from "./heat_map.js";
import {searchOf} from "./searching.js";
import {decimal, drawn, percent, saidPiece, shownPiece} from "./shapes.js";
import {getState, setState} from "./state.js";

const MUCH = 1000; // times less likely: more is not told apart

export const influenceView = {name: "influence", title: "Influence", explains: true, render: renderInfluence};

function renderInfluence(container, state, client) {
  renderExplanation(container, state, client, {
    says:
      "How much each source piece matters for each written piece: a source piece is replaced by others, and " +
      "the stronger its colour, the less likely the written piece becomes." +
      ABOUT_PIECES,
    depends: (now, run) => searchOf(run, now),
    answer: answerInfluence,
    make: makeInfluence,
    end: trust,
  });
}

async function answerInfluence(ask, sentence, state, run) {
  const {
    source,
    hypotheses: [best],
    attention,
  } = await ask("translate", sentence, searchOf(run, state));
  const influence = await ask("influence", source.ids, best.ids, {by: "replacement"});
  return {source, best, influence, attention};
}

function makeInfluence({source, best, influence, attention}, run, number) {
  const maps = [
    mapOf(source, best, influence, run, number, {
      kind: "influence",
      heading: "Influence",
      says: influenceSentence,
      legend: [legendItem("for", "needs this source piece"), legendItem("against", "likelier without it")],
    }),
  ];
  if (attention) {
    maps.push(
      mapOf(source, best, attention, run, number, {
        kind: "attention",
        heading: "Attention",
        most: 1,
        says: (written, read, share) =>
          `While writing ${written} it looks at ${read} with ${percent(share)} of its attention.`,
        legend: [
          legendItem(
            "attention",
            "looks at this source piece while it writes: a part of the computation, which need not be what mattered",
          ),
        ],
      }),
    );
  }
  return {
    place: element("div", {class: "maps"}, ...maps.map(({place}) => place)),
    show: (state) => maps.forEach((map) => map.show(state.cell[number])),
  };
}

function mapOf(source, best, values, run, number, {kind, heading, says, legend, most}) {
  const [read, written] = [source.pieces, best.pieces.slice(0, values.length)];
  const sentence = (row, column) => says(saidPiece(written[row]), saidPiece(read[column]), values[row][column]);
  const title = `${heading} of each source piece (columns) on each written piece (rows), ${run.name}.`;
  const picture = drawn(heatPicture({source: read, target: written, values, kind, title, most, says: sentence}));
  const reading = element("p", {class: "happening", role: "status"});
  const strongest = strongestCell(values);
  const show = (cell) => {
    const [row, column] = cell && values[cell[0]]?.[cell[1]] !== undefined ? cell : strongest;
    for (const each of picture.querySelectorAll(".chosen")) each.classList.remove("chosen");
    picture.querySelector(`[data-cell="${row}.${column}"]`)?.classList.add("chosen");
    reading.textContent = values.length ? sentence(row, column) : "";
  };
  const toCell = (name) => name.split(".").map(Number);
  makeGrid(picture, {
    first: strongest.join("."),
    look: (name) => show(toCell(name)),
    choose: (name) => setState({cell: {...getState().cell, [number]: toCell(name)}}),
  });
  const number2 = (value) => (kind === "attention" ? percent(value) : decimal(value));
  return {
    show,
    place: figure({
      picture,
      title,
      name: `${kind}-${run.name}`,
      before: [element("h3", {}, heading), reading],
      legend,
      table: () =>
        table(title, [
          ["written", ...read.map(shownPiece)],
          ...written.map((piece, row) => [shownPiece(piece), ...values[row].map(number2)]),
        ]),
    }),
  };
}

/** @returns {[number, number]} row and column of the largest number */
export function strongestCell(values) {
  let best = [0, 0];
  values.forEach((row, at) =>
    row.forEach((value, column) => {
      if (value > values[best[0]][best[1]]) best = [at, column];
    }),
  );
  return /** @type {[number, number]} */ (best);
}

/** A difference of log probabilities in words. */
export function influenceSentence(written, read, value) {
  const times = Math.exp(Math.abs(value));
  if (times < 1.05) return `${written} is as likely without ${read}.`;
  const much =
    times > MUCH
      ? `more than ${MUCH.toLocaleString("en")} times`
      : times < 10
        ? `${times.toFixed(1)} times`
        : `${Math.round(times)} times`;
  return value > 0
    ? `Without ${read}, ${written} is ${much} less likely.`
    : `Without ${read}, ${written} is ${much} likelier.`;
}

/** Why the map can be believed, and what it does not say. */
function trust() {
  return element(
    "details",
    {class: "trust"},
    element("summary", {}, "Can this map be believed?"),
    element(
      "p",
      {},
      "Each number is measured on this model: the log probability of a written piece, less what it is on average " +
        "when the source piece is replaced (by the unknown piece and by frequent ones). What was written before " +
        "stays the same in both.",
    ),
    element(
      "p",
      {},
      "A map that looked the same for a model that has learnt nothing would show the method and not the model. " +
        "A check shuffles the weights of a model: the map of the same translation must be another then (a rank " +
        "correlation within ±0.3), except for one-to-one, whose wiring alone puts the influence on the diagonal. On " +
        "tasks where it is known which source piece is the right one (copying, reversing, a cipher), the strongest " +
        "influence must be that of the right piece at 95% of the positions. It is scripts/influence_check.py of mtlite.",
    ),
    element(
      "p",
      {},
      "It does not say that a piece is the only one that matters: where two source pieces say the same, neither " +
        "is missed.",
    ),
  );
}
