// The frame around the views: tabs, the choice of runs, the sentence that is explained, light and dark.

import {aboutView} from "./about.js";
import {beamView} from "./beam_tree.js";
import {Client, workerOf} from "./client.js";
import {announce, element} from "./elements.js";
import {influenceView} from "./influence.js";
import {piecesView} from "./pieces.js";
import {sentencesOf} from "./sentences.js";
import {NOTHING_CHOSEN, followAddress, getState, onState, setState} from "./state.js";
import {translateView} from "./translate.js";
import {whatIfView} from "./what_if.js";
import {wiringView} from "./wiring.js";

/**
 * A part of the page. `render` is called with the same container whenever the state changes while it is shown, and the
 * first time with an empty one.
 * @typedef {object} View
 * @property {string} name in the address
 * @property {string} title on its tab
 * @property {boolean} [explains] whether it is about one sentence, which is then chosen above it
 * @property {(container: HTMLElement, state: import("./address.js").State, client: Client) => void} render
 */

/** @type {View[]} */
const VIEWS = [translateView, wiringView, piecesView, beamView, influenceView, whatIfView, aboutView];

function start() {
  const page = JSON.parse(textOf("page-data"));
  const client = new Client(page.runs, partsOf, workerOf(textOf("worker")));
  client.worker.addEventListener("error", (event) => tellFault(event.message));
  const tabs = makeTabs();
  const bar = makeBar(page.runs);
  let shown = "";
  onState((state) => {
    if (shown !== state.view) announce(""); // what was said is about the view before
    shown = state.view;
    showTheme(state);
    tabs.show(state);
    bar.show(state);
    const view = /** @type {View} */ (VIEWS.find(({name}) => name === state.view));
    view.render(/** @type {HTMLElement} */ (document.getElementById(`view-${view.name}`)), state, client);
  });
  followAddress({text: page.text, runs: [bestRun(page.runs)]}, {runs: page.runs.length, views: VIEWS.map(({name}) => name)});
}

/** The place of the run with the best BLEU on its first test set; of the first one if none has scores. @param {any[]} runs */
function bestRun(runs) {
  const bleu = runs.map(({scores}) => Object.values(scores?.tests ?? {})[0]?.bleu.score ?? 0);
  return bleu.indexOf(Math.max(...bleu));
}

/** @param {string} id of a block of data in the page */
function textOf(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id)).textContent ?? "";
}

/** The packed parts of a run, as texts. @param {any} run */
function partsOf(run) {
  const {weights, source, target} = run.blocks;
  return {weights: textOf(weights), source: textOf(source), target: textOf(target)};
}

/** @param {string} message */
function tellFault(message) {
  const place = /** @type {HTMLElement} */ (document.getElementById("fault"));
  place.hidden = false;
  place.textContent = `The models could not be started (${message}). A browser of the last three years can show this page.`;
}

function makeTabs() {
  const list = /** @type {HTMLElement} */ (document.getElementById("tabs"));
  const main = /** @type {HTMLElement} */ (document.getElementById("views"));
  const tabs = VIEWS.map((view) => {
    const choose = () => setState({view: view.name}, {step: true});
    main.append(element("section",
      {id: `view-${view.name}`, role: "tabpanel", "aria-labelledby": `tab-${view.name}`, hidden: true}));
    return element("button", {id: `tab-${view.name}`, role: "tab", type: "button", "aria-controls": `view-${view.name}`,
      onclick: choose}, view.title);
  });
  list.append(...tabs);
  list.addEventListener("keydown", (event) => {
    const at = VIEWS.findIndex(({name}) => name === getState().view);
    const last = VIEWS.length - 1;
    const to = {ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setState({view: VIEWS[to].name}, {step: true});
    tabs[to].focus();
  });
  return {
    /** @param {import("./address.js").State} state */
    show(state) {
      VIEWS.forEach(({name}, at) => {
        const isShown = name === state.view;
        tabs[at].setAttribute("aria-selected", String(isShown));
        tabs[at].tabIndex = isShown ? 0 : -1;
        /** @type {HTMLElement} */ (document.getElementById(`view-${name}`)).hidden = !isShown;
        if (!isShown) return;
        const start = tabs[at].offsetLeft - tabs[0].offsetLeft;
        list.scrollLeft = withinSight(list.scrollLeft, list.clientWidth, start, tabs[at].offsetWidth);
      });
    },
  };
}

/**
 * How far a row is to be scrolled so that one of its parts is seen whole. All in pixels.
 * @param {number} scrolled
 * @param {number} seen the width that is seen of the row
 * @param {number} start of the part
 * @param {number} width of the part
 */
function withinSight(scrolled, seen, start, width) {
  return Math.max(start + width - seen, Math.min(scrolled, start));
}

/**
 * What stands above all views: which runs, how they search, and for those that explain, which sentence.
 * @param {any[]} runs
 */
function makeBar(runs) {
  const bar = /** @type {HTMLElement} */ (document.getElementById("bar"));
  const boxes = runs.map((run, at) => /** @type {HTMLInputElement} */ (element("input",
    {type: "checkbox", id: `run-${at}`, onchange: () => chooseRun(at)})));
  const chips = runs.map((run, at) => element("label", {class: "chip", for: `run-${at}`}, boxes[at],
    element("bdi", {}, run.name)));
  const sentence = makeSentenceChoice();
  bar.append(
    element("fieldset", {id: "runs", hidden: runs.length < 2}, element("legend", {}, "Models"), ...chips),
    sentence.place, makeSearchSettings());
  const themeButton = /** @type {HTMLElement} */ (document.getElementById("theme"));
  themeButton.addEventListener("click", () => setState({theme: isDark(getState()) ? "light" : "dark"}));
  return {
    /** @param {import("./address.js").State} state */
    show(state) {
      boxes.forEach((box, at) => {
        box.checked = state.runs.includes(at);
      });
      const view = VIEWS.find(({name}) => name === state.view);
      sentence.show(state, Boolean(view?.explains));
      bar.hidden = state.view === aboutView.name;
      themeButton.textContent = isDark(state) ? "Light" : "Dark";
    },
  };
}

/** At least one run is shown. @param {number} at */
function chooseRun(at) {
  const {runs} = getState();
  const others = runs.filter((run) => run !== at);
  const chosen = runs.includes(at) ? others : [...others, at].sort((a, b) => a - b);
  setState({runs: chosen.length ? chosen : runs}, {step: true});
}

function makeSentenceChoice() {
  const field = /** @type {HTMLInputElement} */ (element("input", {id: "sentence-text", type: "text", dir: "auto",
    spellcheck: "false", autocomplete: "off", oninput: () => changeSentence(field.value)}));
  const choice = /** @type {HTMLSelectElement} */ (element("select", {id: "sentence-choice", "aria-label": "Which sentence",
    onchange: () => setState({sentence: Number(choice.value), ...NOTHING_CHOSEN}, {step: true})}));
  const place = element("div", {class: "sentence-choice"}, element("label", {for: "sentence-text"}, "Sentence"), field, choice);
  return {
    place,
    /**
     * @param {import("./address.js").State} state
     * @param {boolean} isNeeded
     */
    show(state, isNeeded) {
      place.hidden = !isNeeded;
      const sentences = sentencesOf(state.text);
      const at = Math.max(0, Math.min(state.sentence, sentences.length - 1));
      choice.hidden = sentences.length < 2;
      choice.replaceChildren(...sentences.map((text, number) =>
        element("option", {value: String(number), selected: number === at}, `${number + 1}: ${text.slice(0, 60)}`)));
      if (document.activeElement !== field) field.value = sentences[at] ?? "";
    },
  };
}

/** Puts another sentence in the place of the one that is explained. @param {string} text */
function changeSentence(text) {
  const {text: before, sentence} = getState();
  const sentences = sentencesOf(before);
  const old = sentences[Math.min(sentence, sentences.length - 1)];
  let start = 0;
  for (const each of sentences.slice(0, Math.min(sentence, sentences.length - 1) + 1)) {
    start = before.indexOf(each, start) + (each === old ? 0 : each.length);
  }
  const changed = old === undefined ? text : before.slice(0, start) + text + before.slice(start + old.length);
  setState({text: changed, sentence: Math.min(sentence, Math.max(0, sentencesOf(changed).length - 1))});
}

function makeSearchSettings() {
  const number = (/** @type {string} */ label, /** @type {any} */ attributes, /** @type {any} */ change) => {
    const field = /** @type {HTMLInputElement} */ (element("input", {type: "number", placeholder: "as trained",
      ...attributes, onchange: () => {
        if (field.checkValidity()) change(field.value === "" ? null : Number(field.value));
      }}));
    return {field, label: element("label", {}, label, field)};
  };
  const beam = number("Beam", {min: "1", max: "50", step: "1"},
    (/** @type {number | null} */ value) => setState({beam: value ?? 0}));
  const penalty = number("Length penalty", {min: "0", max: "10", step: "0.1"},
    (/** @type {number | null} */ value) => setState({lengthPenalty: value ?? -1}));
  onState((state) => {
    if (document.activeElement !== beam.field) beam.field.value = state.beam ? String(state.beam) : "";
    if (document.activeElement !== penalty.field) {
      penalty.field.value = state.lengthPenalty < 0 ? "" : String(state.lengthPenalty);
    }
  });
  return element("details", {class: "settings"}, element("summary", {}, "Search"),
    element("p", {}, "Search keeps the best few beginnings of a translation: as many as the beam is wide. ",
      "A length penalty of 0 prefers short translations, 1 long ones."),
    beam.label, penalty.label);
}

/** @param {import("./address.js").State} state */
function isDark(state) {
  return state.theme ? state.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** @param {import("./address.js").State} state */
function showTheme(state) {
  if (state.theme) document.documentElement.dataset.theme = state.theme;
  else delete document.documentElement.dataset.theme;
}

start();
