// What search kept and what it cut, step by step.

import {element, table} from "./elements.js";
import {ABOUT_PIECES, renderExplanation} from "./explained.js";
import {figure, legendItem} from "./figures.js";
import {makeGrid} from "./grid_keys.js";
import {searchOf} from "./searching.js";
import {decimal, drawn, percent, shownPiece} from "./shapes.js";
import {getState, setState} from "./state.js";
import {beamPath, trellisPicture} from "./trellis.js";

const FATES = {best: "the translation", finished: "finished", kept: "kept for a while", cut: "cut at once"};

export const beamView = {name: "beam", title: "Beam", explains: true, render: renderBeam};

function renderBeam(container, state, client) {
  renderExplanation(container, state, client, {
    says:
      "How the translation was found: at every step search continues its best few beginnings, keeps the " +
      "likeliest, and cuts the others. Choose a piece to read the beginning that ends with it." +
      ABOUT_PIECES,
    depends: (now, run) => searchOf(run, now),
    answer: answerBeam,
    make: makeBeam,
  });
}

async function answerBeam(ask, sentence, state, run) {
  const {beam, lengthPenalty} = searchOf(run, state);
  const {ids} = await ask("encode", sentence);
  // A beam of 1 is greedy search, whose score is the log probability alone: the same number as in the other views.
  const {nodes} = await ask("beamTree", ids, {beam, lengthPenalty: beam === 1 ? 0 : lengthPenalty});
  return {nodes, beam};
}

function makeBeam({nodes, beam}, run, number) {
  const title = `The search of ${run.name}: ${beam === 1 ? "one beginning is kept" : `${beam} beginnings are kept`} at each step.`;
  const picture = drawn(trellisPicture(nodes, title));
  const path = element("p", {class: "happening", role: "status"});
  const look = (cell) => showPath(picture, path, nodes, Number(cell));
  const last = nodes.filter(({fate}) => fate === "best").at(-1) ?? nodes[0];
  makeGrid(picture, {
    look,
    choose: (cell) => setState({node: {...getState().node, [number]: Number(cell)}}),
    first: String(last.number),
  });
  return {
    place: figure({
      picture,
      title,
      name: `beam-${run.name}`,
      before: [...searchNote(run, beam), path],
      legend: [
        ...Object.entries(FATES)
          .filter(([fate]) => nodes.some((node) => node.fate === fate))
          .map(([fate, text]) => legendItem(`fate ${fate}`, text)),
        element("span", {class: "legend-item"}, "the number below a piece: how likely it is after those before it"),
      ],
      table: () =>
        table(title, [
          ["beginning", "step", "probability of all of it", "score", "what became of it"],
          ...nodes
            .slice(1)
            .map((node) => [
              textOfPath(nodes, node.number),
              String(node.step),
              percent(Math.exp(node.logP)),
              decimal(node.score),
              FATES[node.fate],
            ]),
        ]),
    }),
    show: ({node}) =>
      nodes[node[number]] ? look(String(node[number])) : showPath(picture, path, nodes, last.number, false),
  };
}

function searchNote(run, beam) {
  if (run.search === "one pass")
    return [
      element(
        "p",
        {class: "hint"},
        "This model writes all positions at once: its likeliest pieces are the translation, and there is nothing " +
          "to search.",
      ),
    ];
  if (run.search === "paths")
    return [
      element(
        "p",
        {class: "hint"},
        "A piece stands at the position at which it was first written; positions between two of them hold blanks." +
          (beam > 1 ? " A beginning is as likely as it was at its best moment, before another piece followed." : ""),
      ),
    ];
  return beam === 1
    ? [
        element(
          "p",
          {class: "hint"},
          "With a beam of 1 search takes the likeliest piece at each step. A wider beam (Search, above) keeps more.",
        ),
      ]
    : [];
}

function showPath(picture, place, nodes, number, isMarked = true) {
  const onPath = new Set(isMarked ? beamPath(nodes, number).map((node) => node.number) : []);
  for (const cell of picture.querySelectorAll("[data-cell]"))
    cell.classList.toggle("on-path", onPath.has(Number(cell.getAttribute("data-cell"))));
  for (const line of picture.querySelectorAll("[data-to]"))
    line.classList.toggle("on-path", onPath.has(Number(line.getAttribute("data-to"))));
  const {logP, score, fate, step} = nodes[number];
  place.replaceChildren(
    element("bdi", {}, textOfPath(nodes, number)),
    ` · ${percent(Math.exp(logP))} likely in all · score ${decimal(score)} · ${FATES[fate]}${step ? ` · step ${step}` : ""}`,
  );
}

function textOfPath(nodes, number) {
  return (
    beamPath(nodes, number)
      .slice(1)
      .map(({piece}) => piece)
      .filter((piece) => piece !== "</s>")
      .map(shownPiece)
      .join("")
      .replaceAll("▁", " ")
      .trim() || "(the beginning)"
  );
}
