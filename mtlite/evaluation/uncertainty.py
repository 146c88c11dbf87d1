"""How uncertain a difference between two systems is: its standard error, p, an interval, what it could have shown.

The difference is one of means over seeds. Its variance is the sum of what two things contribute:

- *Seeds*: s²/k for each system, where s² is the variance of its score between its k seeds. Seeds are not paired: seed 1
  of one system has nothing in common with seed 1 of another that would make their scores alike.
- *Sentences*: the variance over resamples of the test set (bootstrap), which are the same for all outputs. This part is
  paired.

What a seed does to single sentences is in both parts, so the sum is rather too large. The degrees of freedom are
Satterthwaite's (1946), but at most six times those of the system with fewer seeds: a variance of three seeds that is
small by chance would otherwise pass for a precise one. In simulations without a difference, it is this bound that keeps
the level where seeds vary most and comparisons are many (`scripts/level_and_power.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

MINIMAL_SEEDS = 3
"""Seeds of a system, of which the variance between seeds is estimated."""
MOST_DEGREES = 6
"""Degrees of freedom, for each that the system with fewer seeds has."""
POWER = 0.8
"""The probability with which the smallest difference is shown."""
TOLERANCE = 1e-9  # two scores that are equal in exact arithmetic differ by less


@dataclass(frozen=True)
class Uncertainty:
    """Of a difference."""

    standard_error: float  # in points
    degrees: float  # of freedom
    sentences: int

    def p(self, effect: float) -> float:
        """The probability of a difference that is at least as large, in either direction, if there is none.

        It is not below that of a test that can only exchange the two outputs of each sentence: 2 / 2^sentences. So a
        standard error of 0, which few sentences or a coarse metric can have, proves nothing by itself.
        """
        if abs(effect) <= TOLERANCE:
            return 1.0
        smallest = 2.0 ** (1 - self.sentences)
        if self.standard_error == 0:
            return smallest
        return float(max(smallest, 2 * stdtr(self.degrees, -abs(effect) / self.standard_error)))

    def interval(self, effect: float) -> tuple[float, float]:
        """The 95% interval around an effect."""
        half_width = self._quantile(0.975) * self.standard_error
        return effect - half_width, effect + half_width

    def smallest_shown(self, level: float) -> float:
        """The smallest difference, in points, whose p is below `level` with a probability of 80%."""
        return (self._quantile(1 - level / 2) + self._quantile(POWER)) * self.standard_error

    def _quantile(self, probability: float) -> float:
        return float(stdtrit(self.degrees, probability))


def over_sentences(resampled: np.ndarray, sentences: int) -> Uncertainty:
    """The uncertainty of a difference between fixed outputs.

    Args:
        resampled: the difference in each resample of the test set [resamples].
        sentences: of the test set.
    """
    # Resamples spread less than samples, by (n − 1)/n. Both the sentences and the resamples are finite.
    free = max(sentences - 1, 1)
    variance = float(resampled.var(ddof=1)) * sentences / free
    return Uncertainty(variance**0.5, 1 / (1 / free + 1 / (len(resampled) - 1)), sentences)


def over_sentences_and_seeds(
    first: np.ndarray, second: np.ndarray, resampled: np.ndarray, sentences: int
) -> Uncertainty | None:
    """The uncertainty of a difference between two means over seeds; None if a system has fewer than three seeds.

    Args:
        first: the scores of one system [its seeds].
        second: the scores of the other [its seeds].
        resampled: the difference of the two means in each resample of the test set [resamples].
        sentences: of the test set.
    """
    fewest = min(len(first), len(second))
    if fewest < MINIMAL_SEEDS:
        return None
    outputs = over_sentences(resampled, sentences)
    parts = [(outputs.standard_error**2, outputs.degrees)]
    parts += [(float(scores.var(ddof=1)) / len(scores), len(scores) - 1) for scores in (first, second)]
    return added(parts, fewest, sentences)


def added(parts: list[tuple[float, float]], fewest: int, sentences: int) -> Uncertainty:
    """The uncertainty of a sum, from the variance and the degrees of freedom of each part, and the fewest seeds."""
    variance = sum(part for part, _ in parts)
    most = float(MOST_DEGREES * (fewest - 1))
    spread = sum(part**2 / degrees for part, degrees in parts)
    return Uncertainty(variance**0.5, min(most, variance**2 / spread) if spread else most, sentences)
