// Asks models in Node: a question a line on standard input, an answer a line on standard output, all as JSON.
//
//   {"folder": "packed/village-1", "method": "translate", "arguments": ["the dog sleeps", {"beam": 5}]}
//   {"result": …, "milliseconds": 12.3}  or  {"error": "…"}
//
// A folder is one that `mtlite.page.model.write_folder` wrote. Methods are those of `Model`.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Model } from "../mtlite/page/engine/model.js";

/** @type {Map<string, Model>} */
const modelsByFolder = new Map();

/** @param {string} folder */
function modelIn(folder) {
  const bytes = (name) => new Uint8Array(readFileSync(join(folder, name)));
  if (!modelsByFolder.has(folder)) {
    const description = JSON.parse(readFileSync(join(folder, "model.json"), "utf-8"));
    const parts = ["weights.bin", "source.model", "target.model"].map(bytes);
    modelsByFolder.set(folder, Model.open(description, ...parts));
  }
  return modelsByFolder.get(folder);
}

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  let answer;
  try {
    const model = modelIn(question.folder);
    const start = performance.now();
    const result = await model[question.method](...question.arguments);
    answer = { result, milliseconds: performance.now() - start };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
