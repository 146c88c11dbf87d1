"""Check that a page translates as Python does: the test set of each run, by Node and by Python, sentence by sentence.

    python scripts/page_equals_python.py runs/village-1 --beam 1 5 --sentences 1000
    python scripts/page_equals_python.py runs/village-1 --weights bfloat16 int8

Python computes with the float32 weights of the run, Node with those that the page would carry. With float32, pieces are
the same but where best scores tie within 1e-4: sums of products differ in the last digits. With other weights, BLEU of
both says what they cost. Node needs no browser: it runs the page's own modules.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtlite.runtime import start_tensorflow

if TYPE_CHECKING:
    from mtlite.storage.run_directory import Run
    from mtlite.translation.sentences import Translation

ASK = Path(__file__).with_name("ask_models.mjs")
TIE = 1e-4
MOST_TIES = 1 / 1000


def main() -> int:
    """Compare every run; the exit code is 1 if one is translated otherwise with float32 weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN", help="finished run directories")
    parser.add_argument("--test", default="test", help="name of the test set (default: test)")
    parser.add_argument("--beam", type=int, nargs="+", default=[1, 5], help="beam sizes (default: 1 5)")
    parser.add_argument("--sentences", type=int, default=1000, help="of the test set, at most (default: 1000)")
    weights = ("float32", "bfloat16", "int8")
    parser.add_argument("--weights", nargs="+", choices=weights, default=["float32"], help="(default: float32)")
    options = parser.parse_args()
    start_tensorflow(0)
    return max([check(Path(run), options) for run in options.runs])


def check(path: Path, options: argparse.Namespace) -> int:
    """Compare the searches and weights of one run; gives the exit code."""
    from dataclasses import replace

    from mtlite.config.registry import entry_of
    from mtlite.page.model import write_folder
    from mtlite.storage.run_directory import Run
    from mtlite.translation.translator import Translator

    run = Run(path)
    topology = run.config.model.topology
    beams = options.beam if entry_of(topology).ranks else [1]
    lines = run.read_side(f"{options.test}.source")[: options.sentences]
    failed = 0
    for beam in beams:
        search = replace(run.config.search, beam_size=beam, nbest=1, sample=False).fitting(topology)
        expected = Translator.load(path, search, precision="float32").translate(lines)
        for weights in options.weights:
            with tempfile.TemporaryDirectory() as folder:
                write_folder(run, Path(folder), weights)
                found = list(translated(Path(folder), lines, {"beam": beam, "lengthPenalty": search.length_penalty}))
            print(f"{path.name} ({topology}, {search.in_words(topology)}, {weights}):", end=" ")
            failed |= compare(found, expected, exactly=weights == "float32")
            if weights != "float32":
                print(f"  {bleu(run, options.test, found, expected)}")
    return failed


def translated(folder: Path, lines: Sequence[str], search: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What Node says to each line: its result, and the milliseconds that it took."""
    with subprocess.Popen(["node", str(ASK)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as node:
        assert node.stdin is not None
        assert node.stdout is not None
        for line in lines:
            question = {"folder": str(folder), "method": "translate", "arguments": [line, search]}
            print(json.dumps(question), file=node.stdin, flush=True)
            answer: dict[str, Any] = json.loads(node.stdout.readline())
            if "error" in answer:
                raise SystemExit(f"{line!r}: {answer['error']}")
            yield answer


def compare(found: Sequence[dict[str, Any]], expected: Sequence[Translation], exactly: bool) -> int:
    """Print how many sentences have the same pieces; gives the exit code."""
    same = ties = farthest = 0
    others = []
    for number, (answer, translation) in enumerate(zip(found, expected, strict=True), 1):
        best = answer["result"]["hypotheses"][0]
        difference = abs(best["score"] - translation.scores[0])
        farthest = max(farthest, difference)
        if best["pieces"] == translation.target_pieces:
            same += 1
        elif difference < TIE:
            ties += 1
        else:
            others.append(number)
    times = [answer["milliseconds"] for answer in found]
    print(
        f"{same:,} of {len(found):,} with the same pieces, {ties} ties, {len(others)} others; "
        f"{mean(times):.1f} ms a sentence (median {median(times):.1f}, longest {max(times):.1f}); "
        f"scores within {farthest:.1e}"
    )
    if exactly and others:
        print(f"  others: sentences {', '.join(map(str, others[:10]))}")
    return int(exactly and (bool(others) or ties > MOST_TIES * len(found)))


def bleu(run: Run, test: str, found: Sequence[dict[str, Any]], expected: Sequence[Translation]) -> str:
    """BLEU of both, against the references of the test set."""
    from mtlite.evaluation.scores import score

    references = run.read_side(f"{test}.target")[: len(found)]
    sides = {
        "these weights": [answer["result"]["hypotheses"][0]["text"] for answer in found],
        "float32 weights": [translation.texts[0] for translation in expected],
    }
    scores = {name: score(texts, references, run.facts.target_language).bleu for name, texts in sides.items()}
    signature = next(iter(scores.values())).signature
    return ", ".join(f"BLEU {each.score:.2f} with {name}" for name, each in scores.items()) + f" ({signature})"


if __name__ == "__main__":
    raise SystemExit(main())
