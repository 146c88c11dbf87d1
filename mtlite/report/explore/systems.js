// Boxes that choose systems; the others are hidden in all tables.

/** @import {Outputs} from "./outputs.js" */
/** @import {State} from "./address.js" */
import { element } from "../../page/views/elements.js";
import { button, tick } from "./elements.js";

const WIDE = "(min-width: 75rem)"; // as in report.css: there the boxes stand beside the page

/**
 * Put the boxes into a part of the page.
 * @param {HTMLElement} container
 * @param {Outputs} outputs
 * @param {(change: Partial<State>) => void} change is told which systems were chosen
 * @returns {(state: State) => void} shows a state
 */
export function showSystems(container, outputs, change) {
  const all = outputs.systems.map((_, system) => system);
  let chosen = all;
  const boxes = outputs.systems.map((name, system) => tick(name, (ticked) => change({
    systems: all.filter((each) => (each === system ? ticked : chosen.includes(each))), page: 0,
  })));
  const folded = element("details", { class: "systems", open: matchMedia(WIDE).matches },
    element("summary", {}, "Systems"),
    element("p", {}, button("all", () => change({ systems: all, page: 0 })),
      button("none", () => change({ systems: [], page: 0 }))),
    element("div", { class: "boxes" }, ...boxes.map(({ node }) => node)),
    element("p", { class: "quiet" }, "Hides rows and columns of tables. Pictures show all systems."));
  container.replaceChildren(folded);
  return (state) => {
    chosen = state.systems;
    boxes.forEach(({ set }, system) => set(chosen.includes(system)));
  };
}
