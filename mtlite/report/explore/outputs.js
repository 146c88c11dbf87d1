// The sentences of the test sets and what each system made of them, as the page carries them.

/**
 * @typedef {{text: string, bleu: number, longer: number}} Hypothesis
 *   with its sentence BLEU, and how many words it has more than the reference
 * @typedef {{name: string, title: string, labels: string[], edges: number[], ofHypothesis: boolean}} Property
 *   by which sentences are sorted into buckets; its name is that of the table that does so
 */

/** All sentences with all outputs. */
export class Outputs {
  /** @param {any} data what `mtlite/report/sentences.py` has written */
  constructor(data) {
    /** @type {string[]} */ this.systems = data.systems;
    /** @type {number[]} */ this.seeds = data.seeds;
    /** @type {Property[]} */ this.properties = data.properties;
    /** @type {{name: string, sources: string[], references: string[], values: Record<string, any[]>}[]} */
    this.tests = data.tests;
    /** the system that the others are compared with, and test set and seed of the tables with buckets */
    this.baseline = data.baseline;
    this.test = data.test;
    this.seed = data.seed;
    this.languages = data.languages;
    this.unspaced = data.unspaced;
  }

  /**
   * What a system with a seed made of a sentence; null if it was not trained with this seed.
   * @param {number} test
   * @param {number} system
   * @param {number} seed
   * @param {number} line from 0
   * @returns {Hypothesis | null}
   */
  hypothesis(test, system, seed, line) {
    const { hypotheses, outputs } = this.tests[test];
    const which = outputs[system][seed];
    if (!which) return null;
    const [text, bleu, longer] = hypotheses[line][which[line]];
    return { text, bleu, longer };
  }

  /**
   * The buckets that a sentence is in, by a property: one, or several for its words.
   * @param {Property} property
   * @param {number} test
   * @param {number} line
   * @param {Hypothesis | null} hypothesis for a property of hypotheses
   * @returns {number[]}
   */
  buckets(property, test, line, hypothesis) {
    if (property.ofHypothesis) {
      if (!hypothesis) return [];
      return [bucketOf(property.edges, property.name === "sentence-bleu" ? hypothesis.bleu : hypothesis.longer)];
    }
    const value = this.tests[test].values[property.name][line];
    return Array.isArray(value) ? value.map((each) => bucketOf(property.edges, each)) : [bucketOf(property.edges, value)];
  }
}

/**
 * The number of the bucket that a value is in; that of an unknown one is the last.
 * @param {number[]} edges each bucket starts at its edge
 * @param {number | null} value
 * @returns {number}
 */
export function bucketOf(edges, value) {
  return value === null ? edges.length + 1 : edges.filter((edge) => edge <= value).length;
}
