"""`mtlite translate`: line in, line out, whatever the lines are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from samples import NUMBERS, ROOT

from mtlite.cli import main
from mtlite.commands.translate import chunks
from mtlite.data.lines import STANDARD_INPUT, read_lines
from mtlite.errors import DataError, UsageError
from mtlite.storage.run_directory import Run
from mtlite.translation.translator import Translator

EACH_ENGINE = pytest.mark.parametrize("engine", ["tensorflow", "onnx"])
ODD = "one two\n\n  \r\nthree\tfour\none\u2028two\n🦊 \x00 one\none".encode()


def test_as_many_lines_as_in_the_input(translated):
    lines = translated(ODD)
    assert len(lines) == 7
    assert lines[1] == lines[2] == ""
    assert all("⁇" not in line for line in lines)
    assert translated(b"") == []


@contextmanager
def standard_input(file: int) -> Iterator[None]:
    """Another file as standard input of this process."""
    kept = os.dup(0)
    os.dup2(file, 0)
    try:
        yield
    finally:
        os.dup2(kept, 0)
        os.close(kept)


def test_standard_input(tiny_run, tmp_path, capfd):
    (tmp_path / "odd").write_bytes(ODD)
    with open(tmp_path / "odd", "rb") as file, standard_input(file.fileno()):
        assert main(["translate", str(tiny_run), "--engine", "tensorflow"]) == 0
    shown = capfd.readouterr()
    assert shown.out.count("\n") == 7
    assert shown.err.count("\n") == 1
    assert all(word in shown.err for word in ("warning: 1 of 7 lines", "not in the vocabulary", "line 6", "🦊"))


def test_lines_of_several_sentences_are_counted_once(tiny_run, tmp_path, capfd):
    (tmp_path / "lines").write_text("One two. Three four.\none\nMr. Three\nThree?! “Four five”\n")
    assert main(["translate", str(tiny_run), "--input", str(tmp_path / "lines"), "--engine", "tensorflow"]) == 0
    warnings = [line for line in capfd.readouterr().err.splitlines() if "several sentences" in line]
    assert len(warnings) == 1
    assert "2 of 4 lines" in warnings[0]
    assert "line 1" in warnings[0]


def test_what_somebody_else_has_read_of_standard_input_is_not_read_again(tmp_path):
    reader, writer = os.pipe()
    os.write(writer, b"one\ntwo\nthree\n")
    os.close(writer)
    assert os.read(reader, 4) == b"one\n"
    with standard_input(reader):
        assert list(read_lines(STANDARD_INPUT)) == ["two", "three"]
    os.close(reader)
    (tmp_path / "lines").write_text("one\ntwo\nthree\n")
    with open(tmp_path / "lines", "rb", buffering=0) as file, standard_input(file.fileno()):
        file.read(4)
        assert list(read_lines(STANDARD_INPUT)) == ["two", "three"]


def test_a_run_as_training_gives_it_and_a_single_text(tiny_run):
    translator = Translator.load(Run(tiny_run))
    assert len(translator(["one", "two"])) == 2
    assert translator("one") == translator(["one"])[0]
    with pytest.raises(UsageError, match="expected a list of sentences, received a text"):
        translator.translate("one")


@EACH_ENGINE
def test_an_answer_comes_before_the_next_line_is_typed(engine, tiny_run):
    command = [sys.executable, "-m", "mtlite", "translate", str(tiny_run), "--engine", engine]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdin
        assert process.stdout
        for line in (b"one\n", b"two\n"):
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline().endswith(b"\n")
        process.stdin.close()
        assert process.wait() == 0


@pytest.mark.parametrize("options", [[], ["--beam", "3", "--nbest", "3", "--scores"], ["--max-source-tokens", "3"]])
def test_both_engines_write_the_same(options, translated):
    text = "one two three\n\nnine\ntwo twö\n".encode()
    tensorflow, onnx, auto = (translated(text, *options, "--engine", name) for name in ("tensorflow", "onnx", "auto"))
    assert len(tensorflow) >= 4
    assert onnx == tensorflow
    assert auto == onnx  # the extra is installed where tests run


def test_an_engine_that_cannot(tiny_run, capsys):
    for arguments in (["--sample"], ["--min-length", "2"], [str(tiny_run)]):
        assert main(["translate", str(tiny_run), *arguments, "--engine", "onnx"]) == 2
        error = capsys.readouterr().err
        assert "--engine tensorflow" in error
        assert len(error.splitlines()) == 1
    assert main(["translate", str(tiny_run), "--engine", "torch"]) == 2
    assert "onnx" in capsys.readouterr().err


def test_scores_and_nbest(translated):
    lines = translated(b"one two\nthree\n", "--beam", "3", "--nbest", "3", "--scores")
    rows = [line.split("\t") for line in lines]
    assert [row[0] for row in rows] == ["1"] * 3 + ["2"] * 3
    scores = [float(row[1]) for row in rows]
    assert scores[:3] == sorted(scores[:3], reverse=True)
    assert all(len(row) == 3 for row in rows)


def test_an_ensemble_of_one_model_twice_is_that_model(tiny_run, tmp_path, translated):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_run, copy)
    assert translated(b"one two\n", str(copy)) == translated(b"one two\n")


def test_the_same_seed_draws_the_same_words(translated):
    text = b"one two three four five\n" * 20
    options = ["--sample", "--temperature", "2", "--top-k", "8", "--seed", "3"]
    drawn = translated(text, *options)
    assert drawn == translated(text, *options)
    assert len(set(drawn)) > 1, "every line has words of its own"


@EACH_ENGINE
def test_a_long_source_is_cut_with_its_line_number(engine, tiny_run, tmp_path, capfd):
    file = tmp_path / "long.txt"
    file.write_text("one\n" + "two " * 50 + "\n")
    options = ["--max-source-tokens", "20", "--engine", engine]
    assert main(["translate", str(tiny_run), "--input", str(file), *options]) == 0
    shown = capfd.readouterr()
    assert shown.out.count("\n") == 2
    assert shown.err == "mtlite: warning: line 2 has more than 20 pieces and was cut (--max-source-tokens)\n"


@EACH_ENGINE
def test_invalid_bytes_stop_with_their_line_after_earlier_lines(engine, tiny_run, tmp_path, capfd):
    file = tmp_path / "bad.txt"
    file.write_bytes(b"one\ntwo\nth\xffree\nfour\n")
    assert main(["translate", str(tiny_run), "--input", str(file), "--engine", engine]) == 1
    shown = capfd.readouterr()
    assert shown.out.count("\n") == 2
    assert len(shown.err.splitlines()) == 1
    assert "line 3" in shown.err


def test_standard_input_has_one_name(tmp_path):
    (tmp_path / "lines").write_bytes(b"one\n\xff\n")
    with open(tmp_path / "lines", "rb") as file, standard_input(file.fileno()):
        lines = read_lines(STANDARD_INPUT)
        assert next(lines) == "one"
        with pytest.raises(DataError, match=r"^standard input, line 2, byte 1: not UTF-8"):
            next(lines)


def test_a_run_that_was_moved_translates(tiny_run, tmp_path, translated):
    moved = tmp_path / "elsewhere" / "moved"
    shutil.copytree(tiny_run, moved)
    assert translated(b"one\n", run=moved) == translated(b"one\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--nbest", "9", "--beam", "2"], "--nbest: expected at most --beam (2), received 9"),
        (["--beam", "0"], "--beam: expected"),
        (["--temperature", "0", "--sample"], "--temperature: expected"),
        (["--sample", "--nbest", "2"], "--sample"),
        (["--seed", "-1"], "--seed"),
        (["--input", "nowhere.txt"], "nowhere.txt"),
        (["--threads", "5000"], "--threads"),
    ],
)
def test_a_wrong_option_is_one_line(arguments, expected, tiny_run, capsys):
    assert main(["translate", str(tiny_run), *arguments]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert len(error.splitlines()) == 1


def test_what_is_no_run_is_refused(tmp_path, capsys):
    (tmp_path / "file.txt").write_text("x")
    for path in (tmp_path, tmp_path / "none", tmp_path / "file.txt"):
        assert main(["translate", str(path)]) in (1, 2)
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_lines_are_given_as_soon_as_no_more_are_waiting():
    read, write = os.pipe()
    with os.fdopen(read) as reader:
        groups = chunks(line.rstrip("\n") for line in reader)
        os.write(write, b"a\nb\n")
        time.sleep(0.05)
        assert next(groups) == ["a", "b"]
        os.write(write, b"c\n")
        assert next(groups) == ["c"]
        os.close(write)
        assert list(groups) == []


def test_an_error_comes_after_the_lines_before_it():
    def lines():
        yield "a"
        raise DataError("broken")

    groups = chunks(lines())
    assert next(groups) == ["a"]
    with pytest.raises(DataError, match="broken"):
        next(groups)


def test_every_word_can_be_translated(translated):
    assert len(translated("".join(f"{word}\n" for word in NUMBERS).encode(), "--beam", "4")) == len(NUMBERS)


def test_advice_for_missing_weights_ends_somewhere(tiny_run, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_run, copy)
    (copy / "best.safetensors").unlink()
    assert main(["translate", str(copy)]) == 1
    assert "the run is finished and has lost its weights: put them back, or train anew" in capsys.readouterr().err
    (copy / "result.json").unlink()
    assert main(["translate", str(copy)]) == 1
    assert f"go on with mtlite train --run {copy} --resume" in capsys.readouterr().err


@EACH_ENGINE
def test_an_altered_run_is_refused(engine, tiny_run, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_run, copy)
    weights = copy / "best.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert main(["translate", str(copy), "--input", str(Path(__file__)), "--engine", engine]) == 1
    error = capsys.readouterr().err
    assert "best.safetensors" in error
    assert len(error.splitlines()) == 1
