"""What the checks share that compare translations from elsewhere with those of Python, sentence by sentence."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mtlite.runtime import start_tensorflow

if TYPE_CHECKING:
    from mtlite.config.options import SearchConfig
    from mtlite.storage.run_directory import Run
    from mtlite.translation.sentences import Translation

TIE = 1e-4
MOST_TIES = 1 / 1000
FLOAT32 = "float32"


class Best(NamedTuple):
    """The best hypothesis for a sentence, from elsewhere."""

    pieces: list[str]
    score: float
    text: str


class Answers(NamedTuple):
    """One of each sentence, and what else there is to say of them: size, speed."""

    best: list[Best]
    remark: str


Elsewhere = Callable[["Run", str, "SearchConfig", list[str]], Answers]
"""Translates lines with a run whose weights are written in a format, `float32` or another."""


def compare_runs(document: str, weights: Sequence[str], elsewhere: Elsewhere) -> int:
    """Ask on the command line what to compare, and do so; the exit code is 1 if float32 gives other translations."""
    parser = argparse.ArgumentParser(description=document, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN", help="finished run directories")
    parser.add_argument("--test", default="test", help="name of the test set (default: test)")
    parser.add_argument("--beam", type=int, nargs="+", default=[1, 5], help="beam sizes (default: 1 5)")
    parser.add_argument("--sentences", type=int, default=1000, help="of the test set, at most (default: 1000)")
    parser.add_argument("--weights", nargs="+", choices=weights, default=[FLOAT32], help="(default: float32)")
    options = parser.parse_args()
    start_tensorflow(0)
    return max([_compare_run(Path(run), options, elsewhere) for run in options.runs])


def _compare_run(path: Path, options: argparse.Namespace, elsewhere: Elsewhere) -> int:
    """Compare the searches and weights of one run; gives the exit code."""
    from dataclasses import replace

    from mtlite.config.registry import entry_of
    from mtlite.storage.run_directory import Run
    from mtlite.translation.translator import Translator

    run = Run(path)
    topology = run.config.model.topology
    beams = options.beam if entry_of(topology).ranks else [1]
    lines = run.read_side(f"{options.test}.source")[: options.sentences]
    failed = 0
    for beam in beams:
        search = replace(run.config.search, beam_size=beam, nbest=1, sample=False).fitting(topology)
        expected = Translator.load(path, search, precision=FLOAT32).translate(lines)
        for weights in options.weights:
            best, remark = elsewhere(run, weights, search, lines)
            print(f"{path.name} ({topology}, {search.in_words(topology)}, {weights}):", end=" ")
            failed |= _compare(best, remark, expected, exactly=weights == FLOAT32)
            if weights != FLOAT32:
                print(f"  {_bleu(run, options.test, best, expected)}")
    return failed


def _compare(found: Sequence[Best], remark: str, expected: Sequence[Translation], exactly: bool) -> int:
    """Print how many sentences have the same pieces; gives the exit code."""
    same, ties, farthest = 0, 0, 0.0
    others = []
    for number, (best, translation) in enumerate(zip(found, expected, strict=True), 1):
        difference = abs(best.score - translation.scores[0])
        farthest = max(farthest, difference)
        if best.pieces == translation.target_pieces:
            same += 1
        elif difference < TIE:
            ties += 1
        else:
            others.append(number)
    print(
        f"{same:,} of {len(found):,} with the same pieces, {ties} ties, {len(others)} others; "
        f"{remark}; scores within {farthest:.1e}",
        flush=True,
    )
    if exactly and others:
        print(f"  others: sentences {', '.join(map(str, others[:10]))}")
    return int(exactly and (bool(others) or ties > MOST_TIES * len(found)))


def _bleu(run: Run, test: str, found: Sequence[Best], expected: Sequence[Translation]) -> str:
    """BLEU of both, against the references of the test set."""
    from mtlite.evaluation.scores import score

    references = run.read_side(f"{test}.target")[: len(found)]
    sides = {
        "these weights": [best.text for best in found],
        "float32 weights": [translation.texts[0] for translation in expected],
    }
    scores = {name: score(texts, references, run.facts.target_language).bleu for name, texts in sides.items()}
    signature = next(iter(scores.values())).signature
    return ", ".join(f"BLEU {each.score:.2f} with {name}" for name, each in scores.items()) + f" ({signature})"
