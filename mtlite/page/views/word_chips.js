// The words of a sentence, each of which can be changed, dropped, or change places with the next.

import {element} from "./elements.js";
import {joinedWords, withNewWord, withoutWord, withSwappedWords, withWord, wordsOf} from "./word_edits.js";

/**
 * @param {string} sentence
 * @param {string[]} original words: others are marked
 * @param {(sentence: string, focus: string) => void} change called with another sentence, and with what has the focus
 *   in it
 */
export function wordChips(sentence, original, change) {
  const words = wordsOf(sentence);
  const place = element("ol", {class: "chips", dir: "auto", "aria-label": "Words of the sentence"});
  const changed = (others, focus) => change(joinedWords(others), focus);
  place.append(
    ...words.words.map((word, at) => chip(words, at, !original.includes(word), changed)),
    addition(words, changed),
  );
  return place;
}

function chip(words, at, isNew, changed) {
  const word = words.words[at];
  const name = `word ${at + 1}, ${word}`;
  const tool = (label, text, edited, focus) =>
    element(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-label": `${label} ${name}`,
        title: label,
        "data-focus": `${label}-${at}`,
        onclick: () => changed(edited, focus),
      },
      text,
    );
  return element(
    "li",
    {class: `word${isNew ? " new" : ""}`},
    field(`Change ${name}`, word, `word-${at}`, (text) => changed(withWord(words, at, text), `word-${at}`)),
    tool("Drop", "×", withoutWord(words, at), `word-${Math.min(at, words.words.length - 2)}`),
    ...(at + 1 < words.words.length
      ? [tool("Swap with the next", "⇄", withSwappedWords(words, at), `Swap with the next-${at}`)]
      : []),
  );
}

/** An empty field at the end: what is typed into it becomes a new word. */
function addition(words, changed) {
  const at = words.words.length;
  return element(
    "li",
    {class: "word add"},
    field("Add a word", "", `word-${at}`, (text) => changed(withNewWord(words, at, text), `word-${at + 1}`)),
  );
}

function field(label, value, focus, changed) {
  const commit = (event) => {
    if (event.target.value.trim() !== value) changed(event.target.value.trim());
  };
  return element("input", {
    type: "text",
    value,
    dir: "auto",
    "aria-label": label,
    placeholder: value ? null : "+ word",
    "data-focus": focus,
    autocomplete: "off",
    spellcheck: "false",
    style: `inline-size: ${Math.max(value ? 4 : 9, [...value].length + 2)}ch`,
    onchange: commit,
    onkeydown: (event) => {
      if (event.key === "Enter") commit(event);
    },
  });
}
