"""Standard error, p, interval and power of a difference, by hand and against a mixed model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from samples import ROOT
from scipy import stats

from mtlite.ablation.ablate import recorded_ablation
from mtlite.ablation.record import Record
from mtlite.comparison.results import make_family
from mtlite.evaluation.statistics import bleu_of_sentences
from mtlite.evaluation.uncertainty import Uncertainty, added, over_sentences, over_sentences_and_seeds
from mtlite.report.gather import gather


def resampled(differences: np.ndarray, seed: int = 0) -> np.ndarray:
    """The mean of some differences [sentences] in 1,000 resamples."""
    generator = np.random.default_rng(seed)
    return np.array([generator.choice(differences, len(differences)).mean() for _ in range(1000)])


def test_sentences_alone_are_the_standard_error_of_their_mean() -> None:
    differences = np.random.default_rng(1).normal(0.2, 1, size=50)
    found = over_sentences(resampled(differences), 50)
    assert found.standard_error == pytest.approx(differences.std(ddof=1) / 50**0.5, rel=0.1)
    assert found.p(differences.mean()) == pytest.approx(stats.ttest_1samp(differences, 0).pvalue, rel=0.2)


def test_both_the_sentences_and_the_resamples_are_finite() -> None:
    """11 sentences and 21 resamples: 1/10 + 1/20 of a degree of freedom, and a variance that is 11/10 as large."""
    values = np.random.default_rng(5).normal(size=21)
    found = over_sentences(values, 11)
    assert found.degrees == pytest.approx(20 / 3)
    assert found.standard_error**2 == pytest.approx(values.var(ddof=1) * 1.1)


def test_seeds_alone_are_the_test_of_welch() -> None:
    """Without a spread over sentences; 8 and 9 seeds are enough not to be bounded."""
    generator = np.random.default_rng(2)
    first, second = generator.normal(0, 1, 8), generator.normal(1, 2, 9)
    found = over_sentences_and_seeds(first, second, np.zeros(1000), 1000)
    assert found is not None
    expected = stats.ttest_ind(first, second, equal_var=False)
    assert found.p(second.mean() - first.mean()) == pytest.approx(expected.pvalue)
    assert found.interval(second.mean() - first.mean()) == pytest.approx(
        (-expected.confidence_interval().high, -expected.confidence_interval().low)
    )


def test_sum_and_degrees_of_freedom_by_hand() -> None:
    # 1 + 0.5 + 0.5 = 2; 4 / (1/100 + 0.25/2 + 0.25/4) = 20.25, and at most 6 · 2 = 12 with three seeds
    parts = [(1.0, 100.0), (0.5, 2.0), (0.5, 4.0)]
    assert added(parts, 10, 1000).standard_error == pytest.approx(2**0.5)
    assert added(parts, 10, 1000).degrees == pytest.approx(4 / (0.01 + 0.125 + 0.0625))
    assert added(parts, 3, 1000).degrees == 12


@pytest.mark.parametrize("seeds", [(1, 3), (2, 3), (2, 2), (3, 2)])
def test_one_or_two_seeds_have_no_uncertainty_over_seeds(seeds: tuple[int, int]) -> None:
    first, second = (np.arange(count, dtype=float) for count in seeds)
    assert over_sentences_and_seeds(first, second, np.ones(1000), 1000) is None


def test_variances_of_zero() -> None:
    same = np.full(3, 5.0)
    nothing = over_sentences_and_seeds(same, same, np.zeros(1000), 1000)
    assert nothing is not None
    assert nothing.p(0.0) == 1
    assert nothing.p(3.0) == pytest.approx(0, abs=1e-9)
    assert nothing.interval(3.0) == (3, 3)
    one_varies = over_sentences_and_seeds(same, np.array([1.0, 2.0, 3.0]), np.zeros(1000), 1000)
    assert one_varies is not None
    assert one_varies.degrees == pytest.approx(2)


def test_few_sentences_cannot_prove_much() -> None:
    certain = [over_sentences(np.full(1000, 7.0), sentences).p(7.0) for sentences in (1, 2, 5)]
    assert certain == [1, 1 / 2, 1 / 16]


def test_smallest_difference_is_shown_with_the_promised_probability() -> None:
    generator = np.random.default_rng(3)
    known = Uncertainty(0.5, 1000.0, 1000)
    smallest = known.smallest_shown(0.05)
    assert smallest == pytest.approx(0.5 * (1.96 + 0.84), rel=0.01)
    shown = [known.p(effect) < 0.05 for effect in generator.normal(smallest, 0.5, size=2000)]
    assert np.mean(shown) == pytest.approx(0.8, abs=0.03)
    assert known.smallest_shown(0.05 / 66) > smallest


def assert_that_a_mixed_model_agrees(scores: np.ndarray) -> Any:
    """Sentences and seeds as random effects (Riezler & Hagmann 2022), for a score that is a mean over sentences.

    Args:
        scores: of sentences [2 systems, seeds, sentences].
    """
    pandas = pytest.importorskip("pandas")
    models = pytest.importorskip("statsmodels.formula.api")
    rows = [
        {"score": scores[at], "system": at[0], "seed": f"{at[0]}-{at[1]}", "sentence": at[2], "all": 1}
        for at in np.ndindex(*scores.shape)
    ]
    parts = {"sentence": "0 + C(sentence)", "both": "0 + C(sentence):C(system)", "seed": "0 + C(seed)"}
    model = models.mixedlm("score ~ system", pandas.DataFrame(rows), groups="all", vc_formula=parts, re_formula="0")
    fitted = model.fit()
    first, second = scores.mean(axis=2)
    sentences = scores.shape[2]
    found = over_sentences_and_seeds(first, second, resampled((scores[1] - scores[0]).mean(axis=0)), sentences)
    assert found is not None
    assert second.mean() - first.mean() == pytest.approx(fitted.params["system"], rel=0.01)
    assert found.standard_error == pytest.approx(fitted.bse["system"], rel=0.15)
    assert (found.p(second.mean() - first.mean()) < 0.05) == (fitted.pvalues["system"] < 0.05)
    return fitted


def test_a_mixed_model_agrees() -> None:
    generator = np.random.default_rng(4)
    sentences, seeds, effect = 60, 6, 2.0
    of_sentence = generator.normal(50, 10, size=sentences)
    of_seed = generator.normal(0, 1, size=(2, seeds))
    of_both = generator.normal(0, 4, size=(2, sentences))  # what a system does to a sentence, with all its seeds
    scores = of_sentence + of_both[:, None] + of_seed[..., None] + generator.normal(0, 2, size=(2, seeds, sentences))
    scores[1] += effect
    assert_that_a_mixed_model_agrees(scores)


def test_a_mixed_model_agrees_on_a_committed_record() -> None:
    """Every twelfth sentence of Multi30k; a mixed model knows no score of a corpus, so it has those of sentences."""
    recorded = recorded_ablation(Record(ROOT / "scripts" / "recipes" / "ablation-multi30k-en-de.jsonl.xz"))

    def of_sentences(system: str, seed: int) -> np.ndarray:
        counts = recorded.outcomes[f"{system}-seed-{seed}"].outputs["greedy"]["test"].statistics.counts["bleu"]
        return bleu_of_sentences(counts[::12])

    scores = np.array([[of_sentences(system, seed) for seed in (1, 2, 3)] for system in ("peek", "attention")])
    fitted = assert_that_a_mixed_model_agrees(scores)
    systems, _ = gather(recorded.header, recorded.outcomes)
    chosen = [system for system in systems if system.name in ("peek", "attention")]
    comparison = make_family("", "test", "peek", chosen).comparison
    assert comparison is not None
    assert (comparison.primary[0].verdict == "shown") == (fitted.pvalues["system"] < 0.05)
