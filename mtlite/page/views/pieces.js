// Why this piece: how likely the model finds the best next pieces at each step. One can be forced, and the rest
// follows.

import {EOS, PAD} from "../engine/ids.js";
import {searchOf} from "./searching.js";
import {candidatesPicture} from "./candidates_picture.js";
import {changedText} from "./changes.js";
import {element, table} from "./elements.js";
import {ABOUT_PIECES, renderExplanation} from "./explained.js";
import {figure} from "./figures.js";
import {forcedAfter} from "./force.js";
import {makeGrid} from "./grid_keys.js";
import {drawn, percent, shownPiece} from "./shapes.js";
import {getState, setState} from "./state.js";

const CANDIDATES = 5;

export const piecesView = {name: "pieces", title: "Pieces", explains: true, render: renderPieces};

function renderPieces(container, state, client) {
  renderExplanation(container, state, client, {
    says:
      "How likely the model finds each next piece: the best few at every step, and what was written in " +
      "colour. Click another one to force it, and see how the rest changes." +
      ABOUT_PIECES,
    depends: (now, run, number) => [searchOf(run, now), now.forced[number] ?? []],
    answer: answerPieces,
    make: makePieces,
  });
}

async function answerPieces(ask, sentence, state, run, number) {
  const {count: _, ...asked} = searchOf(run, state);
  const search = run.search === "token by token" ? asked : {...asked, beam: 1}; // one path has a piece at each position
  const forced = state.forced[number] ?? [];
  const free = await ask("translate", sentence, {...search, count: 1});
  const chosen = forced.length ? await ask("force", free.source.ids, forced, search) : free;
  const best = chosen.hypotheses[0];
  const {steps} = await ask("continuations", free.source.ids, best.ids, CANDIDATES);
  return {free: free.hypotheses[0], best, steps, forced};
}

/** What was written at each step; null after the end. */
export function writtenIds(run, {best, steps, forced}) {
  if (run.search === "paths") return steps.map(({candidates: [first]}, at) => forced[at] ?? first?.id ?? null);
  const ended = best.pieces.length > best.ids.length;
  const ids = [...best.ids, ...(ended ? [EOS] : [])];
  return steps.map((_, at) => ids[at] ?? null);
}

function makePieces(answer, run, number) {
  const {free, best, steps, forced} = answer;
  const written = writtenIds(run, answer);
  const pieces = {[EOS]: "</s>", ...Object.fromEntries(best.ids.map((id, at) => [id, best.pieces[at]]))};
  const title = `The likeliest pieces at each step, by ${run.name}.`;
  const picture = drawn(
    candidatesPicture(steps, {written, forced, pieces, blank: run.search === "paths" ? PAD : null, title}),
  );
  const tokenByToken = run.search === "token by token";
  makeGrid(picture, {
    choose: (cell) => {
      const [at, id] = cell.split(".").map(Number);
      force(number, forcedAfter({tokenByToken, written, forced}, at, id));
    },
  });
  const release = element(
    "button",
    {
      type: "button",
      class: "release",
      "data-focus": "release",
      hidden: !forced.length,
      onclick: () => force(number, []),
    },
    "Let the model choose again",
  );
  return {
    place: figure({
      picture,
      title,
      name: `pieces-${run.name}`,
      before: [
        element(
          "div",
          {class: "forced-text"},
          changedText(forced.length ? free.pieces : best.pieces, best.pieces),
          release,
        ),
        ...(tokenByToken
          ? []
          : [
              element(
                "p",
                {class: "hint"},
                "This model writes all positions at once and reads none of them: a forced piece changes no other.",
              ),
            ]),
      ],
      table: () =>
        table(title, [
          ["step", "likeliest pieces", "others"],
          ...steps.map(({candidates, rest}, at) => [
            String(at + 1),
            candidates
              .map(({piece, p, id}) => `${shownPiece(piece)} ${percent(p)}${id === written[at] ? " (written)" : ""}`)
              .join(", "),
            percent(Math.max(0, rest)),
          ]),
        ]),
    }),
  };
}

function force(number, ids) {
  const {[number]: _, ...others} = getState().forced;
  setState({forced: ids.length ? {...others, [number]: ids} : others}, {step: true});
}
