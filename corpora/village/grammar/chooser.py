"""Random choice that evens out how often each lexeme is used, and notes what a sentence uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Chooser:
    """A source of choices for one sentence after the other.

    Only ``Random.random`` is called: it gives the same numbers on every version of Python.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self.counts: Counter[str] = Counter()
        self.wanted: frozenset[str] = frozenset()
        self.begin()

    def begin(self, depth: int = 1) -> None:
        """Forget what the previous sentence used; relative clauses may nest ``depth`` deep."""
        self.depth = depth
        self.lexemes: list[str] = []
        self.constructions: set[str] = set()
        self.relations: set[tuple[str, str]] = set()

    def accept(self) -> None:
        """Count the lexemes of the sentence just built."""
        self.counts.update(self.lexemes)

    def chance(self, probability: float) -> bool:
        """Return true with the given probability."""
        return self._random.random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """Return one option, all equally likely."""
        return options[int(self._random.random() * len(options))]

    def weighted(self, options: dict[T, float]) -> T:
        """Return one option in proportion to its weight, or a wanted one."""
        if self.wanted:
            options = {key: options[key] for key in options if key in self.wanted} or options
        rest = self._random.random() * sum(options.values())
        *others, last = options
        for option in others:
            rest -= options[option]
            if rest < 0:
                return option
        return last

    def lexeme(self, options: Sequence[T], name: Callable[[T], str]) -> T:
        """Return the rarer of two random options, or a wanted one, and note its name.

        What the sentence has used already is avoided if that is easy.
        """
        if self.wanted:
            wanted = [option for option in options if name(option) in self.wanted]
            options = [option for option in wanted if name(option) not in self.lexemes] or options
        choice, other = self._unused(options, name), self._unused(options, name)
        if self.counts[name(other)] < self.counts[name(choice)]:
            choice = other
        self.lexemes.append(name(choice))
        return choice

    def _unused(self, options: Sequence[T], name: Callable[[T], str]) -> T:
        for _ in range(3):
            choice = self.pick(options)
            if name(choice) not in self.lexemes:
                break
        return choice

    def shuffle(self, items: list[T]) -> None:
        """Shuffle a list in place."""
        for last in range(len(items) - 1, 0, -1):
            other = int(self._random.random() * (last + 1))
            items[last], items[other] = items[other], items[last]

    def mark(self, construction: str) -> None:
        """Note that the sentence contains a construction."""
        self.constructions.add(construction)
