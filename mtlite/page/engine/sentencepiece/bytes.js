/**
 * UTF-8 as a string of bytes: each code unit (0 to 255) is one byte, as in the `std::string` of the library.
 *
 * Positions, lengths and prefixes are then those of the library, whatever the bytes mean, and such strings can be
 * sliced, compared and looked up.
 */

/** How a space is written inside of pieces, U+2581. */
export const SPACE_SYMBOL = "\xe2\x96\x81";

/** What stands for a byte that is no UTF-8, U+FFFD. */
export const REPLACEMENT_CHARACTER = "\xef\xbf\xbd";

const MOST_ARGUMENTS = 1 << 13; // of one call; engines differ in how many they take

/**
 * The bytes of a text; a lone surrogate becomes U+FFFD.
 * @param {string} text
 * @returns {string} bytes
 */
export function bytesOfText(text) {
  return byteString(new TextEncoder().encode(text));
}

/**
 * @param {Uint8Array} array
 * @returns {string} bytes
 */
export function byteString(array) {
  const parts = [];
  for (let at = 0; at < array.length; at += MOST_ARGUMENTS) {
    parts.push(String.fromCharCode(...array.subarray(at, at + MOST_ARGUMENTS)));
  }
  return parts.join("");
}

/**
 * The text that bytes spell. What is no UTF-8 becomes U+FFFD.
 * @param {string} bytes
 * @returns {string}
 */
export function textOfBytes(bytes) {
  const array = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at++) {
    array[at] = bytes.charCodeAt(at);
  }
  // A U+FEFF at the beginning is a character of the text.
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(array);
}

/**
 * The length of the character that a byte begins, going by this byte alone, and at most what is left.
 * @param {string} bytes
 * @param {number} at
 * @returns {number} 1 to 4
 */
export function characterLength(bytes, at) {
  const first = bytes.charCodeAt(at);
  const length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return Math.min(length, bytes.length - at);
}

/**
 * The length of the character at a place, or 0 if the bytes there are no UTF-8.
 * @param {string} bytes
 * @param {number} at
 * @returns {number} 0 to 4
 */
export function validLength(bytes, at) {
  const first = bytes.charCodeAt(at);
  if (first < 0x80) {
    return 1;
  }
  const length = characterLength(bytes, at);
  // Bytes 0x80 to 0xc1 begin nothing, nor do those above 0xf4: they would need more than U+10FFFF.
  if (first < 0xc2 || first > 0xf4 || length !== (first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4)) {
    return 0;
  }
  for (let next = at + 1; next < at + length; next++) {
    if ((bytes.charCodeAt(next) & 0xc0) !== 0x80) {
      return 0;
    }
  }
  return isShortestForm(first, bytes.charCodeAt(at + 1)) ? length : 0;
}

/**
 * Bytes with U+FFFD for each that is no UTF-8, as the library writes it: a decoder of the browser writes it less often.
 * @param {string} bytes
 * @returns {string} bytes
 */
export function repaired(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = validLength(bytes, at);
    text += length === 0 ? REPLACEMENT_CHARACTER : bytes.slice(at, at + length);
    at += length || 1;
  }
  return text;
}

/** Whether the second byte rules out longer spellings of shorter characters, surrogates, and what is past U+10FFFF. */
function isShortestForm(first, second) {
  const least = { 0xe0: 0xa0, 0xf0: 0x90 }[first] ?? 0x80;
  const most = { 0xed: 0x9f, 0xf4: 0x8f }[first] ?? 0xbf;
  return second >= least && second <= most;
}
