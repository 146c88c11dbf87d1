"""Scores of a finished training on its own test sets, or on other files."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import NamedTuple

from rich.console import Console

from mtlite.config.options import SearchConfig
from mtlite.config.read import Count, plain
from mtlite.errors import DamagedError
from mtlite.evaluation.scores import Scores, score
from mtlite.storage.run_directory import RESULT, Run
from mtlite.translation.loading import open_runs
from mtlite.translation.translator import Translator


class Scored(NamedTuple):
    """The translations of one test set with their scores."""

    hypotheses: list[str]
    scores: Scores
    seconds: float  # of translating
    truncated: list[int]  # numbers of the lines, from 1, that were longer than search accepts


@dataclass(frozen=True, kw_only=True)
class StoredScores(Scores):
    """The scores of a test set, as a run keeps them.

    Args:
        sha256: Of the references.
        truncated_sources: Sources that were longer than search accepts.
        seconds: Of translating.
    """

    sha256: str
    truncated_sources: Count
    seconds: float


@dataclass(frozen=True)
class Result:
    """The scores of a run: `result.json`."""

    search: SearchConfig
    tests: dict[str, StoredScores]


def score_lines(
    translator: Translator, sources: list[str], references: list[str], target_language: str | None
) -> Scored:
    """Translate and score."""
    start = time.perf_counter()
    translations = translator.translate(sources)
    seconds = time.perf_counter() - start
    hypotheses = [translation.texts[0] for translation in translations]
    truncated = [number for number, translation in enumerate(translations, 1) if translation.truncated]
    return Scored(hypotheses, score(hypotheses, references, target_language), seconds, truncated)


def score_run(run: Run, console: Console) -> Result:
    """Translate and score every test set of a run whose training is over; write `result.json` and the hypotheses."""
    search = run.config.search
    translator = Translator.of(open_runs([run]), search)
    scored = {}
    for name in run.facts.tests:
        sources, references = run.read_side(f"{name}.source"), run.read_side(f"{name}.target")
        scored[name] = score_lines(translator, sources, references, run.facts.target_language)
        if scored[name].truncated:
            console.print(
                f"warning: {len(scored[name].truncated):,} sources of {name} have more than "
                f"{search.max_source_tokens:,} pieces and were cut (search.max_source_tokens)"
            )
        console.print(describe(name, scored[name], search.beam_size))
    # Nothing is written before everything is scored: a part is never taken for the whole.
    for name, each in scored.items():
        run.write_lines(hypotheses_file(name), each.hypotheses)
    tests = {
        name: StoredScores(
            **vars(each.scores),
            sha256=run.facts.sides[f"{name}.target"],
            truncated_sources=len(each.truncated),
            seconds=round(each.seconds, 3),
        )
        for name, each in scored.items()
    }
    result = Result(search, tests)
    run.write_json(RESULT, plain(result))
    return result


def read_result(run: Run) -> Result:
    """The scores of a finished run.

    Raises:
        RunError: if it is not finished, or damaged.
    """
    result = run.read_json(RESULT, Result)
    if sorted(result.tests) != sorted(run.facts.tests):
        raise DamagedError(f"{run.path / RESULT} is damaged: expected scores of {', '.join(run.facts.tests)}")
    return result


def hypotheses_file(test: str, search: str = "") -> str:
    """Where a run keeps the translations of a test set; `search` names a second search."""
    return ".".join(["hypotheses", *filter(None, [search, "" if test == "test" else test]), "txt"])


def describe(name: str, scored: Scored, beam_size: int) -> str:
    """The scores of a test set as one line."""
    scores, bleu = scored.scores, scored.scores.bleu
    interval = "" if bleu.half_width is None else f" ± {bleu.half_width:.1f}"
    return (
        f"{name}: BLEU {bleu.score:.2f}{interval}  chrF2 {scores.chrf2.score:.2f}  TER {scores.ter.score:.2f}  "
        f"({scores.sentences:,} sentences, beam {beam_size}, {scored.seconds:.1f} s)  {bleu.signature}"
    )
