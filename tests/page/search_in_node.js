// Searches over tables of scores.

/** For each question what a search finds, or why it cannot. */
export async function answersTo(page, questions) {
  const { searchFor } = await page("engine/search/searcher.js");
  const { bestPrefixes } = await page("engine/search/ctc.js");
  const { topK } = await page("engine/search/top_k.js");
  const { Tensor } = await page("engine/tensor.js");
  const answers = [];
  for (const question of questions) {
    if (question.kind === "top k") answers.push(topK(question.values, question.count));
    else if (question.kind === "prefixes") {
      answers.push(bestPrefixes(question.positions, question.beam, question.minLength));
    } else answers.push(await searched(searchFor, Tensor, question).catch((error) => ({ error: error.message })));
  }
  return answers;
}

async function searched(searchFor, Tensor, question) {
  const kind = question.kind === "token by token" ? TableOfPrefixes : TableOfPositions;
  const source = new Int32Array(question.sourceLength);
  const found = await searchFor(new kind(Tensor, question), question.kind, source, question.asked, {});
  const plain = (attention) => attention && attention.map((row) => [...row]);
  return found.map(({ ids, score, attention }) => ({ ids, score, attention: plain(attention) }));
}

/** Scores of the next token after every prefix, which a number stands for; the attention tells that number. */
class TableOfPrefixes {
  constructor(Tensor, { table, lengths, prefixes }) {
    this.Tensor = Tensor;
    this.prefixes = prefixes;
    this.config = { lengths, target_vocabulary: table[0].length };
    this.head = { logits: (features) => rowsAt(Tensor, table, features.data.map((number) => number % table.length)) };
  }

  read() {
    return { memory: null, state: [{ h: new this.Tensor(1, 1), c: new this.Tensor(1, 1) }] };
  }

  decode(tokens, [{ h, c }]) {
    const size = this.config.target_vocabulary;
    const after = Float32Array.from(tokens, (token, row) => (h.data[row] * size + token) % this.prefixes);
    const numbers = new this.Tensor(tokens.length, 1, after);
    return { features: numbers, state: [{ h: numbers, c }], attention: numbers };
  }
}

/** Scores of the tokens at every output position. */
class TableOfPositions {
  constructor(Tensor, { table }) {
    this.Tensor = Tensor;
    this.table = table;
    this.head = { logits: (features) => rowsAt(Tensor, table, features.data) };
  }

  positions() {
    return this.table.length;
  }

  features() {
    return new this.Tensor(this.table.length + 1, 1, Float32Array.from([...this.table.keys(), 0]));
  }
}

function rowsAt(Tensor, table, numbers) {
  const rows = new Tensor(numbers.length, table[0].length);
  numbers.forEach((number, row) => rows.row(row).set(table[number]));
  return rows;
}
