/**
 * Strings of bytes with a number each, found by walking along a text.
 */
export class PrefixTrie {
  /** @param {Iterable<[string, number]>} entries */
  constructor(entries) {
    this.children = new Map(); // node * 256 + byte -> node
    this.numbers = [-1]; // of each node; the root is node 0
    for (const [bytes, number] of entries) {
      this.#add(bytes, number);
    }
  }

  #add(bytes, number) {
    let node = 0;
    for (let at = 0; at < bytes.length; at++) {
      const edge = node * 256 + bytes.charCodeAt(at);
      node = this.children.get(edge) ?? this.numbers.length;
      if (node === this.numbers.length) {
        this.numbers.push(-1);
        this.children.set(edge, node);
      }
    }
    this.numbers[node] = number;
  }

  /**
   * Calls `found(end, number)` for every entry that stands at a place, shortest first.
   * @param {string} text
   * @param {number} at
   * @param {(end: number, number: number) => void} found
   */
  eachPrefix(text, at, found) {
    let node = 0;
    for (let end = at; end < text.length; ) {
      node = this.children.get(node * 256 + text.charCodeAt(end));
      if (node === undefined) {
        return;
      }
      end++;
      if (this.numbers[node] >= 0) {
        found(end, this.numbers[node]);
      }
    }
  }

  /**
   * The length of the longest entry at a place, 0 if there is none.
   * @param {string} text
   * @param {number} at
   * @returns {number} bytes
   */
  longestAt(text, at) {
    let length = 0;
    this.eachPrefix(text, at, (end) => (length = end - at));
    return length;
  }
}
