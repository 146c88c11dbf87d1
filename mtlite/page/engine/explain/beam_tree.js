// Every hypothesis that was alive in a search, and where it was cut.

import { BOS } from "../ids.js";
import { beamSearch } from "../search/beam.js";
import { bestPath, prefixBeamSearch, probabilityOf } from "../search/ctc.js";
import { onePass } from "../search/one_pass.js";
import { limitFor, stepperFor } from "../search/searcher.js";

const CUT_SHOWN = 3; // of the hypotheses that were cut at a step: the best of them

/**
 * One token of a hypothesis. A node is `kept` if it was in the beam, `cut` if it never was, `finished` if nothing can
 * follow it, and `best` if it belongs to the best hypothesis. Node 0 is the beginning of all.
 * @typedef {object} TreeNode
 * @property {number} number
 * @property {number} parent -1 for the beginning
 * @property {number} step tokens up to this one; over paths, the position at which it was first written
 * @property {number} id
 * @property {number} logP
 * @property {number} score
 * @property {"kept" | "cut" | "finished" | "best"} fate
 */

/** Collects nodes, each under a key of its own: whatever tells one hypothesis from another. */
class Tree {
  /**
   * @param {any} root
   * @param {number} id
   */
  constructor(root, id) {
    /** @type {TreeNode[]} */
    this.nodes = [];
    /** @type {Map<any, TreeNode>} */
    this.byKey = new Map();
    this.add(root, null, { step: 0, id, logP: 0, score: 0 }, "best");
  }

  /**
   * A new node, or the same one with what is known of it now.
   * @param {any} key
   * @param {any} parent the key of its parent
   * @param {{step: number, id: number, logP: number, score: number}} known
   * @param {TreeNode["fate"]} fate
   */
  add(key, parent, known, fate) {
    const there = this.byKey.get(key);
    const number = there?.number ?? this.nodes.length;
    const before = this.byKey.get(parent)?.number ?? -1;
    const node = { number, parent: before, ...known, step: there?.step ?? known.step, fate };
    this.nodes[number] = node;
    this.byKey.set(key, node);
  }

  /**
   * Mark the way from a node back to the beginning.
   * @param {any} key
   */
  markBest(key) {
    for (let node = this.byKey.get(key); node; node = this.nodes[node.parent]) node.fate = "best";
  }
}

/**
 * The tree of a search. Where all positions are written in one pass, or along one path, it is a chain.
 * @param {any} topology
 * @param {"token by token" | "one pass" | "paths"} kind
 * @param {Int32Array} source
 * @param {import("../search/searcher.js").Asked} asked
 * @param {import("../control.js").Control} control
 * @returns {Promise<TreeNode[]>}
 */
export async function searchTree(topology, kind, source, asked, control) {
  if (kind === "token by token") return tokenTree(topology, source, asked, control);
  if (kind === "one pass") return chain(await onePass(topology, source, asked, control));
  if (asked.beam === 1 && !asked.minLength) return chain(await bestPath(topology, source, asked.forced, control));
  return prefixTree(topology, source, asked, control);
}

async function tokenTree(topology, source, asked, control) {
  const limit = limitFor(topology, source.length, asked);
  /** @type {Tree | undefined} */
  let tree;
  /** @type {import("../search/hypothesis.js").Written | undefined} */
  let best;
  const watch = (kept, cut) => {
    tree ??= new Tree(kept[0].before, kept[0].before.id);
    for (const each of kept) tree.add(each, each.before, knownOf(each), each.running ? "kept" : "finished");
    // A finished hypothesis that falls out of the beam was kept before.
    const never = cut.filter((each) => !tree.byKey.has(each));
    for (const each of never.slice(0, CUT_SHOWN)) tree.add(each, each.before, knownOf(each), "cut");
    best = kept[0];
  };
  await beamSearch(stepperFor(topology, asked), source, limit, asked, control, watch);
  tree.markBest(best);
  return tree.nodes;
}

function knownOf({ step, id, logP, score }) {
  return { step, id, logP, score };
}

/**
 * The nodes of one hypothesis.
 * @param {import("../search/one_pass.js").OnePath} path
 */
function chain({ ids, logP, steps }) {
  const tree = new Tree(0, BOS);
  for (const [at, id] of ids.entries()) {
    tree.add(at + 1, at, { step: steps[at], id, logP: logP[at], score: logP[at] }, "best");
  }
  return tree.nodes;
}

async function prefixTree(topology, source, asked, control) {
  const tree = new Tree("", BOS);
  let position = 0;
  /** @type {Map<string, number>} log p of the outputs at the last position, by their key */
  let last = new Map();
  const watch = (kept, cut, logScale) => {
    position += 1;
    const logPOf = (prefix) => Math.log(probabilityOf(prefix)) + logScale;
    const add = (prefix, fate) => {
      const { ids } = prefix;
      // That a beginning is all of the output is ever less likely after it was written: what counts is its best moment.
      const logP = Math.max(logPOf(prefix), tree.byKey.get(ids.join(" "))?.logP ?? -Infinity);
      const known = { step: position, id: ids.at(-1) ?? BOS, logP, score: logP };
      tree.add(ids.join(" "), ids.length ? ids.slice(0, -1).join(" ") : null, known, fate);
    };
    for (const each of kept) add(each, "kept");
    for (const each of cut.filter(({ ids }) => !tree.byKey.has(ids.join(" "))).slice(0, CUT_SHOWN)) add(each, "cut");
    last = new Map(kept.map((prefix) => [prefix.ids.join(" "), logPOf(prefix)]));
  };
  await prefixBeamSearch(topology, source, asked, control, watch);
  for (const [key, logP] of last) Object.assign(tree.byKey.get(key), { logP, score: logP, fate: "finished" });
  tree.markBest([...last.keys()][0]);
  return tree.nodes;
}
