// What the views that explain a sentence have in common: one plain sentence that says what is shown, then a part for
// each
// chosen run, which asks the models and shows their answer.

import {isStopped} from "./client.js";
import {element} from "./elements.js";
import {chosenSentence} from "./sentences.js";

/**
 * @typedef {import("./address.js").State} State
 * @typedef {import("./client.js").Client} Client
 *
 * @typedef {object} Explaining
 * @property {string} says what the view shows, in one plain sentence
 * @property {() => HTMLElement} [controls] made once, above all runs
 * @property {(state: State, run: any, number: number) => any} depends what the answer depends on: another one is
 *   asked for when it changes
 * @property {(ask: (method: string, ...values: any[]) => Promise<any>, sentence: string, state: State, run: any,
 *   number: number) => Promise<any>} answer
 * @property {(answer: any, run: any, number: number) => {place: HTMLElement, show?: (state: State) => void}} make
 * @property {() => HTMLElement} [end] made once, below all runs
 * @property {(made: Map<number, any>, state: State) => void} [shown] called when all that there is was shown
 *
 * @typedef {{parts: Map<number, Part>, place: HTMLElement, hint: HTMLElement, paper: HTMLElement,
 *   around: HTMLElement[], state: State}} Explanation `paper` has the sentence for a printed page; `around` is what was
 *   made once, and of no use without a sentence
 * @typedef {{place: HTMLElement, body: HTMLElement, key: string, control: AbortController, made: any}} Part
 */

/** @type {WeakMap<HTMLElement, Explanation>} */
const explanations = new WeakMap();

/** What a newcomer has to know of the pieces in a picture. */
export const ABOUT_PIECES =
  " A piece is a word or a part of one; ▁ is the space before it, and </s> the end of the sentence.";

/**
 * @param {HTMLElement} container
 * @param {State} state
 * @param {Client} client
 * @param {Explaining} view
 */
export function renderExplanation(container, state, client, view) {
  const explanation = explanations.get(container) ?? makeExplanation(container, view);
  explanation.state = state;
  const {parts, place, hint, paper, around} = explanation;
  const sentence = chosenSentence(state);
  hint.hidden = sentence !== "";
  paper.textContent = sentence;
  for (const each of around) each.hidden = sentence === "";
  for (const [run, part] of parts) {
    if (state.runs.includes(run) && sentence !== "") continue;
    part.control.abort();
    part.place.remove();
    parts.delete(run);
  }
  if (sentence === "") return;
  state.runs.forEach((run, at) => {
    const part = parts.get(run) ?? makePart(client.runs[run]);
    parts.set(run, part);
    if (place.children[at] !== part.place) place.insertBefore(part.place, place.children[at] ?? null);
    const key = JSON.stringify([sentence, view.depends(state, client.runs[run], run)]);
    if (key !== part.key) askAnew(explanation, part, key, run, sentence, client, view);
    else part.made?.show?.(state);
  });
  view.shown?.(answersOf(parts), state);
}

function makeExplanation(container, view) {
  const [controls, end] = [view.controls, view.end].map((make) => (make ? [make()] : []));
  const explanation = {
    parts: new Map(),
    place: element("div", {class: "explained"}),
    hint: element("p", {class: "hint"}, "Type a sentence above."),
    paper: element("p", {class: "paper", "aria-hidden": "true", dir: "auto"}),
    around: [...controls, ...end],
    state: /** @type {any} */ (null),
  };
  container.append(
    element("p", {class: "says"}, view.says),
    explanation.paper,
    ...controls,
    explanation.hint,
    explanation.place,
    ...end,
  );
  explanations.set(container, explanation);
  return explanation;
}

/** @returns {Part} */
function makePart({name, topology}) {
  const title = element("h2", {}, element("bdi", {}, name));
  if (topology !== name) title.append(" ", element("small", {}, topology));
  const body = element("div", {class: "explained-body"});
  const place = element("section", {class: "explained-run", "aria-label": name}, title, body);
  return {place, body, key: "", control: new AbortController(), made: null};
}

/** What was there before stays until the new answer is there, so that the page does not jump. */
async function askAnew(explanation, part, key, run, sentence, client, view) {
  part.control.abort();
  const control = new AbortController();
  Object.assign(part, {key, control});
  part.place.setAttribute("aria-busy", "true");
  const progress = element("progress", {"aria-label": "The model is computing"});
  if (!part.made) part.body.replaceChildren(progress);
  const ask = (method, ...values) =>
    client.ask(run, method, values, {
      signal: control.signal,
      progress: (done, all) => Object.assign(progress, {max: all, value: done}),
    });
  try {
    const answer = await view.answer(ask, sentence, explanation.state, client.runs[run], run);
    if (part.control !== control) return;
    part.made = view.make(answer, client.runs[run], run);
    replaceContent(part.body, part.made.place);
    part.made.show?.(explanation.state);
  } catch (error) {
    if (part.control !== control || isStopped(error)) return;
    part.made = null;
    part.body.replaceChildren(
      element("p", {class: "fault", role: "alert"}, `This model could not answer: ${error.message}`),
    );
  }
  part.place.removeAttribute("aria-busy");
  view.shown?.(answersOf(explanation.parts), explanation.state);
}

/** What was made for each run whose answer is there. */
function answersOf(parts) {
  return new Map([...parts].filter(([, {made}]) => made).map(([run, {made}]) => [run, made]));
}

/** The new content is scrolled and has the focus as the old one; what has the focus is known by `data-focus`. */
function replaceContent(body, content) {
  const focused = body.contains(document.activeElement) ? document.activeElement?.getAttribute("data-focus") : null;
  const before = body.querySelector(".canvas");
  const [left, top] = [before?.scrollLeft ?? 0, before?.scrollTop ?? 0];
  body.replaceChildren(content);
  const canvas = body.querySelector(".canvas");
  if (canvas) Object.assign(canvas, {scrollLeft: left, scrollTop: top});
  if (focused) body.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({preventScroll: true});
}
