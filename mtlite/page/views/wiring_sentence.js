/** A sentence in a wiring: what stands on its nodes, and how strong they are. */

/**
 * @param {import("../engine/wiring.js").Wiring} wiring
 * @param {string[]} source pieces
 * @param {string[]} target pieces
 * @param {{candidates: {id: number, piece: string}[]}[] | null} path the likeliest piece at each position, where all
 *   are written in
 *   one pass
 * @returns {Record<string, string>} texts, by the names of nodes
 */
export function wiringTexts(wiring, source, target, path = null) {
  const texts = {};
  wiring.of("source").forEach(({name}, at) => {
    texts[name] = source[at] ?? "";
  });
  wiring.of("so-far").forEach(({name}, at) => {
    texts[name] = at ? (target[at - 1] ?? "") : "<s>";
  });
  if (wiring.labels.target === "tokens and blanks" && path) writeOnPath(wiring, path, texts);
  else {
    wiring.of("target").forEach(({name}, at) => {
      texts[name] = target[at] ?? "";
    });
  }
  return texts;
}

/** Tokens and blanks where the model wrote them; a token that only repeats the one before is in brackets. */
function writeOnPath(wiring, path, texts) {
  const nodes = wiring.nodes.filter(({layer}) => layer === "target").sort((one, other) => one.column - other.column);
  nodes.forEach((node, at) => {
    const [written] = path[at]?.candidates ?? [];
    const isBlank = !written || written.id === 0;
    const repeats = at > 0 && !isBlank && path[at - 1].candidates[0]?.id === written.id;
    node.role = isBlank || repeats ? "blank" : "target";
    texts[node.name] = isBlank ? "" : repeats ? `(${written.piece})` : written.piece;
  });
}

/**
 * @param {import("../engine/wiring.js").Wiring} wiring
 * @param {{reader: number[], memory: number[], writer: number[]}} activity sizes of vectors, as
 *   `engine/explain/activity.js` says
 * @returns {Record<string, number>} strength by the names of nodes: 1 is the strongest of its kind
 */
export function wiringActivity(wiring, {reader, memory, writer}) {
  const sizes = new Map();
  const measure = (role, measured) =>
    wiring.of(role).forEach(({name}, at) => {
      if (measured[at] >= 0) sizes.set(name, measured[at]);
    });
  // Where one network reads and writes, its cells over the target are among the readers.
  measure("reader", [...reader, ...writer]);
  measure("writer", writer);
  measure("memory", memory);
  const kinds = [wiring.shared ? ["reader", "writer"] : ["reader"], wiring.shared ? [] : ["writer"], ["memory"]];
  return Object.fromEntries(
    kinds.flatMap((roles) => {
      const names = roles
        .flatMap((role) => wiring.of(role))
        .map(({name}) => name)
        .filter((name) => sizes.has(name));
      const most = Math.max(1e-9, ...names.map((name) => sizes.get(name)));
      return names.map((name) => [name, sizes.get(name) / most]);
    }),
  );
}
