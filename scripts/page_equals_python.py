"""Check that a page translates as Python does: the test set of each run, by Node and by Python, sentence by sentence.

    python scripts/page_equals_python.py runs/village-1 --beam 1 5 --sentences 1000
    python scripts/page_equals_python.py runs/village-1 --weights bfloat16 int8

Python computes with the float32 weights of the run, Node with those that the page would carry. With float32, pieces are
the same but where best scores tie within 1e-4: sums of products differ in the last digits. With other weights, BLEU of
both says what they cost. Node needs no browser: it runs the page's own modules.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Any, cast

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from equal_translations import FLOAT32, Answers, Best, compare_runs

if TYPE_CHECKING:
    from mtlite.config.options import SearchConfig
    from mtlite.page.weights import Precision
    from mtlite.storage.run_directory import Run

ASK = Path(__file__).with_name("ask_models.mjs")


def in_node(run: Run, weights: str, search: SearchConfig, lines: list[str]) -> Answers:
    """Translate with the page's modules."""
    from mtlite.page.model import write_folder

    with tempfile.TemporaryDirectory() as folder:
        write_folder(run, Path(folder), cast("Precision", weights))
        asked = {"beam": search.beam_size, "lengthPenalty": search.length_penalty}
        answers = list(translated(Path(folder), lines, asked))
    times = [answer["milliseconds"] for answer in answers]
    first = [answer["result"]["hypotheses"][0] for answer in answers]
    return Answers(
        [Best(each["pieces"], each["score"], each["text"]) for each in first],
        f"{mean(times):.1f} ms a sentence (median {median(times):.1f}, longest {max(times):.1f})",
    )


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


if __name__ == "__main__":
    raise SystemExit(compare_runs(__doc__, (FLOAT32, "bfloat16", "int8"), in_node))
