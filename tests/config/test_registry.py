"""Which topology can have which option: what is refused, what the models do with it; and topologies from outside."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import build

from mtlite.config.options import Config, ModelConfig
from mtlite.config.read import plain, read_as
from mtlite.config.registry import OPTIONAL, TOPOLOGIES, Entry, entry_of, register_topology
from mtlite.config.resolve import choose_sizes
from mtlite.data.ids import EOS
from mtlite.errors import UsageError
from mtlite.topologies.build import topology_class

NAMES = list(TOPOLOGIES)
CELLS = [(name, option) for name in NAMES for option in OPTIONAL]
VALUES = {
    "bidirectional": (False, True),
    "attention": ("dot", "general"),
    "attention_heads": (1, 2),
    "wait": (0.0, 1.0),
}
PAIR = (np.array([[5, 6, 7, 8, EOS]]), np.array([[6, 5, EOS]]))


def check(**sections: Any) -> Config:
    return read_as(Config, sections, "here")


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_is_its_class(name: str) -> None:
    assert topology_class(name).family == entry_of(name).family
    assert name.replace("-", "_") in entry_of(name).path


@pytest.mark.parametrize(("name", "option"), CELLS)
def test_an_option_is_taken_or_refused(name: str, option: str) -> None:
    asked = {"bidirectional": True, "attention": "additive", "attention_heads": 2, "wait": 0.25}[option]
    if option in entry_of(name).options:
        check(model={"topology": name, option: asked})
        return
    able = ", ".join(other for other in NAMES if option in entry_of(other).options)
    with pytest.raises(UsageError, match=f"'{name}' cannot have model.{option}={asked}: it is an option of {able}$"):
        check(model={"topology": name, option: asked})


@pytest.mark.parametrize(("name", "option"), CELLS)
def test_an_option_changes_the_model_where_it_can_be_had(name: str, option: str) -> None:
    """Models of one seed with two values of an option: other weights or other logits, only where the entry says so."""
    one_way: dict[str, Any] = {"bidirectional": False}
    models = [build(name, **{**one_way, option: value}) for value in VALUES[option]]
    same = models[0].count_params() == models[1].count_params()
    same = same and np.array_equal(models[0](PAIR), models[1](PAIR))
    assert same is (option not in entry_of(name).options)


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_never_refused(name: str) -> None:
    _, model = choose_sizes(check(model={"topology": name}), pairs=1000)
    assert model.bidirectional is ("bidirectional" in entry_of(name).options)
    check(model=plain(model))
    check(model={"topology": name, "bidirectional": False})


@pytest.mark.parametrize("name", NAMES)
def test_several_hypotheses_only_where_a_search_ranks_them(name: str) -> None:
    sections = {"model": {"topology": name}, "search": {"beam_size": 5, "nbest": 3}}
    if entry_of(name).ranks:
        check(**sections)
        return
    with pytest.raises(UsageError, match=f"topology '{name}' writes one hypothesis a sentence"):
        check(**sections)


def test_units_need_two_halves_only_for_two_directions() -> None:
    check(model={"topology": "padded", "units": 7})
    check(model={"topology": "aligned", "units": 7, "bidirectional": False})
    with pytest.raises(UsageError, match="expected an even number for two directions, received 7"):
        check(model={"topology": "aligned", "units": 7})


@pytest.mark.parametrize("name", ["atention", "\x1c\n", "a b:C", "os:"])
def test_an_unknown_topology_is_told_all_names_on_one_line(name: str) -> None:
    with pytest.raises(UsageError, match=f"expected one of {', '.join(NAMES)}") as error:
        entry_of(name)
    assert len(str(error.value).splitlines()) == 1


def test_directions() -> None:
    assert ModelConfig(topology="attention").reads_both_ways
    assert not ModelConfig(topology="attention", bidirectional=False).reads_both_ways
    assert not ModelConfig(topology="padded").reads_both_ways


def test_no_tensorflow_is_needed() -> None:
    program = "import sys, mtlite.config.registry, mtlite.topologies.drawing; print('tensorflow' in sys.modules)"
    assert not ast.literal_eval(subprocess.check_output([sys.executable, "-c", program], text=True))


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """`module(text)`: a file mine.py in the working directory, forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(TOPOLOGIES)

    def write(text: str) -> None:
        (tmp_path / "mine.py").write_text(inspect.cleandoc(text), encoding="utf-8")

    yield write
    sys.modules.pop("mine", None)
    for name in set(TOPOLOGIES) - before:
        del TOPOLOGIES[name]


TOPOLOGY = """
from mtlite.config.registry import Entry
from mtlite.topologies.direct import Direct

class Mine(Direct):
    entry = Entry("direct", "o → o", "reads", "remembers", "writes", options=("bidirectional",))
"""


def test_one_from_outside_is_registered_when_asked_for(module: Callable[[str], None]) -> None:
    module(TOPOLOGY)
    with pytest.raises(UsageError, match="--topology mine:Mine, or in Python mtlite"):
        check(model={"topology": "mine:Mine"})
    assert "mine" not in sys.modules
    entry = register_topology("mine:Mine")
    assert entry is register_topology("mine:Mine") is entry_of("mine:Mine")
    assert isinstance(entry, Entry)
    assert check(model={"topology": "mine:Mine"}).model.reads_both_ways
    assert topology_class("mine:Mine").__name__ == "Mine"


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (TOPOLOGY, "mine", "expected module:Class, such as my_module:MyTopology"),
        (TOPOLOGY, "../mine:Mine", "expected module:Class"),
        (TOPOLOGY, "yours:Mine", "no module yours: expected yours.py in the working directory"),
        (TOPOLOGY, "mine.part:Mine", "no module mine.part: expected mine/part.py in the working directory"),
        (TOPOLOGY, "mine:Yours", "expected a class Yours in mine, found none"),
        ("import nowhere", "mine:Mine", "importing mine failed in line 1 of .*mine.py: ModuleNotFoundError: .*nowhere"),
        ("x = 1\ny = 1 / 0", "mine:Mine", "importing mine failed in line 2 of .*mine.py: ZeroDivisionError"),
        ("class Mine:", "mine:Mine", "importing mine failed in line 1 of .*mine.py: IndentationError"),
        ("class Mine: pass", "mine:Mine", "expected a class that extends Autoregressive or Direct"),
        ("Mine = 1", "mine:Mine", "expected a class that extends Autoregressive or Direct"),
        (TOPOLOGY + "    entry = None", "mine:Mine", "expected a class attribute entry = Entry.* received null"),
        (TOPOLOGY.replace('"direct"', '"autoregressive"'), "mine:Mine", "expected its entry to say family 'direct'"),
        (TOPOLOGY.replace("bidirectional", "layers"), "mine:Mine", "expected options among .*, received layers"),
    ],
)
def test_what_is_no_topology_is_refused_on_one_line(
    text: str, name: str, message: str, module: Callable[[str], None]
) -> None:
    module(text)
    with pytest.raises(UsageError, match=message) as error:
        register_topology(name)
    assert len(str(error.value).splitlines()) == 1
    assert name not in TOPOLOGIES
