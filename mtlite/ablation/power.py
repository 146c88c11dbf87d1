"""What an ablation can show, before it is trained: the smallest difference that so many seeds and sentences show."""

from __future__ import annotations

from mtlite.ablation.cells import points
from mtlite.ablation.options import AblationConfig
from mtlite.evaluation.significance import SIGNIFICANCE_LEVEL
from mtlite.evaluation.uncertainty import MINIMAL_SEEDS, added

TYPICAL_SEED_SD = 0.3
"""BLEU between seeds of a system: the median of the records beside the recipes."""
TYPICAL_SENTENCE_SD = 21.0
"""BLEU of a difference over sentences, times the root of their number: the median of the same records."""


def smallest_difference(seeds: int, sentences: int, comparisons: int) -> float:
    """The smallest difference in BLEU that is shown with a probability of 80%, where variances are typical."""
    of_seeds = TYPICAL_SEED_SD**2 / seeds, seeds - 1
    of_sentences = TYPICAL_SENTENCE_SD**2 / sentences, max(sentences - 1, 1)
    uncertainty = added([of_sentences, of_seeds, of_seeds], seeds, sentences)
    return uncertainty.smallest_shown(SIGNIFICANCE_LEVEL / comparisons)


def what_it_can_show(ablation: AblationConfig, sentences: dict[str, int], metric: str) -> str:
    """In words, for the primary ones of some test sets, given with their numbers of sentences, and the first metric."""
    grid = len(points(ablation.grid))
    others = grid * (len(ablation.topologies) - 1) if len(ablation.topologies) > 1 else grid - 1
    judged = {test: count for test, count in sentences.items() if test in (ablation.primary or sentences)}
    seeds, comparisons = len(ablation.seeds), others * len(judged)
    if not comparisons:
        return "one system: there is nothing to compare"
    if seeds < MINIMAL_SEEDS:
        return (
            f"{seeds} seed{'s' if seeds > 1 else ''}: differences without verdicts; give at least {MINIMAL_SEEDS} "
            "(ablation.seeds)"
        )
    if metric != "bleu":
        return (
            f"{seeds} seeds give verdicts by {metric}: how large a difference must be is known beforehand for BLEU "
            "alone, and afterwards in the report"
        )
    smallest = (
        f"{smallest_difference(seeds, count, comparisons):.1f} BLEU on {test} ({count:,} sentences)"
        for test, count in judged.items()
    )
    counted = f"{seeds} seeds and {comparisons} comparison{'s' if comparisons > 1 else ''}"
    return (
        f"with {counted}, the smallest differences that are shown with a probability of 80%: about "
        f"{', '.join(smallest)}; variances between seeds and over sentences are taken from mtlite's own records, and "
        "yours will differ"
    )
