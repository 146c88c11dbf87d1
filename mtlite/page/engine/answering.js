// Questions about the runs of a page, and their answers: the worker's side of the messages.

import { Model } from "./model.js";
import { unpack } from "./unpack.js";

/** What can be asked of a model, and how many values each method takes before what watches over it. */
const METHODS = new Map([
  ["encode", 1],
  ["pieces", 1],
  ["text", 1],
  ["translate", 2],
  ["translateLines", 2],
  ["force", 3],
  ["continuations", 3],
  ["beamTree", 2],
  ["influence", 3],
  ["activity", 2],
]);

/**
 * @typedef {{number: number, run: number, method: string, arguments: any[]}} Question `open` takes the description of a
 * run and its packed parts, `{weights, source, target}`; all other methods are those of a `Model`
 *
 * @typedef {{number: number, progress: {done: number, all: number, newest?: any}}
 *   | {number: number, result: any} | {number: number, error: string}} Answer
 */

/** Opens each run once, and answers questions as they come: a long one does not keep a short one waiting. */
export class Answering {
  /** @param {(answer: Answer) => void} answer */
  constructor(answer) {
    this.answer = answer;
    /** @type {Map<number, Promise<Model>>} */
    this.models = new Map();
    /** @type {Map<number, {stopped: boolean}>} */
    this.open = new Map();
  }

  /** @param {Question | {stop: number}} message */
  async receive(message) {
    if ("stop" in message) {
      const question = this.open.get(message.stop);
      if (question) question.stopped = true;
      return;
    }
    const { number } = message;
    const question = { stopped: false };
    this.open.set(number, question);
    try {
      this.answer({ number, result: await this.#result(message, question) });
    } catch (error) {
      this.answer({ number, error: error instanceof Error ? error.message : String(error) });
    } finally {
      this.open.delete(number);
    }
  }

  async #result({ number, run, method, arguments: values }, question) {
    if (method === "open") {
      this.models.set(run, opened(...values));
      await this.models.get(run);
      return null;
    }
    const count = METHODS.get(method);
    if (count === undefined) throw new Error(`expected one of ${[...METHODS.keys()].join(", ")}, received ${method}`);
    const model = await this.models.get(run);
    if (!model) throw new Error(`run ${run} is not open`);
    const control = {
      progress: (done, all, newest) => this.answer({ number, progress: { done, all, newest } }),
      stopped: () => question.stopped,
    };
    const given = Array.from({ length: count }, (_, at) => values[at] ?? undefined);
    return model[method](...given, control);
  }
}

async function opened(description, { weights, source, target }) {
  return Model.open(description, ...(await Promise.all([weights, source, target].map(unpack))));
}
