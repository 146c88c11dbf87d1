/**
 * The most probable segmentation under a unigram language model of pieces (Kudo 2018), by Viterbi's algorithm.
 */

import { characterLength } from "./bytes.js";
import { PIECE_TYPE } from "./model.js";
import { PrefixTrie } from "./prefix_trie.js";

const UNKNOWN_PENALTY = 10; // an unknown character is this much less likely than the rarest piece
const LARGEST_FLOAT = 3.4028234663852886e38;
const SMALLEST_FLOAT = 1.1754943508222875e-38;

export class UnigramModel {
  /** @param {import("./model.js").SentencePieceModel} model */
  constructor(model) {
    const scores = model.pieces.filter(({ type }) => type === PIECE_TYPE.NORMAL).map(({ score }) => score);
    const lowest = scores.reduce((least, score) => Math.min(least, score), LARGEST_FLOAT);
    const highest = scores.reduce((most, score) => Math.max(most, score), SMALLEST_FLOAT);
    const usable = [...model.ids].filter(([, id]) => model.pieces[id].type !== PIECE_TYPE.UNUSED);
    this.unknownId = model.unknownId;
    this.unknownScore = Math.fround(lowest - UNKNOWN_PENALTY);
    this.trie = new PrefixTrie(usable);
    this.scores = model.pieces.map((piece) => scoreInText(piece, highest));
  }

  /**
   * Split normalised text.
   *
   * Scores are added in 32 bits, as in the library, and of equal ones the first stays, or ties would fall differently.
   * @param {string} text bytes
   * @returns {{piece: string, id: number}[]}
   */
  segment(text) {
    const best = new Float32Array(text.length + 1);
    const starts = new Int32Array(text.length + 1).fill(-1);
    const ids = new Int32Array(text.length + 1);
    const offer = (start, end, id, added) => {
      const score = Math.fround(best[start] + added);
      if (starts[end] < 0 || score > best[end]) {
        [best[end], starts[end], ids[end]] = [score, start, id];
      }
    };
    for (let start = 0; start < text.length; ) {
      const next = start + characterLength(text, start);
      let known = false;
      this.trie.eachPrefix(text, start, (end, id) => {
        offer(start, end, id, this.scores[id]);
        known ||= end === next;
      });
      if (!known) {
        offer(start, next, this.unknownId, this.unknownScore);
      }
      start = next;
    }
    return tracedBack(text, starts, ids).reverse();
  }
}

/** A symbol of the user's has a bonus, so that it is always chosen. */
function scoreInText({ piece, score, type }, highest) {
  return type === PIECE_TYPE.USER_DEFINED ? Math.fround(Math.fround(piece.length * highest) - 0.1) : score;
}

function tracedBack(text, starts, ids) {
  const found = [];
  for (let end = text.length; end > 0; end = starts[end]) {
    found.push({ piece: text.slice(starts[end], end), id: ids[end] });
  }
  return found;
}
