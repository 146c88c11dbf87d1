"""A run that was interrupted, however it was, ends like one that was not."""

import dataclasses
import math
import os
import signal
import subprocess
import sys
import time

import pytest
from samples import ROOT

from mtlite.errors import MtliteError, Stopped, UsageError
from mtlite.storage.run_directory import Run
from mtlite.storage.training_log import Reported, read_training_log
from mtlite.training.loop import Loop
from mtlite.training.step import TrainingStep
from mtlite.training.train import train

STATE = ("best.safetensors", "last.safetensors")
EVERYTHING_ON = {
    "tokenizer": {"sampling": 0.3},
    "training": {
        "max_updates": 12,
        "validate_every": 4,
        "save_every": 2,
        "accumulate": 2,
        "moving_average": 0.9,
        "schedule": "cosine",
        "warmup_updates": 2,
        "patience": 9,
    },
}


def without_times(path):
    lines = read_training_log(path / "training-log.jsonl")
    return [
        dataclasses.replace(line, seconds=0.0, tokens_per_second=0.0)
        if isinstance(line, Reported)
        else dataclasses.replace(line, seconds=0.0)
        for line in lines
    ]


def assert_equal_runs(first, second):
    for name in STATE:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    assert without_times(first) == without_times(second)
    assert (first / "hypotheses.txt").read_bytes() == (second / "hypotheses.txt").read_bytes()


@pytest.fixture(scope="module")
def undisturbed(tiny_config, tmp_path_factory):
    path = tmp_path_factory.mktemp("undisturbed") / "run"
    train(tiny_config(**EVERYTHING_ON), path)
    return path


def test_two_runs_with_one_seed_are_identical(tiny_config, undisturbed, tmp_path):
    train(tiny_config(**EVERYTHING_ON), tmp_path / "run")
    assert_equal_runs(undisturbed, tmp_path / "run")


def test_another_seed_gives_another_run(tiny_config, undisturbed, tmp_path):
    train(tiny_config(**EVERYTHING_ON, seed=2), tmp_path / "run")
    assert (undisturbed / "best.safetensors").read_bytes() != (tmp_path / "run" / "best.safetensors").read_bytes()


def test_a_signal_saves_the_state_and_resume_goes_on(tiny_config, undisturbed, tmp_path, monkeypatch):
    path = tmp_path / "run"
    real, calls = Loop.save, []

    def save_and_signal(self):
        real(self)
        calls.append(self.progress.update)
        if self.progress.update == 4:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Loop, "save", save_and_signal)
    with pytest.raises(Stopped, match=f"stopped by SIGTERM after update 4.*--run {path} --resume"):
        train(tiny_config(**EVERYTHING_ON), path)
    monkeypatch.undo()
    assert calls[-1] == 4
    assert not (path / "result.json").exists()
    train(tiny_config(**EVERYTHING_ON), path, resume=True)
    assert_equal_runs(undisturbed, path)


def test_resume_of_a_finished_run_does_nothing(tiny_config, undisturbed, console):
    before = {entry: entry.stat().st_mtime_ns for entry in undisturbed.iterdir() if entry.name != ".lock"}
    train(tiny_config(**EVERYTHING_ON), undisturbed, resume=True, console=console)
    assert "nothing to do" in console.file.getvalue()
    assert before == {entry: entry.stat().st_mtime_ns for entry in undisturbed.iterdir() if entry.name != ".lock"}


def test_resume_without_a_saved_state_starts_afresh(tiny_config, undisturbed, tmp_path, monkeypatch):
    path = tmp_path / "run"

    def stop(self):
        raise MtliteError("stopped before the first update")

    monkeypatch.setattr(Loop, "fit", stop)
    with pytest.raises(MtliteError, match="stopped before"):
        train(tiny_config(**EVERYTHING_ON), path)
    monkeypatch.undo()
    train(tiny_config(**EVERYTHING_ON), path, resume=True)
    assert_equal_runs(undisturbed, path)


def test_a_folder_with_a_run_is_not_overwritten(tiny_config, undisturbed):
    with pytest.raises(UsageError, match="already holds a run: add --resume"):
        train(tiny_config(**EVERYTHING_ON), undisturbed)


def test_a_loss_that_is_not_finite_stops_with_what_to_try(tiny_config, tmp_path, monkeypatch):
    real = TrainingStep.__call__

    def step(self, batches, learning_rate, update):
        done = real(self, batches, learning_rate, update)
        return done._replace(loss=math.nan) if update == 7 else done

    monkeypatch.setattr(TrainingStep, "__call__", step)
    expected = r"the loss is nan .*at update 7.*the state after update 6 is kept.*lower training\.learning_rate"
    with pytest.raises(MtliteError, match=expected):
        train(tiny_config(**EVERYTHING_ON), tmp_path / "run")


def test_kill_9_and_resume(tiny_config, undisturbed, tmp_path):
    """The process dies without warning after some saved states; the test looks for files, not at a clock."""
    path, recipe = tmp_path / "run", tmp_path / "recipe.yaml"
    log = path / "training-log.jsonl"
    Run(tmp_path).write_config("recipe.yaml", tiny_config(**EVERYTHING_ON))
    command = [sys.executable, "-m", "mtlite", "train", str(recipe), "--run", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    for _ in range(6000):
        validations = log.read_text().count("dev_bleu") if log.exists() else 0
        if validations or process.poll() is not None:
            break
        time.sleep(0.01)
    process.kill()
    process.wait()
    train(tiny_config(**EVERYTHING_ON), path, resume=True)
    assert_equal_runs(undisturbed, path)
