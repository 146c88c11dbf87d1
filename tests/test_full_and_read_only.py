"""A file system that is full, or may only be read: one line that names the place, and what was there before."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from mtlite.cli import main


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    if shutil.which("mount") is None or mount(place, "-t", "tmpfs", "-o", "size=1m", "tmpfs"):
        pytest.skip("file systems cannot be mounted here: run as root")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def mount(place: Path, *options: str) -> int:
    return subprocess.run(["mount", *options, str(place)], capture_output=True, check=False).returncode


def fill(place: Path) -> None:
    with open(place / "other", "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)


def forbid(place: Path) -> None:
    assert mount(place, "-o", "remount,ro") == 0


@pytest.mark.parametrize(("spoil", "number"), [(fill, errno.ENOSPC), (forbid, errno.EROFS)])
@pytest.mark.parametrize(
    "command",
    [
        "train RECIPE --run DISK/new",
        "ablate RECIPE --run DISK/new",
        "evaluate RUN --source TEXT --reference TEXT --output DISK/new",
        "page RUN -o DISK/new.html",
        "attention RUN one -o DISK/new.svg",
    ],
)
def test_what_cannot_be_written_is_said_before_the_work(
    command, spoil: Callable[[Path], None], number, disk, tiny_run, tiny_config, capfd
):
    recipe = disk.with_name("recipe.yaml")
    recipe.write_text(yaml.safe_dump(tiny_config().to_dict()))
    spoil(disk)
    paths = {"RECIPE": recipe, "DISK": disk, "RUN": tiny_run, "TEXT": tiny_run / "data/test.source"}
    for name, path in paths.items():
        command = command.replace(name, str(path))
    assert main(command.split()) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert str(disk) in line
    assert os.strerror(number) in line


@pytest.mark.parametrize("spoil", [fill, forbid])
def test_a_cache_that_cannot_be_written_is_named(spoil, disk, tiny_config, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", disk / "cache")
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(tiny_config().to_dict()))
    spoil(disk)
    assert main(["train", str(tmp_path / "recipe.yaml"), "--run", str(tmp_path / "run")]) == 1
    line = capfd.readouterr().err.splitlines()[-1]
    assert str(disk / "cache") in line
    assert "HF_DATASETS_CACHE" in line


def test_a_run_that_may_only_be_read_is_used(disk, tiny_run, tmp_path, capfd):
    run = shutil.copytree(tiny_run, disk / "run")
    forbid(disk)
    text = str(run / "data" / "test.source")
    assert main(["translate", str(run), "--input", text]) == 0
    assert main(["page", str(run), "-o", str(tmp_path / "new.html")]) == 0
    assert main(["train", "--run", str(run), "--resume"]) == 0  # it is finished
    assert main(["train", "--run", str(run), "--resume", "--training.max_updates", "40"]) == 1
    assert str(run) in capfd.readouterr().err.splitlines()[-1]
