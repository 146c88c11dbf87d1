"""Scores of a finished training on its own test sets, or on other files."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from mtlite.config.options import DEFAULT_METRICS, SearchConfig
from mtlite.config.read import plain
from mtlite.config.recipe import Values, metrics_of
from mtlite.console import announce
from mtlite.evaluation.metrics import label_of
from mtlite.evaluation.references import References
from mtlite.evaluation.scores import LEARNED, Scores, score
from mtlite.storage.run_directory import RESULT, Run
from mtlite.translation.loading import Expected, as_run, open_runs, sets_to_score
from mtlite.translation.result import Result, StoredScores, hypotheses_file
from mtlite.translation.translator import Translator


class Scored(NamedTuple):
    """The translations of one test set with their scores."""

    hypotheses: list[str]
    scores: Scores
    seconds: float  # of translating
    truncated: list[int]  # numbers of the lines, from 1, that were longer than search accepts

    def __repr__(self) -> str:
        return repr(self.scores)


def score_lines(
    translator: Translator,
    sources: list[str],
    references: References,
    target_language: str | None,
    metrics: Sequence[str] = DEFAULT_METRICS,
) -> Scored:
    """Translate and score by what is always counted, and by some metrics."""
    start = time.perf_counter()
    translations = translator.translate(sources)
    seconds = time.perf_counter() - start
    hypotheses = [translation.texts[0] for translation in translations]
    truncated = [number for number, translation in enumerate(translations, 1) if translation.truncated]
    return Scored(hypotheses, score(hypotheses, references, target_language, metrics=metrics), seconds, truncated)


def evaluate(
    run: str | Path | Run,
    source: str | Path | Sequence[str] | None = None,
    reference: Expected | None = None,
    search: SearchConfig | Values | None = None,
    threads: int = 0,
    metrics: Sequence[str] | None = None,
) -> dict[str, Scored]:
    """Translate and score the test sets of a run, or other sentences: texts, or the path of a file with one a line.

    The scores are by test set; those of other sentences are under the path, or `source`. The run stays as it is. With
    several references, give a list of `Path`, or for each sentence the list of its references. `metrics` are
    scored beside what is always counted (default: those of the run).
    """
    sets = sets_to_score(run := as_run(run), source, reference)
    asked = run.config.evaluation.metrics if metrics is None else metrics_of(metrics)
    translator = Translator.load(run, search, threads)
    return {name: score_lines(translator, *sides, run.facts.target_language, asked) for name, sides in sets.items()}


def score_run(run: Run, console: Console) -> Result:
    """Translate and score every test set of a run whose training is over; write `result.json` and the hypotheses."""
    topology = run.config.model.topology
    search = run.config.search.fitting(topology)  # an older run says otherwise
    translator = Translator.of(open_runs([run]), search)
    scored, metrics = {}, run.config.evaluation.metrics
    for name in run.facts.tests:
        sources, references = run.read_side(f"{name}.source"), run.references(name)
        with announce(f"translating {name} ({len(sources):,} sentences)", console.print):
            scored[name] = score_lines(translator, sources, references, run.facts.target_language, metrics)
        if scored[name].truncated:
            console.print(
                f"warning: {len(scored[name].truncated):,} sources of {name} have more than "
                f"{search.max_source_tokens:,} pieces and were cut (search.max_source_tokens)"
            )
        console.print(describe(name, scored[name], search.in_words(topology), metrics))
    first = next(iter(scored.values())).scores
    if all(getattr(first, metric).score < least for metric, least in LEARNED.items()):
        updates, rate = run.config.training.max_updates, run.config.training.learning_rate
        console.print(
            f"The model has not learned to translate yet: give more training.max_updates (now {updates:,}); if the dev "
            f"loss hardly falls, change training.learning_rate (now {rate:g})."
        )
    # Nothing is written before everything is scored: a part must not pass for the whole.
    checksums = {name: run.write_lines(hypotheses_file(name), each.hypotheses) for name, each in scored.items()}
    tests = {
        name: StoredScores(
            **vars(each.scores),
            sha256=run.facts.sides[f"{name}.target"],
            hypotheses=checksums[name],
            truncated_sources=len(each.truncated),
            seconds=round(each.seconds, 3),
        )
        for name, each in scored.items()
    }
    result = Result(search, tests)
    run.write_json(RESULT, plain(result))
    return result


def describe(name: str, scored: Scored, search: str, metrics: Sequence[str]) -> str:
    """Write the scores of a test set in one line; `search` is the search in words, the signature that of the first."""
    scores = scored.scores
    found = {metric: scores.by_metric[metric] for metric in metrics}
    said = "  ".join(f"{label_of(metric)} {each}" for metric, each in found.items())
    return (
        f"{name}: {said}  ({scores.sentences:,} sentences, {search}, {scored.seconds:.1f} s)  "
        f"{found[metrics[0]].signature}" + (f"  {scores.note}" if scores.note else "")
    )
