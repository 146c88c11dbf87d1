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
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from findings import cell, mean_score
from recipe_variants import RECIPES, print_table, trained_systems

from mtlite.evaluation.metrics import label_of
from mtlite.evaluation.significance import ComparedPair, compare
from mtlite.evaluation.statistics import SentenceStatistics, sentence_statistics

ABLATION_RECORD = RECIPES / "twelve-multi30k.jsonl.xz"
RECORD = RECIPES / "blank-penalty.json.xz"
PENALTIES = (0.0, 0.5, 1.0, 1.5, 2.0)
TOPOLOGY, BASELINE = "ctc", "attention"
METRICS = ("bleu", "chrf2", "ter")


def main() -> None:
    """Translate, write the record, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="the run directory of the ablation")
    parser.add_argument("--record", type=Path, default=RECORD, help="where the results are written")
    options = parser.parse_args()
    cells = sorted((options.runs / "cells").glob(f"{TOPOLOGY}-seed-*"))
    if not cells:
        parser.error(f"{options.runs}: expected the run directory of an ablation with {TOPOLOGY}")
    found = measure(cells)
    options.record.write_bytes(lzma.compress(json.dumps(found, ensure_ascii=False).encode()))
    print_table(*table(options.record))


def measure(cells: list[Path]) -> dict[str, Any]:
    """Dev scores by penalty, one a seed; the penalty that is chosen, and by seed the hypotheses of the test set."""
    from mtlite.storage.run_directory import Run
    from mtlite.translation.scoring import score_lines
    from mtlite.translation.translator import Translator

    runs = {Run(cell).config.seed: Run(cell) for cell in cells}
    dev: dict[float, list[dict[str, float]]] = {}
    for penalty in PENALTIES:
        dev[penalty] = []
        for run in runs.values():
            translator = Translator.load(run, {"beam_size": 1, "blank_penalty": penalty})
            scores = score_lines(translator, run.read_side("dev.source"), run.references("dev"), "de").scores
            dev[penalty].append({"bleu": scores.bleu.score, "length": scores.length_ratio})
            print(f"dev, penalty {penalty:g}: {scores}", flush=True)
    chosen = max(dev, key=lambda penalty: mean(seed["bleu"] for seed in dev[penalty]))
    test = {}
    for seed, run in runs.items():
        translator = Translator.load(run, {"beam_size": 1, "blank_penalty": chosen})
        test[seed] = translator(run.read_side("test.source"))
    return {"dev": dev, "chosen": chosen, "test": test}


def table(record: Path = RECORD) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: by penalty, dev BLEU; without one and with the chosen one, what the test set has."""
    found = json.loads(lzma.decompress(record.read_bytes()))
    without, chosen, pairs = on_test(found["test"])
    rows = []
    for penalty, seeds in found["dev"].items():
        row = [f"{float(penalty):g}", *(f"{mean(each[name] for each in seeds):.2f}" for name in ("bleu", "length"))]
        at = {0.0: without, found["chosen"]: chosen}.get(float(penalty))
        row += [f"{mean_score(at, metric):.2f}" if at else "" for metric in METRICS]
        row += [
            f"{length(at):.2f}" if at else "",
            cell(pairs["without" if at is without else "chosen"]) if at else "",
        ]
        rows.append(row)
    on_test_set = [f"test {label_of(metric)}" for metric in METRICS]
    return ["penalty", "dev BLEU", "length", *on_test_set, "length", f"Δ BLEU to `{BASELINE}`"], rows


Seeds = dict[int, SentenceStatistics]


def on_test(hypotheses: dict[str, list[str]]) -> tuple[Seeds, Seeds, dict[str, ComparedPair]]:
    """The outputs without a penalty, those with the chosen one, and how far both are from the baseline."""
    from mtlite.ablation.record import Record

    header = Record(ABLATION_RECORD).header
    assert header is not None
    references = header.references("test")
    recorded = {system.name: system.statistics("greedy", "test") for system in trained_systems(ABLATION_RECORD)}
    chosen = {int(seed): sentence_statistics(lines, references, "de") for seed, lines in hypotheses.items()}
    systems = {BASELINE: recorded[BASELINE], "without": recorded[TOPOLOGY], "chosen": chosen}
    return recorded[TOPOLOGY], chosen, {pair.second: pair for pair in compare(systems, BASELINE, METRICS).primary}


def length(seeds: Seeds) -> float:
    """Words written for each word of the references, mean over seeds."""
    sums = [each.counts["bleu"].sum(axis=0) for each in seeds.values()]
    return mean(float(written / expected) for written, expected, *_ in sums)


if __name__ == "__main__":
    main()
