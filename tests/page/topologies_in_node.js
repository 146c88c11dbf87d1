// Opens models and computes their logits.

import { readFileSync } from "node:fs";

const FIRST = 2; // <s>

/** For each question what a model says to its sources and targets, or why it cannot be opened. */
export async function answersTo(page, questions) {
  const { openTopology } = await page("engine/topologies/index.js");
  const { selected } = await page("engine/topologies/autoregressive.js");
  return questions.map(({ description, weights, asked }) => {
    try {
      const model = openTopology(description, new Uint8Array(readFileSync(weights)));
      return asked.map(({ source, targets }) =>
        model.read ? autoregressive(model, selected, source, targets) : direct(model, source),
      );
    } catch (error) {
      return { error: String(error) };
    }
  });
}

/** @returns {{positions: number, logits: number[][]}} */
function direct(model, source) {
  return { positions: model.positions(source), logits: rowsOf(model.logits(source)) };
}

/**
 * The targets, which are equally long, each alone, and side by side as in a beam, where they change rows at every step.
 *
 * @returns {{alone: number[][][], together: number[][][], attention: number[][][] | null}} for each target and column
 */
function autoregressive(model, selected, source, targets) {
  const { memory, state: first } = model.read(source);
  const together = targets.map(() => []);
  const attention = targets.map(() => []);
  let order = targets.map((_, row) => row);
  let state = selected(first, new Int32Array(targets.length));
  for (let column = 0; column < targets[0].length; column++) {
    const tokens = order.map((number) => (column ? targets[number][column - 1] : FIRST));
    const decoded = model.decode(tokens, state, memory);
    const logits = rowsOf(model.head.logits(decoded.features));
    const looked = decoded.attention ? rowsOf(decoded.attention) : [];
    order.forEach((number, row) => {
      together[number].push(logits[row]);
      attention[number].push(looked[row]);
    });
    const origins = order.map((_, row) => (row + 1) % order.length);
    order = origins.map((row) => order[row]);
    state = selected(decoded.state, origins);
  }
  const alone = targets.map((target) => rowsOf(model.logits(source, target)));
  return { alone, together, attention: attention[0][0] ? attention : null };
}

function rowsOf(tensor) {
  return Array.from({ length: tensor.rows }, (_, row) => [...tensor.row(row)]);
}
