"""`serve/pairs.py`: which run answers for which languages."""

from __future__ import annotations

import json
import shutil

import pytest

from mtlite.errors import UsageError
from mtlite.serve.pairs import find_pair, languages_of, meant, open_pairs
from mtlite.serve.refusals import RequestError

PAIRS = [("en", "de"), ("en", "pt-BR"), ("zh", "en")]


def copied(run, path, **facts):
    """A run that says other things of itself."""
    shutil.copytree(run, path)
    known = json.loads((path / "run.json").read_text())
    (path / "run.json").write_text(json.dumps({**known, **facts}))
    return str(path)


def test_runs_are_opened_by_their_languages(tiny_run, tmp_path):
    other = copied(tiny_run, tmp_path / "other", source_language="de", target_language="en")
    assert list(open_pairs([str(tiny_run), other])) == [("en", "de"), ("de", "en")]


def test_two_runs_of_one_pair_are_refused(tiny_run, tmp_path):
    other = copied(tiny_run, tmp_path / "other")
    with pytest.raises(UsageError) as caught:
        open_pairs([str(tiny_run), other])
    assert all(word in str(caught.value) for word in (str(tiny_run), other, "en → de"))


def test_a_run_without_languages_is_refused_with_what_to_do(tiny_run, tmp_path):
    other = copied(tiny_run, tmp_path / "other", target_language=None)
    with pytest.raises(UsageError) as caught:
        open_pairs([other])
    assert all(word in str(caught.value) for word in (other, "run.json", "source_language", "target_language"))


def test_every_language_is_listed_with_its_targets():
    assert languages_of(PAIRS) == [
        {"code": "en", "name": "English", "targets": ["de", "pt-BR"]},
        {"code": "zh", "name": "Chinese", "targets": ["en"]},
        {"code": "de", "name": "German", "targets": []},
        {"code": "pt-BR", "name": "Portuguese", "targets": []},
    ]


@pytest.mark.parametrize(
    ("code", "expected"), [("en", "en"), ("eng", "en"), ("en-GB", "en"), ("pt", "pt-BR"), ("fr", None), ("", None)]
)
def test_a_code_means_a_language(code, expected):
    assert meant(code, ["en", "pt-BR"]) == expected


def test_a_pair_is_found_as_clients_name_it():
    assert find_pair("en", "de", PAIRS) == ("en", "de")
    assert find_pair("en-US", "pt", PAIRS) == ("en", "pt-BR")
    assert find_pair("zho", "eng", PAIRS) == ("zh", "en")


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("en", "fr", ["target", "de", "pt-BR", "en", "fr"]),
        ("fr", "de", ["source", "auto", "en", "fr"]),
        ("de", "de", ["source", "en", "de"]),
        ("x" * 10_000, "de", ["source", "x" * 80]),
    ],
)
def test_a_language_that_is_not_served_is_refused_with_those_that_are(source, target, words):
    with pytest.raises(RequestError) as caught:
        find_pair(source, target, PAIRS)
    assert all(word in str(caught.value) for word in words)
    assert len(str(caught.value)) < 300
