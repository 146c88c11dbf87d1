// The packed parts of a page: base64 of deflated bytes. `fetch` could decode them, but a page without network may not.

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Uint8Array(128).fill(255);
for (let at = 0; at < LETTERS.length; at++) VALUES[LETTERS.charCodeAt(at)] = at;

/**
 * @param {string} text base64, with `=` at its end where they belong, and white space around it
 * @returns {Promise<Uint8Array>} what was deflated
 */
export async function unpack(text) {
  const packed = new Blob([fromBase64(text.trim())]).stream();
  const unpacked = packed.pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function fromBase64(text) {
  const letters = text.endsWith("==") ? text.length - 2 : text.endsWith("=") ? text.length - 1 : text.length;
  const bytes = new Uint8Array(Math.floor((letters * 3) / 4));
  let bits = 0;
  let held = 0; // bits in `bits` that are not written yet
  let to = 0;
  for (let at = 0; at < letters; at++) {
    const code = text.charCodeAt(at);
    const value = code < 128 ? VALUES[code] : 255;
    if (value === 255) throw new Error(`expected base64, received ${JSON.stringify(text[at])} at ${at}`);
    bits = (bits << 6) | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[to++] = (bits >> held) & 255;
    }
  }
  return bytes;
}
