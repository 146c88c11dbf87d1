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
from mtlite.comparison.outcome import Options, Output
from mtlite.comparison.results import ComparisonResults
from mtlite.comparison.systems import TrainedSystem
from mtlite.config.options import DEFAULT_METRICS
from mtlite.config.read import plain
from mtlite.evaluation.references import References, listed
from mtlite.evaluation.scores import scores_of
from mtlite.visible import visible

_SCORES = (*DEFAULT_METRICS, "exact_matches", "length_ratio")
"""Columns of every output; those of further metrics follow."""
_FORMULAS = ("=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - the wide ones, too

Row = Options
"""By column, the numbers and names of one cell on one test set."""


def cell_rows(results: ComparisonResults, header: Header) -> list[Row]:
    """One row for each cell and test set, in the order of the recipe."""
    cells = [(system, seed) for system in results.systems for seed in sorted(system.runs)]
    return [_row(results, header, system, seed, test) for system, seed in cells for test in results.tests]


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
        "training_tokens": outcome.tokens,
        "updates": outcome.updates,
        "best_update": outcome.best[0],
        "dev_bleu": outcome.best[2],
    }
    outputs = {
        search: None if search == "beam" and not system.has_beam else outcome.outputs[search][test]
        for search in results.searches
    }
    for search, output in outputs.items():
        row |= _output_columns(search, output, header.references(test), results.metrics)
    if compared := results.likelihood.get(test):
        loss = compared.nll_per_piece[system.name].get(seed)
        row["can_write"] = round(compared.writable[system.name], 4)
        row["nll_per_piece"] = None if loss is None else round(loss, 4)
    row["time_training_seconds"] = outcome.training_seconds
    for search, output in outputs.items():
        row[f"time_{search}_sentences_per_second"] = output and round(output.sentences_per_second, 1)
    return row


def _output_columns(search: str, output: Output | None, references: References, metrics: Sequence[str]) -> Row:
    """The scores of one search; empty where there are none: for a beam, in a topology without, or in given scores."""
    further = [name for name in metrics if name not in DEFAULT_METRICS]
    if output is None:
        return dict.fromkeys(f"{search}_{name}" for name in (*_SCORES, *further))
    scores = scores_of(output.statistics, confidence=False)
    pairs = zip(output.hypotheses, listed(references), strict=True)
    equal = sum(hypothesis in texts for hypothesis, texts in pairs)
    columns = {name: each.score for name, each in scores.by_metric.items()}
    columns |= {"exact_matches": equal / len(references), "length_ratio": scores.length_ratio}
    found = {name: columns.get(name) for name in (*_SCORES, *further)}
    return {f"{search}_{name}": None if value is None else round(value, 4) for name, value in found.items()}


def as_csv(rows: Sequence[Row]) -> bytes:
    """Rows with a header, lines ending in a newline."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_in_a_spreadsheet, rows[0]))
    writer.writerows([_in_a_spreadsheet(value) for value in row.values()] for row in rows)
    return text.getvalue().encode()


def _in_a_spreadsheet(value: object) -> object:
    """A text that a spreadsheet would take for a formula, after a quotation mark; a number stays one."""
    if not isinstance(value, str):
        return value
    text = visible(value)  # a lone carriage return would end the row
    return f"'{text}" if text.startswith(_FORMULAS) else text


def as_lines(rows: Sequence[Row]) -> bytes:
    """The same rows as JSON, one a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_json(results: ComparisonResults, header: Header) -> bytes:
    """All numbers, with what they were made from."""
    shown = ("shared", "name", "recipe", "ablation", "pair", "tests", "source_language", "target_language")
    families = [
        {"point": family.title, f"{family.metric}_intervals": family.intervals}
        | {name: getattr(family, name) for name in ("test", "baseline", "comparison")}
        for family in results.families
    ]
    values = {
        **{name: getattr(header, name) for name in ("experiment", *shown)},
        "cells": cell_rows(results, header),
        "systems": [_system(system) for system in results.systems],
        "families": families,
        **{name: getattr(results, name) for name in ("likelihood", "breakdown", "breakdown_seed", "failures")},
    }
    return (json.dumps(plain(values), indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _system(system: TrainedSystem) -> dict[str, object]:
    first = next(iter(system.runs.values()))
    return {
        "system": system.name,
        "marks": system.marks,
        "seeds": sorted(system.runs),
        "curves": {seed: outcome.curve for seed, outcome in system.runs.items()},
        "packages": first.facts.packages,
        "precision": first.config["training.precision"],
    }
