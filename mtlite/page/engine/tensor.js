// Matrices, and the product on which nearly all time is spent.

/** A matrix of float32 numbers, row after row. */
export class Tensor {
  /**
   * @param {number} rows
   * @param {number} size numbers in a row
   * @param {Float32Array} [data] zeros if not given
   */
  constructor(rows, size, data = new Float32Array(rows * size)) {
    if (data.length !== rows * size) throw new Error(`expected ${rows} × ${size} numbers, received ${data.length}`);
    this.rows = rows;
    this.size = size;
    this.data = data;
  }

  /** @returns {number[]} `[rows, size]` */
  get shape() {
    return [this.rows, this.size];
  }

  /**
   * Some of the rows, without a copy: what is written into them is written here.
   *
   * @param {number} start
   * @param {number} end the first row that is left out
   * @returns {Tensor} `[end − start, size]`
   */
  slice(start, end) {
    return new Tensor(end - start, this.size, this.data.subarray(start * this.size, end * this.size));
  }

  /**
   * @param {number} row
   * @returns {Float32Array} `[size]`, without a copy
   */
  row(row) {
    return this.data.subarray(row * this.size, (row + 1) * this.size);
  }
}

/**
 * Rows in another order; a row may come several times.
 *
 * @param {Tensor} tensor `[rows, size]`
 * @param {ArrayLike<number>} origins where each new row comes from
 * @returns {Tensor} `[origins, size]`
 */
export function gatherRows(tensor, origins) {
  const gathered = new Tensor(origins.length, tensor.size);
  for (let row = 0; row < origins.length; row++) gathered.row(row).set(tensor.row(origins[row]));
  return gathered;
}

/**
 * Two matrices side by side.
 *
 * @param {Tensor} left `[rows, a]`
 * @param {Tensor} right `[rows, b]`
 * @returns {Tensor} `[rows, a + b]`
 */
export function sideBySide(left, right) {
  const joined = new Tensor(left.rows, left.size + right.size);
  for (let row = 0; row < left.rows; row++) {
    joined.row(row).set(left.row(row));
    joined.row(row).set(right.row(row), left.size);
  }
  return joined;
}

/**
 * @param {Tensor} tensor `[rows, size]`
 * @returns {Tensor} `[size, rows]`
 */
export function transposed(tensor) {
  const { rows, size, data } = tensor;
  const turned = new Tensor(size, rows);
  // In blocks: each side is read or written along memory for as long as it stays in the processor's cache.
  const block = 32;
  for (let top = 0; top < rows; top += block) {
    const bottom = Math.min(rows, top + block);
    for (let column = 0; column < size; column++) {
      for (let row = top; row < bottom; row++) turned.data[column * rows + row] = data[row * size + column];
    }
  }
  return turned;
}

/**
 * Products of rows with the rows of a matrix: x · matrixᵀ, and a bias if given.
 *
 * @param {Tensor} x `[rows, size]`
 * @param {Tensor} matrix `[outputs, size]`: a row for each output, so that both factors are read along memory
 * @param {Float32Array} [bias] `[outputs]`
 * @returns {Tensor} `[rows, outputs]`
 */
export function product(x, matrix, bias) {
  const sums = new Tensor(x.rows, matrix.rows);
  if (bias) for (let row = 0; row < x.rows; row++) sums.row(row).set(bias);
  addProduct(sums, x, matrix);
  return sums;
}

/**
 * The same, added to what is there.
 *
 * @param {Tensor} sums `[rows, outputs]`
 * @param {Tensor} x `[rows, size]`
 * @param {Tensor} matrix `[outputs, size]`
 */
export function addProduct(sums, x, matrix) {
  if (x.size !== matrix.size) throw new Error(`product of ${x.shape} with ${matrix.shape}: sizes differ`);
  const whole = matrix.rows - (matrix.rows % 4);
  // Four rows of the matrix at a time, which stay in the cache for all rows of x.
  for (let output = 0; output < whole; output += 4) {
    for (let row = 0; row < x.rows; row++) addFourOutputs(sums, x, matrix, row, output);
  }
  for (let output = whole; output < matrix.rows; output++) {
    for (let row = 0; row < x.rows; row++) sums.data[row * sums.size + output] += dot(x.row(row), matrix.row(output));
  }
}

/** Four sums that do not wait for each other keep the processor busy; they are doubles, as all sums in JavaScript. */
function addFourOutputs(sums, x, matrix, row, output) {
  const size = x.size;
  const a = x.data;
  const b = matrix.data;
  const end = (row + 1) * size;
  const second = size;
  const third = 2 * size;
  const fourth = 3 * size;
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  for (let i = row * size, j = output * size; i < end; i++, j++) {
    const value = a[i];
    sum0 += value * b[j];
    sum1 += value * b[j + second];
    sum2 += value * b[j + third];
    sum3 += value * b[j + fourth];
  }
  const at = row * sums.size + output;
  sums.data[at] += sum0;
  sums.data[at + 1] += sum1;
  sums.data[at + 2] += sum2;
  sums.data[at + 3] += sum3;
}

/**
 * @param {Float32Array} a `[size]`
 * @param {Float32Array} b `[size]`
 * @returns {number}
 */
export function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/**
 * @param {Tensor} a `[rows, size]`
 * @param {Tensor} b `[rows, size]`
 * @returns {Tensor} `[rows, size]`
 */
export function sumOf(a, b) {
  return new Tensor(a.rows, a.size, a.data.map((value, i) => value + b.data[i]));
}
