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
 * Every sum runs over the numbers of a row in their order and in double precision, whichever function below does it:
 * what a row gives does not depend on the rows beside it.
 *
 * @param {Tensor} sums `[rows, outputs]`
 * @param {Tensor} x `[rows, size]`
 * @param {Tensor} matrix `[outputs, size]`
 */
export function addProduct(sums, x, matrix) {
  if (x.size !== matrix.size) throw new Error(`product of ${x.shape} with ${matrix.shape}: sizes differ`);
  const outputs = matrix.rows - (matrix.rows % 8);
  const rows = x.rows - (x.rows % 4);
  // Eight rows of the matrix at a time: they stay in the processor's cache for all rows of x.
  for (let output = 0; output < outputs; output += 8) {
    for (let row = 0; row < rows; row += 4) {
      for (let pair = output; pair < output + 8; pair += 2) addFourRows(sums, x, matrix, row, pair);
    }
    for (let row = rows; row < x.rows; row++) addEightOutputs(sums, x, matrix, row, output);
  }
  for (let output = outputs; output < matrix.rows; output++) {
    for (let row = 0; row < x.rows; row++) sums.data[row * sums.size + output] += dot(x.row(row), matrix.row(output));
  }
}

/** Eight outputs of one row: sums that do not wait for each other, which is twice as fast as one after another. */
function addEightOutputs(sums, x, matrix, row, output) {
  const { size, data: a } = x;
  const b = matrix.data;
  const end = (row + 1) * size;
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let sum4 = 0;
  let sum5 = 0;
  let sum6 = 0;
  let sum7 = 0;
  for (let i = row * size, j = output * size; i < end; i++, j++) {
    const value = a[i];
    sum0 += value * b[j];
    sum1 += value * b[j + size];
    sum2 += value * b[j + 2 * size];
    sum3 += value * b[j + 3 * size];
    sum4 += value * b[j + 4 * size];
    sum5 += value * b[j + 5 * size];
    sum6 += value * b[j + 6 * size];
    sum7 += value * b[j + 7 * size];
  }
  const at = row * sums.size + output;
  sums.data[at] += sum0;
  sums.data[at + 1] += sum1;
  sums.data[at + 2] += sum2;
  sums.data[at + 3] += sum3;
  sums.data[at + 4] += sum4;
  sums.data[at + 5] += sum5;
  sums.data[at + 6] += sum6;
  sums.data[at + 7] += sum7;
}

/** Two outputs of four rows: six numbers are read for eight products, where one row needs nine. */
function addFourRows(sums, x, matrix, row, output) {
  const { size, data: a } = x;
  const b = matrix.data;
  const end = (row + 1) * size;
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let next0 = 0;
  let next1 = 0;
  let next2 = 0;
  let next3 = 0;
  for (let i = row * size, j = output * size; i < end; i++, j++) {
    const weight = b[j];
    const next = b[j + size];
    sum0 += a[i] * weight;
    next0 += a[i] * next;
    sum1 += a[i + size] * weight;
    next1 += a[i + size] * next;
    sum2 += a[i + 2 * size] * weight;
    next2 += a[i + 2 * size] * next;
    sum3 += a[i + 3 * size] * weight;
    next3 += a[i + 3 * size] * next;
  }
  const first = row * sums.size + output;
  const step = sums.size;
  sums.data[first] += sum0;
  sums.data[first + 1] += next0;
  sums.data[first + step] += sum1;
  sums.data[first + step + 1] += next1;
  sums.data[first + 2 * step] += sum2;
  sums.data[first + 2 * step + 1] += next2;
  sums.data[first + 3 * step] += sum3;
  sums.data[first + 3 * step + 1] += next3;
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
