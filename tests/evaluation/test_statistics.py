import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.significance import _bootstrap_resample, estimate_ci

from mtlite.config.read import plain, read_as
from mtlite.errors import DataError, RunError
from mtlite.evaluation import statistics
from mtlite.evaluation.metrics import make_metrics
from mtlite.evaluation.statistics import (
    SCORE_OF_SUMS,
    SentenceStatistics,
    bleu_of_sums,
    interval_of,
    resampled_weights,
    sentence_statistics,
)
from mtlite.limits import MAX_TER_WORDS

METRICS = {"bleu": BLEU(), "chrf2": CHRF(), "ter": TER()}
WIDTHS = {"bleu": 10, "chrf2": 18, "ter": 2}


@pytest.mark.parametrize("language", ["de", "zh"])
def test_sums_equal_corpus_score(language, hypotheses, references):
    taken = sentence_statistics(hypotheses, references, language)
    for name, metric in make_metrics(language, METRICS).items():
        corpus = metric.corpus_score(hypotheses, [references])
        assert taken.counts[name].shape == (200, WIDTHS[name])
        assert taken.signatures[name] == str(metric.get_signature())
        sums = taken.counts[name].sum(axis=0)
        assert metric._compute_score_from_stats(sums.tolist()).score == corpus.score
        assert SCORE_OF_SUMS[name](sums) == pytest.approx(corpus.score, rel=1e-12)
    sums = list(map(int, taken.counts["bleu"].sum(axis=0)))
    again = BLEU.compute_bleu(sums[2:6], sums[6:], sums[0], sums[1], smooth_method="exp")
    assert again.score == make_metrics(language)["bleu"].corpus_score(hypotheses, [references]).score


def test_single_sentences_equal_sentence_score(hypotheses, references):
    taken = sentence_statistics(hypotheses, references, "de")
    for name in ("chrf2", "ter"):
        expected = [
            METRICS[name].sentence_score(hypothesis, [reference]).score
            for hypothesis, reference in zip(hypotheses, references, strict=True)
        ]
        assert SCORE_OF_SUMS[name](taken.counts[name]) == pytest.approx(expected)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_bleu_of_any_counts(data):
    """Every case of smoothing, of empty hypotheses and of orders without n-grams."""
    total = sorted(data.draw(st.lists(st.integers(0, 6), min_size=4, max_size=4)), reverse=True)
    correct = [data.draw(st.integers(0, count)) for count in total]
    sums = np.array([total[0], data.draw(st.integers(0, 9)), *correct, *total])
    assert bleu_of_sums(sums) == pytest.approx(METRICS["bleu"]._compute_score_from_stats(sums.tolist()).score)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_chrf_and_ter_of_any_counts(data):
    for name in ("chrf2", "ter"):
        width = WIDTHS[name]
        sums = np.array(data.draw(st.lists(st.integers(0, 4), min_size=width, max_size=width)))
        if name == "chrf2":
            sums[2::3] = np.minimum(sums[2::3], np.minimum(sums[0::3], sums[1::3]))
        assert SCORE_OF_SUMS[name](sums) == pytest.approx(METRICS[name]._compute_score_from_stats(sums.tolist()).score)


@pytest.mark.parametrize("name", METRICS)
def test_scores_of_many_sums_at_once(name, hypotheses, references):
    counts = sentence_statistics(hypotheses, references, "de").counts[name].reshape(20, 10, -1)
    together = SCORE_OF_SUMS[name](counts)
    assert together.shape == (20, 10)
    assert together[7, 3] == SCORE_OF_SUMS[name](counts[7, 3])


def test_resamples_are_those_of_sacrebleu(monkeypatch, hypotheses, references):
    monkeypatch.setattr(statistics, "CHUNK_CELLS", 200 * 7)  # chunks of 7, the last one smaller
    counts = sentence_statistics(hypotheses, references, "de").counts["bleu"]
    chunks = list(resampled_weights(200, seed=12345))
    assert [len(chunk) for chunk in chunks] == [7] * 142 + [6]
    weights = np.concatenate(chunks)
    assert (weights.sum(axis=1) == 200).all()
    _, theirs = _bootstrap_resample(counts.tolist(), METRICS["bleu"], 1000)
    ours = bleu_of_sums(weights @ counts)
    assert ours == pytest.approx([score.score for score in theirs], rel=1e-5)
    low, high = interval_of(ours)
    assert (high - low) / 2 == pytest.approx(estimate_ci(ours)[1])


def test_ter_is_counted_only_where_it_is_asked_for(hypotheses, references):
    long = " ".join(map(str, range(MAX_TER_WORDS + 1)))
    hypotheses, references = [*hypotheses, long], [*references, "short"]
    without = sentence_statistics(hypotheses, references, "de", ["exact-match"])
    assert [*without.counts] == [*without.signatures] == ["bleu", "chrf2", "exact-match"]
    assert without.without_shifts == 0
    later = without.with_metrics(["ter", "bleu"], hypotheses, references, "de")
    at_once = sentence_statistics(hypotheses, references, "de", ["exact-match", "ter"])
    assert plain(later) == plain(at_once)
    assert later.without_shifts == at_once.without_shifts == 1
    again = later.with_metrics(["wer"], hypotheses, references, "de")
    assert again.without_shifts == 1


def test_words_of_ter_are_those_of_the_language_whenever_it_is_counted():
    lines, others = ["กขค"], ["กขง"]
    later = sentence_statistics(lines, others, "th", []).with_metrics(["ter"], lines, others, "th")
    assert later.counts["ter"].tolist() == [[1, 3]]
    assert later.signatures["ter"] == sentence_statistics(lines, others, "th").signatures["ter"]


def test_json_and_back(hypotheses, references):
    taken = sentence_statistics(hypotheses, references, "de")
    text = json.dumps(plain(taken))
    assert ".0" not in json.dumps(plain(taken.counts))  # whole numbers are written as such
    again = read_as(SentenceStatistics, json.loads(text), "counts")
    assert again.signatures == taken.signatures
    for name, counts in taken.counts.items():
        assert again.counts[name].dtype == counts.dtype == np.float64
        assert (again.counts[name] == counts).all()


def test_counts_that_nobody_has_taken():
    good = plain(sentence_statistics(["a", "b"], ["a", "c"], None))
    for name in good["counts"]:
        for counts in ([], [[1, 2]], [[1], [2]], "text", None, [["x"] * WIDTHS[name]] * 2):
            with pytest.raises(RunError, match="expected"):
                read_as(
                    SentenceStatistics, {**good, "counts": {**good["counts"], name: counts}}, "counts", error=RunError
                )
    shapes: list[Any] = [{}, [], None, {"counts": good["counts"]}]
    for broken in shapes:
        with pytest.raises(RunError, match="expected"):
            read_as(SentenceStatistics, broken, "counts", error=RunError)


def test_lines_that_do_not_belong_together():
    with pytest.raises(DataError, match="one hypothesis per reference"):
        sentence_statistics(["a"], ["a", "b"], None)
