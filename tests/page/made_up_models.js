// Stands in for the models of a page: every answer follows from the words of the sentence by a rule.
// A translation has the words in capitals, the last one first where the run is the second one.

const END = {id: 3, piece: "</s>"};

onmessage = async ({data: {number, run, method, arguments: values}}) => {
  if (number === undefined) return;
  try {
    const result = method === "open" ? null : await METHODS[method](run, ...values);
    postMessage({number, result});
  } catch (error) {
    postMessage({number, error: error.message});
  }
};

let vocabulary = ["<pad>", "<unk>", "<s>", "</s>", "▁other"];

function idOf(piece) {
  if (!vocabulary.includes(piece)) vocabulary = [...vocabulary, piece];
  return vocabulary.indexOf(piece);
}

function encode(run, text) {
  const pieces = [
    ...text
      .split(" ")
      .filter(Boolean)
      .map((word) => `▁${word}`),
    "</s>",
  ];
  return {ids: pieces.map(idOf), pieces, unknown: [], truncated: pieces.length > 80};
}

function hypothesis(run, ids, score = -0.5) {
  const pieces = ids.map((id) => vocabulary[id]);
  return {ids, pieces: [...pieces, "</s>"], text: pieces.join("").replaceAll("▁", " ").trim(), score};
}

function written(run, sourceIds) {
  const words = sourceIds.slice(0, -1).map((id) => idOf(vocabulary[id].toUpperCase()));
  return run ? words.reverse() : words;
}

function translated(run, source, ids) {
  const target = ids.length + 1;
  const weight = (row, column) =>
    column === (run ? source.ids.length - 1 - row : row) ? 0.7 : 0.3 / (source.ids.length - 1 || 1);
  const attention = Array.from({length: target}, (_, row) => source.ids.map((_, column) => weight(row, column)));
  return {source, hypotheses: [hypothesis(run, ids)], attention: run ? null : attention};
}

const METHODS = {
  encode,
  translate(run, text) {
    const source = encode(run, text);
    if (text.includes("broken")) throw new Error("it is <broken>");
    return translated(run, source, written(run, source.ids));
  },
  force(run, sourceIds, prefix) {
    const free = written(run, sourceIds);
    const source = {ids: sourceIds, pieces: sourceIds.map((id) => vocabulary[id]), unknown: [], truncated: false};
    // After a forced piece, everything is said in lower case.
    const rest = free.slice(prefix.length).map((id) => idOf(vocabulary[id].toLowerCase()));
    return translated(run, source, [...prefix.map((id, at) => id ?? free[at]), ...rest]);
  },
  continuations(run, sourceIds, prefix, count) {
    const steps = [...prefix, END.id].map((id) => {
      const others = ["▁other", `${vocabulary[id]}s`, "▁‮مثال", "▁Krankenversicherungsgesellschaft"]
        .filter((piece) => idOf(piece) !== id)
        .slice(0, count - 1);
      const candidates = [
        {id, piece: vocabulary[id], p: 0.8},
        ...others.map((piece, at) => ({id: idOf(piece), piece, p: 0.1 / 2 ** at})),
      ];
      return {candidates, rest: 1 - candidates.reduce((sum, {p}) => sum + p, 0)};
    });
    return {steps};
  },
  beamTree(run, sourceIds, {beam}) {
    const nodes = [{number: 0, parent: -1, step: 0, id: 2, piece: "<s>", logP: 0, score: 0, fate: "best"}];
    let alive = 0;
    [...written(run, sourceIds), END.id].forEach((id, at) => {
      const parent = alive;
      for (let rank = 0; rank < beam + 2; rank++) {
        const fate = rank === 0 ? "best" : rank < beam ? "kept" : "cut";
        const logP = nodes[parent].logP - 0.2 - 0.9 * rank;
        nodes.push({
          number: nodes.length,
          parent,
          step: at + 1,
          id: rank ? idOf(`▁x${rank}`) : id,
          piece: rank ? `▁x${rank}` : vocabulary[id],
          logP,
          score: logP / (at + 1),
          fate,
        });
      }
      alive = nodes.length - beam - 2;
    });
    return {nodes};
  },
  influence(run, sourceIds, targetIds) {
    const last = sourceIds.length - 1;
    return [...targetIds, END.id].map((_, row) =>
      sourceIds.map((_, column) => {
        if (column === (run && row < last ? last - 1 - row : row)) return 4;
        return column % 3 === 1 ? -0.2 : 0.3;
      }),
    );
  },
  activity(run, sourceIds, targetIds) {
    const rising = (count) => Array.from({length: count}, (_, at) => (at + 1) / count);
    return {
      reader: rising(sourceIds.length),
      memory: rising(sourceIds.length + 1),
      context: null,
      writer: rising(targetIds.length + 1),
    };
  },
};
