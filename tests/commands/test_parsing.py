"""Options that several commands share: how they are read, and what is said of wrong ones."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mtlite.cli import main
from mtlite.commands.parsing import (
    Parser,
    add_config_options,
    add_search_options,
    config_values,
    existing_file,
    new_file,
    search_config,
    whole_number,
)
from mtlite.config.options import Config, ModelConfig, SearchConfig
from mtlite.config.registry import TOPOLOGIES
from mtlite.errors import UsageError


@pytest.fixture
def parser() -> Parser:
    parser = Parser("try", "Try.")
    parser.add_argument("--count", type=whole_number(1, 9))
    parser.add_argument("-s", "--share", type=float)
    parser.add_argument("--switch", action="store_true")
    return parser


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--count", "x"], "mtlite try: argument --count: expected a whole number, received x"),
        (["--count", "0"], "--count: expected 1 to 9, received 0"),
        (["--share", "half"], "--share: expected a number, received half"),
        (["--share"], "--share: expected one argument"),
        (["--cuont", "3"], "mtlite try: unknown option '--cuont': expected --count"),
        (["--cuont=3"], "unknown option '--cuont': expected --count"),
        (["--cou", "3"], "unknown option '--cou': expected --count"),  # no abbreviations
        (["stray"], "mtlite try: unexpected argument 'stray': see mtlite try --help"),
        (["--topology", "no module"], "expected module:Class"),
        (["--count", "3", "--count", "3"], "mtlite try: argument --count: is given twice"),
        (["--count=3", "--share", "1", "--count", "4"], "--count: is given twice"),
        (["--share", "1", "-s", "1"], "argument -s/--share: is given twice"),
        (["--switch", "--switch"], "--switch: is given twice"),
    ],
)
def test_what_is_wrong_is_said(parser: Parser, arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError) as error:
        parser.parse(arguments)
    assert message in str(error.value)


def test_an_option_once_in_each_of_two_commands_is_given_once(parser: Parser) -> None:
    assert vars(parser.parse(["--count", "3", "--switch"])) == vars(parser.parse(["--switch", "--count", "3"]))
    assert sorted(vars(parser.parse([]))) == ["count", "debug", "share", "switch", "topology"]


def test_an_option_of_a_recipe_is_given_once(parser: Parser) -> None:
    add_config_options(parser)
    with pytest.raises(UsageError, match=r"--model\.units: is given twice"):
        parser.parse(["--model.units", "8", "--model.units", "6"])


def test_what_is_not_given_is_not_there(parser: Parser) -> None:
    add_config_options(parser)
    assert config_values(parser.parse([])) == {}


def test_options_are_nested_and_text_until_they_are_read(parser: Parser) -> None:
    add_config_options(parser)
    arguments = ["--model.units", "8", "--data.train.source", "a", "--seed=3", "--training.max_updates", "null"]
    given = config_values(parser.parse([*arguments, "--data.tests", "{long: {pairs: b}}"]))
    assert given == {
        "model": {"units": "8"},
        "data": {"train": {"source": "a"}, "tests": {"long": {"pairs": "b"}}},
        "seed": "3",
        "training": {"max_updates": None},
    }


def test_only_the_options_that_are_wanted(parser: Parser) -> None:
    add_config_options(parser, ["model.units"])
    assert config_values(parser.parse(["--model.units", "8"])) == {"model": {"units": "8"}}
    with pytest.raises(UsageError, match=r"unknown option '--model\.layers'"):
        parser.parse(["--model.layers", "1"])


OUTSIDE = """
from mtlite.config.registry import Entry
from mtlite.topologies.topology import Topology


class Mine(Topology):
    family = "direct"
    entry = Entry("direct", "o", "all", "nothing", "some")
"""


@pytest.mark.parametrize("arguments", [["--topology", "outside:Mine"], ["--model.topology", "outside:Mine"]])
def test_a_topology_from_outside_is_known_after_it_was_asked_for(
    arguments: list[str], parser: Parser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside.py").write_text(OUTSIDE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "outside", raising=False)
    add_config_options(parser)
    try:
        assert "outside:Mine" not in TOPOLOGIES
        config_values(parser.parse(arguments))
        assert TOPOLOGIES["outside:Mine"].picture == "o"
    finally:
        TOPOLOGIES.pop("outside:Mine", None)
        sys.modules.pop("outside", None)


def run_with(search: SearchConfig, topology: str = "attention") -> Any:
    return SimpleNamespace(config=Config(model=ModelConfig(topology=topology), search=search))


def searched(arguments: list[str], run: Any) -> SearchConfig:
    parser = Parser("try", "Try.")
    add_search_options(parser)
    parser.add_argument("--nbest", type=int)
    parser.add_argument("--sample", action="store_true", default=None)
    return search_config(parser.parse(arguments), run)


@pytest.mark.parametrize(
    ("arguments", "changed"),
    [
        ([], {}),
        (["--beam", "4"], {"beam_size": 4, "nbest": 3}),
        (["--beam", "2"], {"beam_size": 2, "nbest": 2}),  # not more than there are
        (["--beam", "7", "--nbest", "6"], {"beam_size": 7, "nbest": 6}),
        (["--sample", "--length-penalty", "0.5"], {"sample": True, "length_penalty": 0.5}),
    ],
)
def test_search_is_as_the_run_says_and_as_is_asked_for(arguments: list[str], changed: dict[str, Any]) -> None:
    configured = SearchConfig(beam_size=5, nbest=3, length_penalty=0.75)
    assert vars(searched(arguments, run_with(configured))) == {**vars(configured), **changed}


@pytest.mark.parametrize(
    ("arguments", "topology", "message"),
    [
        (["--beam", "0"], "attention", "--beam: expected at least 1, received 0"),
        (["--beam", "2", "--nbest", "3"], "attention", r"--nbest: expected at most --beam \(2\), received 3"),
        (["--length-penalty", "nan"], "attention", "--length-penalty: expected a number, received nan"),
        (["--sample"], "padded", "--sample: topology 'padded' writes all tokens in one pass"),
    ],
)
def test_a_wrong_search_is_said_under_the_names_of_the_command(
    arguments: list[str], topology: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        searched(arguments, run_with(SearchConfig(), topology))


def test_files_that_must_be_there_and_files_that_must_not(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    assert existing_file(str(tmp_path / "there"), "--input") == tmp_path / "there"
    assert new_file(str(tmp_path / "new"), "--output") == tmp_path / "new"
    for path, read, message in (
        ("missing", existing_file, "--input .*missing not found"),
        ("", existing_file, "is a folder"),
        ("there", new_file, "there exists: give a new name"),
        ("missing/new", new_file, "there is no folder"),
    ):
        with pytest.raises(UsageError, match=message):
            read(str(tmp_path / path), "--input")


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["evaluate", "RUN", "--source", "a", "--reference", "b", "--output", "out.txt"], "--output out.txt"),
        (["attention", "RUN", "one", "-o", "map.png"], "--output map.png"),
        (["topologies", "-o", "all.svg"], "--output all.svg"),
        (["ablate", "recipe.yaml", "--run", "far/below"], "--run far/below"),
        (["ablate", "--record", "all.jsonl.xz"], "--record all.jsonl.xz"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_read(
    arguments: list[str],
    option: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(**_: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert main(arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"mtlite: {option}: cannot write into ")
    assert "Read-only file system" in line
    assert list(tmp_path.iterdir()) == []
