"""What is said of an error, and with which exit code."""

from __future__ import annotations

import errno

import pytest

from mtlite.errors import DamagedError, DataError, RunError, UsageError, explain


@pytest.mark.parametrize(
    ("error", "code", "named"),
    [
        (UsageError("--beam: expected at least 1"), 2, ["--beam: expected at least 1"]),
        (DataError("a.en: not UTF-8"), 1, ["a.en: not UTF-8"]),
        (DamagedError("best.safetensors is damaged"), 1, ["best.safetensors is damaged"]),
        (MemoryError(), 1, ["out of memory", "model.units", "training.batch_tokens"]),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), 1, ["out of memory", "training.batch_tokens"]),
        (RuntimeError("can't start new thread"), 1, ["out of memory", "training.batch_tokens"]),
        (RuntimeError("anything else"), 1, ["unexpected RuntimeError: anything else"]),
        (ModuleNotFoundError("no", name="rich"), 1, ["rich is not installed", "install"]),
        (OSError(errno.ENOSPC, "full"), 1, ["no space left", "--resume"]),
        (PermissionError(errno.EACCES, "not allowed", "runs/a"), 1, ["runs/a: not allowed", "give another path"]),
        (ZeroDivisionError("division by zero"), 1, ["unexpected ZeroDivisionError: division by zero", "the hint"]),
        (ModuleNotFoundError("no", name="mtlite.nowhere"), 1, ["unexpected ModuleNotFoundError"]),
    ],
)
def test_every_error_is_one_line_with_a_remedy(error: Exception, code: int, named: list[str]) -> None:
    message, exit_code = explain(error, "the hint")
    assert exit_code == code
    assert len(message.splitlines()) == 1
    assert all(part in message for part in named)


def test_a_damaged_file_is_an_error_of_a_run() -> None:
    assert issubclass(DamagedError, RunError)
