"""Through submitit, with its executor for processes of this machine: a job that is lost or out of time goes on."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from statements import job, make_importable

from mtlite.ablation import on_slurm
from mtlite.ablation.ablate import prepare_experiment
from mtlite.ablation.experiment import Experiment
from mtlite.ablation.jobs import Job, run_jobs
from mtlite.ablation.on_slurm import SlurmEngine
from mtlite.errors import MtliteError, RunError, Stopped

pytest.importorskip("submitit", reason='submitit is not installed: pip install "mtlite[slurm]"')

NOTE = "run.mkdir(parents=True, exist_ok=True)", "import os, pathlib, signal, sys, time"
WRITE = "(run / 'outcome.json').write_text('done')"
FIRST = "first = not (run / 'began').exists()", "(run / 'began').touch()"


@pytest.fixture(autouse=True)
def _statements(monkeypatch: pytest.MonkeyPatch) -> None:
    make_importable(monkeypatch)


@pytest.fixture
def experiment(tiny_config: Callable[..., Any], tmp_path: Path, console: Any) -> Experiment:
    values = tiny_config().to_dict()
    del values["model"]["topology"], values["model"]["bidirectional"]
    values["ablation"] = {"topologies": ["one-to-one"], "seeds": [1]}
    made = prepare_experiment(values, "tiny", tmp_path / "run", console)
    made.folder.mkdir()
    made.save_tokenizers()
    return made


@pytest.fixture
def engine(experiment: Experiment, console: Any) -> SlurmEngine:
    """It has begun."""
    made = SlurmEngine(2, 10**8, 60, False, console, cluster="local")
    made.begin(experiment)
    return made


def run(jobs: list[Job], engine: SlurmEngine, console: Any) -> tuple[list[str], dict[str, str]]:
    """The names of the jobs that ended well, and why the others did not."""
    done, failed = list[str](), dict[str, str]()
    run_jobs(jobs, engine, lambda job: done.append(job.name), lambda job, why: failed.update({job.name: why}), console)
    return sorted(done), failed


def test_jobs_end_well_or_say_why_not(engine: SlurmEngine, experiment: Experiment, console: Any) -> None:
    bad = "import sys", "print('mtlite: the loss is nan', file=sys.stderr)", "sys.exit(1)"
    jobs = [job(experiment.folder, "good", *NOTE, WRITE), job(experiment.folder, "bad", *bad)]
    assert run(jobs, engine, console) == (["good"], {"bad": "the loss is nan"})
    assert "good: started on" in console.file.getvalue()


def test_a_job_that_was_killed_or_out_of_time_goes_on(
    engine: SlurmEngine, experiment: Experiment, console: Any
) -> None:
    """Its node dies in the first case. In the second, the same pickle runs again, after the state was saved."""
    killed = *NOTE, *FIRST, "first and (os.kill(os.getppid(), signal.SIGKILL), time.sleep(600))", WRITE
    save = "signal.signal(signal.SIGTERM, lambda *_: ((run / 'state').write_text('saved'), sys.exit(0)))"
    signalled = "first and (os.kill(os.getppid(), signal.SIGUSR2), time.sleep(600))"
    late = *NOTE, *FIRST, save, signalled, "(run / 'outcome.json').write_text((run / 'state').read_text())"
    jobs = [job(experiment.folder, "killed", *killed), job(experiment.folder, "late", *late)]
    assert run(jobs, engine, console) == (["killed", "late"], {})
    assert (jobs[1].run / "outcome.json").read_text() == "saved"
    said = console.file.getvalue()
    assert "killed: started again on" in said
    assert "it is submitted again" in said


def test_after_a_signal_a_later_start_goes_on(engine: SlurmEngine, experiment: Experiment, console: Any) -> None:
    save = "signal.signal(signal.SIGTERM, lambda *_: ((run / 'state').write_text('saved'), sys.exit(0)))"
    wait = *NOTE, save, "(run / 'began').touch()", "time.sleep(600)"

    def interrupt() -> None:
        while not (experiment.folder / "cells" / "one" / "began").exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    with pytest.raises(Stopped, match="SIGINT"):
        run([job(experiment.folder, "one", *wait)], engine, console)
    interrupter.join()
    assert (experiment.folder / "cells" / "one" / "state").read_text() == "saved"
    engine.begin(experiment)
    assert run([job(experiment.folder, "one", *NOTE, WRITE)], engine, console) == (["one"], {})


def test_jobs_of_a_start_that_was_killed_end_when_another_one_begins(
    engine: SlurmEngine, experiment: Experiment, console: Any
) -> None:
    one = job(experiment.folder, "one", *NOTE, "(run / 'began').touch()", "time.sleep(600)")
    left = engine.submit(one)
    while not (one.run / "began").exists():
        time.sleep(0.05)
    engine.begin(experiment)
    assert run([job(experiment.folder, "one", *NOTE, WRITE)], engine, console) == (["one"], {})
    left.wait()
    ended = left.ended()
    assert ended
    assert ended.failure == "it was stopped"


def test_a_node_that_sees_nothing_or_is_of_another_kind(
    engine: SlurmEngine, experiment: Experiment, console: Any
) -> None:
    one = job(experiment.folder, "one", *NOTE, WRITE)
    other = dataclasses.replace(engine.here, versions={**engine.here.versions, "tensorflow": "1.0"})
    engine.here = other
    assert run([one], engine, console) == (["one"], {})
    assert "(here 1.0): results may differ in the last digits" in console.file.getvalue()
    engine.identical = True
    cell = engine.cell(job(experiment.folder, "two", *NOTE, WRITE))
    assert "--identical: " in str(cell().failure)
    (experiment.folder / ".seen").write_text("another folder of this name")
    assert str(cell().failure).endswith(f"does not see {experiment.folder}: expected a folder that all nodes share")


def test_the_queue_is_asked_now_and_then_and_may_not_answer(
    engine: SlurmEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [(0, "12\n13\n"), (1, ""), (0, "13\n")]

    def answer(command: list[str], **_: Any) -> Any:
        code, text = answers.pop(0)
        return SimpleNamespace(returncode=code, stdout=text)

    monkeypatch.setattr("subprocess.run", answer)
    assert [engine.is_queued("12"), engine.is_queued("14")] == [True, False]  # asked once
    monkeypatch.setattr(on_slurm, "_SECONDS_BETWEEN_QUEUES", 0.0)
    assert [engine.is_queued("14"), engine.is_queued("12")] == [True, False]


def test_a_job_that_left_the_queue_without_a_result_is_submitted_again(
    engine: SlurmEngine, experiment: Experiment, console: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted = [
        SimpleNamespace(job_id=str(number), paths=SimpleNamespace(result_pickle=Path("no"))) for number in (1, 2)
    ]
    engine.cluster = "slurm"
    monkeypatch.setattr(engine, "executor", SimpleNamespace(submit=lambda _: submitted.pop(0)))
    monkeypatch.setattr(engine, "is_queued", lambda number: number == "2")
    monkeypatch.setattr(on_slurm, "_SECONDS_TO_APPEAR", 0.01)
    monkeypatch.setattr(on_slurm, "_SECONDS_BETWEEN_LOOKS", 0.0)
    running = engine.submit(job(experiment.folder, "one"))
    time.sleep(0.05)
    assert running.ended() is None
    assert "job 1 ended without a result: it is submitted again" in console.file.getvalue()
    assert running.submitted.job_id == "2"


def test_a_job_that_slurm_refuses(engine: SlurmEngine, experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    from submitit.core.utils import FailedJobError

    def refuse(_: Any) -> None:
        raise FailedJobError("sbatch: error: something\nsbatch: error: invalid partition specified: none")

    monkeypatch.setattr(engine, "executor", SimpleNamespace(submit=refuse))
    with pytest.raises(RunError, match=r"--on slurm: the job of one was refused: .*invalid partition") as error:
        engine.submit(job(experiment.folder, "one"))
    assert "\n" not in str(error.value)


def test_no_slurm_here_or_no_submitit(console: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(RunError, match="--on slurm: there is no sbatch here"):
        SlurmEngine(1, 1, 60, False, console)
    monkeypatch.setattr(on_slurm, "find_spec", lambda _: None)
    with pytest.raises(MtliteError, match=r"--on slurm: submitit is not installed: .*\[slurm\]"):
        SlurmEngine(1, 1, 60, False, console)
