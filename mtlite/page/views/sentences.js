// Text into paragraphs and sentences. A model translates one sentence at a time, as it was trained.
// The rules are our own and not `Intl.Segmenter`'s: the number of a sentence stands in addresses, and must mean the same
// one in every browser.

/**
 * Marks that end a sentence where white space follows, with quotes and brackets that close after them. A run of marks is
 * looked at once, from its first one: the time grows with the text alone.
 */
const END = /(?<![.!?…؟۔।॥։])[.!?…؟۔।॥։]+["'”’»›)\]]*(?=\s)|[。！？｡]+["'”’」』）]*/gu;
/** What a full stop follows without an end: titles, and abbreviations of several letters with stops between them. */
const ABBREVIATION =
  /(?:^|[\s("'„“«])(?:(?:\p{L}\.\s?)*\p{L}|Mr|Mrs|Ms|Dr|Prof|St|Nr|No|vs|etc|bzw|ca|vgl|Hr|Fr|Mme|M|cf|e\.g|i\.e)\.$/u;
const NUMBER = /(?:^|\s)\p{N}{1,3}\.$/u; // 3. Mai, a numbered list
const LOOK_BACK = 40; // characters in which an abbreviation is looked for
const LOWER = /^\s*["'„“«(]*\p{Ll}/u;

/**
 * @typedef {object} Sentence
 * @property {string} text without white space around it
 * @property {string} after the white space between it and the next one of its paragraph
 */

/**
 * @param {string} text
 * @returns {Sentence[][]} for each line its sentences; a blank line has none
 */
export function paragraphsOf(text) {
  return text.split(/\r?\n/).map(sentencesOfLine);
}

/**
 * @param {string} text
 * @returns {string[]} all sentences, which `state.sentence` counts
 */
export function sentencesOf(text) {
  return paragraphsOf(text).flatMap((paragraph) => paragraph.map((sentence) => sentence.text));
}

/**
 * @param {{text: string, sentence: number}} state
 * @returns {string} the sentence that is explained; empty if there is none
 */
export function chosenSentence(state) {
  const sentences = sentencesOf(state.text);
  return sentences[Math.min(state.sentence, sentences.length - 1)] ?? "";
}

/**
 * @param {string} line
 * @returns {Sentence[]}
 */
function sentencesOfLine(line) {
  const ends = [...line.matchAll(END)].map((match) => match.index + match[0].length);
  const sentences = [];
  let start = 0;
  for (const end of [...ends, line.length]) {
    if (end < line.length && !isEnd(line.slice(start, end), line.slice(end))) continue;
    const part = line.slice(start, end);
    const text = part.trim();
    const [after] = /** @type {RegExpMatchArray} */ (line.slice(end).match(/^\s*/));
    if (text) sentences.push({text, after});
    start = end;
  }
  return sentences;
}

/**
 * Whether a sentence ends after `before`, which ends with such a mark.
 * @param {string} before
 * @param {string} following
 */
function isEnd(before, following) {
  if (LOWER.test(following)) return false;
  // A letter before the cut: it is not the beginning of a sentence.
  const tail = before.length > LOOK_BACK ? `x${before.slice(-LOOK_BACK)}` : before;
  return !ABBREVIATION.test(tail) && !NUMBER.test(tail);
}
