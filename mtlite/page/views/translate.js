// A box for a text, and its translation by each chosen run beside it.

import {isStopped} from "./client.js";
import {announce, copyText, element} from "./elements.js";
import {paragraphsOf, sentencesOf} from "./sentences.js";
import {searchOf} from "./searching.js";
import {decimal} from "./shapes.js";
import {getState, setState} from "./state.js";

const PAUSE = 350; // milliseconds after the last key until a text is translated
const LONG = 3; // sentences from which progress is shown

/** @typedef {import("./address.js").State} State */

/**
 * The translation of one run as it is shown.
 * @typedef {object} Column
 * @property {number} run
 * @property {HTMLElement} place
 * @property {HTMLElement} output
 * @property {HTMLElement} notes
 * @property {HTMLProgressElement} progress
 * @property {HTMLElement} working the progress and the button that stops
 * @property {AbortController} control
 * @property {string} shown what it translates: another text or another search begins anew
 * @property {Map<number, any>} answers by number of the sentence
 */

/** @type {Map<number, Column>} */
const columns = new Map();
let waiting = 0;

export const translateView = {name: "translate", title: "Translate", render: renderTranslation};

/**
 * @param {HTMLElement} container
 * @param {State} state
 * @param {import("./client.js").Client} client
 */
function renderTranslation(container, state, client) {
  if (!container.firstChild) container.append(makeBox(client), element("div", {class: "translations"}));
  const field = /** @type {HTMLTextAreaElement} */ (container.querySelector("textarea"));
  if (document.activeElement !== field || field.value.trim() === "") field.value = state.text;
  showLanguage(field, client, state);
  const place = /** @type {HTMLElement} */ (container.querySelector(".translations"));
  for (const [run, column] of columns) {
    if (!state.runs.includes(run)) {
      column.control.abort();
      columns.delete(run);
    }
  }
  const shown = state.runs.map((run) => {
    const column = columns.get(run) ?? makeColumn(run, client);
    columns.set(run, column);
    return column;
  });
  const places = shown.map((column) => column.place);
  if (places.length !== place.children.length || places.some((each, at) => each !== place.children[at])) {
    place.replaceChildren(...places);
  }
  container.classList.toggle("several", shown.length > 1);
  for (const column of shown) renderColumn(column, state, client);
}

/** @param {import("./client.js").Client} client */
function makeBox(client) {
  const field = /** @type {HTMLTextAreaElement} */ (element("textarea", {id: "text", dir: "auto", rows: "6",
    spellcheck: "false", autocomplete: "off", placeholder: "Type or paste a text", "aria-describedby": "hint",
    oninput: () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => setState({text: field.value}), PAUSE);
    },
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      clearTimeout(waiting);
      setState({text: field.value});
    }}));
  const clear = element("button", {type: "button", class: "quiet", onclick: () => {
    field.value = "";
    setState({text: ""}, {step: true});
    field.focus();
  }}, "Clear");
  return element("div", {class: "source"},
    element("div", {class: "head"}, element("label", {for: "text"}, "Your text"), clear),
    field,
    element("p", {class: "paper", "aria-hidden": "true", dir: "auto"}),
    element("p", {id: "hint", class: "hint"}, "It stays in this page: nothing is sent anywhere. ",
      "Choose a sentence of a translation to see others for it."));
}

/**
 * @param {HTMLTextAreaElement} field
 * @param {import("./client.js").Client} client
 * @param {State} state
 */
function showLanguage(field, client, state) {
  const {source} = client.runs[state.runs[0]].languages;
  if (source) field.lang = source;
  // A text area prints what fits into it: on paper a paragraph stands in its place.
  const paper = field.parentElement?.querySelector(".paper");
  if (paper) paper.textContent = state.text;
}

/**
 * @param {number} run
 * @param {import("./client.js").Client} client
 * @returns {Column}
 */
function makeColumn(run, client) {
  const {name, topology, languages} = client.runs[run];
  const output = element("div", {class: "output", lang: languages.target || null});
  const progress = /** @type {HTMLProgressElement} */ (element("progress", {"aria-label": "Sentences translated"}));
  const stop = element("button", {type: "button", class: "quiet stop", onclick: () => columns.get(run)?.control.abort()}, "Stop");
  const copy = element("button", {type: "button", class: "quiet copy", onclick: async () => {
    announce((await copyText(textOfColumn(column))) ? "Copied." : "This browser does not let the page copy.");
  }}, "Copy");
  const working = element("div", {class: "working", hidden: true}, progress, stop);
  const notes = element("ul", {class: "notes"});
  const title = element("h2", {}, element("bdi", {}, name));
  if (topology !== name) title.append(" ", element("small", {}, topology));
  const place = element("article", {class: "translation", "aria-label": `Translation by ${name}`, "data-run": String(run)},
    element("div", {class: "head"}, title, working, copy), output, notes);
  /** @type {Column} */
  const column = {run, place, output, notes, progress, working, control: new AbortController(), shown: "", answers: new Map()};
  return column;
}

/**
 * @param {Column} column
 * @param {State} state
 * @param {import("./client.js").Client} client
 */
function renderColumn(column, state, client) {
  const search = searchOf(client.runs[column.run], state);
  const shown = JSON.stringify([state.text, search]);
  if (shown !== column.shown) {
    column.control.abort();
    column.control = new AbortController();
    column.shown = shown;
    column.answers = new Map();
    column.notes.replaceChildren();
    translateAll(column, sentencesOf(state.text), search, client);
  }
  showOutput(column, state);
}

/**
 * One sentence after another, so that what is there can be read while the others are waited for.
 * @param {Column} column
 * @param {string[]} sentences
 * @param {{beam: number, lengthPenalty: number, count: number}} search
 * @param {import("./client.js").Client} client
 */
async function translateAll(column, sentences, search, client) {
  const {control} = column;
  const isCurrent = () => column.control === control;
  column.progress.max = sentences.length;
  column.progress.value = 0;
  column.working.hidden = sentences.length < LONG;
  column.place.setAttribute("aria-busy", String(sentences.length > 0));
  try {
    for (const [number, sentence] of sentences.entries()) {
      const answer = await client.ask(column.run, "translate", [sentence, search], {signal: control.signal});
      if (!isCurrent()) return;
      column.answers.set(number, answer);
      column.progress.value = number + 1;
      showOutput(column, getState());
    }
    if (sentences.length) announce(`Translated ${count(sentences.length, "sentence")}.`);
  } catch (error) {
    if (!isCurrent()) return;
    if (isStopped(error)) announce(`Stopped after ${column.answers.size} of ${count(sentences.length, "sentence")}.`);
    else showFault(column, /** @type {Error} */ (error));
  }
  column.working.hidden = true;
  column.place.setAttribute("aria-busy", "false");
}

/**
 * @param {Column} column
 * @param {Error} error
 */
function showFault(column, error) {
  column.notes.append(element("li", {class: "fault"}, `This model could not translate: ${error.message}`));
  announce("A model could not translate.");
}

/**
 * @param {Column} column
 * @param {State} state
 */
function showOutput(column, state) {
  const opened = column.output.querySelector("[aria-expanded=true]")?.getAttribute("data-sentence");
  const focused = column.output.contains(document.activeElement)
    ? document.activeElement?.getAttribute("data-sentence") : null;
  let number = 0;
  const paragraphs = paragraphsOf(state.text).map((sentences) => {
    const paragraph = element("p", {dir: "auto"});
    for (const {after} of sentences) paragraph.append(sentenceElement(column, number++, state), after ? " " : "");
    return paragraph;
  });
  column.output.replaceChildren(...paragraphs);
  showNotes(column);
  if (opened) showAlternatives(column, Number(opened));
  if (focused) /** @type {HTMLElement | null} */ (column.output.querySelector(`[data-sentence="${focused}"]`))?.focus();
}

/**
 * @param {Column} column
 * @param {number} number of the sentence
 * @param {State} state
 */
function sentenceElement(column, number, state) {
  const answer = column.answers.get(number);
  if (!answer) return element("span", {class: "missing", "aria-label": "not translated yet"}, "…");
  const chosen = chosenOf(column, number, state);
  const toggle = () => toggleAlternatives(column, number);
  return element("span", {role: "button", tabindex: "0", class: "sentence", "data-sentence": String(number),
    "aria-expanded": "false", title: "Show alternatives", onclick: toggle,
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        toggle();
      }
    }}, answer.hypotheses[chosen]?.text || "(an empty translation)");
}

/**
 * @param {Column} column
 * @param {number} number
 * @param {State} state
 * @returns {number} which hypothesis of a sentence is shown
 */
function chosenOf(column, number, state) {
  const chosen = state.alternatives[`${column.run}.${number}`] ?? 0;
  return Math.min(chosen, column.answers.get(number).hypotheses.length - 1);
}

/**
 * @param {Column} column
 * @param {number} number
 */
function toggleAlternatives(column, number) {
  const sentence = column.output.querySelector(`[data-sentence="${number}"]`);
  const isOpen = sentence?.getAttribute("aria-expanded") === "true";
  closeAlternatives(column);
  if (isOpen) return;
  showAlternatives(column, number);
  /** @type {HTMLElement | null} */ (column.output.querySelector(".alternatives [aria-pressed=true]"))?.focus();
}

/** @param {Column} column */
function closeAlternatives(column) {
  column.output.querySelector(".alternatives")?.remove();
  column.output.querySelector("[aria-expanded=true]")?.setAttribute("aria-expanded", "false");
}

/**
 * @param {Column} column
 * @param {number} number
 */
function showAlternatives(column, number) {
  const sentence = /** @type {HTMLElement | null} */ (column.output.querySelector(`[data-sentence="${number}"]`));
  if (!sentence) return;
  const {hypotheses} = column.answers.get(number);
  const shown = chosenOf(column, number, getState());
  const close = () => {
    closeAlternatives(column);
    sentence.focus();
  };
  const choices = hypotheses.map((/** @type {any} */ hypothesis, /** @type {number} */ at) =>
    element("li", {}, element("button", {type: "button", "aria-pressed": String(at === shown), onclick: () => {
      closeAlternatives(column);
      choose(column, number, at);
    }}, element("bdi", {}, hypothesis.text || "(an empty translation)"),
    element("small", {title: "log probability, divided by the length as the length penalty says"}, decimal(hypothesis.score)))));
  const only = hypotheses.length < 2 ? [element("p", {class: "hint", lang: "en"}, "Search has found no other. A wider beam (Search, above) finds more.")] : [];
  const box = element("div", {class: "alternatives", role: "group", "aria-label": "Alternatives",
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape") close();
    }},
  element("p", {class: "hint", lang: "en"}, "From ", element("q", {dir: "auto"}, sentencesOf(getState().text)[number])),
  element("ol", {}, ...choices), ...only);
  sentence.setAttribute("aria-expanded", "true");
  sentence.parentElement?.after(box);
}

/**
 * @param {Column} column
 * @param {number} number of the sentence
 * @param {number} at which hypothesis
 */
function choose(column, number, at) {
  const {[`${column.run}.${number}`]: _, ...others} = getState().alternatives;
  setState({alternatives: at ? {...others, [`${column.run}.${number}`]: at} : others}, {step: true});
  /** @type {HTMLElement | null} */ (column.output.querySelector(`[data-sentence="${number}"]`))?.focus();
}

/** What a model could not read of the text. @param {Column} column */
function showNotes(column) {
  const unknown = new Set();
  const truncated = [];
  for (const [number, {source}] of column.answers) {
    for (const at of source.unknown) unknown.add(source.pieces[at].replaceAll("▁", ""));
    if (source.truncated) truncated.push(number + 1);
  }
  const notes = [];
  if (unknown.size) {
    const list = [...unknown].slice(0, 12).flatMap((piece, at) => [at ? ", " : "", element("q", {dir: "auto"}, piece)]);
    notes.push(element("li", {}, "Not in this model's vocabulary, and lost: ", ...list, unknown.size > 12 ? " …" : ""));
  }
  if (truncated.length) {
    const which = truncated.length > 1 ? "Sentences" : "Sentence";
    notes.push(element("li", {}, `${which} ${truncated.slice(0, 12).join(", ")}: too long for this model; the end was not read.`));
  }
  const faults = [...column.notes.querySelectorAll(".fault")];
  column.notes.replaceChildren(...notes, ...faults);
}

/** @param {Column} column */
function textOfColumn(column) {
  const state = getState();
  let number = 0;
  return paragraphsOf(state.text)
    .map((sentences) => sentences.map(({after}) => {
      const answer = column.answers.get(number);
      const text = answer ? answer.hypotheses[chosenOf(column, number, state)]?.text ?? "" : "";
      number += 1;
      return text + (after ? " " : "");
    }).join(""))
    .join("\n");
}

/**
 * @param {number} number
 * @param {string} what
 */
function count(number, what) {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
