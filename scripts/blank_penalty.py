"""What does ctc score if blanks are made less likely? A penalty chosen on dev, and then the test set.

    mtlite ablate scripts/recipes/twelve-multi30k.yaml --jobs 2
    python scripts/blank_penalty.py runs/twelve-multi30k

Every seed of the ablation's ctc translates the dev set with each penalty. That with the best mean BLEU is chosen, and
with it alone the test set is translated. Hypotheses and scores are written beside the record of the ablation, which has
those without a penalty; readme_tables.py makes the table.
"""

from __future__ import annotations

import argparse
import json
import lzma
import sys
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from findings import cell, mean_score
from recipe_variants import RECIPES, print_table, trained_systems

from mtlite.ablation.record import Record
from mtlite.errors import MtliteError, UsageError
from mtlite.evaluation.metrics import label_of
from mtlite.evaluation.references import References
from mtlite.evaluation.significance import ComparedPair, compare
from mtlite.evaluation.statistics import SentenceStatistics, sentence_statistics

ABLATION_RECORD = RECIPES / "twelve-multi30k.jsonl.xz"
RECORD = RECIPES / "blank-penalty.json.xz"
PENALTIES = (0.0, 0.5, 1.0, 1.5, 2.0)
TOPOLOGY, BASELINE = "ctc", "attention"
LANGUAGE = "de"
METRICS = ("bleu", "chrf2", "ter")


def main() -> None:
    """Translate, write the record, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="the run directory of the ablation")
    parser.add_argument("--record", type=Path, default=RECORD, help="where the results are written")
    options = parser.parse_args()
    cells = sorted((options.runs / "cells").glob(f"{TOPOLOGY}-seed-*"))
    if not cells:
        parser.error(f"{options.runs}: expected the run directory of an ablation that has trained {TOPOLOGY} there")
    try:
        found = measure(cells, references())
    except MtliteError as error:
        parser.error(str(error))
    options.record.write_bytes(lzma.compress(json.dumps(found, ensure_ascii=False).encode()))
    print_table(*table(options.record))


def references() -> References:
    """Those of the test set of the recorded ablation."""
    header = Record(ABLATION_RECORD).header
    assert header is not None
    return header.references("test")


def measure(cells: list[Path], expected: References) -> dict[str, Any]:
    """Dev scores by penalty, one a seed; the penalty that is chosen, and by seed the hypotheses of the test set.

    Raise UsageError if a cell has another test set than is expected, RunError if one is not finished.
    """
    from mtlite.storage.run_directory import Run
    from mtlite.translation.scoring import score_lines
    from mtlite.translation.translator import Translator

    runs = {run.config.seed: run for run in map(Run, cells)}
    for run in runs.values():
        if run.references("test") != expected:
            raise UsageError(f"{run.path} has another test set than {ABLATION_RECORD.name}")
    dev: dict[float, list[dict[str, float]]] = {}
    for penalty in PENALTIES:
        dev[penalty] = []
        for run in runs.values():
            translator = Translator.load(run, {"beam_size": 1, "blank_penalty": penalty})
            scores = score_lines(translator, run.read_side("dev.source"), run.references("dev"), LANGUAGE).scores
            dev[penalty].append({"bleu": scores.bleu.score, "length": scores.length_ratio})
            print(f"dev, penalty {penalty:g}: {scores}", flush=True)
    chosen = max(dev, key=lambda penalty: mean(seed["bleu"] for seed in dev[penalty]))
    test = {}
    for seed, run in runs.items():
        translator = Translator.load(run, {"beam_size": 1, "blank_penalty": chosen})
        test[seed] = translator(run.read_side("test.source"))
    return {"dev": dev, "chosen": chosen, "test": test}


def table(record: Path = RECORD) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: by penalty, what dev has; without one and with the chosen one, what the test set has."""
    found = json.loads(lzma.decompress(record.read_bytes()))
    tested = on_test(found["chosen"], found["test"])
    rows = []
    for penalty, seeds in found["dev"].items():
        row = [f"{float(penalty):g}", *(f"{mean(each[name] for each in seeds):.2f}" for name in ("bleu", "length"))]
        at = tested.get(float(penalty))
        if at is None:
            row += [""] * (len(METRICS) + 2)
        else:
            row += [*(f"{mean_score(at.seeds, metric):.2f}" for metric in METRICS), f"{length(at.seeds):.2f}"]
            row.append(cell(at.pair))
        rows.append(row)
    columns = ["penalty", "dev BLEU", "dev length", *(f"test {label_of(metric)}" for metric in METRICS), "test length"]
    return [*columns, f"Δ BLEU to `{BASELINE}`"], rows


class OnTest(NamedTuple):
    """The outputs of the test set with one penalty."""

    seeds: dict[int, SentenceStatistics]
    pair: ComparedPair  # against the baseline


def on_test(chosen: float, hypotheses: dict[str, list[str]]) -> dict[float, OnTest]:
    """By penalty: without one, as recorded by the ablation, and with the chosen one."""
    recorded = {system.name: system.statistics("greedy", "test") for system in trained_systems(ABLATION_RECORD)}
    expected = references()
    found = {int(seed): sentence_statistics(lines, expected, LANGUAGE) for seed, lines in hypotheses.items()}
    seeds = {0.0: recorded[TOPOLOGY], chosen: found}
    systems = {BASELINE: recorded[BASELINE], **{str(penalty): each for penalty, each in seeds.items()}}
    return {float(pair.second): OnTest(seeds[float(pair.second)], pair) for pair in compare(systems, BASELINE).primary}


def length(seeds: dict[int, SentenceStatistics]) -> float:
    """Words written for each word of the references, mean over seeds."""
    sums = [each.counts["bleu"].sum(axis=0) for each in seeds.values()]
    return mean(float(written / expected) for written, expected, *_ in sums)


if __name__ == "__main__":
    main()
