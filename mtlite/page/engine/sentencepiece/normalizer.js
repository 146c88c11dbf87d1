/**
 * Text as it is before it is split into pieces: rules applied, spaces trimmed and written as U+2581.
 */

import { REPLACEMENT_CHARACTER, SPACE_SYMBOL, validLength } from "./bytes.js";
import { Charsmap } from "./charsmap.js";
import { PrefixTrie } from "./prefix_trie.js";

const MOST_NORMALISED_BYTES = 1 << 24; // a rule may write more than it reads

export class Normalizer {
  /**
   * @param {import("./model.js").NormalizerSpec} spec
   * @param {boolean} [spaceAtEnd] the space that is added goes behind the text instead of before it
   * @param {PrefixTrie} [kept] symbols to which no rule applies
   */
  constructor(spec, spaceAtEnd = false, kept = new PrefixTrie([])) {
    this.spec = spec;
    this.spaceAtEnd = spaceAtEnd;
    this.kept = kept;
    this.charsmap = spec.precompiledCharsmap.length === 0 ? null : new Charsmap(spec.precompiledCharsmap);
    this.space = spec.escapeWhitespaces ? SPACE_SYMBOL : " ";
  }

  /**
   * @param {string} bytes
   * @returns {string} bytes
   */
  normalize(bytes) {
    const { addDummyPrefix, removeExtraWhitespaces } = this.spec;
    const start = removeExtraWhitespaces ? this.#behindSpaces(bytes) : 0;
    if (start === bytes.length) {
      return "";
    }
    const added = addDummyPrefix ? this.space : "";
    let text = this.spaceAtEnd ? "" : added;
    text += this.#written(bytes, start).replaceAll(" ", this.space);
    if (removeExtraWhitespaces) {
      text = withoutSpacesAtEnd(text, this.space);
    }
    return this.spaceAtEnd ? text + added : text;
  }

  #behindSpaces(bytes) {
    let at = 0;
    while (at < bytes.length) {
      const { length, written } = this.#prefix(bytes, at);
      if (written !== " ") {
        break;
      }
      at += length;
    }
    return at;
  }

  /** What the rules write from a place on, of several spaces one if the model asks for it. */
  #written(bytes, start) {
    const parts = [];
    let size = 0;
    let afterSpace = this.spec.removeExtraWhitespaces;
    for (let at = start; at < bytes.length; ) {
      const { length, written } = this.#prefix(bytes, at);
      const part = afterSpace ? written.replace(/^ +/, "") : written;
      if (part !== "") {
        parts.push(part);
        afterSpace = this.spec.removeExtraWhitespaces && part.endsWith(" ");
      }
      size += part.length;
      if (size > MOST_NORMALISED_BYTES) {
        throw new Error(`expected text of at most ${MOST_NORMALISED_BYTES} bytes once it is normalised: give less`);
      }
      at += length;
    }
    return parts.join("");
  }

  /** What is written for the beginning of the text at a place, and how many bytes that beginning has. */
  #prefix(bytes, at) {
    const length = this.kept.longestAt(bytes, at);
    if (length > 0) {
      return { length, written: bytes.slice(at, at + length) };
    }
    const rule = this.charsmap?.longestRule(bytes, at);
    if (rule) {
      return rule;
    }
    const character = validLength(bytes, at);
    return character === 0
      ? { length: 1, written: REPLACEMENT_CHARACTER }
      : { length: character, written: bytes.slice(at, at + character) };
  }
}

function withoutSpacesAtEnd(text, space) {
  let end = text.length;
  while (text.endsWith(space, end)) {
    end -= space.length;
  }
  return text.slice(0, end);
}
