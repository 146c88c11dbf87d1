"""Errors for users: one line, no traceback, that says what was expected, what was received and what to do next."""

from __future__ import annotations

import errno
from pathlib import Path


class MtliteError(Exception):
    """Something outside the program is wrong: a file, a run directory, a loss that is not finite. Exit code 1."""

    exit_code = 1


class UsageError(MtliteError):
    """The request itself is wrong: an option, a value, a combination. Exit code 2."""

    exit_code = 2


class Stopped(MtliteError):
    """A signal ended the work, and what was done is kept. Exit code 128 + its number, as shells have it."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number, self.exit_code = number, 128 + number


class DataError(MtliteError):
    """A corpus cannot be read as it is: encoding, length, columns."""


class RunError(MtliteError):
    """A run directory is missing, incomplete, locked, altered or of another make."""


class DamagedError(RunError):
    """A file is not what was written: reading it again will not help."""


def explain(error: Exception, hint: str) -> tuple[str, int]:
    """One line about any error, and the exit code; `hint` says how to find an unexpected one."""
    if isinstance(error, MtliteError):
        return str(error), error.exit_code
    if _out_of_memory(error):
        return (
            "out of memory: reduce model.units, model.embedding_size, tokenizer.vocabulary_size or "
            "training.batch_tokens; in translation, search.batch_tokens or the beam",
            1,
        )
    if isinstance(error, ModuleNotFoundError) and not (error.name or "mtlite").startswith("mtlite"):
        return f"{error.name} is not installed: {_installation()}", 1
    if isinstance(error, OSError):
        if error.errno == errno.ENOSPC:
            return "no space left on the disk: make room; a training goes on with --resume", 1
        remedy = ": give another path, or allow mtlite to use it" if error.filename else ""
        return f"{error.filename or 'input or output'}: {error.strerror or error}{remedy}", 1
    return f"unexpected {type(error).__name__}: {error} ({hint})", 1


def _out_of_memory(error: Exception) -> bool:
    """Whether memory ran out: for an array, for a process or a mapped file, for a thread."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "ResourceExhaustedError"  # TensorFlow's own
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
        or (isinstance(error, RuntimeError) and "can't start new thread" in str(error))
    )


def _installation() -> str:
    checkout = Path(__file__).resolve().parents[1]
    if (checkout / "pyproject.toml").is_file():
        return f'pip install "{checkout}"'
    return "install mtlite again"
