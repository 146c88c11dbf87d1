// From features to scores over the target vocabulary.

import { product } from "./tensor.js";

/** `Dense(embedding size)` and the embedding transposed when tied (Press & Wolf 2017), else `Dense(vocabulary)`. */
export class Head {
  /**
   * @param {import("./weights.js").Weights} weights
   * @param {string} name
   * @param {number} vocabularySize
   * @param {import("./embedding.js").Embedding | null} embedding
   */
  constructor(weights, name, vocabularySize, embedding) {
    this.weights = weights;
    this.name = name;
    this.vocabularySize = vocabularySize;
    this.embedding = embedding;
  }

  build(size) {
    if (this.bias) return;
    if (this.embedding) {
      this.embedding.build(`${this.name}/${this.embedding.name}`); // a topology that reads no target never calls it
      const narrow = this.embedding.size;
      this.projection = this.weights.kernel(`${this.name}/projection`, size, narrow);
      this.projectionBias = this.weights.vector(`${this.name}/projection_bias`, narrow);
      this.matrix = this.embedding.table;
    } else {
      this.matrix = this.weights.kernel(`${this.name}/kernel`, size, this.vocabularySize);
    }
    this.bias = this.weights.vector(`${this.name}/bias`, this.vocabularySize);
  }

  /**
   * @param {import("./tensor.js").Tensor} features `[rows, size]`
   * @returns {import("./tensor.js").Tensor} `[rows, vocabulary]`
   */
  logits(features) {
    this.build(features.size);
    const x = this.embedding ? product(features, this.projection, this.projectionBias) : features;
    return product(x, this.matrix, this.bias);
  }
}
