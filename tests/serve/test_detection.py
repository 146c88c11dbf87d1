"""`serve/detection.py`: which of the served languages a text is in."""

from __future__ import annotations

import pytest
from samples import ROOT

from mtlite.serve.detection import Detector, lines_by_language
from mtlite.storage.run_directory import Run


@pytest.mark.parametrize("language", ["en", "de"])
def test_sentences_that_it_has_not_seen_are_told_apart(detector, language):
    path = ROOT / "corpora" / "village" / f"test.{language}"
    sentences = path.read_text(encoding="utf-8").splitlines()[:300]
    found = [detector(sentence)[0] for sentence in sentences]
    assert sum(each.language == language for each in found) >= 297
    assert min(each.confidence for each in found if each.language == language) > 50


def test_confidence_is_low_for_a_language_that_nobody_knows(detector):
    finnish = detector("Hyvää päivää, mitä kuuluu tänään?")[0]
    assert finnish.confidence < 60 < 80 < detector("The old farmer gets up early.")[0].confidence
    assert [each.confidence for each in detector("東京に行きます")] == [0, 0]


@pytest.mark.parametrize("text", ["", " ", "123", "?!", "\u200b"])
def test_a_text_without_letters_is_in_no_language(detector, text):
    assert sorted(detector(text)) == [("de", 0.0), ("en", 0.0)]


def test_only_languages_that_are_asked_for_are_found(detector):
    assert [each.language for each in detector("Der alte Bauer", ["en"])] == ["en"]


def test_a_long_text_takes_no_longer_than_its_beginning(detector):
    assert detector("Der alte Bauer. " * 100)[0] == detector("Der alte Bauer. " * 60_000)[0]


def test_the_lines_are_those_of_the_runs_dev_and_test_sets(tiny_run):
    run = Run.open(tiny_run)
    lines = lines_by_language([run])
    assert list(lines) == ["en", "de"]
    assert lines["de"] == run.read_side("dev.target") + run.read_side("test.target")
    both = lines_by_language([run, run])
    assert len(both["en"]) == 2 * len(lines["en"])
    assert Detector(lines)("sieben fünf neun")[0].language == "de"
