from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from typing import Any

import pytest
import sentencepiece
from samples import GERMAN

from mtlite.data.sentencepiece_process import train_model
from mtlite.errors import MtliteError

OPTIONS: dict[str, Any] = {"model_type": "unigram", "vocab_size": 30, "num_threads": 16, "minloglevel": 2}


@pytest.mark.parametrize(
    "text", [GERMAN, [*GERMAN, 'a "quoted"\tline', "\u2028 é 漢字 \N{GRINNING FACE}", "\0 \ufeff"]]
)
def test_the_model_is_the_one_that_this_process_would_make(text):
    writer = io.BytesIO()
    options = {**OPTIONS, "hard_vocab_limit": False}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(text), model_writer=writer, **options)
    assert train_model(text, options) == writer.getvalue()


def test_a_refusal_has_the_reason():
    with pytest.raises(RuntimeError, match=r"Vocabulary size too high \(9999\)"):
        train_model(GERMAN, {**OPTIONS, "vocab_size": 9999})


@pytest.fixture
def instead(tmp_path, monkeypatch):
    """Let a shell script stand for Python; it can tell its number to whoever reads `number`."""
    os.mkfifo(tmp_path / "number")

    def put(script):
        path = tmp_path / "python"
        path.write_text(f'#!/bin/sh\nnumber="{tmp_path}/number"\n{script}\n')
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))
        return tmp_path / "number"

    return put


def test_ctrl_c_ends_the_training_at_once(instead):
    number, seen = instead('trap "" INT\ncat > /dev/null\necho $$ > "$number"\nexec sleep 1000'), []

    def interrupt():
        seen.append(int(number.read_text()))
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        train_model(GERMAN, OPTIONS)
    thread.join()
    with pytest.raises(ProcessLookupError):
        os.kill(seen[0], 0)


@pytest.mark.parametrize(
    ("script", "ending"),
    [("kill -9 $$", "SIGKILL"), ("cat > /dev/null; echo what is wrong >&2; exit 1", "what is wrong")],
)
def test_a_process_that_dies_is_an_error(script, ending, instead):
    instead(script)
    with pytest.raises(MtliteError) as error:
        train_model(GERMAN, OPTIONS)
    assert ending in str(error.value)
    assert "tokenizer.sample_sentences" in str(error.value)


def test_it_neither_needs_the_working_folder_nor_reads_modules_there(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    assert train_model(GERMAN, OPTIONS)


def test_tensorflow_is_not_loaded():
    code = "import sys, mtlite.data.sentencepiece_process; print({'tensorflow', 'datasets', 'rich'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
