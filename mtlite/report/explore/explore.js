// Makes a report explorable: what a reader chooses is one state, which stands in the address.

import { otherSystem, readAddress, writeAddress } from "./address.js";
import { Outputs } from "./outputs.js";
import { foldTogether, openSection, printFolded } from "./sections.js";
import { showSentences } from "./sentences.js";
import { showSystems } from "./systems.js";
import { hideSystems, linkBuckets } from "./tables.js";

const SENTENCES = "sentences"; // the section of that name

function explore() {
  printFolded();
  const folding = document.getElementById("folding");
  if (folding) foldTogether(folding);
  const data = document.getElementById("data");
  if (data) exploreOutputs(new Outputs(JSON.parse(data.textContent ?? "")));
}

/** @param {Outputs} outputs */
function exploreOutputs(outputs) {
  const page = /** @type {HTMLElement} */ (document.querySelector("main"));
  const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
  let state = readAddress(location.hash, outputs);
  const views = [];
  const show = () => { for (const view of views) view(state); };
  const change = (changed, keep = false) => {
    state = { ...state, ...changed };
    history[keep ? "pushState" : "replaceState"](null, "", writeAddress(state, outputs));
    show();
  };
  const goToSentences = (changed) => {
    // A system beside itself would say nothing.
    const { first = state.first } = changed;
    const other = first === state.second ? { second: otherSystem(outputs, first) } : {};
    change({ ...changed, ...other, section: SENTENCES }, true);
    openSection(SENTENCES);
  };
  views.push(
    showSystems(part("systems"), outputs, change),
    hideSystems(page, outputs),
    showSentences(part("explorer"), outputs, change),
  );
  linkBuckets(page, outputs, goToSentences);
  addEventListener("hashchange", () => {
    // A link of the contents names a section alone; everything else is a whole state.
    const section = location.hash.slice(1);
    if (document.getElementById(section)) {
      change({ section });
    } else {
      state = readAddress(location.hash, outputs);
      show();
    }
    openSection(state.section);
  });
  show();
  openSection(state.section || location.hash.slice(1));
}

explore();
