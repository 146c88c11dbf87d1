"""Write the village corpus: ``python corpora/village/generate.py [--seed N] [--output DIR]``."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from grammar.chooser import Chooser
from grammar.constructions import SentencePair, long_sentence_pair, sentence_pair

HERE = Path(__file__).parent
SEED = 1
SIZES = {"train": 24_000, "dev": 1_000, "test": 1_000, "test-long": 500, "test-new": 500}
LONGEST = 16
LONGEST_OF_TEST_LONG = 32
MINIMUM_IN_TRAIN = 5
"""How often train must have each word, of either language, of the other splits."""


@dataclass(frozen=True)
class Entry:
    """A sentence pair with what it is made of."""

    pair: SentencePair
    constructions: frozenset[str]
    lexemes: frozenset[str]
    relations: frozenset[tuple[str, str]]

    @property
    def length(self) -> int:
        """Return the number of English words."""
        return len(self.pair.english.split())

    def words(self) -> list[str]:
        """Return the words of both languages, as the tokens of a simple word count."""
        marks = str.maketrans("", "", ".,?")
        return [
            f"{language} {word}"
            for language, text in (("en", self.pair.english), ("de", self.pair.german))
            for word in text.translate(marks).split()
        ]


class Corpus:
    """The splits, filled so that no sentence of either language occurs twice."""

    def __init__(self, seed: int) -> None:
        self._choose = Chooser(seed)
        self._seen: set[str] = set()
        held_out: dict[str, Any] = yaml.safe_load((HERE / "held_out.yaml").read_text(encoding="utf-8"))
        self._words = [
            frozenset(pair) for heading in ("adjective and noun", "verb and object") for pair in held_out[heading]
        ]
        self._constructions = [frozenset(pair) for pair in held_out["constructions"]]
        self.splits: dict[str, list[Entry]] = {}

    def fill(self) -> None:
        """Fill all splits."""
        pool = [self._ordinary() for _ in range(SIZES["train"] + 2 * SIZES["dev"] + SIZES["test"])]
        self._choose.shuffle(pool)
        train = pool[: SIZES["train"]]
        self._in_train = Counter(word for entry in train for word in entry.words())
        rest = [entry for entry in pool[SIZES["train"] :] if self._known(entry)]
        self.splits["train"] = train
        self.splits["dev"] = rest[: SIZES["dev"]]
        self.splits["test"] = rest[SIZES["dev"] : SIZES["dev"] + SIZES["test"]]
        self.splits["test-long"] = [self._long() for _ in range(SIZES["test-long"])]
        self.splits["test-new"] = list(self._new())

    def _draw(self, long: bool = False) -> Entry:
        """Draw sentences until one is new, in both languages."""
        while True:
            pair = long_sentence_pair(self._choose) if long else sentence_pair(self._choose)
            if not self._seen & {pair.english, pair.german}:
                return Entry(
                    pair,
                    frozenset(self._choose.constructions),
                    frozenset(self._choose.lexemes),
                    frozenset(self._choose.relations),
                )

    def _accept(self, entry: Entry) -> Entry:
        self._seen |= {entry.pair.english, entry.pair.german}
        self._choose.accept()
        return entry

    def _is_held_out(self, entry: Entry) -> bool:
        return any(pair <= entry.lexemes for pair in self._words) or any(
            pair <= entry.constructions for pair in self._constructions
        )

    def _known(self, entry: Entry) -> bool:
        return all(self._in_train[word] >= MINIMUM_IN_TRAIN for word in entry.words())

    def _ordinary(self) -> Entry:
        while True:
            entry = self._draw()
            if entry.length <= LONGEST and not self._is_held_out(entry):
                return self._accept(entry)

    def _long(self) -> Entry:
        while True:
            entry = self._draw(long=True)
            fits = LONGEST < entry.length <= LONGEST_OF_TEST_LONG
            if fits and not self._is_held_out(entry) and self._known(entry):
                return self._accept(entry)

    def _new(self) -> Iterator[Entry]:
        """Draw for one held-out pair after the other, words and constructions in turn."""
        for number in range(SIZES["test-new"]):
            pairs = (self._words, self._constructions)[number % 2]
            self._choose.wanted = pairs[number // 2 % len(pairs)]
            yield self._meeting(self._choose.wanted)

    def _meeting(self, pair: frozenset[str]) -> Entry:
        while True:
            entry = self._draw()
            related = any(frozenset(relation) == pair for relation in entry.relations)
            meets = related or pair <= entry.constructions
            if meets and entry.length <= LONGEST and self._known(entry):
                return self._accept(entry)


def write(corpus: Corpus, folder: Path) -> None:
    """Write the two files of every split."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, entries in corpus.splits.items():
        for suffix, lines in (
            ("en", [entry.pair.english for entry in entries]),
            ("de", [entry.pair.german for entry in entries]),
        ):
            text = "".join(f"{line}\n" for line in lines)
            (folder / f"{name}.{suffix}").write_bytes(text.encode("utf-8"))


def main() -> None:
    """Read the command line, fill the splits and write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--output", type=Path, default=HERE)
    arguments = parser.parse_args()
    corpus = Corpus(arguments.seed)
    corpus.fill()
    write(corpus, arguments.output)


if __name__ == "__main__":
    main()
