"""Messages to the page's worker and its answers."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from opened_models import Opened
from page_in_node import run_module

from mtlite.page.compose import FOLDER
from mtlite.page.modules import join

SEND = """
const { Answering } = await page("engine/answering.js");
const posted = [];
const answering = new Answering((answer) => posted.push(answer));
// Messages come one after another, whether or not those before them are answered.
await Promise.all(given.map((message) => answering.receive(message)));
console.log(JSON.stringify(posted));
"""


def sent(messages: list[dict[str, Any]]) -> list[Any]:
    return list(run_module(SEND, messages))


@pytest.fixture
def opening(twelve: dict[str, Opened]) -> dict[str, Any]:
    folder = twelve["attention"].folder
    description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    files = {"weights": "weights.bin", "source": "source.model", "target": "target.model"}
    parts = {part: packed(folder / name) for part, name in files.items()}
    return {"number": 1, "run": 0, "method": "open", "arguments": [description, parts]}


def packed(path: Path) -> str:
    return base64.b64encode(zlib.compress(path.read_bytes())).decode("ascii")


def test_questions_wait_for_the_run_to_be_open(opening: dict[str, Any], twelve: dict[str, Opened]) -> None:
    lines = ["one two", "nine"]
    ask = {"number": 2, "run": 0, "method": "translateLines", "arguments": [lines, {"beam": 2}]}
    (expected,) = twelve["attention"].ask(("translateLines", lines, {"beam": 2}))
    opened, first, second, answer = sent([opening, ask])
    assert opened == {"number": 1, "result": None}
    for done, (message, translated) in enumerate(zip((first, second), expected, strict=True), 1):
        assert message == {"number": 2, "progress": {"done": done, "all": 2, "newest": translated}}
    assert answer == {"number": 2, "result": expected}


def test_values_may_be_left_out(opening: dict[str, Any], twelve: dict[str, Opened]) -> None:
    (expected,) = twelve["attention"].ask(("translate", "one two"))
    _, answer = sent([opening, {"number": 2, "run": 0, "method": "translate", "arguments": ["one two"]}])
    assert answer == {"number": 2, "result": expected}


def test_a_question_is_stopped_and_others_are_answered(opening: dict[str, Any]) -> None:
    long = {"number": 2, "run": 0, "method": "translateLines", "arguments": [["one two three"] * 10_000]}
    short = {"number": 3, "run": 0, "method": "encode", "arguments": ["one"]}
    posted = sent([opening, long, short, {"stop": 2}, {"stop": 77}])
    assert [each["number"] for each in posted if "result" in each] == [1, 3]
    assert [each for each in posted if "error" in each] == [{"number": 2, "error": "stopped"}]
    assert sum("progress" in each for each in posted) < 100


def test_what_cannot_be_answered_is_said(opening: dict[str, Any]) -> None:
    damaged = json.loads(json.dumps(opening))
    damaged["arguments"][0]["topology"] = "another"
    messages = [
        {"number": 7, "run": 3, "method": "encode", "arguments": ["one"]},
        {"number": 8, "run": 0, "method": "constructor", "arguments": []},
        damaged,
        {"number": 9, "run": 0, "method": "encode", "arguments": ["one"]},
    ]
    errors = {each["number"]: each["error"] for each in sent(messages)}
    assert "run 3 is not open" in errors[7]
    assert "received constructor" in errors[8]
    assert "topology another has no file" in errors[1]
    assert errors[9] == errors[1]


def test_the_worker_is_one_script() -> None:
    script = join(FOLDER / "engine" / "worker.js")
    assert "import " not in [line[:7] for line in script.splitlines()]
    assert "self.onmessage" in script
