/**
 * The two kinds that search for nothing: a piece is a word, or a character.
 */

import { SPACE_SYMBOL, characterLength } from "./bytes.js";
import { idInText } from "./model.js";

export class WordModel {
  /** @param {import("./model.js").SentencePieceModel} model */
  constructor(model) {
    this.model = model;
  }

  /**
   * Split normalised text before every space.
   * @param {string} text bytes
   * @returns {{piece: string, id: number}[]}
   */
  segment(text) {
    const words = text.split(new RegExp(`(?=${SPACE_SYMBOL})`)).filter((word) => word !== "");
    return words.map((piece) => ({ piece, id: idInText(this.model, piece) }));
  }
}

export class CharacterModel {
  /**
   * @param {import("./model.js").SentencePieceModel} model
   * @param {import("./prefix_trie.js").PrefixTrie} symbols the user's symbols, which are kept whole
   */
  constructor(model, symbols) {
    this.model = model;
    this.symbols = symbols;
  }

  /**
   * Split normalised text at every character.
   * @param {string} text bytes
   * @returns {{piece: string, id: number}[]}
   */
  segment(text) {
    const found = [];
    for (let at = 0; at < text.length; ) {
      const length = this.symbols.longestAt(text, at) || characterLength(text, at);
      const piece = text.slice(at, at + length);
      found.push({ piece, id: idInText(this.model, piece) });
      at += length;
    }
    return found;
  }
}
