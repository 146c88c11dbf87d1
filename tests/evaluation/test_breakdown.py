import json
from typing import Any

import numpy as np
import pytest
from sacrebleu.metrics import BLEU, CHRF

from mtlite.config.read import plain
from mtlite.errors import DataError
from mtlite.evaluation.breakdown import break_down
from mtlite.evaluation.metrics import split_words
from mtlite.evaluation.statistics import bleu_of_sentences, sentence_statistics
from mtlite.evaluation.words import word_frequencies

LANGUAGES: dict[str, Any] = {"source_language": "de", "target_language": "en"}


@pytest.fixture(scope="module")
def systems(translate):
    return {"fair": translate(0.3, 1), "good": translate(0.1, 2), "bad": translate(0.8, 3)}


@pytest.fixture(scope="module")
def sources(references):
    return [" ".join(reversed(line.upper().split())) for line in references]


@pytest.fixture(scope="module")
def breakdown(systems, sources, references):
    return break_down(systems, sources, references, baseline="fair", **LANGUAGES)


def test_sentence_bleu_equals_sacrebleu(systems, references):
    ours = bleu_of_sentences(sentence_statistics(systems["fair"], references, "en").counts["bleu"])
    metric = BLEU(effective_order=True)
    pairs = zip(systems["fair"], references, strict=True)
    assert ours == pytest.approx([metric.sentence_score(line, [reference]).score for line, reference in pairs])


def test_whole_breakdown(breakdown, systems, references):
    assert list(breakdown.outputs) == list(systems)
    words = {name: sum(map(len, split_words(lines, "en"))) for name, lines in systems.items()}
    expected = sum(map(len, split_words(references, "en")))
    for name, output in breakdown.outputs.items():
        assert output.length_ratio == pytest.approx(words[name] / expected)
    assert breakdown.outputs["bad"].repeating > breakdown.outputs["good"].repeating >= breakdown.reference_repeating
    for table in (breakdown.source_length, breakdown.reordering, breakdown.rarest_word):
        assert sum(table.sentences) == len(references)
        assert list(table.bleu) == list(table.chrf2) == list(systems)
        assert {len(scores) for scores in table.bleu.values()} == {len(table.buckets)}
    for table in (breakdown.length_difference, breakdown.sentence_bleu):
        assert {sum(sentences) for sentences in table.sentences.values()} == {len(references)}
    assert breakdown.sentence_bleu.buckets[-1] == "≥100"
    assert breakdown.words.title == "frequency in the references"
    assert sum(breakdown.words.words) == expected
    good, bad = (np.array(breakdown.words.f_measure[name]) for name in ("good", "bad"))
    assert (good > bad).all()


def test_reversed_sources_are_reordered(breakdown):
    """Words that the made-up corpus has once or twice link to anything; most of the rest is known to be reversed."""
    counts = dict(zip(breakdown.reordering.buckets, breakdown.reordering.sentences, strict=True))
    assert counts["≥21"] > 0.8 * sum(counts.values())


def test_pairs_stand_beside_the_baseline(breakdown, systems, references, sources):
    assert [(pair.first, pair.second) for pair in breakdown.pairs] == [("fair", "good"), ("fair", "bad")]
    good = breakdown.pairs[0]
    leads = [example.bleu["good"] - example.bleu["fair"] for example in good.second_sentences]
    assert len(leads) == 10
    assert leads == sorted(leads, reverse=True)
    assert leads[-1] > 0
    example = good.second_sentences[0]
    index = example.line - 1
    assert (example.source, example.reference) == (sources[index], references[index])
    assert example.hypotheses == {name: systems[name][index] for name in ("fair", "good")}
    assert example.chrf2["good"] == pytest.approx(
        CHRF().sentence_score(systems["good"][index], [references[index]]).score
    )
    lead = good.first_sentences[0].bleu
    assert lead["fair"] > lead["good"]
    assert all(gain.correct > gain.correct_in_other for gain in good.first_ngrams + good.second_ngrams)
    assert good.second_ngrams[0].correct > good.first_ngrams[0].correct


def test_training_frequencies(systems, sources, references):
    frequencies = word_frequencies(references[:100] * 3, "en")
    breakdown = break_down(systems, sources, references, baseline="good", training_frequencies=frequencies, **LANGUAGES)
    assert breakdown.words.title == "frequency in the training pairs"
    assert "training pairs" in breakdown.rarest_word.title
    assert breakdown.words.buckets[:2] == ["0", "3"]


def test_lengths_and_rarest_words_by_hand():
    found = break_down(
        {"long": ["the dog barks", "gnu", "the the the"], "short": ["the", "gnu", ""]},
        ["a b", "c", "a"],
        ["the dog", "gnu", "the"],
        baseline="long",
        training_frequencies={"the": 100, "dog": 7},
        **LANGUAGES,
    )
    differences = {
        name: dict(zip(found.length_difference.buckets, counts, strict=True))
        for name, counts in found.length_difference.sentences.items()
    }
    assert {name: {each: n for each, n in counts.items() if n} for name, counts in differences.items()} == {
        "long": {"0": 1, "1 to 2": 2},
        "short": {"-2 to -1": 2, "0": 1},
    }
    assert dict(zip(found.rarest_word.buckets, found.rarest_word.sentences, strict=True)) == {
        "0": 1,  # gnu: never seen in training
        "5 to 9": 1,
        "100 to 999": 1,
    }


def test_one_system_alone_and_the_perfect_one(sources, references):
    breakdown = break_down({"perfect": references}, sources, references, baseline="perfect", **LANGUAGES)
    assert breakdown.pairs == []
    assert breakdown.outputs["perfect"].length_ratio == 1
    assert breakdown.sentence_bleu.sentences["perfect"][-1] == len(references)
    assert breakdown.words.f_measure["perfect"] == pytest.approx([100] * len(breakdown.words.buckets))


def test_equal_systems_have_no_examples(systems, sources, references):
    pair = break_down(
        {"one": systems["fair"], "other": systems["fair"]}, sources, references, baseline="one", **LANGUAGES
    ).pairs[0]
    assert not any([pair.first_sentences, pair.second_sentences, pair.first_ngrams, pair.second_ngrams])


def test_empty_lines_everywhere():
    breakdown = break_down({"empty": ["", ""]}, ["", ""], ["", ""], baseline="empty", **LANGUAGES)
    assert breakdown.outputs["empty"].length_ratio == 0
    assert breakdown.reordering.buckets == breakdown.rarest_word.buckets == ["not known"]
    assert breakdown.words.buckets == []


def test_plain_values_for_json(breakdown):
    values = json.loads(json.dumps(plain(breakdown)))
    assert values["pairs"][0]["second_sentences"][0]["bleu"].keys() == {"fair", "good"}


def test_lines_that_do_not_belong_together(sources, references):
    with pytest.raises(DataError, match="one hypothesis per reference"):
        break_down({"fair": ["a"]}, sources, references, baseline="fair", **LANGUAGES)
