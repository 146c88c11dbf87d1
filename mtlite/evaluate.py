"""Scores of a finished training on its own test sets, or on other files."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console

from mtlite.config import SearchConfig
from mtlite.evaluation.scores import Scores, score
from mtlite.run import Run
from mtlite.search.translator import Translator


def evaluate_lines(
    translator: Translator, sources: list[str], references: list[str], target_language: str | None
) -> tuple[list[str], Scores, float]:
    """Translate and score.

    Returns:
        Hypotheses, scores, and the seconds that translating took.
    """
    start = time.perf_counter()
    hypotheses = translator(sources)
    seconds = time.perf_counter() - start
    return hypotheses, score(hypotheses, references, target_language), seconds


def evaluate_run(run: Run, console: Console, search: SearchConfig | None = None) -> dict[str, Any]:
    """Translate and score every test set of a run, and write `result.json` and the hypotheses.

    Args:
        run: its training is over.
        console: where the scores are shown.
        search: how to search; as the run says if None.

    Returns:
        What was written.
    """
    facts = run.read_json("run.json")
    search = search or run.config().search
    translator = Translator.load(run.path, search)
    results: dict[str, Any] = {}
    hypotheses_of: dict[str, list[str]] = {}
    for name in facts["tests"]:
        sources, references = run.read_side(f"{name}.source"), run.read_side(f"{name}.target")
        hypotheses_of[name], scores, seconds = evaluate_lines(translator, sources, references, facts["target_language"])
        results[name] = {**scores.to_dict(), "sha256": facts["sides"][f"{name}.target"], "seconds": round(seconds, 3)}
        console.print(describe(name, scores, search.beam_size, seconds))
    # Nothing is written before everything is scored: a part is never taken for the whole.
    for name, hypotheses in hypotheses_of.items():
        run.write_lines("hypotheses.txt" if name == "test" else f"hypotheses.{name}.txt", hypotheses)
    result = {"search": vars(search), "tests": results}
    run.write_json("result.json", result)
    return result


def describe(name: str, scores: Scores, beam_size: int, seconds: float) -> str:
    """One line for a person."""
    bleu = scores.bleu
    interval = "" if bleu.half_width is None else f" ± {bleu.half_width:.1f}"
    return (
        f"{name}: BLEU {bleu.score:.2f}{interval}  chrF2 {scores.chrf2.score:.2f}  TER {scores.ter.score:.2f}  "
        f"({scores.sentences:,} sentences, beam {beam_size}, {seconds:.1f} s)  {bleu.signature}"
    )
