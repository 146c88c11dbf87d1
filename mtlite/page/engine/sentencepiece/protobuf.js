/**
 * Reads the wire format of protocol buffers: numbered fields, each a number or a run of bytes.
 */

const MOST_VARINT_BYTES = 10;

/**
 * One field of a message. `value` is a number (of a varint or of 4 bytes as float32) or bytes.
 * @typedef {{number: number, kind: "varint" | "float" | "bytes" | "double", value: number | Uint8Array}} Field
 */

/**
 * Calls `take[number](value)` for each field of a message that is in `take` and has the kind that is expected there.
 *
 * As in the library, fields that nobody asked for, or that are of another kind, are passed over.
 * @param {Uint8Array} bytes
 * @param {Record<number, {kind: Field["kind"], take: (value: any) => void}>} wanted
 * @throws {Error} where the bytes are no message
 */
export function readMessage(bytes, wanted) {
  const reader = new WireReader(bytes);
  while (!reader.atEnd) {
    const { number, kind, value } = reader.field();
    if (wanted[number]?.kind === kind) {
      wanted[number].take(value);
    }
  }
}

class WireReader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  get atEnd() {
    return this.at === this.bytes.length;
  }

  /** @returns {Field} */
  field() {
    const tag = this.varint();
    const number = Math.floor(tag / 8);
    if (number < 1 || number >= 2 ** 29) {
      throw new Error(`no field has the number ${number}`);
    }
    switch (tag % 8) {
      case 0:
        return { number, kind: "varint", value: this.varint() };
      case 1:
        return { number, kind: "double", value: this.view.getFloat64(this.take(8), true) };
      case 2:
        return { number, kind: "bytes", value: this.run() };
      case 5:
        return { number, kind: "float", value: this.view.getFloat32(this.take(4), true) };
      default:
        throw new Error(`no field is of wire type ${tag % 8}`);
    }
  }

  /** A number of up to 64 bits; above 53 it is rounded, which no field here needs exactly. */
  varint() {
    let value = 0;
    for (let place = 0; place < MOST_VARINT_BYTES; place++) {
      const byte = this.bytes[this.take(1)];
      value += (byte & 0x7f) * 2 ** (7 * place);
      if (byte < 0x80) {
        return value;
      }
    }
    throw new Error("a number has no end");
  }

  run() {
    const length = this.varint();
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  /** Passes over so many bytes; returns where they start. */
  take(length) {
    const start = this.at;
    if (length > this.bytes.length - start) {
      throw new Error(`it ends within a field at byte ${start}`);
    }
    this.at += length;
    return start;
  }
}
