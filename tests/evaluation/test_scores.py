import json
import subprocess
import sys

import pytest
import sacrebleu
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF, TER

from mtlite.config.options import DEFAULT_METRICS
from mtlite.config.read import plain, read_as
from mtlite.errors import DataError
from mtlite.evaluation.metrics import make_metrics
from mtlite.evaluation.scores import MetricScore, Scores, bleu, score
from mtlite.limits import MAX_TER_WORDS


def test_scores_equal_sacrebleu_with_its_intervals(hypotheses, references):
    scores = score(hypotheses, references, "de")
    for ours, metric in [(scores.bleu, BLEU()), (scores.chrf2, CHRF()), (scores.by_metric["ter"], TER())]:
        theirs = metric.corpus_score(hypotheses, [references], n_bootstrap=1000)
        assert ours.score == theirs.score
        assert ours.signature == str(metric.get_signature())
        # sacrebleu resamples in single precision
        assert ours.mean == pytest.approx(theirs._mean, rel=1e-5)
        assert ours.half_width == pytest.approx(theirs._ci, rel=1e-4)


def test_command_line_prints_the_same_score(tmp_path, hypotheses, references):
    (tmp_path / "reference").write_text("".join(f"{line}\n" for line in references), encoding="utf-8")
    (tmp_path / "hypothesis").write_text("".join(f"{line}\n" for line in hypotheses), encoding="utf-8")
    command = [sys.executable, "-m", "sacrebleu", "reference", "-i", "hypothesis", "-m", "bleu", "chrf", "ter"]
    command += ["--confidence", "--width", "4"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, encoding="utf-8")
    printed = {entry["name"]: entry for entry in json.loads(run.stdout)}
    scores = score(hypotheses, references, "en")
    for name, ours in [("BLEU", scores.bleu), ("chrF2", scores.chrf2), ("TER", scores.by_metric["ter"])]:
        assert printed[name]["score"] == pytest.approx(ours.score, abs=5.1e-5)
        assert printed[name]["signature"] == ours.signature
        assert printed[name]["confidence_var"] == pytest.approx(ours.half_width, abs=1e-3)


def test_lengths_and_ngrams():
    scores = score(["a b c d", "x"], ["a b c d e", "y"], None, confidence=False)
    assert (scores.sentences, scores.hypothesis_length, scores.reference_length) == (2, 5, 6)
    assert (scores.correct, scores.total) == ([4, 3, 2, 1], [5, 3, 2, 1])
    assert scores.length_ratio == pytest.approx(5 / 6)
    assert scores.bleu.mean is None


def test_quick_bleu_is_the_same(hypotheses, references):
    assert bleu(hypotheses, references, "de") == score(hypotheses, references, "de", confidence=False).bleu.score


def test_case_counts():
    assert bleu(["A B C D"], ["a b c d"], None) == 0


def test_seed_changes_the_interval_alone(hypotheses, references):
    first, again, other = (score(hypotheses, references, "de", seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.bleu.score == other.bleu.score
    assert first.bleu.half_width != other.bleu.half_width
    assert "|bs:1000|seed:2|" in other.bleu.signature


@pytest.mark.parametrize("confidence", [True, False])
def test_json_and_back(confidence, hypotheses, references):
    scores = score(hypotheses, references, "de", confidence=confidence)
    assert read_as(Scores, json.loads(json.dumps(plain(scores))), "scores") == scores


@pytest.mark.parametrize("measure", [score, bleu])
@pytest.mark.parametrize(
    ("hypotheses", "references", "message"),
    [
        ([], [], "at least one reference"),
        ([], ["a"], "received 0 hypotheses and 1 references"),
        (["a", "b"], ["a"], "received 2 hypotheses and 1 references"),
        (["a", "b\nc"], ["a", "b"], "hypothesis 2: .* line break"),
        (["a", "b\rc"], ["a", "b"], "hypothesis 2: .* line break"),
        (["a", "b"], ["a\n", "b"], "reference 1: .* line break"),
    ],
)
def test_lines_that_do_not_belong_together(measure, hypotheses, references, message):
    with pytest.raises(DataError, match=message):
        measure(hypotheses, references, "de")


def test_other_line_separators_are_text():
    assert bleu(["a\u2028b c d e"], ["a\u2028b c d e"], None) == pytest.approx(100)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(*[st.text(st.characters(exclude_characters="\r\n"), max_size=30)] * 2), min_size=1, max_size=4)
)
def test_any_text(pairs):
    hypotheses, references = map(list, zip(*pairs, strict=True))
    scores = score(hypotheses, references, "zh", confidence=False)
    for name, metric in make_metrics("zh", DEFAULT_METRICS).items():
        assert getattr(scores, name).score == metric.corpus_score(hypotheses, [references]).score
    assert scores.bleu.score == sacrebleu.corpus_bleu(hypotheses, [references], tokenize="zh").score


def test_what_was_not_asked_for_has_no_score() -> None:
    scores = score(["a b"], ["a c"], "en", metrics=["exact-match"])
    assert scores.ter is None
    assert [*scores.by_metric] == ["bleu", "chrf2", "exact-match"]
    assert "TER" not in repr(scores)


def test_the_brevity_penalty_is_that_of_sacrebleu() -> None:
    references = ["ein Haus steht dort am See", "wir sehen die Katzen"]
    for hypotheses in (
        ["ein Haus steht dort", "wir sehen"],
        ["ein Haus steht dort am alten See", "wir sehen die Katzen"],
    ):
        assert score(hypotheses, references, "de").brevity_penalty == pytest.approx(
            BLEU().corpus_score(hypotheses, [references]).bp
        )
    assert score(["", ""], references, "de").brevity_penalty == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(
    ("hypotheses", "said"),
    [
        (["ein Haus steht dort", "wir sehen alte Katzen"], []),
        (["", ""], ["all hypotheses are empty"]),
        (["ein Haus steht", "Katzen"], ["BLEU is 0", "no hypothesis has 4 words", "0.50 times as many words"]),
        (["ein", "wir"], ["no hypothesis has 2 words"]),
        (["ein Haus steht dort"] * 2, []),
        (["ein Haus steht dort und dort", "wir sehen alte Katzen und Hunde"], ["1.50 times as many words"]),
    ],
)
def test_what_a_reader_must_know_beside_the_figures(hypotheses: list[str], said: list[str]) -> None:
    found = score(hypotheses, ["ein Haus steht dort", "wir sehen alte Katzen"], "de", confidence=False)
    assert [part for part in said if part not in found.note] == []
    assert bool(found.note) == bool(said)
    assert ("BLEU is 0" not in found.note) or found.bleu.score == 0.0


def test_a_score_is_shown_with_its_interval_if_it_has_one() -> None:
    assert repr(MetricScore(12.345, "")) in ("12.35", "12.34")
    assert repr(MetricScore(12.5, "", 12.4, 0.75)) in ("12.50 ± 0.8", "12.50 ± 0.7")


def test_a_bound_on_the_work_of_ter_is_said_beside_it() -> None:
    line = " ".join(f"w{number}" for number in range(MAX_TER_WORDS + 1))
    found = score([line, "b"], [line, "b"], None, confidence=False)
    assert found.without_shifts == 1
    assert all(part in found.note for part in ("TER", "shifts", "1 sentence", f"{MAX_TER_WORDS} words"))


def test_no_words_in_the_references_give_no_ratio() -> None:
    assert score(["a"], [""], None, confidence=False).length_ratio == 0


def test_no_hypotheses_at_all_are_refused() -> None:
    with pytest.raises(DataError):
        score([], [], "de")
