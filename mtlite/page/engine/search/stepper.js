// An autoregressive model asked for the next token of every hypothesis.

import { BOS, EOS, PAD, UNK } from "../ids.js";
import { logSumExp } from "./top_k.js";

/** No hypothesis contains padding, `<s>` or an unknown piece. */
export const NEVER_TOKEN_BY_TOKEN = [PAD, BOS, UNK];

/**
 * Scores of the next token of every hypothesis: log p of a token is its score less the row's log total. `scores` are
 * rows of [vocabulary], `attention` rows of [source length].
 * @typedef {{scores: Float32Array[], logTotals: number[], state: any, attention: Float32Array[] | null}} Step
 */

/** Scores the next token of one sentence's hypotheses. */
export class Stepper {
  /** @param {any} topology */
  constructor(topology) {
    this.topology = topology;
  }

  /**
   * The memory of a source and the first state, of one row.
   * @param {Int32Array} source
   */
  read(source) {
    return this.topology.read(source);
  }

  /**
   * Go on over the tokens just written, one a row.
   * @param {number[]} tokens
   * @param {any} state
   * @param {any} memory
   * @returns {Step} with the scores that the model gives
   */
  decode(tokens, state, memory) {
    const decoded = this.topology.decode(Int32Array.from(tokens), state, memory);
    const scores = rowsOf(this.topology.head.logits(decoded.features));
    const attention = decoded.attention ? rowsOf(decoded.attention) : null;
    return { scores, logTotals: scores.map(logSumExp), state: decoded.state, attention };
  }

  /**
   * The same, with -Infinity where a token cannot be written; each row has `written` tokens already.
   * @param {number[]} tokens
   * @param {any} state
   * @param {any} memory
   * @param {number} written
   * @returns {Step}
   */
  step(tokens, state, memory, written) {
    const step = this.decode(tokens, state, memory);
    for (const row of step.scores) for (const id of NEVER_TOKEN_BY_TOKEN) row[id] = -Infinity;
    return step;
  }
}

/** Another stepper, with `</s>` forbidden for the first `least` tokens of every hypothesis. */
export class MinimumLength extends Stepper {
  /**
   * @param {Stepper} stepper
   * @param {number} least
   */
  constructor(stepper, least) {
    super(stepper.topology);
    this.stepper = stepper;
    this.least = least;
  }

  /** @override @type {Stepper["step"]} */
  step(tokens, state, memory, written) {
    const step = this.stepper.step(tokens, state, memory, written);
    if (written < this.least) for (const row of step.scores) row[EOS] = -Infinity;
    return step;
  }
}

/** Another stepper, with the first tokens of every hypothesis given; `null` leaves one free to be anything but an end. */
export class Forced extends Stepper {
  /**
   * @param {Stepper} stepper
   * @param {(number | null)[]} tokens
   */
  constructor(stepper, tokens) {
    super(stepper.topology);
    this.stepper = stepper;
    this.tokens = tokens;
  }

  /** @override @type {Stepper["step"]} */
  step(tokens, state, memory, written) {
    const step = this.stepper.step(tokens, state, memory, written);
    if (written < this.tokens.length) for (const row of step.scores) restrict(row, this.tokens[written]);
    return step;
  }
}

/**
 * Leave one token, or if that is `null` all but `</s>`, of those that can be written.
 * @param {Float32Array} scores [vocabulary]
 * @param {number | null} token
 */
export function restrict(scores, token) {
  const score = token === null ? -Infinity : scores[token];
  if (token !== null) scores.fill(-Infinity);
  scores[token ?? EOS] = score;
}

/**
 * The rows of a matrix, without copying.
 * @param {import("../tensor.js").Tensor} tensor [rows, size]
 * @returns {Float32Array[]}
 */
export function rowsOf(tensor) {
  return Array.from({ length: tensor.rows }, (_, row) => tensor.row(row));
}
