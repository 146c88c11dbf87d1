/**
 * Text to ids and back, with SentencePiece (Kudo & Richardson 2018); mirrors mtlite/data/tokenizer.py.
 */

import { BOS, EOS, NO_CHARACTER, PAD, UNK } from "../ids.js";
import { BpeModel } from "./bpe.js";
import { SPACE_SYMBOL, bytesOfText, repaired, textOfBytes } from "./bytes.js";
import { PIECE_TYPE, byteOfPiece, pieceOfByte, readSentencePieceModel } from "./model.js";
import { Normalizer } from "./normalizer.js";
import { PrefixTrie } from "./prefix_trie.js";
import { UnigramModel } from "./unigram.js";
import { CharacterModel, WordModel } from "./words_and_characters.js";

const SEGMENTERS = { unigram: UnigramModel, bpe: BpeModel, word: WordModel, char: CharacterModel };

/**
 * The SentencePiece model of one side, with pad, unk, bos, eos at ids 0, 1, 2, 3.
 */
export class Processor {
  /**
   * @param {Uint8Array} bytes of a `.model` file
   * @throws {Error} if they are none, or one with other ids
   */
  constructor(bytes) {
    this.model = readSentencePieceModel(bytes);
    const { pieces, trainer, normalizer, denormalizer } = this.model;
    const users = [...pieces.entries()].filter(([, { type }]) => type === PIECE_TYPE.USER_DEFINED);
    const symbols = new PrefixTrie(users.map(([id, { piece }]) => [piece, id]));
    this.normalizer = new Normalizer(normalizer, trainer.treatWhitespaceAsSuffix, symbols);
    this.denormalizer = denormalizer.precompiledCharsmap.length === 0 ? null : new Normalizer(denormalizer);
    this.segmenter = new SEGMENTERS[trainer.kind](this.model, symbols);
    this.#checkIds();
  }

  #checkIds() {
    const { trainer, pieces } = this.model;
    const { CONTROL, UNKNOWN } = PIECE_TYPE;
    const named = { padPiece: CONTROL, unkPiece: UNKNOWN, bosPiece: CONTROL, eosPiece: CONTROL };
    const ids = Object.entries(named).map(([name, type]) => {
      const id = this.#idOf(trainer[name]);
      return pieces[id].type === type ? id : -1;
    });
    const expected = [PAD, UNK, BOS, EOS];
    if (ids.some((id, at) => id !== expected[at])) {
      throw new Error(
        `expected a SentencePiece model with pad, unk, bos, eos at ${expected}, received ${ids}: ` +
          "train it with --pad_id=0 --unk_id=1 --bos_id=2 --eos_id=3",
      );
    }
  }

  /** Pieces in the vocabulary. */
  get size() {
    return this.model.pieces.length;
  }

  /**
   * Encode a line, with `</s>` at the end. Its pieces are those of the text: an unknown one is what stands there.
   * @param {string} text
   * @returns {{ids: number[], pieces: string[]}}
   */
  encode(text) {
    const found = this.#piecesOf(text);
    return {
      ids: [...found.map(({ id }) => id), EOS],
      pieces: [...found.map(({ piece }) => pieceForPeople(piece)), ...this.pieces([EOS])],
    };
  }

  /**
   * The parts of a line for which there is no piece.
   * @param {string} text
   * @returns {string[]}
   */
  unknown(text) {
    const unknown = this.#piecesOf(text).filter(({ piece }) => this.#idOf(piece) === UNK);
    return unknown.map(({ piece }) => textOfBytes(piece));
  }

  /**
   * Decode ids to one line: special pieces are left out, line feeds and carriage returns become spaces.
   * @param {Iterable<number>} ids
   * @returns {string}
   */
  decode(ids) {
    const special = new Set([PAD, UNK, BOS, EOS]);
    const written = Array.from(ids).filter((id) => !special.has(id));
    const text = this.#joined(written.map((id) => this.#piece(id)));
    return textOfBytes(this.denormalizer?.normalize(text) ?? text).replace(/[\r\n]/g, " ");
  }

  /**
   * The pieces behind ids, for people.
   * @param {Iterable<number>} ids
   * @returns {string[]}
   */
  pieces(ids) {
    return Array.from(ids, (id) => pieceForPeople(this.#piece(id).piece));
  }

  #piece(id) {
    if (this.model.pieces[id] === undefined) {
      throw new RangeError(`expected the id of a piece, 0 to ${this.size - 1}, received ${id}`);
    }
    return this.model.pieces[id];
  }

  #idOf(piece) {
    return this.model.reserved.get(piece) ?? this.model.ids.get(piece) ?? this.model.unknownId;
  }

  /** Pieces and ids of a text: unknown neighbours are one piece, or bytes if there are pieces for bytes. */
  #piecesOf(text) {
    const found = [];
    let afterUnknown = false;
    for (const { piece, id } of this.segmenter.segment(this.normalizer.normalize(bytesOfText(text)))) {
      const unknown = id === this.model.unknownId;
      if (unknown && this.model.trainer.byteFallback) {
        found.push(...this.#bytePieces(piece));
      } else if (unknown && afterUnknown) {
        found.at(-1).piece += piece;
      } else {
        found.push({ piece, id });
      }
      afterUnknown = unknown;
    }
    return found;
  }

  #bytePieces(bytes) {
    const names = Array.from(bytes, (byte) => pieceOfByte(byte.charCodeAt(0)));
    return names.map((piece) => ({ piece, id: this.#idOf(piece) }));
  }

  /** The text that pieces spell, as bytes. */
  #joined(pieces) {
    let [text, bytes, atStart, startSeen] = ["", "", true, false];
    for (const { piece, type } of pieces) {
      if (type === PIECE_TYPE.BYTE) {
        bytes += String.fromCharCode(byteOfPiece(piece));
        continue;
      }
      [text, bytes] = [text + repaired(bytes), ""];
      atStart &&= !startSeen && text === "";
      const written = this.#surface(piece, type, atStart);
      [text, startSeen] = [text + written.text, written.startSeen];
    }
    return text + repaired(bytes);
  }

  /** What one piece writes, and whether that used up the space that was added before the text. */
  #surface(piece, type, atStart) {
    const { addDummyPrefix, removeExtraWhitespaces } = this.model.normalizer;
    if (type === PIECE_TYPE.CONTROL) {
      return { text: "", startSeen: false };
    }
    if (type === PIECE_TYPE.UNKNOWN) {
      return { text: this.model.trainer.unkSurface, startSeen: false };
    }
    const added = atStart && (addDummyPrefix || removeExtraWhitespaces) && piece.startsWith(SPACE_SYMBOL);
    const rest = added ? piece.slice(SPACE_SYMBOL.length) : piece;
    // Where extra spaces are removed, all at the beginning are.
    return { text: rest.replaceAll(SPACE_SYMBOL, " "), startSeen: added && !removeExtraWhitespaces };
  }
}

function pieceForPeople(piece) {
  return textOfBytes(piece).replaceAll(NO_CHARACTER, "");
}
