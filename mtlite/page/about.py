"""What the page says about a run: short paragraphs, and tables of texts."""

from __future__ import annotations

from typing import NamedTuple

from mtlite.comparison.outcome import flat
from mtlite.config.registry import entry_of
from mtlite.evaluation.metrics import label_of
from mtlite.evaluation.scores import MetricScore
from mtlite.page.measure import Measured
from mtlite.page.weights import Precision
from mtlite.storage.run_directory import Run
from mtlite.translation.loading import search_of
from mtlite.translation.result import Result, read_result
from mtlite.visible import visible


class Said(NamedTuple):
    """What those who make a page say of its models."""

    licence: str | None = None
    description: str | None = None


def about(run: Run, precision: Precision, measured: Measured | None, said: Said) -> dict[str, object]:
    """Paragraphs and tables, as `views/about.js` shows them; nothing of it says where the run lies."""
    paragraphs = [said.description, said.licence and f"Licence: {said.licence}"]
    result = read_result(run) if run.finished else None
    tables = [_table("The model", _facts(run, precision))]
    if result:
        tables.append(_scores(result))
    if measured:
        tables.append(_measured(measured, precision))
    if result:
        tables.append(_table("Signatures of the scores", _signatures(result), folded=True))
    options = [(name, "none" if value is None else str(value)) for name, value in flat(run.config).items()]
    tables.append(_table("Configuration", options, folded=True))
    tables.append(_table("Fingerprints of the data", _fingerprints(run), folded=True))
    return {"paragraphs": [visible(text) for text in paragraphs if text], "tables": tables}


def _table(caption: str, rows: list[tuple[str, str]], folded: bool = False) -> dict[str, object]:
    return {"caption": caption, "rows": [["", ""], *map(list, rows)], "folded": folded}


def _facts(run: Run, precision: Precision) -> list[tuple[str, str]]:
    facts, config = run.facts, run.config
    entry = entry_of(config.model.topology)
    languages = (facts.source_language or "?", facts.target_language or "?")
    rows = [
        ("topology", config.model.topology),
        ("reads", entry.reads),
        ("remembers", entry.remembers),
        ("writes", entry.writes),
        ("languages", " → ".join(languages)),
        ("weights", f"{facts.parameters:,}, as {precision}" if facts.parameters else f"as {precision}"),
        ("pieces", f"{facts.source_vocabulary:,} of the source, {facts.target_vocabulary:,} of the target"),
        ("training", f"{facts.training_pairs:,} sentence pairs, at most {config.training.max_updates:,} updates"),
        ("search", search_of(run, None).in_words(config.model.topology)),
        ("made with", f"mtlite {facts.packages.get('mtlite', '?')}" + (f", {facts.date}" if facts.date else "")),
    ]
    return rows if run.finished else [*rows, ("state", "not finished: these are its best weights so far")]


def _scores(result: Result) -> dict[str, object]:
    metrics = list(next(iter(result.tests.values())).by_metric)
    rows = [["test set", *map(label_of, metrics), "sentences"]]
    for name, scores in result.tests.items():
        figures = [_with_interval(scores.by_metric[metric]) for metric in metrics]
        rows.append([name, *figures, f"{scores.sentences:,}"])
    caption = "Scores, by Python with the weights as they were trained (TER: lower is better)"
    return {"caption": caption, "rows": rows, "folded": False}


def _with_interval(metric: MetricScore) -> str:
    return f"{metric.score:.1f}" + ("" if metric.half_width is None else f"\u00a0±\u00a0{metric.half_width:.1f}")


def _measured(measured: Measured, precision: Precision) -> dict[str, object]:
    whole = measured.bleu["float32"]
    rows = [["weights", "BLEU", "difference"]]
    for name, bleu in measured.bleu.items():
        rows.append(
            [
                f"{name} (this page)" if name == precision else name,
                f"{bleu:.2f}",
                f"{bleu - whole:+.2f}".replace("-", "−"),
            ]
        )
    return {"caption": f"Rounded weights on {measured.test}, {measured.search}", "rows": rows, "folded": False}


def _signatures(result: Result) -> list[tuple[str, str]]:
    return [
        (f"{name}, {label_of(metric)}", score.signature)
        for name, scores in result.tests.items()
        for metric, score in scores.by_metric.items()
    ]


def _fingerprints(run: Run) -> list[tuple[str, str]]:
    facts = run.facts
    return [
        ("training pairs", facts.training_fingerprint),
        ("source tokenizer", facts.source_tokenizer),
        ("target tokenizer", facts.target_tokenizer),
        *facts.sides.items(),
    ]
