"""On a cluster of two nodes, an ablation ends as it does here, whatever dies and whatever the nodes see."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clusters import start_node, two_nodes
from statements import job, make_importable

from mtlite.ablation import on_ray
from mtlite.ablation.ablate import ablate, prepare_experiment
from mtlite.ablation.experiment import Experiment
from mtlite.ablation.jobs import Job, run_jobs
from mtlite.ablation.node import this_node
from mtlite.ablation.on_ray import RayEngine
from mtlite.ablation.processes import Processes
from mtlite.ablation.supplies import own_folder
from mtlite.config.read import plain
from mtlite.errors import MtliteError, RunError, Stopped, UsageError
from mtlite.storage.run_directory import Run

pytest.importorskip("ray", reason='ray is not installed: pip install "mtlite[ray]"')

NOTE = "run.mkdir(parents=True, exist_ok=True)", "import os, pathlib, time"
SAVES = (
    *NOTE,
    "import signal, sys",
    "signal.signal(signal.SIGTERM, lambda *_: ((run / 'state').write_text('saved'), sys.exit(0)))",
)
WRITE = *NOTE, "(run / 'outcome.json').write_text(os.environ.get('OMP_NUM_THREADS', 'none'))"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes with one processor each, and a head with none."""
    with pytest.MonkeyPatch.context() as patch:
        make_importable(patch)
        with two_nodes() as cluster:
            yield cluster


@pytest.fixture
def experiment(tiny_config: Callable[..., Any], tmp_path: Path, console: Any) -> Experiment:
    values = tiny_config(training={"max_updates": 4, "validate_every": 2, "save_every": 2}).to_dict()
    del values["model"]["topology"], values["model"]["bidirectional"]
    values["ablation"] = {"topologies": ["one-to-one"], "seeds": [1, 2]}
    experiment = prepare_experiment(values, "tiny", tmp_path / "run", console)
    experiment.folder.mkdir()
    experiment.save_tokenizers()
    return experiment


@pytest.fixture
def engine(cluster: Any, console: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., RayEngine]]:
    """`engine(shares=False)`: an engine on the cluster, which is left at the end."""
    made: list[RayEngine] = []

    def make(**options: Any) -> RayEngine:
        values = {"at_once": 100, "memory": 10**8, "identical": False, **options}
        made.append(RayEngine(cluster.address, console=console, **values))
        return made[-1]

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    yield make
    for each in made:
        each.end(finished=False)


def jobs_of(experiment: Experiment, **statements: tuple[str, ...]) -> list[Job]:
    """Jobs by name, each with a recipe."""
    made = []
    for name, each in statements.items():
        made.append(job(experiment.folder, name, *each))
        made[-1].recipe.parent.mkdir(exist_ok=True)
        Run(made[-1].recipe.parent).write_config(made[-1].recipe.name, experiment.prepared.config)
    return made


def run(jobs: list[Job], engine: RayEngine, console: Any) -> tuple[list[str], dict[str, str]]:
    """The names of the jobs that ended well, and why the others did not."""
    done, failed = list[str](), dict[str, str]()
    run_jobs(jobs, engine, lambda job: done.append(job.name), lambda job, why: failed.update({job.name: why}), console)
    return sorted(done), failed


def untimed(values: Any) -> Any:
    """The same without what is a time."""
    if isinstance(values, dict):
        return {name: untimed(each) for name, each in values.items() if not name.endswith("seconds")}
    return values


def test_nodes_that_see_nothing_give_the_same(
    engine: Callable[..., RayEngine], experiment: Experiment, tmp_path: Path, console: Any
) -> None:
    """Corpus, tokenizers and cache are sent to each node once, and files come back."""
    finished = ablate(experiment, engine(shares=False), None, console)
    assert finished.failures == {}
    assert console.file.getvalue().count("has received the corpus") == 2
    expected = ablate(dataclasses.replace(experiment, folder=tmp_path / "here"), Processes(1), None, console)
    assert finished.outcomes.keys() == expected.outcomes.keys() == {"one-to-one-seed-1", "one-to-one-seed-2"}
    for name, each in expected.outcomes.items():
        assert untimed(plain(finished.outcomes[name])) == untimed(plain(each))
    here, back = (Run(folder / "cells" / "one-to-one-seed-1") for folder in (tmp_path / "here", experiment.folder))
    files = [sorted(path.name for path in each.path.glob("[!.]*")) for each in (here, back)]
    assert files[0] == files[1]
    for name in ("best.safetensors", "hypotheses.txt"):
        assert here.checksum(name) == back.checksum(name)
    assert str(tmp_path) in (back.path / "config.yaml").read_text()  # where the corpus lies here, not there


def test_threads_are_those_of_the_driver_and_a_failure_is_told(
    engine: Callable[..., RayEngine], experiment: Experiment, console: Any
) -> None:
    """Ray sets OMP_NUM_THREADS in its tasks."""
    bad = "import sys", "print('mtlite: the loss is nan', file=sys.stderr)", "sys.exit(1)"
    jobs = jobs_of(experiment, good=WRITE, bad=bad)
    running = engine()
    running.begin(experiment)
    assert run(jobs, running, console) == (["good"], {"bad": "the loss is nan"})
    assert (jobs[0].run / "outcome.json").read_text() == "none"
    again = jobs_of(experiment, good=("raise AssertionError('it is done already')",))
    assert run(again, running, console) == (["good"], {})


def test_a_node_runs_as_many_jobs_as_it_has_processors(
    engine: Callable[..., RayEngine], experiment: Experiment, console: Any
) -> None:
    """Also while jobs tell how far they are."""
    runs = f"runs = pathlib.Path({str(experiment.folder)!r}, run.name + '-runs')"
    count = "(run / 'outcome.json').write_text(str(len(list(runs.parent.glob('*-runs')))))"
    counts = *NOTE, runs, "runs.touch()", "time.sleep(2)", count, "runs.unlink()"
    jobs = jobs_of(experiment, one=counts, two=counts, three=counts, four=counts)
    running = engine()
    running.begin(experiment)
    assert run(jobs, running, console) == (sorted(job.name for job in jobs), {})
    assert max(int((job.run / "outcome.json").read_text()) for job in jobs) <= 2


def test_the_job_of_a_dead_node_goes_on_elsewhere(
    cluster: Any, engine: Callable[..., RayEngine], experiment: Experiment, console: Any
) -> None:
    """With what it had saved, since both nodes see its folder."""
    first = "if not (run / 'began').exists(): (run / 'began').touch(); time.sleep(600)"
    again = "for _ in range(600): (run / 'told').exists() or time.sleep(0.1)"  # until its place was told, or a minute
    jobs = jobs_of(experiment, one=(*NOTE, first, again, *WRITE))
    running = engine()
    running.begin(experiment)
    nodes = {node.node_id: node for node in cluster.worker_nodes}

    def kill() -> None:
        while not (jobs[0].run / "began").exists() or "one" not in running.look()[0]:
            time.sleep(0.1)
        killed.append(next(id for id in nodes if id[:8] in running.look()[0]["one"]))
        cluster.remove_node(nodes[killed[0]], allow_graceful=False)
        while "one: started again on" not in console.file.getvalue() and not (jobs[0].run / "outcome.json").exists():
            time.sleep(0.1)
        (jobs[0].run / "told").touch()

    killed = list[str]()
    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    assert run(jobs, running, console) == (["one"], {})
    killer.join()
    start_node(cluster)
    assert killed
    assert "one: started again on" in console.file.getvalue()


def test_a_signal_brings_back_what_was_saved_and_a_later_start_goes_on(
    engine: Callable[..., RayEngine], experiment: Experiment, console: Any
) -> None:
    here = experiment.folder  # which the jobs see, although they are told that they do not
    say = f"pathlib.Path({str(here)!r}, run.name + '-waits').touch()"
    wait = *SAVES, say, "time.sleep(600)"
    goes_on = *NOTE, "(run / 'outcome.json').write_text((run / 'state').read_text())"
    running = engine(shares=False)
    running.begin(experiment)

    def interrupt() -> None:
        while len(list(here.glob("*-waits"))) < 2:
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    with pytest.raises(Stopped, match="SIGINT"):
        run(jobs_of(experiment, one=wait, two=wait, three=wait), running, console)
    interrupter.join()
    begun = [path.name.removesuffix("-waits") for path in here.glob("*-waits")]
    assert sorted(path.parent.name for path in here.glob("cells/*/state")) == sorted(begun)
    jobs = jobs_of(experiment, **dict.fromkeys(begun, goes_on))
    running.begin(experiment)
    assert run(jobs, running, console) == (sorted(begun), {})
    assert (jobs[0].run / "outcome.json").read_text() == "saved"
    running.end(finished=True)  # nothing stays on the nodes
    folder = own_folder(running.supplies, "node").parent
    assert not list(folder.glob(f"{running.supplies.name}-*"))


def test_a_job_that_has_just_begun_brings_back_what_it_saved(
    engine: Callable[..., RayEngine], experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the board said last was said before the job had a place."""
    running = engine(shares=False)
    running.begin(experiment)
    assert running.look()[0] == {}
    monkeypatch.setattr(on_ray, "_SECONDS_BETWEEN_LOOKS", 1000)
    say = f"pathlib.Path({str(experiment.folder)!r}, 'waits').touch()"
    (waits,) = jobs_of(experiment, one=(*SAVES, say, "time.sleep(600)"))
    task = running.submit(waits)
    while not (experiment.folder / "waits").exists():
        time.sleep(0.1)
    task.stop()
    task.wait()
    assert (waits.run / "state").read_text() == "saved"


def test_a_job_without_a_place_is_stopped_before_it_begins(
    engine: Callable[..., RayEngine], experiment: Experiment
) -> None:
    running = engine(shares=False)
    running.begin(experiment)
    say = f"pathlib.Path({str(experiment.folder)!r}, run.name + '-began').touch()"
    waits = jobs_of(experiment, **dict.fromkeys(("one", "two", "three"), (*SAVES, say, "time.sleep(600)")))
    tasks = [running.submit(each) for each in waits]  # on two processors
    while len(places := running.look()[0]) < 2:
        time.sleep(0.1)
    (last,) = (task for task in tasks if task.job.name not in places)
    for task in (last, *tasks):
        task.stop()
    for task in tasks:
        task.wait()
    assert not (experiment.folder / f"{last.job.name}-began").exists()


def test_nodes_of_another_kind_are_named_or_refused(
    engine: Callable[..., RayEngine], experiment: Experiment, console: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = this_node()
    other = dataclasses.replace(here, versions={**here.versions, "tensorflow": "1.0"})
    monkeypatch.setattr(on_ray, "this_node", lambda: other)  # in this process, not in tasks
    running = engine()
    running.begin(experiment)
    assert f"tensorflow {here.versions['tensorflow']} (here 1.0)" in console.file.getvalue()
    running.identical = True
    with pytest.raises(RunError, match=r"--identical: .* has tensorflow"):
        running.begin(experiment)
    running.memory, running.identical = 10**15, False
    with pytest.raises(UsageError, match=r"ablation\.threads.*--memory.*no node"):
        running.begin(experiment)


@pytest.mark.parametrize("address", ["localhost", "localhost:many", ":80"])
def test_what_is_no_address(address: str, console: Any) -> None:
    with pytest.raises(UsageError, match=f"--address: expected HOST:PORT, received {address}"):
        RayEngine(address, 1, 1, False, console)


def test_no_cluster_at_the_address(console: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(RunError, match=f"--address {address}: no cluster answers there.*ray start"):
        RayEngine(address, 1, 1, False, console)


def test_an_engine_that_is_not_installed(console: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_ray, "find_spec", lambda _: None)
    with pytest.raises(MtliteError, match=r"--on ray: ray is not installed: .*\[ray\]"):
        RayEngine(None, 1, 1, False, console)
