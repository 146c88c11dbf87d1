// A text with its changes marked.

import {differences} from "./differences.js";
import {element} from "./elements.js";

const SIGNS = {gone: "del", new: "ins", same: "span"};

/**
 * @param {string[]} before pieces
 * @param {string[]} after pieces
 * @returns {HTMLElement} the text after, with what is new and what is gone in it
 */
export function changedText(before, after) {
  const parts = differences(before.map(plainPiece).filter(Boolean), after.map(plainPiece).filter(Boolean));
  const joined = joinedParts(parts);
  if (joined.length) joined[0].text = joined[0].text.trimStart();
  const marked = joined.flatMap(({kind, text}) => {
    const word = text.trimStart(); // a space before it is no part of the change
    return [text.slice(0, text.length - word.length), element(SIGNS[kind], {}, word)];
  });
  return element("p", {class: "changed-text", dir: "auto"}, ...(marked.length ? marked : ["(nothing)"]));
}

/** A piece as text; the mark of the end is none. */
function plainPiece(piece) {
  return piece === "</s>" ? "" : piece.replaceAll("▁", " ");
}

/** Neighbours of one kind as one part: less for a screen reader to say. */
function joinedParts(parts) {
  const joined = [];
  for (const {kind, text} of parts) {
    const last = joined[joined.length - 1];
    if (last?.kind === kind) last.text += text;
    else joined.push({kind, text});
  }
  return joined;
}
