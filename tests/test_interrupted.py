"""Ctrl-C and SIGTERM in every stage of the long commands: one line, an exit code, nothing half done, and it goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from unittest import mock

import pytest
import yaml
from samples import ROOT

from mtlite.cli import main
from mtlite.storage.run_directory import Run

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
SAID = {signal.SIGINT: "stopped", signal.SIGTERM: "stopped by SIGTERM"}


@contextmanager
def signalled_at(place: str, number: signal.Signals) -> Iterator[None]:
    """Send this process a signal when `module:name` is called."""
    module, _, name = place.partition(":")
    *owners, function = name.split(".")
    owner: Any = import_module(module)
    for each in owners:
        owner = getattr(owner, each)
    real = getattr(owner, function)

    def call(*arguments: Any, **options: Any) -> Any:
        os.kill(os.getpid(), number)
        return real(*arguments, **options)

    with mock.patch.object(owner, function, call):
        yield


def stopped(arguments: list[str], place: str, number: signal.Signals, capfd: pytest.CaptureFixture[str]) -> str:
    """The last line that a command says which gets a signal there."""
    before = {each: signal.getsignal(each) for each in CODES}
    capfd.readouterr()
    with signalled_at(place, number):
        assert main(arguments) == CODES[number]
    assert {each: signal.getsignal(each) for each in CODES} == before
    said = capfd.readouterr().err
    assert "Traceback" not in said
    last = said.splitlines()[-1]
    assert last.startswith("mtlite: ")
    return last.removeprefix("mtlite: ")


@pytest.mark.usefixtures("cache")
def test_a_training_goes_on_from_every_stage(tiny_config, tmp_path, capfd):
    recipe, path = tmp_path / "tiny.yaml", tmp_path / "run"
    recipe.write_text(yaml.safe_dump(tiny_config().to_dict()))
    start, resume = ["train", str(recipe), "--run", str(path)], ["train", "--run", str(path), "--resume"]
    saved = "stopped by {} after update {}; go on with: mtlite " + " ".join(resume)
    for arguments, place, number, expected in (
        (start, "mtlite.data.prepare:clean", signal.SIGTERM, "stopped by SIGTERM"),
        (start, "mtlite.storage.cache:_checksum", signal.SIGINT, "stopped"),
        (start, "subprocess:Popen.communicate", signal.SIGTERM, "stopped by SIGTERM"),  # of the tokenizer's training
        (start, "mtlite.storage.run_directory:Run.write_facts", signal.SIGHUP, "stopped by SIGHUP"),
        ([*start, "--resume"], "mtlite.training.step:TrainingStep.__call__", signal.SIGHUP, saved.format("SIGHUP", 1)),
        (resume, "mtlite.training.validation:Validation.bleu", signal.SIGINT, saved.format("SIGINT", 4)),
        (resume, "mtlite.translation.scoring:score_lines", signal.SIGTERM, "stopped by SIGTERM"),
    ):
        assert stopped(arguments, place, number, capfd) == expected, place
        assert not [*tmp_path.rglob("*.part"), *path.rglob("*.holder")], place
        assert not Run(path).finished
    assert main(resume) == 0
    assert Run.open(path).finished


@pytest.mark.parametrize(
    ("command", "place"),
    [
        ("evaluate RUN --source TEXT --reference TEXT --output FILE", "mtlite.translation.scoring:score_lines"),
        ("evaluate RUN --source TEXT --reference TEXT --output FILE", "os:replace"),
        ("translate RUN --input TEXT --engine tensorflow", "mtlite.translation.translator:Translator.translate"),
        ("translate RUN --input TEXT --engine onnx", "mtlite.export.engine:OnnxSearcher.search"),
        ("export RUN -o FILE", "mtlite.export.onnx_folder:described"),
        ("export RUN -o FILE", "os:replace"),
        ("page RUN -o FILE.html", "mtlite.page.model:pack"),
        ("page RUN -o FILE.html", "os:replace"),
        (
            "compare TEXT RUN/hypotheses.txt --reference TEXT --language en",
            "mtlite.report.side_by_side:compare_outputs",
        ),
    ],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_only_reads_a_run_leaves_nothing_behind(command, place, number, tiny_run, tmp_path, capfd):
    before = sorted(tiny_run.rglob("*"))
    for name, path in {"RUN": tiny_run, "TEXT": tiny_run / "data" / "test.source", "FILE": tmp_path / "made"}.items():
        command = command.replace(name, str(path))
    assert stopped(command.split(), place, number, capfd) == SAID[number]
    assert list(tmp_path.iterdir()) == []
    assert sorted(tiny_run.rglob("*")) == before


def test_translations_that_are_done_are_written_before_the_end(tiny_run):
    command = [sys.executable, "-m", "mtlite", "translate", str(tiny_run), "--engine", "tensorflow", "--threads", "1"]
    pipe, environment = subprocess.PIPE, {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"one two\n")
        process.stdin.flush()
        translation = process.stdout.readline()  # it waits for more then
        process.terminate()
        assert process.wait(60) == 143
        assert process.stderr
        assert process.stderr.read() == b"mtlite: stopped by SIGTERM\n"
        assert process.stdout.read() == b""
    assert translation.endswith(b"\n")
