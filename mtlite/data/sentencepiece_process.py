"""SentencePiece's training in a process of its own: its loops do not look at signals, but a process can be ended.

    python -m mtlite.data.sentencepiece_process PARENT

It reads options and sentences as JSON from standard input and writes the model, or what is wrong, to standard output.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping

import sentencepiece

from mtlite.errors import MtliteError
from mtlite.runtime import end_with_parent

_REFUSED = 3  # exit code of a training that SentencePiece refuses


def train_model(text: list[str], options: Mapping[str, str | float]) -> bytes:
    """Train a SentencePiece model; whatever ends the waiting, such as Ctrl-C, ends the training.

    Raise RuntimeError with SentencePiece's reason if no such model can be learnt, MtliteError if the process dies.
    """
    # -P: files beside this one, or in the working folder, must not stand for modules of Python.
    command = [sys.executable, "-P", "-m", __name__, str(os.getpid())]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folder or os.getcwd() for folder in sys.path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment) as process:
        try:
            received, said = process.communicate(json.dumps([options, text], ensure_ascii=False).encode())
        except BaseException:
            process.kill()
            process.wait()
            raise
    if process.returncode == _REFUSED:
        raise RuntimeError(received.decode())
    if process.returncode:
        how = _how_it_ended(process.returncode, said.decode(errors="replace"))
        raise MtliteError(f"the training of the tokenizer {how}: if memory ran out, reduce tokenizer.sample_sentences")
    return received


def _how_it_ended(code: int, said: str) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"failed ({(said.strip() or 'no reason given').splitlines()[-1]})"


def main() -> int:
    """Train once, with what stands on standard input."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches all processes of a terminal
    end_with_parent(int(sys.argv[1]))
    options, text = json.load(sys.stdin.buffer)
    writer = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(text), model_writer=writer, **options)
    except RuntimeError as error:
        sys.stdout.buffer.write(str(error).encode())
        return _REFUSED
    sys.stdout.buffer.write(writer.getvalue())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
