"""Scores of a finished training on its own test sets, or on other files."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from rich.console import Console

from mtlite.config.options import SearchConfig
from mtlite.evaluation.scores import Scores, score
from mtlite.storage.run_directory import Run
from mtlite.translation.translator import Translator


class Evaluated(NamedTuple):
    """What came of one test set."""

    hypotheses: list[str]
    scores: Scores
    seconds: float  # of translating
    cut: list[int]  # numbers of the lines, from 1, that were longer than search accepts


def evaluate_lines(
    translator: Translator, sources: list[str], references: list[str], target_language: str | None
) -> Evaluated:
    """Translate and score."""
    start = time.perf_counter()
    translations = translator.translate(sources)
    seconds = time.perf_counter() - start
    hypotheses = [translation.texts[0] for translation in translations]
    cut = [number for number, translation in enumerate(translations, 1) if translation.cut]
    return Evaluated(hypotheses, score(hypotheses, references, target_language), seconds, cut)


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
        found = evaluate_lines(translator, sources, references, facts["target_language"])
        hypotheses_of[name] = found.hypotheses
        results[name] = {
            **found.scores.to_dict(),
            "sha256": facts["sides"][f"{name}.target"],
            "cut_sources": len(found.cut),
            "seconds": round(found.seconds, 3),
        }
        if found.cut:
            console.print(
                f"warning: {len(found.cut):,} sources of {name} have more than {search.max_source_tokens:,} pieces and "
                "were cut (search.max_source_tokens)"
            )
        console.print(describe(name, found, search.beam_size))
    # Nothing is written before everything is scored: a part is never taken for the whole.
    for name, hypotheses in hypotheses_of.items():
        run.write_lines("hypotheses.txt" if name == "test" else f"hypotheses.{name}.txt", hypotheses)
    result = {"search": vars(search), "tests": results}
    run.write_json("result.json", result)
    return result


def describe(name: str, found: Evaluated, beam_size: int) -> str:
    """One line for a person."""
    scores, bleu = found.scores, found.scores.bleu
    interval = "" if bleu.half_width is None else f" ± {bleu.half_width:.1f}"
    return (
        f"{name}: BLEU {bleu.score:.2f}{interval}  chrF2 {scores.chrf2.score:.2f}  TER {scores.ter.score:.2f}  "
        f"({scores.sentences:,} sentences, beam {beam_size}, {found.seconds:.1f} s)  {bleu.signature}"
    )
