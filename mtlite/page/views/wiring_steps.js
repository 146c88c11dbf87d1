/**
 * What happens at each step of a wiring, in words: the text beside its picture, for everybody.
 *
 * @typedef {import("../engine/wiring.js").Wiring} Wiring
 * @typedef {import("../engine/wiring.js").WiringNode} WiringNode
 */

import {percent, saidPiece} from "./shapes.js";

const MOST_NAMED = 4; // pieces that are named one by one

/** The number of the last step. @param {Wiring} wiring */
export function lastStep(wiring) {
  return Math.max(...wiring.nodes.map(({step}) => step), ...wiring.edges.map(({step}) => step));
}

/**
 * @param {Wiring} wiring
 * @param {Record<string, string>} texts what stands on a node, by its name
 * @param {number[][] | null} attention `[target pieces][source pieces]`
 * @returns {string[]} a text for each step
 */
export function stepTexts(wiring, texts, attention = null) {
  const bothWays = Object.values(wiring.labels).some((text) => text.endsWith("both ways"));
  return Array.from({length: lastStep(wiring)}, (_, at) => {
    const known = wiring.nodes.filter(({step}) => step === at + 1);
    const parts = [
      ...readParts(wiring, known, texts, at + 1, bothWays),
      ...rememberParts(wiring, known),
      ...writeParts(wiring, known, texts, attention),
    ];
    return parts.length ? `${sentenceOf(parts)}.` : "Carries its state on.";
  });
}

function readParts(wiring, known, texts, step, bothWays) {
  const tokens = known.filter(({role}) => role === "source");
  const parts = [];
  if (tokens.length > 1) parts.push(`reads ${named(tokens, texts)} at once`);
  else if (tokens.length && bothWays) {
    const source = wiring.of("source");
    const other = source[source.length - step];
    parts.push(`reads ${named(tokens, texts)} forwards and ${named([other], texts)} backwards`);
  } else if (tokens.length) parts.push(`reads ${named(tokens, texts)}`);
  const soFar = known.filter(({role}) => role === "so-far");
  for (const node of soFar)
    parts.push(node.text === "<s>" ? "reads the mark of the start" : `reads what it wrote, ${named([node], texts)}`);
  if (known.some(({role, layer}) => role === "blank" && layer === "input")) parts.push("reads a blank");
  return parts;
}

function rememberParts(wiring, known) {
  const parts = [];
  const vector = known.find(({role, text}) => role === "memory" && text !== "h") ?? soleMemory(wiring, known);
  if (vector) parts.push(`keeps all that it remembers in one vector (${wiring.labels.memory})`);
  const copies = known.filter(({role}) => role === "copy");
  if (copies.length)
    parts.push(`puts ${copies.length === 1 ? "a copy" : `${copies.length} copies`} of it where it will write`);
  return parts;
}

function soleMemory(wiring, known) {
  const memories = wiring.of("memory");
  return memories.length === 1 && wiring.of("source").length > 1
    ? known.find(({name}) => name === memories[0].name)
    : undefined;
}

function writeParts(wiring, known, texts, attention) {
  const parts = [];
  const contexts = known.filter(({role}) => role === "context");
  for (const node of contexts) {
    const most = strongest(attention?.[numberOf(node) - 1]);
    const where = most ? `, most at ${saidPiece(texts[`source-${most.at + 1}`])} (${percent(most.weight)})` : "";
    parts.push(`looks back at all outputs${where}`);
  }
  const written = known.filter(({role, layer}) => role === "target" && layer === "target");
  const blanks = known.filter(({role, layer}) => role === "blank" && layer === "target");
  if (written.length) parts.push(`writes ${named(written, texts)}${written.length > 1 ? " at once" : ""}`);
  if (blanks.length)
    parts.push(`${written.length ? "" : "writes "}${blanks.length === 1 ? "a blank" : `${blanks.length} blanks`}`);
  return parts;
}

function strongest(weights) {
  if (!weights?.length) return null;
  const weight = Math.max(...weights);
  return {at: weights.indexOf(weight), weight};
}

/** The number in the name of a node. @param {{name: string}} node */
export function numberOf(node) {
  return Number(node.name.slice(node.name.lastIndexOf("-") + 1));
}

function named(nodes, texts) {
  const names = nodes.map(({name, text}) => saidPiece(texts[name] ?? text));
  if (names.length <= MOST_NAMED) return names.join(", ");
  return `${names.length} pieces, ${names[0]} … ${names[names.length - 1]}`;
}

function sentenceOf(parts) {
  const text = parts.length < 2 ? parts[0] : `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;
  return text[0].toUpperCase() + text.slice(1);
}
