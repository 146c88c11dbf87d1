"""Filter training pairs: empty or over-long sides, overlap with dev and test sets, and optional rules."""

from __future__ import annotations

import dataclasses
import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import datasets
import numpy as np

from mtlite.config.options import CleaningConfig
from mtlite.data.cache import cached_arrays, keep_rows, pairs_of
from mtlite.data.corpus import Corpus
from mtlite.data.scripts import most_frequent, script_of
from mtlite.errors import DataError

_Rule = Callable[[int, str, str], bool]

DESCRIPTIONS = {
    "empty": "an empty side",
    "max_characters": "a side that is too long",
    "overlap": "also in a dev or test set",
    "max_length_ratio": "one side much longer than the other",
    "duplicates": "a repeated pair",
    "identical": "source and target the same",
    "script": "another script than most of the corpus",
}
"""By rule, what it leaves out."""
_WARNINGS = ("source that is also in a dev or test set", "target that is also in a dev or test set")


@dataclass(frozen=True)
class CleaningReport:
    """Numbers of training pairs; `warnings` counts kept ones that share a side, but for case and width, with a test."""

    removed: dict[str, int]  # by the name of the rule, in the order of the rules; a pair counts once, under the first
    warnings: dict[str, int]
    before: int
    after: int

    def lines(self) -> list[str]:
        """Return the report for a person, one sentence a line."""
        removed = [f"Left out: {pairs:,} ({DESCRIPTIONS[rule]})." for rule, pairs in self.removed.items() if pairs]
        kept = "They are kept: data.cleaning.overlap leaves out a pair only where both sides are the same."
        found = {side: pairs for side, pairs in self.warnings.items() if pairs}
        warned = [f"Warning: {pairs:,} training pairs have a {side}. {kept}" for side, pairs in found.items()]
        return [f"{self.after:,} of {self.before:,} training pairs kept.", *removed, *warned]


def clean(corpus: Corpus, config: CleaningConfig) -> tuple[Corpus, CleaningReport]:
    """Return the corpus with the training pairs that are kept, and what was left out; at least one must be kept."""
    parts = [corpus.train, *corpus.held_out.values()]
    key = ["cleaning", *(part._fingerprint for part in parts), repr(config)]
    if corpus.further:
        key.append(hashlib.sha256(repr(corpus.further).encode()).hexdigest())
    found = cached_arrays(key, lambda: _apply_rules(corpus, config))
    keep = found["keep"]
    removed = dict(zip(_active_names(config), found["removed"].tolist(), strict=True))
    warnings = dict(zip(_WARNINGS, found["warnings"].tolist(), strict=True))
    report = CleaningReport(removed, warnings, len(keep), int(keep.sum()))
    if not report.after:
        raise DataError("cleaning left no training pair: " + " ".join(report.lines()[1:]))
    return dataclasses.replace(corpus, train=keep_rows(corpus.train, keep)), report


def _apply_rules(corpus: Corpus, config: CleaningConfig) -> dict[str, np.ndarray]:
    """Which training pairs to keep, how many break each active rule, and how often to warn."""
    held_out = list(corpus.right_pairs)
    rules = _active_rules(corpus.train, config, set(held_out))
    sides = {fold_case(source) for source, _ in held_out}, {fold_case(target) for _, target in held_out}
    removed, warnings = dict.fromkeys(rules, 0), np.zeros(len(_WARNINGS), np.int64)
    keep = np.ones(len(corpus.train), dtype=bool)
    for row, pair in enumerate(pairs_of(corpus.train)):
        broken = next((name for name, breaks in rules.items() if breaks(row, *pair)), None)
        if broken:
            removed[broken] += 1
            keep[row] = False
        elif config.overlap:
            warnings += [fold_case(side) in known for side, known in zip(pair, sides, strict=True)]
    return {"keep": keep, "removed": np.array(list(removed.values()), np.int64), "warnings": warnings}


def _active_names(config: CleaningConfig) -> list[str]:
    """The rules that are switched on, in the order of the configuration."""
    return [field.name for field in dataclasses.fields(config) if getattr(config, field.name)]


def _active_rules(train: datasets.Dataset, config: CleaningConfig, held_out: set[tuple[str, str]]) -> dict[str, _Rule]:
    """The rules that are switched on, by name; a rule tells what to leave out."""
    rules: dict[str, _Rule] = {
        "empty": lambda row, *pair: not all(map(str.strip, pair)),
        "max_characters": lambda row, *pair: max(map(len, pair)) > config.max_characters,
        "overlap": lambda row, *pair: pair in held_out,
        "max_length_ratio": lambda row, *pair: max(map(len, pair)) > config.max_length_ratio * min(map(len, pair)),
        "identical": lambda row, source, target: source == target,
    }
    if config.duplicates:
        is_repeated = _mark_repeats(train)
        rules["duplicates"] = lambda row, *pair: bool(is_repeated[row])
    if config.script:
        scripts = [most_frequent(Counter(script_of(pair[side]) for pair in pairs_of(train))) for side in (0, 1)]
        rules["script"] = lambda row, *pair: any(
            script_of(side) not in (None, script) for side, script in zip(pair, scripts, strict=True)
        )
    return {name: rules[name] for name in _active_names(config)}


def _mark_repeats(dataset: datasets.Dataset) -> np.ndarray:
    """True for every pair that occurred before; in memory are eight bytes a pair."""
    hashes = np.empty(len(dataset), dtype=np.uint64)
    for row, (source, target) in enumerate(pairs_of(dataset)):
        text = f"{len(source)} {source}{target}".encode()
        hashes[row] = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
    is_repeated = np.ones(len(dataset), dtype=bool)
    is_repeated[np.unique(hashes, return_index=True)[1]] = False
    return is_repeated


def fold_case(text: str) -> str:
    """Text without differences of case, width or ligature."""
    return unicodedata.normalize("NFKC", text).casefold()
