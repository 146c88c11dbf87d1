import json
import subprocess
import sys
from importlib.util import find_spec

import pytest
import sacrebleu
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF, TER

from mtlite.errors import DataError, RunError
from mtlite.evaluation import metrics
from mtlite.evaluation.metrics import make_metrics, split_words, tokenizer_name
from mtlite.evaluation.scores import Scores, bleu, score


@pytest.mark.parametrize(
    ("language", "expected"),
    [(None, "13a"), ("de", "13a"), ("zh", "zh"), ("zh-TW", "zh"), ("ZH_Hans", "zh"), ("zha", "13a"), ("", "13a")],
)
def test_tokenizer_by_language(language, expected):
    assert tokenizer_name(language) == expected


@pytest.mark.parametrize("language", ["ja", "ko", "ja-JP"])
def test_mecab_only_if_installed(monkeypatch, language):
    monkeypatch.setattr(metrics, "find_spec", lambda package: None)
    assert tokenizer_name(language) == "char"
    monkeypatch.setattr(metrics, "find_spec", lambda package: package)
    assert tokenizer_name(language) == f"{language[:2]}-mecab"


@pytest.mark.parametrize("language", ["de", "zh", "ja", "ko"])
def test_signature_names_the_tokenizer(language):
    if language in metrics.MECAB_PACKAGES and find_spec(metrics.MECAB_PACKAGES[language][0]):
        pytest.skip("the version of MeCab is part of the signature")
    scores = score(["我爱你 你好 吗"], ["我爱他 你好 吗"], language, confidence=False)
    assert f"|case:mixed|eff:no|tok:{tokenizer_name(language)}|smooth:exp|" in scores.bleu.signature
    assert ("asian:yes" in scores.ter.signature) == (language in ("zh", "ja"))


def test_chinese_words_are_characters():
    assert split_words(["我爱你 you"], "zh") == [["我", "爱", "你", "you"]]
    assert score(["我爱你们大家"], ["我爱你们大家"], "zh").bleu.score == pytest.approx(100)
    assert score(["我爱你们大家"], ["我爱他们大家"], "zh", confidence=False).ter.score == pytest.approx(100 / 6)


def test_scores_equal_sacrebleu_with_its_intervals(hypotheses, references):
    scores = score(hypotheses, references, "de")
    for ours, metric in [(scores.bleu, BLEU()), (scores.chrf2, CHRF()), (scores.ter, TER())]:
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
    for name, ours in [("BLEU", scores.bleu), ("chrF2", scores.chrf2), ("TER", scores.ter)]:
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
    assert Scores.from_dict(json.loads(json.dumps(scores.to_dict()))) == scores
    assert scores.to_dict()["length_ratio"] == scores.length_ratio


@pytest.mark.parametrize("broken", [{}, {"bleu": 1, "chrf2": {}, "ter": {}}, [], None, {"bleu": {"score": 1}}])
def test_broken_json(broken):
    with pytest.raises(RunError, match="score the run again"):
        Scores.from_dict(broken)


@pytest.mark.parametrize("measure", [score, bleu])
@pytest.mark.parametrize(
    ("hypotheses", "references", "message"),
    [
        ([], [], "at least one reference"),
        ([], ["a"], "found 0 hypotheses and 1 references"),
        (["a", "b"], ["a"], "found 2 hypotheses and 1 references"),
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
    for name, metric in make_metrics("zh").items():
        assert getattr(scores, name).score == metric.corpus_score(hypotheses, [references]).score
    assert scores.bleu.score == sacrebleu.corpus_bleu(hypotheses, [references], tokenize="zh").score
