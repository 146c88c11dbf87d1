"""Several references of a sentence: scores by sacrebleu itself, and what is refused."""

from __future__ import annotations

import random

import pytest
from sacrebleu.metrics import BLEU, CHRF, TER

from mtlite.errors import DataError
from mtlite.evaluation.metrics import check_lines
from mtlite.evaluation.references import as_streams, beside_each_other, first_of, listed, most_of_a_sentence
from mtlite.evaluation.scores import bleu, score
from mtlite.evaluation.significance import compare
from mtlite.evaluation.statistics import sentence_statistics

RAGGED = [["a", "b", "c"], ["d"], ["e", "f"]]


def other_words(references: list[str], seed: int) -> list[str]:
    """Further translations: each word may change its place with the next, or be said twice."""
    draw = random.Random(seed)
    lines = []
    for line in references:
        words = line.split()
        at = draw.randrange(len(words))
        words[at : at + 2] = draw.choice([words[at : at + 2][::-1], [words[at], *words[at : at + 2]]])
        lines.append(" ".join(words))
    return lines


def test_forms() -> None:
    assert listed(["a", "b"]) == [["a"], ["b"]]
    assert (first_of(RAGGED), first_of(["a", "b"])) == (["a", "d", "e"], ["a", "b"])
    assert as_streams(RAGGED) == [["a", "d", "e"], ["b", None, "f"], ["c", None, None]]
    assert beside_each_other([["a", "b"]]) == ["a", "b"]
    assert beside_each_other([["a", "b"], ["c", "d"]]) == [["a", "c"], ["b", "d"]]
    assert (most_of_a_sentence(RAGGED), most_of_a_sentence(["a"])) == (3, 1)


@pytest.mark.parametrize("ragged", [False, True])
def test_scores_are_those_of_sacrebleu(ragged: bool, hypotheses: list[str], references: list[str]) -> None:
    files: list[list[str | None]] = [list(references), [*other_words(references, 1)], [*other_words(references, 2)]]
    if ragged:
        files = [files[0], [None if at % 3 else text for at, text in enumerate(files[1])], files[2]]
    by_sentence = [[text for text in texts if text is not None] for texts in zip(*files, strict=True)]
    found = score(hypotheses, by_sentence, "en")
    for ours, metric in ((found.bleu, BLEU()), (found.chrf2, CHRF()), (found.by_metric["ter"], TER())):
        theirs = metric.corpus_score(hypotheses, files, n_bootstrap=1000)
        assert ours.score == pytest.approx(theirs.score, rel=1e-12)
        assert ours.half_width == pytest.approx(theirs._ci, rel=1e-3)
        assert ours.signature == str(metric.get_signature())
    assert found.bleu.signature.startswith("nrefs:var|" if ragged else "nrefs:3|")
    assert found.bleu.score > score(hypotheses, references, "en").bleu.score
    assert bleu(hypotheses, by_sentence, "en") == found.bleu.score


def test_a_sentence_without_a_reference_is_refused() -> None:
    with pytest.raises(DataError, match="sentence 2: expected at least one reference, received none"):
        check_lines(["a", "b"], [["a"], []])
    with pytest.raises(DataError, match=r"reference 2: .* line break"):
        check_lines(["a", "b"], [["a"], ["b", "c\nd"]])
    with pytest.raises(DataError, match="received 1 hypotheses and 2 references"):
        check_lines(["a"], [["a"], ["b"]])


def test_systems_with_several_references_are_compared(references: list[str]) -> None:
    expected = beside_each_other([references, other_words(references, 1)])
    outputs = {"first": references, "second": other_words(references, 2)}
    systems = {name: {0: sentence_statistics(lines, expected, "en")} for name, lines in outputs.items()}
    assert compare(systems, "first").primary[0].difference.effect < 0
    systems["second"] = {0: sentence_statistics(outputs["second"], beside_each_other([references, references]), "en")}
    with pytest.raises(DataError, match="references differ"):
        compare(systems, "first")
