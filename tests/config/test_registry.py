"""Which topology can have which option: the literal table, what is refused, and what the models do with it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from mtlite.config.options import Config, ModelConfig, SearchConfig
from mtlite.config.recipe import check
from mtlite.config.registry import COMMON, OPTIONAL, TOPOLOGIES, both_directions, refuse_unsupported
from mtlite.config.resolve import choose_sizes
from mtlite.data.ids import EOS
from mtlite.errors import UsageError
from mtlite.topologies.build import topology_class
from mtlite.topologies.topology import Topology

NAMES = list(TOPOLOGIES)
OPTIONS = {
    "one-to-one": set(),
    "one-to-many": set(),
    "many-to-one": set(),
    "aligned": {"bidirectional"},
    "last-n": {"wait"},
    "padded": set(),
    "vector-dense": {"bidirectional"},
    "repeat-vector": {"bidirectional"},
    "encoder-decoder": {"bidirectional"},
    "peek": {"bidirectional"},
    "attention": {"bidirectional", "attention"},
    "ctc": {"bidirectional"},
}
CELLS = [(name, option) for name in NAMES for option in OPTIONAL]
ASKED = {"bidirectional": True, "attention": "additive", "wait": 0.25}
PAIR = (np.array([[5, 6, 7, 8, EOS]]), np.array([[6, 5, EOS]]))


def test_the_table() -> None:
    assert {name: set(entry.options) for name, entry in TOPOLOGIES.items()} == OPTIONS
    fields = set(ModelConfig.__dataclass_fields__) - {"topology"}
    assert fields == set(OPTIONAL) | set(COMMON)


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_is_its_class(name: str) -> None:
    cls, entry = topology_class(name), TOPOLOGIES[name]
    assert cls.family == entry.family
    assert name.replace("-", "_") == entry.module


@pytest.mark.parametrize(("name", "option"), CELLS)
def test_an_option_is_taken_or_refused(name: str, option: str) -> None:
    config = Config(model=ModelConfig(topology=name, **{option: ASKED[option]}))
    if option in OPTIONS[name]:
        check(config)
        return
    able = ", ".join(other for other in NAMES if option in OPTIONS[other])
    expected = f"topology '{name}' cannot have model.{option}={ASKED[option]}: it is an option of {able}"
    with pytest.raises(UsageError) as refused:
        check(config)
    assert str(refused.value) == expected


@pytest.mark.parametrize(("name", "option"), CELLS)
def test_an_option_changes_the_model_where_it_can_be_had(
    name: str, option: str, build: Callable[..., Topology]
) -> None:
    """Models of one seed with two values of an option: other weights or other logits, and only where the table says."""
    values = {"bidirectional": (False, True), "attention": ("dot", "general"), "wait": (0.0, 1.0)}[option]
    models = [build(name, **{"bidirectional": False, option: value}) for value in values]
    same = models[0].count_params() == models[1].count_params()
    same = same and np.array_equal(models[0](PAIR), models[1](PAIR))
    assert same is (option not in OPTIONS[name])


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_never_refused(name: str) -> None:
    config = Config(model=ModelConfig(topology=name))
    check(config)
    resolved, _ = choose_sizes(config, pairs=1000)
    assert resolved.model.bidirectional is ("bidirectional" in OPTIONS[name])
    check(resolved)
    check(Config(model=ModelConfig(topology=name, bidirectional=False)))


@pytest.mark.parametrize("name", NAMES)
def test_several_hypotheses_only_where_a_search_ranks_them(name: str) -> None:
    config = Config(model=ModelConfig(topology=name), search=SearchConfig(beam_size=5, nbest=3))
    if TOPOLOGIES[name].family == "autoregressive" or name == "ctc":
        check(config)
        return
    with pytest.raises(UsageError, match=f"topology '{name}' writes one hypothesis a sentence"):
        check(config)


def test_zero_is_asked_for_too() -> None:
    with pytest.raises(UsageError, match=r"cannot have model.wait=0.0: it is an option of last-n"):
        refuse_unsupported("padded", {"wait": 0.0})


def test_units_need_two_halves_only_for_two_directions() -> None:
    check(Config(model=ModelConfig(topology="padded", units=7)))
    check(Config(model=ModelConfig(topology="aligned", units=7, bidirectional=False)))
    with pytest.raises(UsageError, match="expected an even number for two directions, received 7"):
        check(Config(model=ModelConfig(topology="aligned", units=7)))


def test_an_unknown_topology_is_told_all_names() -> None:
    with pytest.raises(UsageError, match=f"unknown topology 'atention': expected one of {', '.join(NAMES)}"):
        refuse_unsupported("atention", {})


def test_an_unknown_topology_is_told_on_one_line() -> None:
    with pytest.raises(UsageError) as error:
        refuse_unsupported("\x1c\n", {})
    assert len(str(error.value).splitlines()) == 1


def test_directions() -> None:
    assert both_directions("attention", None)
    assert not both_directions("attention", False)
    assert not both_directions("padded", None)


def test_the_table_needs_no_tensorflow() -> None:
    program = "import sys, mtlite.config.registry, mtlite.topologies.drawing; print('tensorflow' in sys.modules)"
    assert not ast.literal_eval(subprocess.check_output([sys.executable, "-c", program], text=True))
