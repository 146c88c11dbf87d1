"""`page/page.py`: which runs a page carries, and with which words."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest
from page.test_compose import Found

from mtlite.config.registry import TOPOLOGIES
from mtlite.errors import UsageError
from mtlite.page.about import Said
from mtlite.page.page import Wishes, choose_runs, make_page
from mtlite.storage.run_directory import Run


def data_of(page):
    return json.loads(Found(page).texts["page-data"])


def test_a_run_is_in_the_page_with_all_that_is_known_of_it(tiny_run):
    data = data_of(make_page(choose_runs([str(tiny_run)], {}), Wishes(precision="int8", said=Said("MIT"))))
    (run,) = data["runs"]
    assert (run["name"], run["topology"]) == ("tiny", "attention")
    assert {each["format"] for each in run["tensors"]} == {"float32", "int8 rows"}
    assert run["about"]["paragraphs"] == ["Licence: MIT"]
    assert data["title"] == "English → German"
    assert data["text"] == Run.open(tiny_run).read_side("test.source")[0]


def test_title_and_text_may_be_others(tiny_run):
    data = data_of(make_page(choose_runs([str(tiny_run)], {}), Wishes(title="</title>", text="")))
    assert (data["title"], data["text"]) == ("</title>", "")


def test_runs_of_one_name_are_told_apart_and_a_run_is_given_once(tiny_run, tmp_path):
    other = shutil.copytree(tiny_run, tmp_path / "tiny")
    assert list(choose_runs([str(other)], {"peek": Run.open(tiny_run)})) == ["peek", "tiny"]
    assert list(choose_runs([str(tiny_run), str(other)], {})) == ["tiny", "tiny (2)"]
    with pytest.raises(UsageError, match="twice"):
        choose_runs([str(tiny_run), f"{tiny_run}/../tiny"], {})


def test_a_topology_without_a_module_is_refused_before_anything_is_loaded(tiny_run, monkeypatch):
    entry = dataclasses.replace(TOPOLOGIES["attention"], path="my_package.my_module:MyTopology")
    monkeypatch.setitem(TOPOLOGIES, "attention", entry)
    with pytest.raises(UsageError) as caught:
        choose_runs([str(tiny_run)], {})
    assert "engine/topologies/my_module.js" in str(caught.value)
    assert "README.md" in str(caught.value)
