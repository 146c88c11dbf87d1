// Promises over the worker in which the models are: asking does not freeze the page, and can be stopped.

const MOST_ANSWERS = 1000; // that are kept: going back to what was seen asks nothing

/**
 * @typedef {object} Control
 * @property {AbortSignal} [signal] stops the work when nobody else waits for it
 * @property {(done: number, all: number) => void} [progress]
 *
 * @typedef {object} Question
 * @property {number} number
 * @property {string} key
 * @property {Promise<any>} answer
 * @property {(value: any) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {Set<(done: number, all: number) => void>} listeners to its progress
 * @property {number} waiting how many want the answer
 * @property {boolean} isOver
 */

export class Client {
  /**
   * @param {any[]} runs descriptions of the runs, as in the page's data
   * @param {(run: any) => any} partsOf the packed weights and tokenizers of a run, which the worker opens
   * @param {Worker} worker
   */
  constructor(runs, partsOf, worker) {
    this.runs = runs;
    this.partsOf = partsOf;
    this.worker = worker;
    this.opened = /** @type {Set<number>} */ (new Set());
    this.questions = /** @type {Map<number, Question>} */ (new Map());
    this.answers = /** @type {Map<string, Question>} */ (new Map());
    this.numbers = 0;
    worker.onmessage = ({data}) => this.#receive(data);
    worker.onerror = (event) => this.#fail(new Error(event.message || "the models' worker could not start"));
  }

  /**
   * Calls a method of the model of a run, as `engine/model.js` has them. The same question is asked once.
   * @param {number} run its place in the page
   * @param {string} method
   * @param {any[]} values plain ones
   * @param {Control} control
   * @returns {Promise<any>} rejected with an `AbortError` if it was stopped
   */
  ask(run, method, values = [], {signal, progress} = {}) {
    if (signal?.aborted) return Promise.reject(stopped());
    const key = JSON.stringify([run, method, values]);
    const question = this.answers.get(key) ?? this.#question(key, run, method, values);
    this.answers.delete(key); // what was asked for last is forgotten last
    this.answers.set(key, question);
    question.waiting += 1;
    if (progress) question.listeners.add(progress);
    if (!signal) return question.answer;
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#leave(question);
        reject(stopped());
      };
      signal.addEventListener("abort", stop, {once: true});
      const end = () => signal.removeEventListener("abort", stop);
      question.answer.then((value) => (end(), resolve(value)), (error) => (end(), reject(error)));
    });
  }

  /**
   * @param {string} key
   * @param {number} run
   * @param {string} method
   * @param {any[]} values
   * @returns {Question}
   */
  #question(key, run, method, values) {
    if (!this.opened.has(run)) {
      this.opened.add(run); // the worker answers in order: what is asked next waits for it
      this.#post(JSON.stringify([run, "open"]), run, "open", [this.runs[run], this.partsOf(this.runs[run])]);
    }
    for (const oldest of this.answers.keys()) {
      if (this.answers.size < MOST_ANSWERS) break;
      this.answers.delete(oldest);
    }
    return this.#post(key, run, method, values);
  }

  /**
   * @param {string} key
   * @param {number} run
   * @param {string} method
   * @param {any[]} values
   * @returns {Question}
   */
  #post(key, run, method, values) {
    const number = ++this.numbers;
    /** @type {any} */
    const question = {number, key, listeners: new Set(), waiting: 0, isOver: false};
    question.answer = new Promise((resolve, reject) => Object.assign(question, {resolve, reject}));
    question.answer.catch(() => {}); // those who wait hear of it; one that nobody waits for is no fault of the page
    this.questions.set(number, question);
    this.worker.postMessage({number, run, method, arguments: values});
    return question;
  }

  /** @param {Question} question */
  #leave(question) {
    question.waiting -= 1;
    if (question.waiting > 0 || question.isOver) return;
    this.worker.postMessage({stop: question.number});
    this.#end(question);
    if (this.answers.get(question.key) === question) this.answers.delete(question.key);
  }

  /** @param {{number: number, result?: any, error?: string, progress?: {done: number, all: number}}} message */
  #receive(message) {
    const question = this.questions.get(message.number);
    if (!question) return; // it was stopped
    if (message.progress) {
      for (const listener of question.listeners) listener(message.progress.done, message.progress.all);
      return;
    }
    this.#end(question);
    if (message.error === undefined) question.resolve(message.result);
    else question.reject(new Error(message.error));
  }

  /** @param {Question} question */
  #end(question) {
    question.isOver = true;
    this.questions.delete(question.number);
  }

  /** @param {Error} error */
  #fail(error) {
    for (const question of this.questions.values()) question.reject(error);
    this.questions.clear();
  }
}

/** @param {unknown} error */
export function isStopped(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

function stopped() {
  return new DOMException("stopped", "AbortError");
}

/**
 * A worker out of source text: from a file, a page may not start another one.
 * @param {string} source
 */
export function workerOf(source) {
  const address = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
  const worker = new Worker(address);
  // The address is needed until the worker has read it, which no event tells; it holds little memory.
  return worker;
}
