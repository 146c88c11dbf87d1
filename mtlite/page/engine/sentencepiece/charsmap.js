/**
 * The rules of a normaliser as its model file has them (`precompiled_charsmap`): what is read, and what is written.
 *
 * Four bytes say how long the trie is; the trie follows, and then the strings to write, each ended by a null byte. The
 * trie is a double array (Aoe 1989) as Yata's Darts-clone packs it: units of 32 bits, of which the children stand at
 * `offset XOR byte` and carry that byte as their label; a leaf holds where its string starts.
 */

import { byteString } from "./bytes.js";

const MOST_RULES = 32; // that fit at one place: the library looks at no more

export class Charsmap {
  /**
   * @param {Uint8Array} bytes
   * @throws {Error} if they are no such rules
   */
  constructor(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const size = bytes.length > 4 ? view.getUint32(0, true) : 0;
    if (size === 0 || size % 4 !== 0 || size >= bytes.length - 4) {
      throw new Error("the SentencePiece model is damaged: its normalisation rules are cut off");
    }
    this.units = Uint32Array.from({ length: size / 4 }, (_, unit) => view.getUint32(4 + 4 * unit, true));
    this.written = byteString(bytes.subarray(4 + size));
  }

  /**
   * The longest rule that fits at a place.
   * @param {string} bytes
   * @param {number} at
   * @returns {{length: number, written: string} | null} bytes that it reads, and those that it writes for them
   */
  longestRule(bytes, at) {
    let [length, start, rules] = [0, 0, 0];
    let unit = this.#unit(0);
    let place = offsetOf(unit);
    for (let next = at; next < bytes.length && rules < MOST_RULES; next++) {
      const byte = bytes.charCodeAt(next);
      place ^= byte;
      unit = this.#unit(place);
      if (labelOf(unit) !== byte) {
        break;
      }
      place ^= offsetOf(unit);
      if (hasLeaf(unit)) {
        [length, start, rules] = [next + 1 - at, this.#unit(place) & 0x7fffffff, rules + 1];
      }
    }
    return length === 0 ? null : { length, written: this.#string(start) };
  }

  #unit(place) {
    if (place < 0 || place >= this.units.length) {
      throw new Error("the SentencePiece model is damaged: its normalisation rules lead nowhere");
    }
    return this.units[place];
  }

  #string(start) {
    const end = this.written.indexOf("\0", start);
    if (end < 0) {
      throw new Error("the SentencePiece model is damaged: what a normalisation rule writes has no end");
    }
    return this.written.slice(start, end);
  }
}

const hasLeaf = (unit) => ((unit >>> 8) & 1) === 1;
// A leaf has the highest bit, so its label is that of no byte.
const labelOf = (unit) => (unit & 0x800000ff) >>> 0;
const offsetOf = (unit) => (unit >>> 10) << ((unit & 0x200) >>> 6);
