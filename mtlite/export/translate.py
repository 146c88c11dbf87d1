"""Translate with the graphs in this folder, line in, line out: python translate.py --beam 5 < input.txt > output.txt

It needs onnxruntime, sentencepiece and numpy, and nothing else. From Python: `Model(folder).translate(lines, 5, 1.0)`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import defaultdict
from itertools import groupby, islice, zip_longest
from pathlib import Path

import numpy as np
import onnxruntime
import sentencepiece

PAD, BOS, EOS = 0, 2, 3  # in every vocabulary; where a position may write nothing, 0 is that blank
Found = tuple[list[int], float]  # a hypothesis, with </s> if one was written; log p, normalised by length in a beam


class Model:
    """The graphs and the vocabularies of a folder."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        self.config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        options, providers = onnxruntime.SessionOptions(), ["CPUExecutionProvider"]
        options.intra_op_num_threads = threads  # 0: as many as there are cores
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # threads that wait need no core
        paths, models = sorted(folder.glob("*.onnx")), [str(folder / f"{side}.model") for side in ("source", "target")]
        self.graphs = {path.stem: onnxruntime.InferenceSession(str(path), options, providers) for path in paths}
        self.source, self.target = (sentencepiece.SentencePieceProcessor(model_file=model) for model in models)

    def translate(self, lines: list[str], beam: int, penalty: float) -> list[str]:
        """The best translation of each line; a longer source than the model's is cut."""
        sources = [[*ids[: self.config["max_source_tokens"] - 1], EOS] for ids in self.source.encode(lines)]
        best = [hypotheses[0][0] for hypotheses in self.search(sources, beam, penalty)]
        texts = self.target.decode([[token for token in ids if token > EOS] for ids in best])
        texts = [text.replace("\r", " ").replace("\n", " ") for text in texts]
        return ["" if ids == [EOS] else text for ids, text in zip(sources, texts, strict=True)]

    def search(self, sources: list[list[int]], beam: int, penalty: float) -> list[list[Found]]:
        """The hypotheses of each source, best first; sources end with `</s>`, and those of like length go together."""
        method = self._token_by_token if self.config["search"] == "token by token" else self._all_at_once
        left, found = sorted(range(len(sources)), key=lambda row: -len(sources[row])), dict[int, list[Found]]()
        while left:
            size = self.config["batch_tokens"] // (len(sources[left[0]]) * max(beam, self.config["batch_width"]))
            rows, left = left[: max(1, size)], left[max(1, size) :]
            found.update(zip(rows, method([sources[row] for row in rows], beam, penalty), strict=True))
        return [found[row] for row in range(len(sources))]

    def _run(self, graph: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        names = [output.name for output in self.graphs[graph].get_outputs()]
        return dict(zip(names, self.graphs[graph].run(names, inputs), strict=True))

    def _token_by_token(self, sources: list[list[int]], beam: int, penalty: float) -> list[list[Found]]:
        """Continue every hypothesis by one token, again and again. A beam of 1 is greedy search."""
        rule, read = self.config["limit"], np.array([len(ids) for ids in sources], np.float32)
        limits = np.maximum(1, np.ceil(rule["slope"] * read + rule["intercept"] - 1e-4)) + rule["extra"]
        limits = np.minimum(limits, rule["most"])  # tokens that an output has at most
        count, power = min(beam, self.config["vocabulary"]), penalty if beam > 1 else 0.0
        first = self._run("encoder", {"source": padded(sources)})
        memory = {name: value for name, value in first.items() if name.startswith("memory")}
        state = {name: np.repeat(value, beam, axis=0) for name, value in first.items() if name not in memory}
        # Arrays have a row for each unfinished sentence. Its hypotheses are equal at first: only one of them counts.
        rows, tokens = np.arange(len(sources)), np.full((len(sources), beam), BOS)
        log_p = np.where(np.arange(beam) == 0, np.zeros(tokens.shape, np.float32), np.float32(-np.inf))
        going, lengths, written = tokens == BOS, np.zeros_like(tokens), tokens[:, :, None]
        # A finished hypothesis has one continuation, itself: it keeps its rank until better ones come.
        itself = np.where(np.arange(count) == 0, np.float32(0), np.float32(-np.inf))
        found = dict[int, list[Found]]()
        while len(rows):
            out = self._run("decoder", {"last": tokens.reshape(-1), "count": np.array([count]), **state, **memory})
            shape, goes = (len(rows), beam, count), going[:, :, None]
            chosen = np.where(goes, out["tokens"].reshape(shape), PAD)
            totals = log_p[:, :, None] + np.where(goes, out["log_p"].reshape(shape), itself)
            lengths = lengths + going
            ranked = totals / (((5 + lengths[:, :, None]) / 6) ** power)  # Wu et al. (2016)
            best = np.argsort(-ranked.reshape(len(rows), -1), axis=1, kind="stable")[:, :beam]
            parents = best // count  # which hypothesis each of the best ones continues
            flat = [values.reshape(len(rows), -1) for values in (chosen, totals, ranked)]
            tokens, log_p, scores = (np.take_along_axis(values, best, axis=1) for values in flat)
            going, lengths = (np.take_along_axis(values, parents, axis=1) for values in (going, lengths))
            going &= (tokens != EOS) & (lengths < limits[:, None])
            written = np.concatenate([np.take_along_axis(written, parents[:, :, None], axis=1), tokens[:, :, None]], 2)
            for row in np.flatnonzero(~going.any(axis=1)):
                each = zip(written[row, :, 1:], scores[row].tolist(), strict=True)
                found[rows[row]] = [(ids[ids != PAD].tolist(), score) for ids, score in each if score != -math.inf]
            left = np.flatnonzero(going.any(axis=1))
            state = {name: out[f"next_{name}"][(left[:, None] * beam + parents[left]).reshape(-1)] for name in state}
            memory = {name: value[left] for name, value in memory.items()}
            kept = (rows, limits, tokens, log_p, going, lengths, written)
            rows, limits, tokens, log_p, going, lengths, written = (values[left] for values in kept)
        return [found[row] for row in range(len(sources))]

    def _all_at_once(self, sources: list[list[int]], beam: int, penalty: float) -> list[list[Found]]:
        """Take the likeliest token at every position up to `</s>`; with blanks, merge the path, or search."""
        blanks, found = self.config["search"] == "paths", list[list[Found]]()
        count = np.array([min(2 * beam if blanks and beam > 1 else 1, self.config["vocabulary"])])
        out = self._run("model", {"source": padded(sources), "count": count})
        for tokens, log_p, positions in zip(out["tokens"], out["log_p"], out["positions"], strict=True):
            path, along = tokens[:positions, 0].tolist(), log_p[:positions, 0]
            if blanks and beam > 1:
                found.append(best_prefixes(tokens[:positions], log_p[:positions], beam))
            elif blanks:
                found.append([([token for token, _ in groupby(path) if token != PAD], float(along.sum()))])
            else:
                cut = path[: [*path, EOS].index(EOS) + 1]
                found.append([(cut, float(along[: len(cut)].sum()))])
        return found


def best_prefixes(tokens: np.ndarray, log_p: np.ndarray, beam: int) -> list[Found]:
    """Prefix beam search (Hannun et al. 2014) over the likeliest tokens of each position, both `[positions, count]`."""
    log_scale = 0.0
    kept: dict[tuple[int, ...], list[float]] = {(): [1.0, 0.0]}  # by prefix, p of its paths to a blank and to a token
    for position in zip(tokens.tolist(), np.exp(log_p.astype(float)).tolist(), strict=True):
        longer = defaultdict[tuple[int, ...], list[float]](lambda: [0.0, 0.0])
        for prefix, (blank, last) in kept.items():
            for token, p in zip(*position, strict=True):
                if token == PAD:
                    longer[prefix][0] += (blank + last) * p
                    continue
                longer[(*prefix, token)][1] += (blank if prefix[-1:] == (token,) else blank + last) * p
                if prefix[-1:] == (token,):  # equal neighbours are one token
                    longer[prefix][1] += last * p
        total = sum(map(sum, longer.values()))  # products get too small for a float: only ratios are kept
        if not total > 0:
            return [([], math.nan)]
        log_scale += math.log(total)
        best = sorted(longer.items(), key=lambda item: -sum(item[1]))[:beam]
        kept = {prefix: [p / total for p in both] for prefix, both in best if sum(both) > 0}
    return [(list(prefix), math.log(sum(both)) + log_scale) for prefix, both in kept.items()]


def padded(sources: list[list[int]]) -> np.ndarray:
    """Right-padded ids `[batch, longest]`."""
    return np.array([*zip_longest(*sources, fillvalue=PAD)], np.int64).T


if __name__ == "__main__":
    model, parser = Model(Path(__file__).resolve().parent), argparse.ArgumentParser(description="Translate lines.")
    parser.add_argument("--beam", type=int, default=model.config["beam_size"], help="1 is greedy; %(default)s")
    parser.add_argument("--length-penalty", type=float, default=model.config["length_penalty"], help="%(default)s")
    options = parser.parse_args()
    while some := [line.decode().rstrip("\r\n") for line in islice(sys.stdin.buffer, 1000)]:
        translations = model.translate(some, options.beam, options.length_penalty)
        sys.stdout.buffer.write("".join(f"{text}\n" for text in translations).encode())
