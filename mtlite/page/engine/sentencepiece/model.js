/**
 * What a `.model` file of SentencePiece says (`sentencepiece_model.proto`), as far as encoding and decoding need it.
 */

import { byteString, repaired } from "./bytes.js";
import { readMessage } from "./protobuf.js";

export const PIECE_TYPE = { NORMAL: 1, UNKNOWN: 2, CONTROL: 3, USER_DEFINED: 4, UNUSED: 5, BYTE: 6 };

const MODEL_KINDS = { 1: "unigram", 2: "bpe", 3: "word", 4: "char" };
const MOST_MODEL_BYTES = 128 * 2 ** 20; // as mtlite/limits.py has it
const MOST_PIECES = 1_000_000;
const MOST_PIECE_BYTES = 8000; // as in the library, exclusive

/**
 * @typedef {{piece: string, score: number, type: number}} Piece  `piece` as bytes, `score` a float32
 * @typedef {{precompiledCharsmap: Uint8Array, addDummyPrefix: boolean, removeExtraWhitespaces: boolean,
 *   escapeWhitespaces: boolean}} NormalizerSpec
 * @typedef {{kind: "unigram" | "bpe" | "word" | "char", byteFallback: boolean, treatWhitespaceAsSuffix: boolean,
 *   unkSurface: string, unkPiece: string, bosPiece: string, eosPiece: string, padPiece: string}} TrainerSpec  as bytes
 * @typedef {{pieces: Piece[], trainer: TrainerSpec, normalizer: NormalizerSpec, denormalizer: NormalizerSpec,
 *   ids: Map<string, number>, reserved: Map<string, number>, unknownId: number}} SentencePieceModel
 *   `ids` of the pieces that text is made of, `reserved` of the others (control, unknown, bytes)
 */

/**
 * Read and check a model.
 * @param {Uint8Array} bytes
 * @returns {SentencePieceModel}
 * @throws {Error} with a message that says what is wrong with it
 */
export function readSentencePieceModel(bytes) {
  if (bytes.length > MOST_MODEL_BYTES) {
    throw new Error(`expected at most ${MOST_MODEL_BYTES} bytes in a SentencePiece model, received ${bytes.length}`);
  }
  const model = {
    pieces: [],
    trainer: defaultTrainerSpec(),
    normalizer: defaultNormalizerSpec(),
    denormalizer: defaultNormalizerSpec(),
  };
  try {
    readMessage(bytes, {
      1: { kind: "bytes", take: (piece) => addPiece(model.pieces, piece) },
      2: { kind: "bytes", take: (spec) => readTrainerSpec(spec, model.trainer) },
      3: { kind: "bytes", take: (spec) => readNormalizerSpec(spec, model.normalizer) },
      5: { kind: "bytes", take: (spec) => readNormalizerSpec(spec, model.denormalizer) },
    });
  } catch (error) {
    throw new Error(`not a SentencePiece model (${error.message}): give a .model file`);
  }
  return { ...model, ...indexPieces(model.pieces, model.trainer) };
}

function defaultTrainerSpec() {
  return {
    ...{ kind: "unigram", byteFallback: false, treatWhitespaceAsSuffix: false, unkSurface: " \xe2\x81\x87 " },
    ...{ unkPiece: "<unk>", bosPiece: "<s>", eosPiece: "</s>", padPiece: "<pad>" },
  };
}

function defaultNormalizerSpec() {
  return {
    ...{ precompiledCharsmap: new Uint8Array(), addDummyPrefix: true },
    ...{ removeExtraWhitespaces: true, escapeWhitespaces: true },
  };
}

function addPiece(pieces, bytes) {
  if (pieces.length === MOST_PIECES) {
    throw new Error(`it has more than ${MOST_PIECES} pieces`);
  }
  const piece = { piece: "", score: 0, type: PIECE_TYPE.NORMAL };
  readMessage(bytes, {
    1: textField(piece, "piece"),
    2: { kind: "float", take: (score) => (piece.score = score) },
    3: choiceField(piece, "type", Object.fromEntries(Object.values(PIECE_TYPE).map((type) => [type, type]))),
  });
  pieces.push(piece);
}

function readTrainerSpec(bytes, spec) {
  readMessage(bytes, {
    3: choiceField(spec, "kind", MODEL_KINDS),
    24: flagField(spec, "treatWhitespaceAsSuffix"),
    35: flagField(spec, "byteFallback"),
    44: textField(spec, "unkSurface"),
    45: textField(spec, "unkPiece"),
    46: textField(spec, "bosPiece"),
    47: textField(spec, "eosPiece"),
    48: textField(spec, "padPiece"),
  });
}

function readNormalizerSpec(bytes, spec) {
  readMessage(bytes, {
    2: { kind: "bytes", take: (map) => (spec.precompiledCharsmap = map) },
    3: flagField(spec, "addDummyPrefix"),
    4: flagField(spec, "removeExtraWhitespaces"),
    5: flagField(spec, "escapeWhitespaces"),
  });
}

function textField(target, name) {
  return { kind: "bytes", take: (value) => (target[name] = byteString(value)) };
}

function flagField(target, name) {
  return { kind: "varint", take: (value) => (target[name] = value !== 0) };
}

/** A value of an enumeration; one that is not known leaves what was there, as in the library. */
function choiceField(target, name, values) {
  return { kind: "varint", take: (value) => (target[name] = values[value] ?? target[name]) };
}

/** Which piece has which id; refuses what no model has. */
function indexPieces(pieces, { kind, byteFallback }) {
  const ids = new Map();
  const reserved = new Map();
  for (const [id, { piece, score, type }] of pieces.entries()) {
    checkPiece(id, piece, score);
    const inText = type === PIECE_TYPE.NORMAL || type === PIECE_TYPE.USER_DEFINED || type === PIECE_TYPE.UNUSED;
    const index = inText ? ids : reserved;
    // Of the kind bpe, no name may be there twice, whatever it stands for.
    const same = index.get(piece) ?? (kind === "bpe" ? (ids.get(piece) ?? reserved.get(piece)) : undefined);
    if (same !== undefined) {
      throw new Error(`the SentencePiece model is damaged: piece ${id} is the same as piece ${same}`);
    }
    index.set(piece, id);
  }
  checkBytePieces(pieces, byteFallback);
  const unknown = pieces.flatMap(({ type }, id) => (type === PIECE_TYPE.UNKNOWN ? [id] : []));
  if (unknown.length !== 1) {
    throw new Error(`the SentencePiece model is damaged: expected 1 unknown piece, received ${unknown.length}`);
  }
  return { ids, reserved, unknownId: unknown[0] };
}

/**
 * The id of a piece as it stands in a text: that of the unknown piece if there is none, or if it is not used.
 * @param {SentencePieceModel} model
 * @param {string} piece bytes
 * @returns {number}
 */
export function idInText(model, piece) {
  const id = model.ids.get(piece) ?? model.unknownId;
  return model.pieces[id].type === PIECE_TYPE.UNUSED ? model.unknownId : id;
}

function checkPiece(id, piece, score) {
  const problem = (what) => new Error(`the SentencePiece model is damaged: piece ${id} ${what}`);
  if (!Number.isFinite(score)) {
    throw problem(`has the score ${score}, expected a finite number`);
  }
  if (piece === "" || piece.includes("\0") || piece.length >= MOST_PIECE_BYTES) {
    throw problem(`is of ${piece.length} bytes, expected 1 to ${MOST_PIECE_BYTES - 1} and no null character`);
  }
  if (repaired(piece) !== piece) {
    throw problem("is not in UTF-8");
  }
}

function checkBytePieces(pieces, byteFallback) {
  const found = new Set(pieces.filter(({ type }) => type === PIECE_TYPE.BYTE).map(({ piece }) => byteOfPiece(piece)));
  if (found.has(-1) || found.size !== (byteFallback ? 256 : 0)) {
    const expected = byteFallback ? "<0x00> to <0xFF>" : "none, as byte_fallback is off";
    throw new Error(`the SentencePiece model is damaged: expected as pieces for bytes ${expected}`);
  }
}

/**
 * The name of the piece that stands for a byte.
 * @param {number} byte
 * @returns {string} such as `<0x0A>`
 */
export function pieceOfByte(byte) {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

/**
 * The byte that a piece of that name stands for, or -1.
 * @param {string} piece
 * @returns {number}
 */
export function byteOfPiece(piece) {
  return /^<0x[0-9A-F]{2}>$/.test(piece) ? Number.parseInt(piece.slice(3, 5), 16) : -1;
}
