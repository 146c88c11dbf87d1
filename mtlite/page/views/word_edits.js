/** Changes to the words of a sentence. */

/**
 * The words of a sentence: what white space separates, or where there is none, what the browser takes for words.
 *
 * @param {string} sentence
 * @returns {{words: string[], between: string}} `between` joins them again
 */
export function wordsOf(sentence) {
  const text = sentence.trim();
  if (text === "") return {words: [], between: " "};
  if (/\s/.test(text)) return {words: text.split(/\s+/), between: " "};
  if (/^[\p{ASCII}\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]*$/u.test(text))
    return {words: [text], between: " "};
  return {
    words: [...new Intl.Segmenter(undefined, {granularity: "word"}).segment(text)].map(({segment}) => segment),
    between: "",
  };
}

/** @param {{words: string[], between: string}} words */
export function joinedWords({words, between}) {
  return words.filter((word) => word !== "").join(between);
}

/** @param {{words: string[], between: string}} words @param {number} at @param {string} word */
export function withWord({words, between}, at, word) {
  return {words: words.map((each, place) => (place === at ? word.trim() : each)), between};
}

/** Without one of the words. @param {{words: string[], between: string}} words @param {number} at */
export function withoutWord({words, between}, at) {
  return {words: words.filter((_, place) => place !== at), between};
}

/** With a new word before a place. @param {{words: string[], between: string}} words @param {number} at @param {string} word */
export function withNewWord({words, between}, at, word) {
  return {words: [...words.slice(0, at), word, ...words.slice(at)], between};
}

/** A word and the next one change places. @param {{words: string[], between: string}} words @param {number} at */
export function withSwappedWords({words, between}, at) {
  if (at + 1 >= words.length) return {words, between};
  return {words: [...words.slice(0, at), words[at + 1], words[at], ...words.slice(at + 2)], between};
}

/** A sentence many times. @param {string} sentence @param {number} times */
export function repeatedSentence(sentence, times) {
  return Array(times).fill(sentence).join(wordsOf(sentence).between);
}
