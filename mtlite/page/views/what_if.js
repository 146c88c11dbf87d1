// What if the source were another: change its words, or repeat it, and see what changes in the translation.

import {MOST_REPEATS} from "./chosen.js";
import {changedText} from "./changes.js";
import {agreement} from "./differences.js";
import {element, table} from "./elements.js";
import {renderExplanation} from "./explained.js";
import {figure} from "./figures.js";
import {lengthChart} from "./length_chart.js";
import {searchOf} from "./searching.js";
import {chosenSentence} from "./sentences.js";
import {decimal, drawn, percent} from "./shapes.js";
import {getState, setState} from "./state.js";
import {wordChips} from "./word_chips.js";
import {repeatedSentence, wordsOf} from "./word_edits.js";

export const whatIfView = {name: "what-if", title: "What if", explains: true, render: renderWhatIf};

function renderWhatIf(container, state, client) {
  renderExplanation(container, state, client, {
    says:
      "What changes in the translation when the source changes: change, drop, swap or add words below; new " +
      "parts of a translation are marked, lost ones are struck out.",
    controls: makeWhatIfControls,
    depends: (now, run) => [searchOf(run, now), changedSentence(now), now.repeat],
    answer: answerWhatIf,
    make: makeWhatIf,
    end: makeRepeating,
    shown: (made, now) => showWhatIf(container, now, made, client),
  });
}

function changedSentence(state) {
  return state.changed || chosenSentence(state);
}

async function answerWhatIf(ask, sentence, state, run) {
  const search = searchOf(run, state);
  const changed = changedSentence(state);
  const before = await ask("translate", sentence, search);
  const after = await ask("translate", changed, search);
  const once = after.hypotheses[0];
  const repeats = [repeatOf(1, after, once)];
  for (let times = 2; times <= state.repeat; times++) {
    repeats.push(repeatOf(times, await ask("translate", repeatedSentence(changed, times), search), once));
  }
  return {before: before.hypotheses[0], after: once, repeats, isChanged: changed !== sentence};
}

/** How a sentence that stands there several times was translated, beside its translation alone. */
function repeatOf(times, {source, hypotheses: [best], ...rest}, once) {
  const expected = Array(times).fill(once.ids).flat().map(String);
  return {
    times,
    score: best.score,
    agreement: agreement(expected, best.ids.map(String)),
    read: source.pieces.length,
    written: best.pieces.length,
    truncated: source.truncated,
    text: best.text,
  };
}

function makeWhatIf({before, after, repeats, isChanged}, run) {
  return {
    name: run.name,
    repeats,
    place: element(
      "div",
      {},
      changedText(before.pieces, after.pieces),
      element(
        "p",
        {class: "hint"},
        `Score ${decimal(after.score)}${isChanged ? `; before the change ${decimal(before.score)}` : ""}.`,
      ),
    ),
  };
}

function makeWhatIfControls() {
  return element(
    "div",
    {class: "what-if"},
    element("div", {class: "chips-place"}),
    element(
      "button",
      {type: "button", class: "quiet", "data-what-if": "reset", onclick: () => setState({changed: ""}, {step: true})},
      "As it was",
    ),
  );
}

function makeRepeating() {
  return element(
    "section",
    {class: "repeating", "aria-label": "Longer and longer"},
    element("h2", {}, "Longer and longer"),
    element(
      "p",
      {},
      "A memory of a fixed size holds only so much. Repeat the sentence, and see which model still translates " +
        "each copy as it translates one alone.",
    ),
    element(
      "label",
      {},
      "Repeat the sentence ",
      element("input", {
        type: "range",
        min: "1",
        max: String(MOST_REPEATS),
        value: "1",
        "data-what-if": "repeat",
        onchange: (event) => setState({repeat: Number(event.target.value)}),
      }),
      element("output", {}),
    ),
    element("div", {class: "lengths-place"}),
  );
}

function showWhatIf(container, state, made, client) {
  const find = (what) => container.querySelector(what);
  const changed = changedSentence(state);
  const place = find(".chips-place");
  if (place.dataset.shown !== JSON.stringify([changed, chosenSentence(state)])) {
    const focus =
      place.dataset.next ?? (place.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined);
    place.replaceChildren(
      wordChips(changed, wordsOf(chosenSentence(state)).words, (sentence, next) => {
        place.dataset.next = next;
        setState({changed: sentence === chosenSentence(getState()) ? "" : sentence}, {step: true});
      }),
    );
    place.dataset.shown = JSON.stringify([changed, chosenSentence(state)]);
    delete place.dataset.next;
    if (focus) place.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus({preventScroll: true});
  }
  find("[data-what-if=reset]").hidden = !state.changed;
  find("[data-what-if=repeat]").value = String(state.repeat);
  find("output").textContent = state.repeat === 1 ? "once" : `${state.repeat} times`;
  showLengths(find(".lengths-place"), [...made.values()]);
}

/** The chart of all runs, and what each made of the longest text. */
function showLengths(place, runs) {
  const key = JSON.stringify(runs.map(({name, repeats}) => [name, repeats]));
  if (place.dataset.shown === key) return;
  place.dataset.shown = key;
  if (!runs.some(({repeats}) => repeats.length > 1)) {
    place.replaceChildren();
    return;
  }
  const title = "How much of a repeated sentence is translated as the sentence alone, by how often it is repeated.";
  const rows = runs.flatMap(({name, repeats}) =>
    repeats.map((each) => [
      name,
      String(each.times),
      String(each.read),
      String(each.written),
      percent(each.agreement),
      decimal(each.score),
    ]),
  );
  place.replaceChildren(
    figure({
      picture: drawn(lengthChart(runs, title)),
      title,
      name: "lengths",
      table: () =>
        table(title, [["model", "times", "pieces read", "pieces written", "as the sentence alone", "score"], ...rows]),
    }),
    ...runs.flatMap(({name, repeats}) => longestText(name, repeats[repeats.length - 1])),
  );
}

function longestText(name, {times, agreement: share, score, truncated, text}) {
  const end = truncated ? "; too long for this model, the end was not read" : "";
  return [
    element(
      "p",
      {},
      element("bdi", {class: "name"}, name),
      `, ${times} times: ${percent(share)} as the sentence alone, score ${decimal(score)}${end}`,
    ),
    element("p", {class: "changed-text", dir: "auto"}, text || "(nothing)"),
  ];
}
