"""Translating from Python: what no recipe could ask for is refused, before TensorFlow is started."""

from __future__ import annotations

import copy
import math
import multiprocessing
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mtlite.config.options import SearchConfig
from mtlite.data.tokenizer import Tokenizer
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


ACROSS_PROCESSES = """
import os, sys
import mtlite
from mtlite.errors import MtliteError

def tried(what):
    try:
        return what()
    except MtliteError as error:
        return str(error)

def in_a_fork(what):
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0
    else:
        print(tried(what), flush=True)
        os._exit(0)

def load():
    return mtlite.Translator.load(sys.argv[1])

mtlite.Translator  # TensorFlow is imported, and has computed nothing yet
in_a_fork(lambda: load()("one"))
translator = load()
for what in (lambda: translator("one"), load, lambda: mtlite.load_model(sys.argv[1])):
    in_a_fork(what)
print(translator("one"))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_fork_loads_its_own_or_is_told_to(tiny_run: Path) -> None:
    """TensorFlow would wait for ever in a fork of a process in which it has computed."""
    command = [sys.executable, "-c", ACROSS_PROCESSES, str(tiny_run)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    loaded, *refused, after = done.stdout.splitlines()
    assert loaded == after
    assert len(refused) == 3
    for message in refused:
        assert "forked" in message
        assert 'get_context("spawn")' in message


def test_a_process_of_its_own_loads_the_run(tiny_run: Path) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(translated, tiny_run).result() == translated(tiny_run)


def translated(run: Path) -> list[str]:
    return Translator.load(run)(["one two", "three"])


def test_threads_load_side_by_side(tiny_run: Path) -> None:
    lines = ["one two", "three", "", "four five six"]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: Translator.load(tiny_run)(lines), range(4)))
    assert found == [Translator.load(tiny_run)(lines)] * 4


@pytest.mark.parametrize("way", [pickle.dumps, copy.copy, copy.deepcopy])
def test_what_cannot_be_pickled_or_copied_says_what_to_do(way: Any, tiny_run: Path) -> None:
    with pytest.raises(UsageError, match=r"pickled or copied.*Translator\.load"):
        way(Translator.load(tiny_run))


@pytest.mark.parametrize("equal_texts", [False, True])
def test_no_two_texts_of_an_n_best_list_are_equal_unless_asked_for(
    tiny_run: Path, equal_texts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    translator = Translator.load(tiny_run, SearchConfig(beam_size=8, nbest=4, equal_texts=equal_texts))
    whole = Translator.load(tiny_run, SearchConfig(beam_size=8, nbest=8, equal_texts=True)).translate(["one two"])[0]
    decode = Tokenizer.decode
    monkeypatch.setattr(Tokenizer, "decode", lambda self, ids: [text[:1] for text in decode(self, ids)])
    found, empty = translator.translate(["one two", ""])
    texts = [text[:1] for text in whole.texts]
    assert len(set(texts)) < len(texts)
    assert found.texts == (texts[:4] if equal_texts else list(dict.fromkeys(texts))[:4])
    assert found.scores == [whole.scores[texts.index(text)] for text in found.texts] or equal_texts
    assert empty.texts == [""] * (4 if equal_texts else 1)
