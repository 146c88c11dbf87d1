"""Check that a translation depends on its sentence alone: not on the batch, its order, or its padding.

    python scripts/batch_independence.py runs/village-1

Every sentence of a test set is translated alone, in batches of 7 and of 128, shuffled, and with further padding; the
hypotheses are compared with those of one sentence at a time, and so are the logits of the reference. Sums of products
differ in the last digits with the number of rows, so that hypotheses whose scores tie may change places: they are
counted apart.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtlite.runtime import start_tensorflow

if TYPE_CHECKING:
    from mtlite.topologies.topology import Topology
    from mtlite.translation.searcher import Searcher
    from mtlite.translation.sentences import SentenceHypotheses

BATCHES = (1, 7, 128)
PADDING = 13
TIE = 1e-4


def main() -> int:
    """Check every search in both number formats; the exit code is 1 if one depends on its batch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="a finished run directory with an autoregressive topology")
    parser.add_argument("--test", default="test", help="name of the test set (default: test)")
    parser.add_argument("--beam", type=int, nargs="+", default=[1, 5], help="beam sizes (default: 1 5)")
    options = parser.parse_args()
    start_tensorflow(0)
    searches = itertools.product(("float32", "bfloat16"), options.beam)
    return max(check(options.run, options.test, beam, precision) for precision, beam in searches)


def check(path: str, test: str, beam: int, precision: str) -> int:
    """Compare all ways to make batches for one search and one number format; gives the exit code."""
    from mtlite.storage.run_directory import Run
    from mtlite.translation.translator import Translator

    run = Run(Path(path))
    topology = run.config.model.topology
    search = replace(run.config.search, beam_size=beam, nbest=1, sample=False).fitting(topology)
    translator = Translator.load(path, search, precision=precision)
    sources = translator.tokenizers.source.encode(run.read_side(f"{test}.source"))
    targets = translator.tokenizers.target.encode(run.read_side(f"{test}.target"))
    model, searcher = translator.models[0], translator.searcher
    alone = np.arange(len(sources))
    expected = translate(searcher, sources, alone, 1, 0)
    logits = teacher_forced(model, sources, targets, alone, 1, 0)
    print(
        f"{precision}, {search.in_words(topology)}, {len(sources):,} sentences of {test}, compared with one at a time:"
    )
    failed = 0
    for size in BATCHES:
        for shuffled in (False, True):
            for padding in (0, PADDING):
                order = np.random.default_rng(1).permutation(len(sources)) if shuffled else alone
                found = translate(searcher, sources, order, size, padding)
                others = [at for at in alone if found[at].ids[0] != expected[at].ids[0]]
                ties = [at for at in others if abs(found[at].scores[0] - expected[at].scores[0]) < TIE]
                farthest = max(
                    float(np.abs(a - b).max())
                    for a, b in zip(teacher_forced(model, sources, targets, order, size, padding), logits, strict=True)
                )
                how = (
                    f"batch {size}" + (", shuffled" if shuffled else "") + (f", {PADDING} more pads" if padding else "")
                )
                print(f"  {how:34} {len(others):3} differ, {len(ties):3} of them tie; logits within {farthest:.1e}")
                if precision == "float32":
                    failed |= len(others) > len(ties) or len(ties) > len(sources) / 1000 or farthest > TIE
    return int(failed)


def translate(
    searcher: Searcher, sources: list[list[int]], order: np.ndarray, size: int, padding: int
) -> list[SentenceHypotheses]:
    """The best hypothesis of every sentence, in the order of `sources`."""
    found: list[Any] = [None] * len(sources)
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        for row, each in zip(rows, searcher.batch([sources[row] for row in rows], rows, padding), strict=True):
            found[row] = each
    return found


def teacher_forced(
    model: Topology, sources: list[list[int]], targets: list[list[int]], order: np.ndarray, size: int, padding: int
) -> list[np.ndarray]:
    """The logits `[target length, vocabulary]` of every reference, in the order of `sources`."""
    import tensorflow as tf

    from mtlite.data.batches import pad

    ids = tf.TensorSpec([None, None], tf.int32)
    forward = tf.function(lambda source, target: model((source, target)), input_signature=[ids, ids])
    found: list[Any] = [None] * len(sources)
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        source = np.pad(pad([np.asarray(sources[row], np.int32) for row in rows]), [(0, 0), (0, padding)])
        target = np.pad(pad([np.asarray(targets[row], np.int32) for row in rows]), [(0, 0), (0, padding)])
        logits = forward(tf.constant(source), tf.constant(target)).numpy()
        for row, values in zip(rows, logits, strict=True):
            found[row] = values[: len(targets[row])]
    return found


if __name__ == "__main__":
    raise SystemExit(main())
