"""Which of the served languages a text is in, as far as the text of the runs themselves can tell.

A run keeps its dev and test sets. The runs of three characters in them are counted, and a text is compared with the
counts of each language (Cavnar & Trenkle 1994; naive Bayes instead of their ranks). Languages that no run knows are
never found. The confidence is honest about that: it is the probability among the served languages, times the share of
the text's runs of three characters that the language's own text has.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from mtlite.languages import same_language
from mtlite.storage.run_directory import Run

_MOST_CHARACTERS = 200_000  # of a language: more tells no more
_MOST_OF_A_TEXT = 1_000  # characters that are looked at
_UNSEEN = 0.1  # count of what a language's text does not have


class Detected(NamedTuple):
    """A language that a text may be in."""

    language: str
    confidence: float  # from 0 to 100, as clients of LibreTranslate expect


class Profile:
    """What the text of a language looks like."""

    def __init__(self, lines: Iterable[str]) -> None:
        left, kept = _MOST_CHARACTERS, []
        for line in lines:
            if left <= 0:
                break
            kept.append(line[:left])
            left -= len(line)
        text = _spelled(" ".join(kept))
        self.triples = Counter(_triples(text))
        self.total = self.triples.total()

    def log_probability(self, triples: Counter[str]) -> float:
        """That of a text with these runs of three characters, in which each is independent of the others."""
        rest = math.log(self.total + _UNSEEN * (len(self.triples) + len(triples)))
        return sum(count * (math.log(self.triples[triple] + _UNSEEN) - rest) for triple, count in triples.items())

    def share(self, triples: Counter[str]) -> float:
        """How much of a text with these runs of three characters has been seen, from 0 to 1."""
        seen = sum(count for triple, count in triples.items() if triple in self.triples)
        return seen / max(1, triples.total())


class Detector:
    """Tells languages apart; `lines` are, by language, sentences of it."""

    def __init__(self, lines: Mapping[str, Iterable[str]]) -> None:
        self.profiles = {language: Profile(each) for language, each in lines.items()}

    def __call__(self, text: str, among: Iterable[str] | None = None) -> list[Detected]:
        """The languages (default: all that are known), the likeliest first; one without letters is in none."""
        languages = list(self.profiles if among is None else among)
        spelled = _spelled(text[:_MOST_OF_A_TEXT])
        triples = Counter(_triples(spelled))
        scores = {language: self.profiles[language].log_probability(triples) for language in languages}
        best = max(scores.values(), default=0.0)
        weights = {language: math.exp(score - best) for language, score in scores.items()}
        total = sum(weights.values())
        found = []
        for language, weight in weights.items():
            known = self.profiles[language].share(triples)
            found.append(Detected(language, round(100 * weight / total * known, 1)))
        return sorted(found, key=lambda each: -each.confidence)


def _spelled(text: str) -> str:
    """Lower case, letters and what stands in a word with them; one space for anything else."""
    return " ".join("".join(each if each.isalpha() or each in "'\u2019-" else " " for each in text.casefold()).split())


def _triples(text: str) -> Iterator[str]:
    padded = f" {text} " if text else ""
    return (padded[at : at + 3] for at in range(len(padded) - 2))


def lines_by_language(runs: Iterable[Run]) -> dict[str, list[str]]:
    """By language, the dev and test sentences of runs; runs may name a language in two ways."""
    found: dict[str, list[str]] = {}
    for run in runs:
        for side, language in (("source", run.facts.source_language), ("target", run.facts.target_language)):
            if language:
                same = next((lines for each, lines in found.items() if same_language(each, language)), [])
                lines = found.setdefault(language, same)
                for name in ("dev", *run.facts.tests):
                    lines.extend(run.read_side(f"{name}.{side}"))
    return found
