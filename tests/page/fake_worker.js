// Stands in for the models: it translates a sentence into its letters in capitals, and works on an endless one until it is stopped.

onmessage = ({data}) => {
  if (data.stop !== undefined) return;
  const {number, run, method, arguments: values} = data;
  if (method === "open") {
    postMessage({number, result: null});
    return;
  }
  const [text, {count}] = values;
  if (text.includes("endless")) {
    postMessage({number, progress: {done: 1, all: 2}});
    return;
  }
  if (text.includes("broken")) {
    postMessage({number, error: `run ${run} is <broken>`});
    return;
  }
  postMessage({number, result: translation(text, run, count)});
};

function translation(text, run, count) {
  const pieces = [...text.split(" ").map((word) => `▁${word}`), "</s>"];
  const texts = [text.toUpperCase(), text, [...text].reverse().join("")].slice(0, count);
  const hypotheses = texts.map((each, at) => ({ids: [5 + at], pieces: [each, "</s>"], text: run ? `${run}: ${each}` : each, score: -at}));
  const unknown = pieces.flatMap((piece, at) => (piece.includes("🦊") ? [at] : []));
  return {source: {ids: pieces.map((_, at) => at), pieces, unknown, truncated: pieces.length > 12}, hypotheses, attention: null};
}
