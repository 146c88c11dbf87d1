"""Translations for a card, good ones and bad ones, chosen by a rule and by nobody's taste."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mtlite.evaluation.references import first_of
from mtlite.evaluation.statistics import sentence_scores
from mtlite.storage.run_directory import Run
from mtlite.translation.result import Result, hypotheses_file

RULE = (
    "Of the sentences of `{test}` in the order of their {metric}, those at these places; of equal ones, the earlier "
    "line is first."
)
PLACES = {"worst": 0.0, "a tenth is worse": 0.1, "half are worse": 0.5, "nine tenths are worse": 0.9, "best": 1.0}
"""By what is said of a place, the share of the sentences that is before it."""


@dataclass(frozen=True)
class Example:
    """One sentence."""

    place: str
    line: int  # from 1
    score: float  # by SENTENCE_METRIC
    source: str
    reference: str
    hypothesis: str


def choose_examples(run: Run, result: Result) -> tuple[str, list[Example]]:
    """The first test set and examples of it, worst first; no sentence comes twice."""
    test, scores = next(iter(result.tests.items()))
    hypotheses = run.read_lines(hypotheses_file(test), scores.hypotheses)
    sources, references = run.read_side(f"{test}.source"), run.references(test)
    by_sentence = sentence_scores(hypotheses, references)
    firsts = first_of(references)
    return test, [
        Example(place, at + 1, float(by_sentence[at]), sources[at], firsts[at], hypotheses[at])
        for place, at in places(by_sentence).items()
    ]


def places(scores: Sequence[float] | np.ndarray) -> dict[str, int]:
    """By what is said of a place, the index of the sentence there; of a place that is taken already, nothing."""
    order = np.argsort(np.asarray(scores), kind="stable")
    found: dict[str, int] = {}
    for place, share in PLACES.items():
        at = int(order[round(share * (len(order) - 1))])
        if at not in found.values():
            found[place] = at
    return found
