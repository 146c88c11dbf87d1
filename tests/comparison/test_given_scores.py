"""Scores from elsewhere: what a file of them may hold, and what they mean in a comparison."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mtlite.comparison.given_scores import read_scores, refuse_names
from mtlite.errors import DataError, UsageError
from mtlite.evaluation.significance import compare
from mtlite.evaluation.statistics import sentence_statistics


def test_one_number_a_line(tmp_path: Path) -> None:
    (tmp_path / "scores").write_text("0.5\n-3\n1e-2\n\n")
    assert read_scores(tmp_path / "scores", 3).tolist() == [0.5, -3.0, 0.01]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.5\n", "expected a score for each of 2 sentences, received 1"),
        ("1\n2\n3\n", "received 3"),
        ("1\nx\n", "line 2: expected a number"),
        ("1\nnan\n", "line 2: expected a number"),
        ("inf\n1\n", "line 1: expected a number"),
        ("1\n\n2\n", "line 2: expected a number"),
        ("", "received 0"),
    ],
)
def test_what_is_no_file_of_scores(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "scores").write_text(text)
    with pytest.raises(DataError, match=f"scores.*{said}"):
        read_scores(tmp_path / "scores", 2)


@pytest.mark.parametrize("name", ["bleu", "wer", "a b", "", "-x", "x" * 41])
def test_names(name: str) -> None:
    with pytest.raises(UsageError, match="--scores"):
        refuse_names([name])
    refuse_names(["comet", "COMET-22.ref"])


def test_they_are_tested_as_every_metric() -> None:
    """For a mean over sentences, the test over sentences is that of Student, up to the resamples."""
    generator = np.random.default_rng(3)
    first = generator.normal(0.5, 0.1, 300)
    second = first + generator.normal(0.01, 0.08, 300)
    words = [f"w{number}" for number in range(300)]
    systems = {
        name: {0: sentence_statistics(words, words, "en").with_scores({"comet": scores})}
        for name, scores in (("first", first), ("second", second))
    }
    (pair,) = compare(systems, "first", ["bleu", "comet"]).primary
    found = pair.differences["comet"]
    assert found.effect == pytest.approx((second - first).mean())
    assert found.sentence_p == pytest.approx(stats.ttest_rel(second, first).pvalue, abs=0.01)
    assert pair.is_better("comet")
