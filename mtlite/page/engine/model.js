// One run, opened: everything that a page asks of it. Values in and out are plain.

import { pause } from "./control.js";
import { activityOf } from "./explain/activity.js";
import { searchTree } from "./explain/beam_tree.js";
import { choicesAt } from "./explain/continuations.js";
import { FREQUENT_PIECES, influenceByReplacement } from "./explain/influence.js";
import { EOS, UNK, truncate } from "./ids.js";
import { limitFor, searchFor } from "./search/searcher.js";
import { Processor } from "./sentencepiece/processor.js";
import { BLANK } from "./topologies/ctc.js";
import { openTopology } from "./topologies/index.js";

const MAX_BEAM = 1000;
const MAX_LENGTH_PENALTY = 10;
const MAX_CANDIDATES = 1000;
const MAX_FORCED = 1 << 14; // as many as a hypothesis may have
const BYTE_PIECE = /^<0x[0-9A-F]{2}>$/;
const BLANK_SHOWN = "·";

/**
 * @typedef {import("./control.js").Control} Control
 *
 * @typedef {object} Encoded a source
 * @property {number[]} ids with `</s>`
 * @property {string[]} pieces what stands in the text, with `</s>`
 * @property {number[]} unknown the places of those for which the vocabulary has no piece
 * @property {boolean} truncated whether the text has more pieces than the run accepts
 *
 * @typedef {object} TextHypothesis
 * @property {number[]} ids without `</s>`
 * @property {string[]} pieces with `</s>` if it was written
 * @property {string} text
 * @property {number} score log p, normalised by length where the search does so
 *
 * @typedef {object} Translated
 * @property {Encoded} source
 * @property {TextHypothesis[]} hypotheses best first, of different texts
 * @property {number[][] | null} attention of the best [pieces][source pieces], where the topology has it
 *
 * @typedef {object} SearchOptions what differs from the run's own search
 * @property {number} [beam] 1 is greedy search
 * @property {number} [lengthPenalty] 0 prefers short hypotheses, 1 long ones
 * @property {number} [count] of hypotheses, at most
 */

/** A model with its vocabularies. */
export class Model {
  /**
   * @param {any} description
   * @param {any} topology
   * @param {Processor} sourceProcessor
   * @param {Processor} targetProcessor
   */
  constructor(description, topology, sourceProcessor, targetProcessor) {
    this.description = description;
    this.topology = topology;
    this.sourceProcessor = sourceProcessor;
    this.targetProcessor = targetProcessor;
  }

  /**
   * Open a run; throws an Error that says what is damaged.
   * @param {any} description the plain facts of the run
   * @param {Uint8Array} weights
   * @param {Uint8Array} sourceModel the bytes of the SentencePiece model of each side
   * @param {Uint8Array} targetModel
   */
  static open(description, weights, sourceModel, targetModel) {
    const topology = openTopology(description, weights);
    return new Model(description, topology, new Processor(sourceModel), new Processor(targetModel));
  }

  /**
   * @param {string} text one sentence
   * @returns {Encoded}
   */
  encode(text) {
    const whole = this.sourceProcessor.encode(text);
    const most = this.description.searchConfig.max_source_tokens;
    const ids = truncate(whole.ids, most);
    const pieces = [...whole.pieces.slice(0, ids.length - 1), whole.pieces.at(-1)];
    return { ids, pieces, unknown: placesOfUnknown(ids), truncated: whole.ids.length > most };
  }

  /**
   * @param {number[]} targetIds
   * @returns {string[]}
   */
  pieces(targetIds) {
    return this.targetProcessor.pieces(this.#target(targetIds));
  }

  /**
   * @param {number[]} targetIds
   * @returns {string}
   */
  text(targetIds) {
    return this.targetProcessor.decode(this.#target(targetIds));
  }

  /**
   * Translate one sentence.
   * @param {string} text
   * @param {SearchOptions} [options]
   * @param {Control} [control]
   * @returns {Promise<Translated>}
   */
  async translate(text, options = {}, control = {}) {
    const source = this.encode(text);
    return this.#translated(source, await this.#search(source.ids, [], options, control), options);
  }

  /**
   * Translate many sentences, one after another; what `control.progress` gets with each is its translation.
   * @param {string[]} lines
   * @param {SearchOptions} [options]
   * @param {Control} [control]
   * @returns {Promise<Translated[]>}
   */
  async translateLines(lines, options = {}, control = {}) {
    const translations = [];
    for (const line of lines) {
      translations.push(await this.translate(line, options, { stopped: control.stopped }));
      control.progress?.(translations.length, lines.length, translations.at(-1));
    }
    return translations;
  }

  /**
   * The best hypotheses that begin with a prefix. Where all positions are written in one pass, the tokens (over paths:
   * tokens or blanks) at the first positions are those of the prefix. `null` in a prefix leaves that one free; its last
   * one may be `</s>`.
   * @param {number[]} sourceIds
   * @param {(number | null)[]} prefixIds
   * @param {SearchOptions} [options]
   * @param {Control} [control]
   * @returns {Promise<Translated>}
   */
  async force(sourceIds, prefixIds, options = {}, control = {}) {
    const source = this.#source(sourceIds);
    inRange("forced pieces", prefixIds.length, 0, MAX_FORCED);
    const forced = prefixIds.map((id, at) => (id === null ? null : this.#writable(id, at === prefixIds.length - 1)));
    const pieces = this.sourceProcessor.pieces(source);
    const encoded = { ids: source, pieces, unknown: placesOfUnknown(source), truncated: false };
    return this.#translated(encoded, await this.#search(source, forced, options, control), options);
  }

  /**
   * The likeliest pieces at every step, best first, and the probability of all others together. Token by token: after
   * each beginning of the prefix, and after all of it unless it ends with `</s>`. In one pass: at each output position,
   * whatever the prefix; a blank is shown as `·`.
   * @param {number[]} sourceIds
   * @param {number[]} prefixIds
   * @param {number} count of candidates at each step
   * @param {Control} [control]
   * @returns {Promise<{steps: {candidates: {id: number, piece: string, p: number}[], rest: number}[]}>}
   */
  async continuations(sourceIds, prefixIds, count, control = {}) {
    const { topology, description } = this;
    const source = Int32Array.from(this.#source(sourceIds));
    const most = inRange("count", count, 1, MAX_CANDIDATES);
    const choices = await choicesAt(topology, description.search, source, this.#target(prefixIds), most, control);
    return {
      steps: choices.map(({ candidates, rest }) => ({
        candidates: candidates.map(({ id, p }) => ({ id, piece: this.#shown(id), p })),
        rest,
      })),
    };
  }

  /**
   * Every hypothesis that was alive in a search, as `explain/beam_tree.js` says, with its pieces.
   * @param {number[]} sourceIds
   * @param {SearchOptions} [options]
   * @param {Control} [control]
   * @returns {Promise<{nodes: (import("./explain/beam_tree.js").TreeNode & {piece: string})[]}>}
   */
  async beamTree(sourceIds, options = {}, control = {}) {
    const { topology, description } = this;
    const source = Int32Array.from(this.#source(sourceIds));
    const nodes = await searchTree(topology, description.search, source, this.#asked([], options), control);
    return { nodes: nodes.map((node) => ({ ...node, piece: this.#shown(node.id) })) };
  }

  /**
   * How much likelier each source piece makes each written piece, in log p; `</s>` counts as written where it was.
   * @param {number[]} sourceIds
   * @param {number[]} targetIds a hypothesis
   * @param {{by?: "replacement"}} [options]
   * @param {Control} [control]
   * @returns {Promise<number[][]>} [target][source]
   */
  async influence(sourceIds, targetIds, options = {}, control = {}) {
    if ((options.by ?? "replacement") !== "replacement") {
      throw new Error(`by: expected replacement, received ${JSON.stringify(options.by)}`);
    }
    const { topology, description } = this;
    const source = Int32Array.from(this.#source(sourceIds));
    const target = this.#asWritten(source, this.#target(targetIds));
    return influenceByReplacement(topology, description.search, source, target, this.#frequent(), control);
  }

  /**
   * The sizes of what the model computes for a source and a hypothesis; see `explain/activity.js`.
   * @param {number[]} sourceIds
   * @param {number[]} targetIds
   * @param {Control} [control]
   * @returns {Promise<import("./explain/activity.js").Activity>}
   */
  async activity(sourceIds, targetIds, control = {}) {
    await pause(control);
    const source = Int32Array.from(this.#source(sourceIds));
    const target = this.#asWritten(source, this.#target(targetIds));
    return activityOf(this.topology, this.description.parts, source, target);
  }

  /** @param {SearchOptions} options */
  #asked(forced, { beam, lengthPenalty }) {
    const { beam_size, length_penalty, min_length } = this.description.searchConfig;
    const penalty = lengthPenalty ?? length_penalty;
    if (!(penalty >= 0 && penalty <= MAX_LENGTH_PENALTY)) {
      throw new Error(`length penalty: expected a number from 0 to ${MAX_LENGTH_PENALTY}, received ${penalty}`);
    }
    const width = inRange("beam", beam ?? beam_size, 1, MAX_BEAM);
    return { beam: width, lengthPenalty: penalty, minLength: min_length, forced };
  }

  /**
   * @param {number[]} ids
   * @param {(number | null)[]} forced
   * @param {SearchOptions} options
   * @param {Control} control
   */
  #search(ids, forced, options, control) {
    const asked = this.#asked(forced, options);
    return searchFor(this.topology, this.description.search, Int32Array.from(ids), asked, control);
  }

  /**
   * @param {Encoded} source
   * @param {import("./search/hypothesis.js").Hypothesis[]} found
   * @param {SearchOptions} options
   * @returns {Translated}
   */
  #translated(source, found, { count }) {
    const most = inRange("count", count ?? 1, 1, MAX_BEAM);
    const empty = source.ids.length === 1; // an empty line, or nothing but spaces and invisible characters
    /** @type {Map<string, TextHypothesis>} */
    const byText = new Map(); // of hypotheses with one text the best, which comes first
    for (const { ids: written, score } of found) {
      if (byText.size === most) break;
      const ids = written.at(-1) === EOS ? written.slice(0, -1) : written;
      const text = empty ? "" : this.targetProcessor.decode(ids);
      if (!byText.has(text)) byText.set(text, { ids, pieces: this.targetProcessor.pieces(written), text, score });
    }
    const attention = found[0].attention && found[0].attention.map((row) => Array.from(row));
    return { source, hypotheses: [...byText.values()], attention };
  }

  /** A hypothesis with its `</s>`: it was written unless the limit ended the search before. */
  #asWritten(source, target) {
    const { search } = this.description;
    if (search === "paths" || target.at(-1) === EOS) return target;
    const asked = this.#asked([], {});
    const limit = search === "one pass" ? this.topology.positions(source) : limitFor(this.topology, source.length, asked);
    if (target.length < limit) return [...target, EOS];
    return search === "one pass" ? target.slice(0, limit) : target;
  }

  /** Frequent pieces of the source: in every kind of vocabulary they come first. */
  #frequent() {
    const frequent = [];
    const size = this.description.config.source_vocabulary;
    for (let id = EOS + 1; id < size && frequent.length <= FREQUENT_PIECES; id++) {
      if (!BYTE_PIECE.test(this.sourceProcessor.pieces([id])[0])) frequent.push(id);
    }
    return frequent;
  }

  /** @param {number} id */
  #shown(id) {
    return this.description.search === "paths" && id === BLANK ? BLANK_SHOWN : this.targetProcessor.pieces([id])[0];
  }

  /** @param {number[]} ids */
  #source(ids) {
    const { source_vocabulary: size } = this.description.config;
    if (ids.at(-1) !== EOS) throw new Error("source: expected ids that end with </s>");
    inRange("pieces of the source", ids.length, 1, this.description.searchConfig.max_source_tokens);
    return ids.map((id) => inRange("source id", id, 0, size - 1));
  }

  /** @param {number[]} ids */
  #target(ids) {
    return ids.map((id) => inRange("target id", id, 0, this.description.config.target_vocabulary - 1));
  }

  /** A token that a hypothesis may contain: `</s>` at its end only. */
  #writable(id, last) {
    const { search, config } = this.description;
    const ends = last && search !== "paths";
    if (search === "paths" && id === BLANK) return id;
    return inRange("forced id", id, ends ? EOS : EOS + 1, config.target_vocabulary - 1);
  }
}

/** @param {number[]} ids */
function placesOfUnknown(ids) {
  return ids.flatMap((id, at) => (id === UNK ? [at] : []));
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {number} least
 * @param {number} most
 * @returns {number}
 */
function inRange(name, value, least, most) {
  if (Number.isInteger(value) && value >= least && value <= most) return /** @type {number} */ (value);
  throw new Error(`${name}: expected a whole number from ${least} to ${most}, received ${String(value).slice(0, 40)}`);
}
