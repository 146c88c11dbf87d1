/**
 * Byte-pair encoding (Sennrich et al. 2016): of all pairs of neighbours that make a piece, the best is merged, again
 * and again.
 */

import { characterLength } from "./bytes.js";
import { PIECE_TYPE, idInText } from "./model.js";

export class BpeModel {
  /**
   * @param {import("./model.js").SentencePieceModel} model
   * @param {import("./prefix_trie.js").PrefixTrie} symbols the user's symbols, which are never merged
   */
  constructor(model, symbols) {
    this.model = model;
    this.symbols = symbols;
  }

  /**
   * Split normalised text.
   * @param {string} text bytes
   * @returns {{piece: string, id: number}[]}
   */
  segment(text) {
    const merging = new Merging(this.model, this.#characters(text));
    return merging.run().flatMap((piece) => this.#used(piece, merging.parts));
  }

  #characters(text) {
    const found = [];
    for (let at = 0; at < text.length; ) {
      const symbol = this.symbols.longestAt(text, at);
      const length = symbol || characterLength(text, at);
      found.push({ piece: text.slice(at, at + length), frozen: symbol > 0 });
      at += length;
    }
    return found;
  }

  /** The piece with its id; for one that is unused, the parts that it was merged from. */
  #used(piece, parts) {
    const [waiting, found] = [[piece], []];
    while (waiting.length > 0) {
      const next = waiting.pop();
      if (parts.has(next)) {
        waiting.push(...parts.get(next).toReversed());
      } else {
        found.push({ piece: next, id: idInText(this.model, next) });
      }
    }
    return found;
  }
}

/** The merges of one text: a chain of symbols, and the pairs that may be merged, best first. */
class Merging {
  constructor(model, characters) {
    this.model = model;
    this.pieces = characters.map(({ piece }) => piece); // "" where a symbol was merged into the one before it
    this.frozen = characters.map(({ frozen }) => frozen);
    this.next = characters.map((_, index) => (index + 1 < characters.length ? index + 1 : -1));
    this.previous = characters.map((_, index) => index - 1);
    this.pairs = new PairQueue();
    this.parts = new Map(); // unused piece -> the two that made it
  }

  /** @returns {string[]} the symbols that are left */
  run() {
    for (let right = 1; right < this.pieces.length; right++) {
      this.#offer(right - 1, right);
    }
    for (let pair = this.pairs.pop(); pair !== undefined; pair = this.pairs.pop()) {
      if (this.#isThere(pair)) {
        this.#merge(pair);
      }
    }
    return this.pieces.filter((piece) => piece !== "");
  }

  #offer(left, right) {
    if (left < 0 || right < 0 || this.frozen[left] || this.frozen[right]) {
      return;
    }
    const piece = this.pieces[left] + this.pieces[right];
    const id = this.model.ids.get(piece);
    if (id === undefined) {
      return;
    }
    const { score, type } = this.model.pieces[id];
    this.pairs.push({ left, right, score, size: piece.length });
    if (type === PIECE_TYPE.UNUSED) {
      this.parts.set(piece, [this.pieces[left], this.pieces[right]]);
    }
  }

  /** Neither side was merged since the pair was offered. */
  #isThere({ left, right, size }) {
    const [one, other] = [this.pieces[left], this.pieces[right]];
    return one !== "" && other !== "" && one.length + other.length === size;
  }

  #merge({ left, right }) {
    this.pieces[left] += this.pieces[right];
    this.pieces[right] = "";
    this.next[left] = this.next[right];
    if (this.next[right] >= 0) {
      this.previous[this.next[right]] = left;
    }
    this.#offer(this.previous[left], left);
    this.#offer(left, this.next[left]);
  }
}

/** A heap of pairs: the highest score first, of equal ones that further left. */
class PairQueue {
  #heap = [];

  push(pair) {
    let at = this.#heap.push(pair) - 1;
    while (at > 0 && isBetterPair(pair, this.#heap[(at - 1) >> 1])) {
      this.#heap[at] = this.#heap[(at - 1) >> 1];
      at = (at - 1) >> 1;
    }
    this.#heap[at] = pair;
  }

  pop() {
    const [top, last] = [this.#heap[0], this.#heap.pop()];
    if (this.#heap.length > 0) {
      this.#sink(last);
    }
    return top;
  }

  /** Put a pair in the place of the top, and below all that come before it. */
  #sink(pair) {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < heap.length && isBetterPair(heap[child + 1], heap[child])) {
        child++;
      }
      if (child >= heap.length || !isBetterPair(heap[child], pair)) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = pair;
  }
}

function isBetterPair(one, other) {
  return one.score > other.score || (one.score === other.score && one.left < other.left);
}
