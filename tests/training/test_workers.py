"""Several workers train as one process does. One training of two processes on this machine serves several tests."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from samples import ROOT

from mtlite.cli import main
from mtlite.errors import MtliteError, RunError
from mtlite.storage.run_directory import Run
from mtlite.storage.training_log import read_training_log
from mtlite.training.channel import LostError
from mtlite.training.cluster import Cluster, free_local_addresses
from mtlite.training.workers import ALONE, Team

# Tables of embeddings have one use each: TensorFlow joins the sum of the gradients of several uses with that of several
# batches, in one process, and adds in another order.
OPTIONS = {
    "tokenizer": {"joint": False},
    "model": {"topology": "attention", "tied_embeddings": False},
    "training": {"max_updates": 200, "validate_every": 100, "save_every": 5, "moving_average": 0.9, "threads": 1},
}


def start(recipe, run, *arguments):
    command = [sys.executable, "-m", "mtlite", "train", str(recipe), "--run", str(run), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def end_of(process):
    said = process.communicate()[1]
    assert process.returncode == 0, said
    return said


def children(process):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=True)
    return [int(number) for number in found.stdout.split()]


@pytest.fixture(scope="module")
def folder(tiny_config, tmp_path_factory):
    """A recipe, and the run of one process that takes two batches an update."""
    folder = tmp_path_factory.mktemp("workers")
    Run(folder).write_config("recipe.yaml", tiny_config(**OPTIONS))
    end_of(start(folder / "recipe.yaml", folder / "one", "--training.accumulate", "2"))
    return folder


@pytest.fixture(scope="module")
def killed(folder):
    """What the chief of two workers said when the other one was killed after a state was saved, and its exit code."""
    process = start(folder / "recipe.yaml", folder / "two", "--local-workers", "2")
    while process.poll() is None and not (folder / "two" / "last.safetensors").exists():
        time.sleep(0.005)
    (worker,) = children(process)
    os.kill(worker, signal.SIGKILL)
    return process.communicate(timeout=60)[1], process.returncode


@pytest.fixture(scope="module")
def resumed(folder, killed):
    return end_of(start(folder / "recipe.yaml", folder / "two", "--local-workers", "2", "--resume"))


def test_a_killed_worker_ends_the_others_with_one_line(killed):
    said, code = killed
    assert code == 1
    assert said.splitlines()[-1].startswith("mtlite: worker 1 (127.0.0.1:")
    assert "--resume" in said.splitlines()[-1]
    assert "Traceback" not in said


def test_two_workers_started_again_end_as_one_process_with_two_batches(folder, resumed):
    assert "going on after update" in resumed
    for name in ("best.safetensors", "last.safetensors", "hypotheses.txt"):
        assert (folder / "two" / name).read_bytes() == (folder / "one" / name).read_bytes(), name
    figures = [
        [(line.update, getattr(line, "loss", None), getattr(line, "dev_loss", None)) for line in read_training_log(log)]
        for log in (folder / "one" / "training-log.jsonl", folder / "two" / "training-log.jsonl")
    ]
    assert figures[0] == figures[1]


def test_a_finished_run_ends_both(folder, resumed, capfd):
    arguments = ["train", "--run", str(folder / "two"), "--resume"]
    assert all(code == 0 for code in mains(arguments, arguments))
    assert "nothing to do" in capfd.readouterr().err


def mains(*workers):
    """The exit codes of workers that run in threads: until TensorFlow starts, they may be in one process."""
    addresses = ",".join(free_local_addresses(len(workers)))
    options = [["--workers", addresses, "--worker", str(number)] for number in range(len(workers))]
    with ThreadPoolExecutor(len(workers)) as pool:
        return [*pool.map(lambda each: main([*each[0], *each[1]]), zip(workers, options, strict=True))]


def test_workers_that_disagree_on_the_recipe_are_refused_before_anything_is_made(folder, tmp_path, capfd):
    arguments = ["train", str(folder / "recipe.yaml"), "--run", str(tmp_path / "run")]
    assert mains(arguments, [*arguments, "--model.units", "6"]) == [1, 1]
    said = capfd.readouterr().err  # one worker may hear from the other, which ended first, why it ended
    assert said.count("workers differ: model.units is 6 for worker 1") == said.count("8 for the chief") == 2
    assert not (tmp_path / "run").exists()


def test_an_error_of_the_chief_is_said_by_all(folder, tmp_path, capfd):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "something").touch()
    arguments = ["train", str(folder / "recipe.yaml"), "--run", str(tmp_path / "run")]
    assert mains(arguments, arguments) == [2, 1]
    assert capfd.readouterr().err.count("is not empty") == 2


@pytest.fixture
def teams():
    """Two workers, in two threads of this process."""
    addresses = free_local_addresses(2)
    made = [Team(Cluster(addresses, number), 10) for number in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(Team.__enter__, made))
    yield made
    for each in made:
        each.channel.close()


def both(teams, function):
    """The results, or errors, of both workers."""
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(function, each) for each in teams]
        return [future.exception() or future.result() for future in futures]


def test_the_work_is_shared_out_and_all_have_all_results(teams):
    done: list[list[int]] = [[], []]

    def square(number, team):
        done[team.number].append(number)
        return number * number

    expected = ALONE.map(lambda number: number * number, range(5))
    assert both(teams, lambda team: team.map(lambda number: square(number, team), range(5))) == [expected] * 2
    assert sorted(done[0]) == [0, 2, 4]
    assert sorted(done[1]) == [1, 3]


def test_values_that_differ_are_named_with_their_worker(teams):
    assert both(teams, lambda team: team.agree({"a": 1, "b": [0.1]}, "mend it")) == [None, None]
    for error in both(teams, lambda team: team.agree({"a": 1, "b": team.number}, "mend it")):
        assert isinstance(error, RunError)
        assert "b is 1 for worker 1" in str(error)
        assert "mend it" in str(error)


def test_weights_that_differ_in_one_bit_are_an_error(teams):
    weights = [keras.Variable(np.ones(3, np.float32)) for _ in teams]
    assert both(teams, lambda team: team.check([weights[team.number]])) == [None, None]
    weights[1].assign(np.nextafter(np.ones(3, np.float32), np.float32(2)))
    for error in both(teams, lambda team: team.check([weights[team.number]])):
        assert "the checksum of the weights" in str(error)


def test_a_signal_of_one_is_a_signal_of_all_and_the_chief_is_first(teams):
    order = []

    def run(team):
        with team.chief_first():
            order.append(team.number)
        return team.signals([15] if team.number else []), team.of_chief(team.number)

    assert both(teams, run) == [([15], 0), ([15], 0)]
    assert order == [0, 1]


def test_an_error_that_tensorflow_makes_of_a_death_is_said_as_the_death(teams):
    teams[1].channel.close()
    error = ValueError("Connection reset by peer")
    with pytest.raises(LostError, match="worker 1 "):
        teams[0].__exit__(ValueError, error, None)


def test_an_error_of_one_is_told_to_the_other(teams):
    error = MtliteError("no space left")
    teams[1].__exit__(type(error), error, None)
    with pytest.raises(LostError, match=r"worker 1 .*no space left"):
        teams[0].exchange(1)


def test_workers_on_one_machine_share_its_threads(monkeypatch):
    monkeypatch.setattr("mtlite.training.workers.available_threads", lambda: 9)
    local, remote = Team(Cluster(free_local_addresses(2), 0), 1), Team(Cluster(("one:1", "two:2"), 0), 1)
    assert [local.threads(0), local.threads(3), remote.threads(0), ALONE.threads(0)] == [4, 3, 0, 0]
