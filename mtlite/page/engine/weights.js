// The bytes of a model's weights, opened: see weights.py, which writes them.

import { Tensor, transposed } from "./tensor.js";

/**
 * @typedef {object} StoredTensor where one array of weights lies in the bytes, and how
 * @property {string} name
 * @property {number[]} shape
 * @property {"float32" | "bfloat16" | "int8 rows"} format
 * @property {number} offset
 * @property {number} bytes
 */

/** From the bytes of an array of `count` numbers, in rows of `size`, to float32. */
const READERS = {
  float32: { bytes: (count) => 4 * count, read: (bytes) => new Float32Array(bytes.buffer) },
  bfloat16: { bytes: (count) => 2 * count, read: fromBfloat16 },
  "int8 rows": { bytes: (count, size) => count + 4 * (count / size), read: fromInt8Rows },
};

/** A bfloat16 is the first half of a float32. */
function fromBfloat16(bytes) {
  const halves = new Uint16Array(bytes.buffer);
  const whole = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) whole[i] = halves[i] << 16;
  return new Float32Array(whole.buffer);
}

/** The scales of all rows (float32), then their numbers from −127 to 127. */
function fromInt8Rows(bytes, count, size) {
  const rows = count / size;
  const scales = new Float32Array(bytes.buffer, 0, rows);
  const whole = new Int8Array(bytes.buffer, 4 * rows);
  const values = new Float32Array(count);
  for (let row = 0; row < rows; row++) {
    for (let i = row * size; i < (row + 1) * size; i++) values[i] = whole[i] * scales[row];
  }
  return values;
}

/** Gives each array once, in the shape that is expected of it; an Error says which one is not what it should be. */
export class Weights {
  /**
   * @param {StoredTensor[]} tensors
   * @param {Uint8Array} bytes of all of them
   */
  constructor(tensors, bytes) {
    this.bytes = bytes;
    this.tensors = new Map(tensors.map((tensor) => [tensor.name, tensor]));
    if (this.tensors.size !== tensors.length) throw new Error("weights: a name stands for two arrays");
  }

  /**
   * @param {string} path such as `head/bias`
   * @param {number} size
   * @returns {Float32Array} `[size]`
   */
  vector(path, size) {
    return this.#take(path, [size]);
  }

  /**
   * @param {string} path
   * @param {number} rows
   * @param {number} size
   * @returns {Tensor} `[rows, size]`
   */
  matrix(path, rows, size) {
    return new Tensor(rows, size, this.#take(path, [rows, size]));
  }

  /**
   * A kernel, for `product`: Python keeps it as `[inputs, outputs]`.
   *
   * @param {string} path
   * @param {number} inputs
   * @param {number} outputs
   * @returns {Tensor} `[outputs, inputs]`
   */
  kernel(path, inputs, outputs) {
    return transposed(this.matrix(path, inputs, outputs));
  }

  /** Let go of the bytes; throw an Error if arrays are left that nothing uses. */
  close() {
    this.bytes = null;
    const [left] = this.tensors.keys();
    if (left !== undefined) throw new Error(`weights: nothing uses ${left}: they belong to another configuration`);
  }

  #take(path, shape) {
    const name = nameOf(path);
    const tensor = this.tensors.get(name);
    const received = tensor ? `[${tensor.shape}]` : "nothing";
    if (received !== `[${shape}]`) throw new Error(`weights: expected ${name} as [${shape}], received ${received}`);
    this.tensors.delete(name);
    return this.#read(tensor);
  }

  #read({ name, shape, format, offset, bytes }) {
    if (!Object.hasOwn(READERS, format)) throw new Error(`weights: ${name} has the unknown format ${format}`);
    const count = shape.reduce((all, size) => all * size, 1);
    const expected = READERS[format].bytes(count, shape.at(-1));
    if (bytes !== expected) throw new Error(`weights: ${name} needs ${expected} bytes as ${format}, received ${bytes}`);
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + bytes > this.bytes.length) {
      throw new Error(`weights: ${name} ends at byte ${offset + bytes} of ${this.bytes.length}`);
    }
    // A copy, because typed arrays begin at multiples of their size only.
    return READERS[format].read(this.bytes.slice(offset, offset + bytes), count, shape.at(-1));
  }
}

/** The name of an array in a run's file of weights. */
function nameOf(path) {
  return `weights/topology/${path}`;
}
