"""Made-up outputs: references of random words and hypotheses with random mistakes."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

WORDS = [f"w{number}" for number in range(200)] + ["don't", "Ärger", "3.5", "(so)", "&amp;", "“ja”"]


@pytest.fixture(scope="session")
def references() -> list[str]:
    draw = random.Random(1)
    return [" ".join(draw.choices(WORDS, k=draw.randint(1, 15))) + "." for _ in range(200)]


@pytest.fixture(scope="session")
def translate(references: list[str]) -> Callable[..., list[str]]:
    """`translate(mistakes, seed)`: a third of the mistakes each replace, drop and double a word."""

    def output(mistakes: float, seed: int) -> list[str]:
        draw = random.Random(seed)
        lines = []
        for reference in references:
            words: list[str] = []
            for word in reference.split():
                outcomes = [[word], [draw.choice(WORDS)], [], [word, word]]
                words += draw.choices(outcomes, weights=[1 - mistakes, *[mistakes / 3] * 3])[0]
            lines.append(" ".join(words))
        return lines

    return output


@pytest.fixture(scope="session")
def hypotheses(translate: Callable[..., list[str]]) -> list[str]:
    """One hypothesis for each reference, the first two without content or with odd spaces."""
    return ["", "w1  w2 \t", *translate(0.4, seed=2)[2:]]
