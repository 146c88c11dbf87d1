"""Which languages are served, and by which run: several runs, several pairs of languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mtlite.config.read import shown
from mtlite.errors import UsageError
from mtlite.languages import language_code, name_of, same_language
from mtlite.serve.refusals import RequestError
from mtlite.storage.run_directory import FACTS
from mtlite.translation.loading import OpenRuns, open_runs

Pair = tuple[str, str]
"""Source and target language, as a run names them."""
AUTO = "auto"
"""The source of a request that leaves it to the server to find the language."""


def open_pairs(paths: Sequence[str]) -> dict[Pair, OpenRuns]:
    """Open run directories, each for its pair of languages; refuse what can be refused without TensorFlow."""
    opened: dict[Pair, OpenRuns] = {}
    for path in paths:
        found = open_runs([path])
        facts = found.runs[0].facts
        if not facts.source_language or not facts.target_language:
            raise UsageError(
                f"{path} does not say its languages, which clients ask by: write them into its {FACTS} as "
                'source_language and target_language, such as "en" and "de"'
            )
        pair = facts.source_language, facts.target_language
        if pair in opened:
            both = f"{opened[pair].runs[0].path} and {path} both translate {pair[0]} → {pair[1]}"
            raise UsageError(f"{both}: give one run for each pair of languages")
        opened[pair] = found
    return opened


def languages_of(pairs: Iterable[Pair]) -> list[dict[str, object]]:
    """Every language with those that it is translated into; one that is only a target has none."""
    targets: dict[str, list[str]] = {}
    for source, target in pairs:
        targets.setdefault(source, []).append(target)
    for _, target in list(pairs):
        targets.setdefault(target, [])
    return [
        {"code": code, "name": name_of(language_code(code) or code), "targets": each} for code, each in targets.items()
    ]


def meant(code: str, served: Iterable[str]) -> str | None:
    """The served language that a client means by a code: that code, or another one of the language."""
    codes = list(served)
    return code if code in codes else next((each for each in codes if same_language(code, each)), None)


def sources_for(target: str, pairs: Iterable[Pair]) -> dict[str, Pair]:
    """By source language, the pairs whose target a client means; RequestError if there is none."""
    served = dict.fromkeys(each for _, each in pairs)
    found = meant(target, served)
    if found is None:
        raise RequestError(f"target: expected one of {', '.join(served)}, received {shown(target)}")
    return {source: (source, each) for source, each in pairs if each == found}


def find_pair(source: str, target: str, pairs: Sequence[Pair]) -> Pair:
    """The pair that a client means; RequestError if it is not served."""
    sources = sources_for(target, pairs)
    found = meant(source, sources)
    if found is None:
        expected = f"{AUTO} or one of {', '.join(sources)} for target {shown(target)}"
        raise RequestError(f"source: expected {expected}, received {shown(source)}")
    return sources[found]
