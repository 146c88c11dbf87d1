"""Translating from Python: what no recipe could ask for is refused, before TensorFlow is started."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mtlite.config.options import SearchConfig
from mtlite.errors import UsageError
from mtlite.translation.translator import Translator


@pytest.fixture
def no_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test fails where TensorFlow would be started."""
    monkeypatch.setattr(
        "mtlite.translation.translator.start_tensorflow", lambda *_: pytest.fail("TensorFlow is started")
    )


@pytest.mark.usefixtures("no_tensorflow")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"search": SearchConfig(beam_size=0)}, "search.beam_size: expected at least 1, received 0"),
        ({"search": SearchConfig(beam_size=-1)}, "search.beam_size: expected at least 1, received -1"),
        ({"search": SearchConfig(beam_size="three")}, "search.beam_size: expected a whole number, received three"),  # type: ignore[arg-type]
        ({"search": SearchConfig(nbest=0)}, "search.nbest: expected at least 1"),
        ({"search": SearchConfig(beam_size=2, nbest=3)}, r"search.nbest: expected at most search.beam_size \(2\)"),
        ({"search": SearchConfig(sample=True, temperature=0)}, "search.temperature: expected at least"),
        ({"search": SearchConfig(length_penalty=math.nan)}, "search.length_penalty: expected a number, received nan"),
        ({"search": SearchConfig(batch_tokens=0)}, "search.batch_tokens: expected at least 1"),
        ({"search": SearchConfig(max_source_tokens=0)}, "search.max_source_tokens: expected at least 2"),
        ({"search": {"beam_size": 0}}, "search.beam_size: expected at least 1, received 0"),
        ({"search": {"bean_size": 2}}, "unknown option 'search.bean_size': expected search.beam_size"),
        ({"search": 3}, "search: expected a mtlite.SearchConfig, received int"),
        ({"precision": "fp16"}, "training.precision: expected one of auto, float32, bfloat16, received fp16"),
        ({"threads": -1}, "training.threads: expected at least 0"),
        ({"seed": -1}, "seed: expected at least 0"),
    ],
)
def test_what_no_recipe_could_ask_for_is_refused(options: dict[str, Any], expected: str, tiny_run: Path) -> None:
    with pytest.raises(UsageError, match=expected):
        Translator.load(tiny_run, **options)


@pytest.mark.usefixtures("no_tensorflow")
@pytest.mark.parametrize("runs", [None, 5, [None]])
def test_what_is_no_path_is_refused(runs: Any) -> None:
    with pytest.raises(UsageError, match="expected the path of a run directory, received"):
        Translator.load(runs)


def test_runs_and_lines_may_come_one_by_one(tiny_run: Path) -> None:
    def lines() -> Iterator[str]:
        yield "one two"
        yield "three"

    translator = Translator.load(run for run in [tiny_run])
    assert translator(lines()) == translator(["one two", "three"])
    with pytest.raises(UsageError, match="expected sentences as text, received int"):
        translator(["one", 5])  # type: ignore[list-item]


def test_several_threads_share_a_translator(tiny_run: Path) -> None:
    """Also its first call, which builds the graph of the search."""
    lines = [f"{first} {second} three" for first in ("one", "two", "four", "six") for second in ("five", "nine", "ten")]
    alone = Translator.load(tiny_run, {"beam_size": 3})
    shared = Translator.load(tiny_run, {"beam_size": 3})
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(shared, lines * 3)) == [alone(line) for line in lines] * 3


def test_what_a_notebook_shows(tiny_run: Path) -> None:
    assert repr(Translator.load([tiny_run, tiny_run], {"beam_size": 3})) == "Translator(attention + attention, beam 3)"
