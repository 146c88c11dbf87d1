// The form above the sentences: which of them are shown, and in which order.

/** @import {Outputs} from "./outputs.js" */
/** @import {State} from "./address.js" */
import { element } from "../../page/views/elements.js";
import { button, choice, tick } from "./elements.js";

const WAIT = 150; // milliseconds after the last key: a search looks at every sentence

/**
 * The form.
 * @param {Outputs} outputs
 * @param {(change: Partial<State>) => void} change is told what was chosen
 * @returns {{node: HTMLElement, show: (state: State) => void}} `show` lets the form say what the state says
 */
export function controls(outputs, change) {
  const first = { page: 0 };
  const numbered = (names) => names.map((name, at) => [String(at), name]);
  const systems = numbered(outputs.systems);
  const parts = [
    [outputs.tests.length > 1, choice("Test set", numbered(outputs.tests.map(({ name }) => name)),
      (value) => change({ test: Number(value), ...first })), (state) => String(state.test)],
    [outputs.seeds.length > 1, choice("Seed", outputs.seeds.map((seed) => [String(seed), String(seed)]),
      (value) => change({ seed: Number(value), ...first })), (state) => String(state.seed)],
    [true, choice("System", systems, (value) => change({ first: Number(value), ...first })),
      (state) => String(state.first)],
    [outputs.systems.length > 1, choice("Beside", systems, (value) => change({ second: Number(value), ...first })),
      (state) => String(state.second)],
  ].filter(([shown]) => shown).map(([, part, value]) => [part, value]);
  const order = choice("Order", [], (value) => change({ order: value, ...first }));
  const search = searchBox((text) => change({ search: text, ...first }));
  const everyone = tick("show all chosen systems", (ticked) => change({ everyone: ticked, ...first }));
  const buckets = bucketChoices(outputs, change);
  const clear = button("Show all sentences", () => change({ search: "", buckets: {}, ...first }));
  const nodes = parts.map(([part]) => part.node);
  const node = element("form", { class: "controls", onsubmit: (event) => event.preventDefault() },
    element("div", { class: "row" }, ...nodes, order.node, search.node, everyone.node),
    element("fieldset", { class: "row" }, element("legend", {}, "Only sentences with"), ...buckets.nodes, clear));
  const show = (state) => {
    for (const [part, value] of parts) part.set(value(state));
    order.set(state.order, orders(outputs, state));
    search.set(state.search);
    everyone.set(state.everyone);
    buckets.show(state);
    clear.hidden = !state.search && !Object.keys(state.buckets).length;
  };
  return { node, show };
}

function orders(outputs, state) {
  const [first, second] = [outputs.systems[state.first], outputs.systems[state.second]];
  return [
    ["line", "as in the test set"],
    ["ahead", `${first} furthest ahead of ${second}`],
    ["behind", `${first} furthest behind ${second}`],
    ["worst", `lowest BLEU of ${first}`],
    ["longest", "longest source"],
    ["shortest", "shortest source"],
    ["reordered", "most change of word order"],
    ["rarest", "rarest word"],
  ];
}

function searchBox(changed) {
  const input = /** @type {HTMLInputElement} */ (element("input", { type: "search", maxlength: 1000 }));
  let waiting = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => changed(input.value), WAIT);
  });
  const set = (text) => { if (document.activeElement !== input) input.value = text; };
  return { node: element("label", { class: "choice" }, element("span", {}, "Search"), input), set };
}

/** A choice of a bucket for each property. */
function bucketChoices(outputs, change) {
  let current = {};
  const made = outputs.properties.map((property) => {
    const { name, title, labels } = property;
    const any = [["", "any"], ...labels.map((label, at) => [String(at), label])];
    const changed = (value) => {
      const { [name]: _, ...others } = current;
      change({ buckets: value === "" ? others : { ...others, [name]: Number(value) }, page: 0 });
    };
    return { property, ...choice(title, any, changed) };
  });
  const show = (state) => {
    current = state.buckets;
    for (const { property: { name, title, ofHypothesis }, node, set, say } of made) {
      set(String(current[name] ?? ""));
      say(ofHypothesis ? `${outputs.systems[state.first]}: ${title}` : title);
      node.classList.toggle("active", name in current);
    }
  };
  return { nodes: made.map(({ node }) => node), show };
}
