// The registry of topologies, by the names that Python gives them.

import { Weights } from "../weights.js";
import { Aligned } from "./aligned.js";
import { Attention } from "./attention.js";
import { CTC } from "./ctc.js";
import { EncoderDecoder } from "./encoder_decoder.js";
import { LastN } from "./last_n.js";
import { ManyToOne } from "./many_to_one.js";
import { OneToMany } from "./one_to_many.js";
import { OneToOne } from "./one_to_one.js";
import { Padded } from "./padded.js";
import { Peek } from "./peek.js";
import { RepeatVector } from "./repeat_vector.js";
import { VectorDense } from "./vector_dense.js";

const TOPOLOGIES = new Map([
  ["one-to-one", OneToOne],
  ["one-to-many", OneToMany],
  ["many-to-one", ManyToOne],
  ["aligned", Aligned],
  ["last-n", LastN],
  ["padded", Padded],
  ["vector-dense", VectorDense],
  ["repeat-vector", RepeatVector],
  ["encoder-decoder", EncoderDecoder],
  ["peek", Peek],
  ["attention", Attention],
  ["ctc", CTC],
]);

/**
 * Open a model; throw an Error if its weights are damaged or belong to another configuration.
 *
 * @param {object} description
 * @param {string} description.topology
 * @param {import("./topology.js").TopologyConfig} description.config
 * @param {import("../weights.js").StoredTensor[]} description.tensors
 * @param {Uint8Array} weights
 * @returns {import("./topology.js").Topology}
 */
export function openTopology({ topology, config, tensors }, weights) {
  const kind = TOPOLOGIES.get(topology);
  if (!kind) {
    const beside = "add one beside encoder_decoder.js, and its class to index.js";
    throw new Error(`topology ${topology} has no file in engine/topologies: ${beside}`);
  }
  if (!(config.layers <= tensors.length)) {
    throw new Error(`weights: expected those of ${config.layers} layers, received ${tensors.length} arrays`);
  }
  const model = new kind(config, new Weights(tensors, weights));
  model.makeWeights();
  return model;
}
