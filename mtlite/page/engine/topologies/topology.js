// What all topologies share: embeddings, an output head, sizes, and the interface to search.

import { Dense } from "../dense.js";
import { DenseStack } from "../dense_stack.js";
import { Embedding } from "../embedding.js";
import { Head } from "../head.js";
import { EOS } from "../ids.js";
import { LSTMStack } from "../stack.js";

/**
 * @typedef {object} TopologyConfig as in Python
 * @property {number} source_vocabulary
 * @property {number} target_vocabulary
 * @property {boolean} joint
 * @property {boolean} tied_embeddings
 * @property {number} embedding_size
 * @property {number} units
 * @property {number} layers
 * @property {boolean} bidirectional
 * @property {boolean} layer_normalization
 * @property {boolean} residual
 * @property {"dot" | "general" | "additive"} attention
 * @property {number} attention_heads
 * @property {number} wait
 * @property {{direct: LengthRule, search: LengthRule, fixed: number, expansion: number}} lengths
 */
/** @typedef {import("../length_rules.js").LengthRule} LengthRule */

/**
 * Base of all topologies. A source is the ids of one sentence with `</s>`, without padding.
 *
 * Python's has a batch of sentences in its first dimension; here a sequence is `[length, size]`, and hypotheses of one
 * sentence that are continued together are `[rows, size]`.
 */
export class Topology {
  /**
   * @param {TopologyConfig} config
   * @param {import("../weights.js").Weights} weights
   */
  constructor(config, weights) {
    this.config = config;
    this.weights = weights;
    if (config.joint) {
      this.sourceEmbedding = this.targetEmbedding = this.embedding("embedding", config.source_vocabulary);
    } else {
      this.sourceEmbedding = this.embedding("source_embedding", config.source_vocabulary);
      this.targetEmbedding = this.embedding("target_embedding", config.target_vocabulary);
    }
    const tied = config.tied_embeddings ? this.targetEmbedding : null;
    this.head = new Head(weights, "head", config.target_vocabulary, tied);
    this.makeLayers();
  }

  embedding(name, vocabularySize) {
    return new Embedding(this.weights, name, vocabularySize, this.config.embedding_size);
  }

  /** A stack of LSTM layers with this model's sizes and options, unless `options` are given. */
  stack(name, options) {
    const { units, layers, layer_normalization, residual } = this.config;
    return new LSTMStack(this.weights, name, { units, layers, layer_normalization, residual, ...options });
  }

  /** The same, in both directions where the configuration says so. */
  sourceStack(name, options) {
    return this.stack(name, { bidirectional: this.config.bidirectional, ...options });
  }

  /** The same without recurrence. */
  denseStack(name) {
    const { units, layers, layer_normalization, residual } = this.config;
    return new DenseStack(this.weights, name, { units, layers, layer_normalization, residual });
  }

  /** A linear layer. */
  dense(name, size) {
    return new Dense(this.weights, name, size);
  }

  /**
   * Run a stack over the embedded source.
   *
   * @param {LSTMStack} stack
   * @param {ArrayLike<number>} source
   * @returns {{outputs: import("../tensor.js").Tensor, state: import("../stack.js").State}} outputs `[source length,
   *   units]`, and the last h and c of each layer
   */
  encode(stack, source) {
    return stack.sequence(this.sourceEmbedding.call(source));
  }

  /**
   * Scores of all tokens at every output position.
   *
   * @param {ArrayLike<number>} source
   * @param {ArrayLike<number>} target ids with `</s>`
   * @returns {import("../tensor.js").Tensor} `[positions, vocabulary]`
   */
  logits(source, target) {
    return this.head.logits(this.features(source, target));
  }

  /**
   * Take all weights, which each layer does when it is first called; throw an Error if one is missing, has another shape
   * or is left over.
   */
  makeWeights() {
    this.logits([EOS], [EOS]);
    this.weights.close();
  }
}
