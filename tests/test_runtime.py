"""What the processor can do, and how many threads are taken."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mtlite import runtime
from mtlite.runtime import choose_precision, lanes, multiplies_bfloat16, start_tensorflow


@pytest.mark.parametrize(
    ("flags", "able"),
    [
        ("flags : fpu avx2", False),
        ("flags : avx512_bf16 fpu", True),
        ("flags : amx_bf16", True),
        ("Features : asimd bf16 sve", True),
        (None, False),
    ],
)
def test_the_processor_is_asked(flags: str | None, able: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_text(path: Path) -> str:
        if flags is None:
            raise FileNotFoundError(path)
        return flags

    monkeypatch.setattr(Path, "read_text", read_text)
    assert multiplies_bfloat16() is able
    assert choose_precision("auto") == ("bfloat16" if able else "float32")
    assert choose_precision("float32") == "float32"
    assert choose_precision("bfloat16") == "bfloat16"


@pytest.mark.parametrize(("threads", "expected"), [(1, 1), (2, 2), (8, 2)])
def test_work_is_shared_out_among_two_lanes_at_most(
    threads: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tensorflow as tf

    monkeypatch.setattr(tf.config.threading, "get_inter_op_parallelism_threads", lambda: threads)
    assert lanes() == expected


def test_threads_that_tensorflow_started_with_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    def refuse(_: Any) -> None:
        raise RuntimeError("TensorFlow is running")

    monkeypatch.setattr(tf.config.threading, "set_inter_op_parallelism_threads", refuse)
    monkeypatch.setattr(tf.config.threading, "get_inter_op_parallelism_threads", lambda: 3)
    assert start_tensorflow(7) == 3


def test_libraries_print_nothing_while_they_load(capfd: pytest.CaptureFixture[str]) -> None:
    with runtime._silent():
        os.write(2, b"cudart_stub.cc: not found\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
