"""What an ablation can show is said before it is trained."""

from __future__ import annotations

import numpy as np
import pytest

from mtlite.ablation.options import AblationConfig
from mtlite.ablation.power import TYPICAL_SEED_SD, TYPICAL_SENTENCE_SD, smallest_difference, what_it_can_show
from mtlite.evaluation.uncertainty import over_sentences_and_seeds


def test_the_smallest_difference_is_shown_about_four_times_in_five() -> None:
    generator = np.random.default_rng(1)
    seeds, sentences = 5, 1000
    effect = smallest_difference(seeds, sentences, 1)
    shown = 0
    for _ in range(500):
        of_sentences = generator.normal(0, TYPICAL_SENTENCE_SD / sentences**0.5)
        resampled = generator.normal(0, TYPICAL_SENTENCE_SD / sentences**0.5, size=200)
        first, second = generator.normal(0, TYPICAL_SEED_SD, size=(2, seeds))
        found = over_sentences_and_seeds(first, second, resampled, sentences)
        assert found is not None
        shown += found.p(second.mean() - first.mean() + effect + of_sentences) < 0.05
    assert shown / 500 == pytest.approx(0.8, abs=0.06)


def test_more_of_everything_shows_smaller_differences() -> None:
    usual = smallest_difference(3, 1000, 11)
    assert smallest_difference(10, 1000, 11) < usual
    assert smallest_difference(3, 4000, 11) < usual
    assert smallest_difference(3, 1000, 66) > usual


def test_words_before_a_training() -> None:
    tests = {"test": 1000, "test-new": 500}
    both = what_it_can_show(AblationConfig(topologies=["attention", "peek", "ctc"], seeds=[1, 2, 3]), tests, "bleu")
    assert "with 3 seeds and 4 comparisons" in both
    for count in (1000, 500):
        assert f"{smallest_difference(3, count, 4):.1f} BLEU on test" in both
    assert "mtlite's own records" in both
    chosen = what_it_can_show(AblationConfig(topologies=["attention", "peek"], primary=["test"]), tests, "bleu")
    assert "1 comparison," in chosen
    assert "test-new" not in chosen
    grid = AblationConfig(topologies=["attention"], grid={"model.units": [4, 8, 16]})
    assert "2 comparisons" in what_it_can_show(grid, {"test": 1000}, "bleu")
    few = what_it_can_show(AblationConfig(seeds=[1, 2]), tests, "bleu")
    assert all(word in few for word in ("2 seeds", "without verdicts", "at least 3", "ablation.seeds"))
    assert "nothing to compare" in what_it_can_show(AblationConfig(topologies=["peek"]), tests, "bleu")
    other = what_it_can_show(AblationConfig(topologies=["attention", "peek"]), tests, "exact-match")
    assert other.startswith("3 seeds give verdicts by exact-match: how large a difference must be")
