// The topology's own picture with the sentence in it, which can be stepped through in time.

import {wire} from "../engine/wiring.js";
import {element, table} from "./elements.js";
import {ABOUT_PIECES, renderExplanation} from "./explained.js";
import {figure, legendItem, scrollIntoPicture} from "./figures.js";
import {drawn} from "./shapes.js";
import {getState, setState} from "./state.js";
import {searchOf} from "./searching.js";
import {wiringPicture, showWiringStep} from "./wiring_picture.js";
import {lastStep, stepTexts} from "./wiring_steps.js";
import {wiringActivity, wiringTexts} from "./wiring_sentence.js";

/** What the nodes of each role are, for those who have never seen such a picture. */
const MEANINGS = {
  source: "a piece that is read",
  reader: "a cell: mixes its piece with what the cell before it knew; the larger, the stronger its answer",
  memory: "a memory: numbers that stand for what was read (h is an LSTM's answer, c what it keeps to itself)",
  copy: "a copy of the memory",
  context: "a mean of all outputs, in which some weigh more",
  "so-far": "what was written before, read again",
  blank: "a blank: nothing to read, or nothing to write",
  writer: "a cell that writes",
  target: "a piece that is written",
};
const STEP_TIME = 800; // milliseconds between two steps

/** @type {number} */
let player = 0;
/** The number of the last step of any run. */
let lastOfAll = 1;

export const wiringView = {name: "wiring", title: "Wiring", explains: true, render: renderWiring};

function renderWiring(container, state, client) {
  renderExplanation(container, state, client, {
    says:
      "How the model works through your sentence: what it reads, what it remembers, and when it writes. Press " +
      "Play to watch it step by step." +
      ABOUT_PIECES,
    controls: () => element("div", {}, makeLegend(), makePlayer()),
    depends: (now, run) => searchOf(run, now),
    answer: answerWiring,
    make: makeWiring,
    shown: (made) => showPlayer(container, made),
  });
}

async function answerWiring(ask, sentence, state, run) {
  if (!run.parts) return null;
  // The picture has one path, so it shows the likeliest one, and not what search over all paths finds.
  const search = run.search === "paths" ? {...searchOf(run, state), beam: 1, count: 1} : searchOf(run, state);
  const {source, hypotheses, attention} = await ask("translate", sentence, search);
  const [best] = hypotheses;
  const activity = await ask("activity", source.ids, best.ids);
  const path = run.family === "direct" ? (await ask("continuations", source.ids, [], 1)).steps : null;
  return {source, best, attention, activity, path};
}

function makeWiring(answer, run) {
  if (!answer)
    return {place: element("p", {class: "hint"}, `The entry of ${run.topology} names no parts to draw.`), steps: 1};
  const {source, best, attention, activity, path} = answer;
  const {parts} = run;
  const target = path && parts[2] === "after a wait" ? path.length : best.pieces.length;
  const wiring = wire(parts, source.pieces.length, Math.max(1, target), {
    bothWays: run.config.bidirectional,
    wait: run.config.wait,
    expansion: run.config.lengths?.expansion,
  });
  const texts = wiringTexts(wiring, source.pieces, best.pieces, path);
  const sentences = stepTexts(wiring, texts, attention);
  const title = `${run.topology}: reads ${run.reads}; remembers ${run.remembers}; writes ${run.writes}.`;
  const picture = drawn(wiringPicture(wiring, {texts, activity: wiringActivity(wiring, activity), attention, title}));
  const happening = element("p", {class: "happening", role: "status"});
  const place = figure({
    picture,
    title,
    name: `wiring-${run.name}`,
    before: [
      element(
        "p",
        {class: "zones"},
        ...["reads", "remembers", "writes"].map((zone) =>
          element("span", {}, element("b", {class: zone}, zone), ` ${run[zone]}`),
        ),
      ),
      element("p", {class: "written"}, "Translation: ", element("bdi", {}, best.text || "(nothing)")),
      happening,
    ],
    legend: wiringNotes(attention, run),
    table: () =>
      table(`What ${run.name} does at each step`, [
        ["step", "what happens"],
        ...sentences.map((text, at) => [String(at + 1), text]),
      ]),
  });
  return {
    place,
    steps: lastStep(wiring),
    show({step}) {
      const own = Math.min(step, lastStep(wiring));
      showWiringStep(picture, own);
      happening.textContent = own
        ? `Step ${own} of ${sentences.length}: ${sentences[own - 1]}`
        : sentences.length === 1
          ? "All of it happens in one step."
          : `All ${sentences.length} steps.`;
      const now = own ? [...picture.querySelectorAll(".node.now")] : [];
      if (now.length) scrollIntoPicture(now[now.length - 1]);
    },
  };
}

function wiringNotes(attention, run) {
  const {layers} = run.config;
  return [
    ...(attention ? [legendItem("looks-back", "the thicker, the more it looks back at this output")] : []),
    ...(run.search === "paths" ? [element("span", {}, "The likeliest path alone: search adds up many paths.")] : []),
    ...(layers > 1 ? [element("span", {}, `Drawn as one layer; this model has ${layers} on top of each other.`)] : []),
  ];
}

/** What all pictures have in common, once. On a narrow page it is folded. */
function makeLegend() {
  return element(
    "details",
    {class: "legend", open: innerWidth > 700},
    element("summary", {}, "How to read the picture"),
    element(
      "div",
      {class: "legend-items"},
      ...Object.entries(MEANINGS).map(([role, text]) => legendItem(`node-${role}`, text)),
    ),
  );
}

/** Buttons and a slider over the steps. */
function makePlayer() {
  const button = (name, text, onclick) => element("button", {type: "button", "data-player": name, onclick}, text);
  const slider = element("input", {
    type: "range",
    min: "0",
    max: "1",
    value: "0",
    "aria-label": "Step",
    oninput: (event) => stopAt(Number(event.target.value)),
  });
  return element(
    "div",
    {class: "player", role: "group", "aria-label": "Steps in time"},
    button("play", "Play", togglePlaying),
    button("back", "Back", () => stopAt(Math.max(1, (getState().step || lastOfAll + 1) - 1))),
    button("next", "Next", () => stopAt(Math.min(lastOfAll, getState().step + 1))),
    button("all", "All", () => stopAt(0)),
    slider,
    element("output", {class: "step-number"}),
  );
}

function stopAt(step) {
  pausePlaying();
  setState({step});
}

function togglePlaying() {
  if (player) {
    pausePlaying();
    setState({});
    return;
  }
  const {step} = getState();
  player = setInterval(playOn, STEP_TIME);
  setState({step: step >= lastOfAll ? 1 : step + 1});
}

function playOn() {
  const {step, view} = getState();
  if (view !== wiringView.name || step >= lastOfAll) pausePlaying();
  setState(step < lastOfAll && view === wiringView.name ? {step: step + 1} : {});
}

function pausePlaying() {
  clearInterval(player);
  player = 0;
}

function showPlayer(container, made) {
  if (made.size) lastOfAll = Math.max(...[...made.values()].map(({steps}) => steps));
  const step = Math.min(getState().step, lastOfAll);
  const find = (what) => container.querySelector(what);
  Object.assign(find("input[type=range]"), {max: String(lastOfAll), value: String(step)});
  find("[data-player=play]").textContent = player ? "Pause" : "Play";
  find("output").textContent = step ? `${step} of ${lastOfAll}` : `all ${lastOfAll}`;
  find(".player").hidden = made.size === 0;
}
