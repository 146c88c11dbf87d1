// The tables of the report: rows and columns of systems can be hidden, and a bucket leads to its sentences.

/** @import {Outputs, Property} from "./outputs.js" */
/** @import {State} from "./address.js" */
import { element } from "../../page/views/elements.js";

const OF_SYSTEMS = ["system", "first", "second"]; // headings of columns that name systems
const MARKED = / \*$/; // a system with a note

/**
 * Find what is about a system.
 * @param {HTMLElement} page
 * @param {Outputs} outputs
 * @returns {(state: State) => void} shows the rows and columns of the chosen systems
 */
export function hideSystems(page, outputs) {
  const numbers = new Map(outputs.systems.map((name, system) => [name, system]));
  const tables = [...page.querySelectorAll("table")].map((table) => aboutSystems(table, numbers));
  const folds = [...page.querySelectorAll("details:not(.section)")];
  return (state) => {
    const isHidden = (systems) => systems.some((system) => !state.systems.includes(system));
    for (const { figure, rows, columns } of tables) {
      for (const { node, systems } of rows) node.hidden = isHidden(systems);
      for (const { cells, system } of columns) for (const cell of cells) cell.hidden = isHidden([system]);
      // Two systems side by side: one alone says nothing.
      figure.hidden = (rows.length > 0 && rows.every(({ node }) => node.hidden))
        || (columns.length === 2 && isHidden(columns.map(({ system }) => system)));
    }
    for (const fold of folds) {
      const figures = [...fold.querySelectorAll("figure")];
      fold.hidden = figures.length > 0 && figures.every((figure) => figure.hidden);
    }
  };
}

/** The rows and columns of a table that are about systems. */
function aboutSystems(table, numbers) {
  const [head, ...body] = [...table.rows];
  const headings = [...head.cells].map((cell) => cell.textContent);
  const naming = headings.flatMap((heading, at) => (OF_SYSTEMS.includes(heading) ? [at] : []));
  const rows = body.flatMap((node) => {
    const systems = naming.flatMap((at) => numbers.get(systemIn(node.cells[at])) ?? []);
    return systems.length ? [{ node, systems }] : [];
  });
  const columns = headings.flatMap((heading, at) => {
    const system = numbers.get(heading);
    return system === undefined ? [] : [{ system, cells: [...table.rows].map((row) => row.cells[at]) }];
  });
  return { figure: table.closest("figure"), rows, columns };
}

function systemIn(cell) {
  return cell.textContent.replace(MARKED, "");
}

/**
 * Let the buckets of the tables lead to their sentences.
 * @param {HTMLElement} page
 * @param {Outputs} outputs
 * @param {(change: Partial<State>) => void} go shows the sentences of a bucket
 */
export function linkBuckets(page, outputs, go) {
  for (const property of outputs.properties) {
    const table = page.querySelector(`figure[data-table="${property.name}"] table`);
    if (table) linkBucketsOf(/** @type {HTMLTableElement} */ (table), property, outputs, go);
  }
}

function linkBucketsOf(table, property, outputs, go) {
  const [head, ...body] = [...table.rows];
  const shown = (bucket) => ({
    test: outputs.test, seed: outputs.seed, page: 0, search: "", buckets: { [property.name]: bucket },
  });
  [...head.cells].forEach((heading, at) => {
    const bucket = property.labels.indexOf(heading.textContent.replace(/ \(\d+\)$/, ""));
    if (at === 0 || bucket < 0) return;
    const title = "Show these sentences";
    if (!property.ofHypothesis) {
      const pressed = () => go(shown(bucket));
      heading.replaceChildren(element("button", { type: "button", class: "bucket", title, onclick: pressed },
        heading.textContent));
    }
    for (const row of body) {
      const first = outputs.systems.indexOf(systemIn(row.cells[0]));
      if (first < 0) continue;
      const pressed = () => go({ ...shown(bucket), first, order: property.ofHypothesis ? "line" : "worst" });
      const cell = row.cells[at];
      // Where the heading leads to the same sentences, a Tab passes by: with the form, it does all that the cells do.
      const beside = property.ofHypothesis ? { class: "bucket" } : { class: "bucket quiet", tabindex: -1 };
      cell.replaceChildren(element("button", { type: "button", ...beside, title, onclick: pressed }, cell.textContent));
    }
  });
}
