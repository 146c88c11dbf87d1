// Sentences as cards: source, reference, and what systems made of it, with the differences in colour.

/** @import {Outputs} from "./outputs.js" */
/** @import {State} from "./address.js" */
import { element } from "../../page/views/elements.js";
import { compareWords } from "./words.js";
import { shownSystems } from "./choose.js";

const SAID = { extra: "not in the reference", missing: "missing", moved: "elsewhere in the reference" };

/**
 * The card of a sentence.
 * @param {Outputs} outputs
 * @param {State} state
 * @param {number} line from 0
 * @returns {HTMLElement}
 */
export function card(outputs, state, line) {
  const { sources, references } = outputs.tests[state.test];
  const { source, target } = outputs.languages;
  const rows = [
    row("source", "", text(sources[line], source)),
    row("reference", "", text(references[line], target)),
    ...equalOutputs(outputs, state, line).map(({ names, hypothesis }) => row(
      names.join(", "), hypothesis.bleu.toFixed(1),
      text(hypothesis.text, target, markedWords(hypothesis.text, references[line], outputs.unspaced)),
    )),
  ];
  return element("li", { class: "card" }, element("p", { class: "facts" }, facts(outputs, state, line)),
    element("dl", {}, ...rows));
}

/** What the colours mean. */
export function legend() {
  const marks = Object.entries(SAID).map(([kind, said]) => mark(kind, said));
  return element("p", { class: "legend" }, "Words of a system that are ", marks[0], " or ", marks[2],
    "; words of the reference that are ", marks[1], ". The number is sentence BLEU.");
}

function facts(outputs, state, line) {
  const { values } = outputs.tests[state.test];
  const order = values["word-order"][line];
  const rarest = values["rarest-word"][line];
  const words = values.length[line];
  return [
    `line ${line + 1}`,
    `${words} source word${words === 1 ? "" : "s"}`,
    ...(order === null ? [] : [order ? `${order}% of the word pairs in another order` : "same word order"]),
    ...(rarest === null ? [] : [`rarest reference word: ${rarest === 1 ? "once" : `${rarest} times`} in training`]),
  ].join(" · ");
}

/** Different outputs, each with the names of the systems that wrote it. */
function equalOutputs(outputs, state, line) {
  const found = new Map();
  for (const system of shownSystems(state)) {
    const hypothesis = outputs.hypothesis(state.test, system, state.seed, line);
    if (!hypothesis) continue;
    const same = found.get(hypothesis.text) ?? { names: [], hypothesis };
    same.names.push(outputs.systems[system]);
    found.set(hypothesis.text, same);
  }
  return [...found.values()];
}

function row(name, number, shown) {
  return element("div", {}, element("dt", {}, name, element("span", { class: "number" }, number)), shown);
}

function text(plain, language, parts = null) {
  const shown = parts ?? [plain || element("em", {}, "nothing")];
  return element("dd", { dir: "auto", lang: language ?? "" }, ...shown);
}

function markedWords(hypothesis, reference, unspaced) {
  const parts = [];
  let before = null;
  for (const step of compareWords(hypothesis, reference, unspaced)) {
    const apart = before && (step.kind === "missing") !== (before.kind === "missing") && !unspaced;
    parts.push(step.before || (apart ? " " : ""));
    parts.push(step.kind === "same" ? step.text : mark(step.kind, step.text));
    before = step;
  }
  return parts.length ? parts : [element("em", {}, "nothing")];
}

/** A word with its colour, and with what the colour means for those who do not see it. */
function mark(kind, word) {
  const name = { extra: "ins", missing: "del", moved: "span" }[kind];
  return element(name, { class: kind, title: SAID[kind] }, word);
}
