"""What the metrics say beside the first one, which a comparison is about, and where they disagree."""

from __future__ import annotations

from collections.abc import Sequence

from mtlite.comparison.results import ComparisonFamily
from mtlite.evaluation.metrics import LOWER_IS_BETTER, label_of
from mtlite.evaluation.significance import ComparedPair, Verdict
from mtlite.report.document import Paragraph, Table
from mtlite.report.tables import VERDICT, difference_cells, shows_from, signed, spread

EXPLAINED = {
    "exact-match": "Exact match: the share of sentences that equal a reference; 100 minus it is the word error rate of "
    "grapheme-to-phoneme papers.",
    "wer": "WER: insertions, deletions and replacements for each 100 words of the references, between spaces.",
    "per": "PER: insertions, deletions and replacements for each 100 phones of the references, between spaces.",
    "cer": "CER: insertions, deletions and replacements for each 100 characters of the references.",
}
"""What a reader may not know of a metric."""


def named(metrics: Sequence[str]) -> str:
    """Metrics for people: `BLEU, TER and WER`."""
    *some, last = map(label_of, metrics)
    return f"{', '.join(some)} and {last}" if some else last


def explained(metrics: Sequence[str]) -> str:
    """In words, what metrics count and in which direction they are better."""
    lower = [metric for metric in metrics if metric in LOWER_IS_BETTER]
    said = [EXPLAINED[metric] for metric in metrics if metric in EXPLAINED]
    said += [f"Lower is better for {named(lower)}."] if lower else []
    return " ".join(said)


def by_other_metrics(family: ComparisonFamily, name: str = "") -> list[Table | Paragraph]:
    """A row for each system and each metric but the first, and in words whether they agree; empty without others."""
    others = family.metrics[1:]
    if not others:
        return []
    compared = {pair.second: pair for pair in family.comparison.primary} if family.comparison else {}
    rows = []
    for metric in others:
        for system in family.systems:
            row = [label_of(metric), system.name, spread(system.scores("greedy", family.test, metric))]
            if pair := compared.get(system.name):
                row += [*difference_cells(pair, metric), shows_from(pair, metric)]
            else:
                row += ["baseline" if system.name == family.baseline else "–", *[""] * 5]
            rows.append(row)
    columns = ["metric", "system", "score ± SD", f"Δ to {family.baseline}", "95% sentences", "95% sentences, seeds"]
    columns += ["p (Holm)", VERDICT, "shows from"]
    caption = (
        f"The other metrics on {family.test}, with the same test. The comparison is about {label_of(family.metric)}; "
        f"verdicts by {named(others)} are secondary, each metric a family of its own. {explained(others)}"
    )
    table = Table(columns, rows, caption.rstrip(), (0, 1, columns.index(VERDICT)), name)
    if not family.comparison:
        return [table]
    return [table, *map(Paragraph, disagreements(family.comparison.primary) or [_agreement(family)])]


def _agreement(family: ComparisonFamily) -> str:
    return (
        f"On {family.test}, {named(family.metrics)} agree on each difference to {family.baseline}: on its direction, "
        "and on whether it is shown."
    )


def disagreements(pairs: Sequence[ComparedPair]) -> list[str]:
    """A sentence for each pair about which the metrics disagree: on the direction, or on whether it is shown."""
    said = []
    for pair in pairs:
        directions = {pair.is_better(metric) for metric in pair.differences} - {None}
        verdicts = {each.verdict for each in pair.differences.values()}
        if len(directions) > 1 or len(verdicts) > 1:
            found = "; ".join(_said_by(pair, metric) for metric in pair.differences)
            said.append(f"The metrics disagree about {pair.second} against {pair.first}: {found}.")
    return said


def _said_by(pair: ComparedPair, metric: str) -> str:
    better, found = pair.is_better(metric), pair.differences[metric]
    direction = "equal" if better is None else "better" if better else "worse"
    verdict = "" if found.verdict == Verdict.TOO_FEW_SEEDS else f", {found.verdict}"
    return f"{direction} by {label_of(metric)} ({signed(found.effect)}{verdict})"


def opposed(pairs: Sequence[ComparedPair]) -> str:
    """In words, the pairs about whose direction the metrics disagree; empty if there are none."""
    found = []
    for pair in pairs:
        directions = {metric: pair.is_better(metric) for metric in pair.differences}
        better, worse = ([metric for metric, each in directions.items() if each is way] for way in (True, False))
        if better and worse:
            found.append(f"{pair.second} is better than {pair.first} by {named(better)}, worse by {named(worse)}")
    return f"Pairs about whose direction the metrics disagree: {'; '.join(found)}." if found else ""
