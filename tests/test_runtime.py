"""What the processor can do, and how many threads are taken."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mtlite import runtime
from mtlite.errors import MtliteError
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


@pytest.mark.parametrize(("threads", "expected"), [(1, 1), (2, 2), (3, 3), (8, 8), (64, 8)])
def test_each_thread_has_a_lane_up_to_a_bound(threads: int, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    assert lanes(threads) == expected
    monkeypatch.setattr(tf.config.threading, "get_inter_op_parallelism_threads", lambda: threads)
    assert lanes() == expected


@pytest.mark.parametrize(("threads", "each"), [(1, 1), (2, 1), (8, 1), (64, 8)])
def test_threads_are_shared_out_among_the_lanes(threads: int, each: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    taken = {}
    for kind in ("inter", "intra"):
        name = f"set_{kind}_op_parallelism_threads"
        monkeypatch.setattr(tf.config.threading, name, lambda count, kind=kind: taken.update({kind: count}))
    assert start_tensorflow(threads) == threads
    assert taken == {"inter": threads, "intra": each}


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


def test_threads_that_load_tensorflow_together_can_still_print(capfd: pytest.CaptureFixture[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: runtime.load_tensorflow(), range(100)))
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


@pytest.mark.parametrize(
    ("named", "settings", "received"),
    [
        ("torch", None, "torch (KERAS_BACKEND)"),
        ("jax", '{"backend": "tensorflow"}', "jax (KERAS_BACKEND)"),
        ("TensorFlow", None, "TensorFlow (KERAS_BACKEND)"),
        (None, '{"backend": "torch"}', "torch (keras.json)"),
        ("", '{"backend": "jax"}', "jax (keras.json)"),
        ("tensorflow", '{"backend": "torch"}', None),
        (None, '{"backend": "tensorflow"}', None),
        (None, '{"floatx": "float32"}', None),
        (None, "{", None),
        (None, "[]", None),
        (None, None, None),
    ],
)
@pytest.mark.parametrize("home", ["KERAS_HOME", "HOME"])
def test_keras_on_another_backend_is_refused_by_all_that_needs_tensorflow(
    home: str,
    named: str | None,
    settings: str | None,
    received: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path if home == "KERAS_HOME" else tmp_path / ".keras"
    folder.mkdir(exist_ok=True)
    if settings is not None:
        (folder / "keras.json").write_text(settings)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv(home, str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if named is not None:
        monkeypatch.setenv("KERAS_BACKEND", named)
    if received is None:
        runtime.refuse_other_backends()
        return
    backend, origin = received.split(" ")
    with pytest.raises(MtliteError, match=f"received {backend} .*{origin.strip('()')}.*KERAS_BACKEND=tensorflow"):
        runtime.load_tensorflow()


def in_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


BEFORE_ANYTHING_ELSE = """
import sys
from mtlite.errors import MtliteError
try:
    {code}
except MtliteError as error:
    print(error)
print(*sys.modules.keys() & {{"keras", "tensorflow", "torch", "jax", "datasets"}})
"""


@pytest.mark.parametrize(
    "code",
    [
        "import mtlite; mtlite.LSTM",
        "import mtlite; mtlite.train",
        "from mtlite import Translator",
        "from mtlite.layers.lstm import LSTM",
    ],
)
def test_another_backend_is_refused_before_anything_else_is_imported(code: str) -> None:
    done = in_python(BEFORE_ANYTHING_ELSE.format(code=code), KERAS_BACKEND="torch")
    assert done.returncode == 0, done.stderr
    message, imported = done.stdout.splitlines()
    assert "torch" in message
    assert imported == ""


def test_keras_that_runs_on_another_backend_is_refused() -> None:
    """A stand-in for Keras: another backend of it need not be installed."""
    code = "import sys, types; sys.modules['keras'] = types.SimpleNamespace("
    code += "backend=types.SimpleNamespace(backend=lambda: 'jax')); import mtlite"
    done = in_python(code, KERAS_BACKEND="tensorflow")
    assert re.search(r"received jax .*imported already.*KERAS_BACKEND=tensorflow", done.stderr.splitlines()[-1])


def test_the_command_line_says_so_in_one_line() -> None:
    help_ = in_python("import mtlite.cli; raise SystemExit(mtlite.cli.main(['train', '--help']))", KERAS_BACKEND="jax")
    assert (help_.returncode, help_.stderr) == (0, "")
    done = in_python("import mtlite.cli; raise SystemExit(mtlite.cli.main(['translate', 'run']))", KERAS_BACKEND="jax")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert done.stderr.startswith("mtlite: expected Keras with the backend tensorflow, received jax")
