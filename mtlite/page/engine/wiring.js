/**
 * What a topology reads, remembers and writes: nodes and edges, for one length of source and target.
 *
 * The mirror of `mtlite/topologies/wiring.py`: the registry names the parts that a topology is made of, `wire` puts
 * them together. Every node and edge has the step at which it is used, so that a picture can be stepped through.
 *
 * @typedef {[reads: string, remembers: string, writes: string]} Parts
 * @typedef {{name: string, role: string, column: number, layer: string, step: number, text: string}} WiringNode
 * @typedef {{start: string, end: string, use: string, step: number}} WiringEdge
 */

/** The zone of each layer, lowest first. */
export const ZONE_OF_LAYER = {
  source: "reads",
  reader: "reads",
  memory: "remembers",
  copy: "remembers",
  context: "writes",
  input: "writes",
  writer: "writes",
  target: "writes",
};

const MEMORIES = {
  "each token, each position": "one vector each",
  "bag, vector": "mean embedding",
  "source and target so far, each position": "last state",
  "sequence, each position": "every output",
  "sequence, expanded positions": "k vectors each",
  "sequence, vector": "last h",
  "sequence, state": "last h, c",
  "sequence, state in sight": "last h, c",
  "sequence, state and every output": "every output; last h, c",
};

/** A topology at work on one sentence. */
export class Wiring {
  /** @param {boolean} shared whether one network reads and writes */
  constructor(shared) {
    /** @type {WiringNode[]} */ this.nodes = [];
    /** @type {WiringEdge[]} */ this.edges = [];
    /** What the nodes of a role are. @type {Record<string, string>} */ this.labels = {};
    this.shared = shared;
  }

  /** The nodes of a role, from left to right. @param {string} role */
  of(role) {
    return this.nodes.filter((node) => node.role === role);
  }

  /** A new node; its layer has the name of its role if none is given. */
  add(role, column, step, text = "", layer = role) {
    const node = {name: `${role}-${this.of(role).length + 1}`, role, column, layer, step, text: subscripts(text)};
    this.nodes.push(node);
    return node;
  }

  /** A new edge; it is used when both ends are known if no step is given. */
  join(start, end, use, step = 0) {
    this.edges.push({start: start.name, end: end.name, use, step: step || Math.max(start.step, end.step)});
  }
}

function subscripts(text) {
  return text.replace(/[0-9]/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]);
}

/**
 * The wiring of a topology for so many tokens.
 *
 * @param {Parts} parts
 * @param {number} source tokens
 * @param {number} target tokens
 * @param {{bothWays?: boolean, wait?: number, expansion?: number}} options whether the source is read both ways; the
 *   share of it that is read before writing starts, where writing waits; positions that each token is spread over
 * @returns {Wiring}
 */
export function wire(parts, source, target, {bothWays = false, wait = 0.5, expansion = 2} = {}) {
  return new Wirer(parts, source, target, {bothWays, wait, expansion}).wired();
}

/** Puts parts together: first what is read, then what is remembered, then what is written. */
class Wirer {
  constructor([reads, remembers, writes], source, target, {bothWays, wait, expansion}) {
    Object.assign(this, {reads, remembers, writes, source, target, bothWays});
    this.width = remembers === "expanded positions" ? expansion : 1; // columns of a source token
    const waited = writes === "after a wait" ? Math.ceil(wait * source - 1e-4) : source;
    this.readFirst = waited < source ? Math.max(source, waited + target) - target : source;
    this.wiring = new Wiring(writes === "after a wait" || writes === "at blanks");
    /** A memory each. @type {WiringNode[]} */ this.positions = [];
    /** A memory for all. @type {WiringNode | null} */ this.vector = null;
  }

  wired() {
    this.remember(this.read());
    if (this.writes === "at positions") this.write(this.positions);
    else if (this.writes === "tokens and blanks") this.writeBetweenBlanks();
    else this.writeAfterReading();
    const written = this.wiring.of("target");
    this.wiring
      .of("so-far")
      .slice(1)
      .forEach((read, at) => {
        if (at < written.length) this.wiring.join(written[at], read, "feeds back");
      });
    return this.wiring;
  }

  /** Add what is read; gives the nodes that are remembered. */
  read() {
    const {wiring, width, readFirst: count} = this;
    const alone = this.reads === "each token" || this.reads === "bag";
    const tokens = Array.from({length: count}, (_, at) =>
      wiring.add("source", width * (at + 0.5) - 0.5, alone ? 1 : at + 1, `x${at + 1}`),
    );
    wiring.labels.source = "source";
    if (this.reads === "bag") return tokens;
    if (this.reads === "source and target so far") {
      for (let at = 0; at < this.target; at++) {
        tokens.push(this.tokenSoFar(at, count + at, count + at + 1, "source"));
      }
    }
    const cells = this.cells("reader", tokens, this.bothWays, !alone);
    wiring.labels.reader = alone ? "Dense" : this.bothWays ? "LSTM, both ways" : "LSTM";
    return cells.length > count ? cells.slice(count) : cells;
  }

  tokenSoFar(at, column, step, layer) {
    this.wiring.labels["so-far"] = "target so far";
    return this.wiring.add("so-far", column, step, at ? `y${at}` : "<s>", layer);
  }

  /** Cells over inputs, and from each to the next; both ways, each is known when both directions were there. */
  cells(role, inputs, bothWays = false, recurrent = true) {
    const {wiring} = this;
    const backward = inputs.map((node) => inputs[inputs.length - 1].step - node.step + inputs[0].step);
    const cells = inputs.map((node, at) =>
      wiring.add(role, node.column, Math.max(node.step, bothWays ? backward[at] : 0)),
    );
    inputs.forEach((node, at) => wiring.join(node, cells[at], "reads"));
    if (!recurrent) return cells;
    for (let at = 0; at + 1 < cells.length; at++) {
      wiring.join(cells[at], cells[at + 1], "carries on", inputs[at + 1].step);
      if (bothWays) wiring.join(cells[at + 1], cells[at], "carries on", backward[at]);
    }
    return cells;
  }

  /** Add the memories of nodes. */
  remember(read) {
    const {wiring, reads, remembers, width} = this;
    const oneEach = ["each position", "expanded positions", "state and every output"].includes(remembers);
    for (const node of oneEach ? read : []) {
      for (let part = 0; part < width; part++) {
        const memory = wiring.add("memory", node.column + part - (width - 1) / 2, node.step, "h");
        this.positions.push(memory);
        wiring.join(node, memory, "remembers");
      }
    }
    wiring.labels.memory = MEMORIES[`${reads}, ${remembers}`] ?? MEMORIES[`sequence, ${remembers}`];
    if (this.readFirst < this.source) wiring.labels.memory = "h, c so far";
    if (remembers === "each position" || remembers === "expanded positions") return;
    this.rememberOne(read);
  }

  rememberOne(read) {
    const {wiring, reads, remembers} = this;
    const last = read.length - 1;
    const text = reads === "bag" ? "mean" : remembers === "vector" ? "h" : "h c";
    const step = read.reduce((most, node) => Math.max(most, node.step), 0);
    this.vector = wiring.add("memory", read[last].column + 1, step, text);
    const ends =
      reads === "bag" || reads === "each token" ? read : this.bothWays && last ? [read[0], read[last]] : [read[last]];
    for (const node of ends) wiring.join(node, this.vector, "remembers");
  }

  /** Add a target token over each node. */
  write(over) {
    this.wiring.labels.target = "target";
    over.forEach((node, at) => {
      this.wiring.join(node, this.wiring.add("target", node.column, node.step, `y${at + 1}`), "writes");
    });
  }

  /** Add a target token or a blank over each position, tokens spread evenly. */
  writeBetweenBlanks() {
    const {wiring} = this;
    const count = this.positions.length;
    const written = Math.min(this.target, count);
    this.cells("writer", this.positions, this.bothWays).forEach((cell, at) => {
      const before = Math.floor((at * written) / count);
      const here = Math.floor(((at + 1) * written) / count);
      const role = here > before ? "target" : "blank";
      const node = wiring.add(role, cell.column, cell.step, here > before ? `y${here}` : "", "target");
      wiring.join(cell, node, "writes");
    });
    wiring.labels.writer = this.bothWays ? "LSTM, both ways" : "LSTM";
    wiring.labels.target = "tokens and blanks";
  }

  /** Add cells right of what was read, each with its input and what it has in sight, and what they write. */
  writeAfterReading() {
    const {wiring, vector, writes} = this;
    const places = Array.from({length: this.target}, (_, at) => [vector.column + at + 1, vector.step + at + 1]);
    const allAtOnce = writes === "all at once";
    const cells = allAtOnce
      ? places.map(([column]) => wiring.add("writer", column, vector.step + 1))
      : this.cells(
          "writer",
          places.map(([column, step], at) => this.input(at, column, step)),
        );
    if (allAtOnce) for (const cell of cells) wiring.join(vector, cell, "reads");
    if (this.remembers !== "vector") wiring.join(vector, cells[0], "carries on");
    const seen = cells.map((cell) => this.inSight(cell));
    this.write(cells);
    const written = wiring.of("target");
    seen.forEach((node, at) => {
      if (node) wiring.join(node, written[at], "writes");
    });
    wiring.labels.writer = allAtOnce ? "Dense" : wiring.shared ? "the same LSTM" : "LSTM";
  }

  /** What a cell reads when it writes. */
  input(at, column, step) {
    if (this.writes === "over the target so far") return this.tokenSoFar(at, column, step, "input");
    if (this.writes === "over copies") return this.copy(column);
    const read = this.wiring.of("source").length;
    if (read < this.source) return this.wiring.add("source", column, step, `x${read + 1}`);
    this.wiring.labels.blank = "blanks";
    return this.wiring.add("blank", column, step, "", "input");
  }

  copy(column) {
    const {wiring, vector, remembers} = this;
    const copy = wiring.add("copy", column, vector.step, remembers === "vector" ? vector.text : "h");
    wiring.labels.copy = remembers === "state in sight" ? "h at every step" : "copies";
    wiring.join(vector, copy, "remembers");
    return copy;
  }

  /** What is joined to the output of a cell, beside its state. */
  inSight(cell) {
    const {wiring, remembers} = this;
    if (remembers === "state in sight") {
      const copy = this.copy(cell.column);
      wiring.join(copy, cell, "reads");
      return copy;
    }
    if (remembers !== "state and every output") return null;
    const context = wiring.add("context", cell.column, cell.step, "Σ");
    wiring.labels.context = "weighted mean";
    for (const memory of this.positions) wiring.join(memory, context, "looks back");
    wiring.join(cell, context, "looks back");
    return context;
  }
}
