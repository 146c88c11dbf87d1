"""The numbers of a report as files: one row a cell and test set, and everything else as JSON.

Everything that a clock has measured stands in columns whose names start with `time_`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from mtlite.ablation.cells import Cell
from mtlite.ablation.header import Header
from mtlite.comparison.outcome import Options, Outcome
from mtlite.comparison.results import ComparisonResults
from mtlite.comparison.systems import TrainedSystem, corpus_scores
from mtlite.config.read import plain

Row = Options
"""By column, the numbers and names of one cell on one test set."""


def cell_rows(results: ComparisonResults, header: Header) -> list[Row]:
    """One row for each cell and test set, in the order of the recipe."""
    return [
        _row(results, header, system, seed, test)
        for system in results.systems
        for seed in sorted(system.runs)
        for test in results.tests
    ]


def _row(results: ComparisonResults, header: Header, system: TrainedSystem, seed: int, test: str) -> Row:
    outcome = system.runs[seed]
    row: Row = {
        "cell": Cell(system.system, seed).name,
        "system": system.name,
        "topology": system.system.topology,
        **system.system.options,
        "seed": seed,
        "test": test,
        "parameters": outcome.facts.parameters,
        "training_flops_per_pair": outcome.flops_per_pair,
        "updates": outcome.updates,
        "best_update": outcome.best[0],
        "dev_bleu": outcome.best[2],
        "converged": outcome.converged,
    }
    for search in results.searches:
        row |= _output_columns(outcome, search, test, header.references(test))
    if compared := results.likelihood.get(test):
        loss = compared.nll_per_piece[system.name].get(seed)
        row["can_write"] = round(compared.writable[system.name], 4)
        row["nll_per_piece"] = None if loss is None else round(loss, 4)
    row["time_training_seconds"] = outcome.training_seconds
    for search in results.searches:
        row[f"time_{search}_sentences_per_second"] = round(outcome.outputs[search][test].sentences_per_second, 1)
    return row


def _output_columns(outcome: Outcome, search: str, test: str, references: list[str]) -> Row:
    output = outcome.outputs[search][test]
    scores = corpus_scores(output.statistics)
    equal = sum(hypothesis == reference for hypothesis, reference in zip(output.hypotheses, references, strict=True))
    return {
        f"{search}_bleu": round(scores.bleu.score, 4),
        f"{search}_chrf2": round(scores.chrf2.score, 4),
        f"{search}_ter": round(scores.ter.score, 4),
        f"{search}_exact_matches": round(equal / len(references), 4),
        f"{search}_length_ratio": round(scores.length_ratio, 4),
    }


def as_csv(rows: Sequence[Row]) -> bytes:
    """Rows with a header, lines ending in a newline."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_lines(rows: Sequence[Row]) -> bytes:
    """The same rows as JSON, one a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_json(results: ComparisonResults, header: Header) -> bytes:
    """All numbers, with what they were made from."""
    shown = ("shared", "name", "recipe", "ablation", "pair", "tests", "source_language", "target_language")
    values = {
        "experiment": header.experiment,
        **{name: getattr(header, name) for name in shown},
        "cells": cell_rows(results, header),
        "systems": [
            {
                "system": system.name,
                "marks": system.marks,
                "seeds": sorted(system.runs),
                "curves": {seed: outcome.curve for seed, outcome in sorted(system.runs.items())},
                "packages": next(iter(system.runs.values())).facts.packages,
                "precision": next(iter(system.runs.values())).config["training.precision"],
            }
            for system in results.systems
        ],
        "families": [
            {
                "point": family.title,
                "test": family.test,
                "baseline": family.baseline,
                "bleu_intervals": family.intervals,
                "comparison": family.comparison,
            }
            for family in results.families
        ],
        "likelihood": results.likelihood,
        "breakdown": results.breakdown,
        "breakdown_seed": results.breakdown_seed,
        "failures": results.failures,
    }
    return (json.dumps(plain(values), indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
