// How strongly the parts of a topology answer: the size of every vector that it computes for one sentence.

import { BOS } from "../ids.js";
import { Stack } from "../stack.js";

/**
 * Root mean squares of vectors, which do not depend on how many numbers a vector has.
 * @typedef {object} Activity
 * @property {number[]} reader what reading gave at each source token; nothing where tokens are not read one by one
 * @property {number[]} memory of each vector that is remembered, as the wiring has them
 * @property {number[][] | null} context attention [written][source], where the topology has it
 * @property {number[]} writer what was computed for each output position
 */

/**
 * @typedef {object} Run of a stack of layers
 * @property {import("../tensor.js").Tensor} x its input [steps, size]
 * @property {import("../tensor.js").Tensor} outputs [steps, units]
 * @property {import("../stack.js").State} [state] after the last step
 */

/**
 * Run a topology over a source and what was written, and measure.
 * @param {any} topology
 * @param {[reads: string, remembers: string, writes: string]} parts of the topology, as the registry names them
 * @param {Int32Array} source
 * @param {number[]} target
 * @returns {Activity}
 */
export function activityOf(topology, parts, source, target) {
  /** @type {Run[]} */
  const runs = [];
  const watched = watchedTopology(topology, (run) => runs.push(run));
  if (topology.positions) return activityInOnePass(watched, parts, source, runs);
  return activityOfSteps(watched, parts, source, target, runs);
}

function activityOfSteps(topology, [, remembers], source, target, runs) {
  let { memory, state } = topology.read(source);
  const reader = sizesOf(runs[0].outputs);
  const vector = sizeOf(state.at(-1).h.data);
  const writer = [];
  const context = [];
  for (const token of [BOS, ...target].slice(0, target.length)) {
    const decoded = topology.decode([token], state, memory);
    writer.push(sizeOf(runs.at(-1).outputs.data));
    if (decoded.attention) context.push(Array.from(decoded.attention.data));
    state = decoded.state;
  }
  const memories = { "each position": writer, "state and every output": [...reader, vector] };
  return { reader, memory: memories[remembers] ?? [vector], context: context.length ? context : null, writer };
}

function activityInOnePass(topology, [reads, remembers], source, runs) {
  const count = topology.positions(source);
  const writer = sizesOf(topology.features(source)).slice(0, count);
  const [first] = runs;
  const reader = reads === "bag" ? [] : sizesOf(first.outputs).slice(0, source.length);
  const memories = {
    "each position": () => writer,
    "expanded positions": () => sizesOf(runs.at(-1).x),
    vector: () => [sizeOf(reads === "bag" ? first.x.row(0) : first.state.at(-1).h.data)],
    // The steps before the first that writes end in the state; where nothing is waited for, it is zero.
    state: () => sizesOf(first.outputs).slice(0, first.outputs.rows - count).slice(-1),
  };
  return { reader, memory: memories[remembers](), context: null, writer };
}

/**
 * The same topology, whose stacks tell when they run.
 * @param {any} topology
 * @param {(run: Run) => void} saw
 */
function watchedTopology(topology, saw) {
  const watched = Object.create(topology);
  for (const [name, part] of Object.entries(topology)) {
    if (part instanceof Stack) watched[name] = watchedStack(part, saw);
  }
  return watched;
}

function watchedStack(stack, saw) {
  const watched = Object.create(stack);
  for (const method of ["sequence", "step"]) {
    watched[method] = (x, state) => {
      const found = stack[method](x, state);
      saw({ x, ...found });
      return found;
    };
  }
  watched.call = (x) => {
    const outputs = stack.call(x);
    saw({ x, outputs });
    return outputs;
  };
  return watched;
}

function sizeOf(vector) {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0) / Math.max(1, vector.length));
}

function sizesOf(tensor) {
  return Array.from({ length: tensor.rows }, (_, row) => sizeOf(tensor.row(row)));
}
