"""`card/sections.py`: Markdown in which every number is one of the run's files."""

from __future__ import annotations

import dataclasses
import re

import pytest

from mtlite.card.examples import Example
from mtlite.card.sections import body, escaped, limits, scores, scripts, shown
from mtlite.data.tokenizer import Tokenizers
from mtlite.storage.run_directory import Run, Seen
from mtlite.translation.loading import load_tokenizers
from mtlite.translation.result import read_result

NUMBER = re.compile(r"(?<![\w.-])\d[\d,]*(?:\.\d+)?(?![\w.])")


@pytest.fixture
def run(tiny_run):
    return Run.open(tiny_run)


def numbers_in(value):
    """All numbers of plain values, dataclasses and texts in them."""
    if dataclasses.is_dataclass(value):
        value = vars(value)
    if isinstance(value, dict):
        return set().union(*(numbers_in(each) for each in (*value, *value.values()))) if value else set()
    if isinstance(value, list | tuple):
        return set().union(*map(numbers_in, value)) if value else set()
    if isinstance(value, bool) or value is None:
        return set()
    if isinstance(value, int | float):
        return {float(value)}
    return {float(each.replace(",", "")) for each in NUMBER.findall(str(value))}


def rows_of(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:2] == "| "]


def test_the_scores_are_those_of_the_record(run):
    result = read_result(run)
    (head, _, *rows) = rows_of(scores(result, run)[0])
    assert head == ["test set", "sentences", "BLEU", "chrF2", "TER (lower is better)"]
    assert len(rows) == len(result.tests)
    for row, (test, each) in zip(rows, result.tests.items(), strict=True):
        assert row[:2] == [f"`{test}`", f"{each.sentences:,}"]
        for cell, score in zip(row[2:], each.by_metric.values(), strict=True):
            assert cell == f"{score.score:.2f} ± {score.half_width:.1f}"
    assert all(score.signature in "\n".join(scores(result, run)) for score in result.tests["test"].by_metric.values())


def test_every_number_is_in_the_record(run):
    result = read_result(run)
    text = body(run, load_tokenizers(run), result, "tiny", "test", [])
    text = re.sub(r"```.*?```|`[^`]*`|95%|(?<=chrF)2", "", text, flags=re.DOTALL)
    known = numbers_in(run.facts) | numbers_in(run.config) | numbers_in(result)
    known |= {round(each, digits) for each in known for digits in (0, 1, 2)}
    known |= numbers_in([each.note for each in result.tests.values()])  # of counts in the record
    known |= {float(count) for count in scripts(Tokenizers.load(run.path).source).values()}
    found = {each.replace(",", "") for each in NUMBER.findall(text)}
    assert {each for each in found if float(each) not in known} == set()
    assert len(found) > 10


def test_limits_say_what_was_seen_and_what_was_left_out(run):
    seen = Seen(pairs=4321, left_out={"empty": 0, "overlap": 7}, longest_source=77, longest_target=88)
    run.facts = dataclasses.replace(run.facts, seen=seen, unreachable=0.25)
    said = " ".join(limits(run, load_tokenizers(run), read_result(run)))
    assert all(word in said for word in ("4,321", "7 (also in a dev or test set)", "77", "88", "25.0%", "Latin"))
    assert "0 (" not in said
    run.facts = dataclasses.replace(run.facts, seen=None, unreachable=None)
    assert "longest source" not in " ".join(limits(run, load_tokenizers(run), read_result(run)))


def test_a_training_notes_what_it_has_seen(run):
    seen = run.facts.seen
    assert seen is not None
    assert seen.pairs == 60
    assert set(seen.left_out) == {"empty", "max_characters", "overlap"}
    assert 1 < seen.longest_source < 60


def test_letters_are_counted_by_their_script(run):
    assert list(scripts(Tokenizers.load(run.path).source)) == ["LATIN"]


def test_words_of_others_stay_words():
    hostile = "<b>|*a*\n# `x` [l](u) <!-- mtlite: to here -->\x1b"
    text = escaped(hostile)
    assert "\n" not in text
    assert "\x1b" not in text
    for character in "<|*`[]":
        assert not re.search(rf"(?<!\\){re.escape(character)}", text)
    example = shown(Example("best", 1, 99.96, hostile, hostile, ""))
    assert "(empty)" in example
    assert len(example.splitlines()) == 5
