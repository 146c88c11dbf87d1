// Stands in for the models: it translates a sentence into its letters in capitals, and reports and stops as they do.

const stopped = new Set();

onmessage = async ({data}) => {
  if (data.stop !== undefined) {
    stopped.add(data.stop);
    return;
  }
  const {number, run, method, arguments: values} = data;
  if (method === "open") {
    postMessage({number, result: null});
    return;
  }
  const [text, {count}] = values;
  if (text.includes("slow")) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    postMessage({number, progress: {done: 1, all: 2}});
  }
  if (stopped.has(number)) return;
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
