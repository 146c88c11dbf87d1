import subprocess
import sys
from pathlib import Path

import pytest

from mtlite.errors import RunError
from mtlite.training import local_workers as module
from mtlite.training.local_workers import local_workers

PRINTS = "import sys; print(sys.argv[1:]); print('mtlite: no more', flush=True); sys.exit(1)"


@pytest.fixture
def started(monkeypatch):
    """The processes that were started, which only print their arguments."""
    processes = []
    real = subprocess.Popen

    def start(command, **options):
        assert command[:3] == [sys.executable, "-m", "mtlite"]
        processes.append(real([sys.executable, "-c", PRINTS, *command[3:]], **options))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    return processes


def test_all_but_the_first_are_started_with_one_recipe_and_ended(tiny_config, started):
    with local_workers(3, tiny_config(), ["--resume"]) as (cluster, _):
        assert cluster.number == 0
        assert len(started) == 2
        recipe = started[0].args[4]
        assert Path(recipe).is_file()
        numbers = []
        for process in started:
            arguments = process.args[3:]
            assert arguments[:3] == ["train", recipe, "--resume"]
            assert arguments[3:5] == ["--workers", ",".join(cluster.addresses)]
            numbers.append(arguments[6])
        assert numbers == ["1", "2"]
    assert all(process.returncode is not None for process in started)
    assert not Path(recipe).exists()


def test_one_that_ends_at_its_start_is_an_error_with_its_last_words(tiny_config, started):
    with local_workers(2, tiny_config(), []) as (_, check):
        started[0].wait()
        with pytest.raises(RunError, match=r"worker 1 .*no more"):
            check()


def test_one_that_does_not_end_is_killed(tiny_config, started, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "PRINTS", "import time; time.sleep(600)")
    monkeypatch.setattr(module, "_SECONDS_TO_END", 0.1)
    with local_workers(2, tiny_config(), []):
        pass
    assert started[0].returncode == -9
