"""The command line: help without TensorFlow, and errors of one line."""

from __future__ import annotations

import errno
import re
import subprocess
import sys

import pytest

import mtlite
from mtlite.cli import EXTRAS, VERSIONS, main
from mtlite.commands import COMMANDS, translate
from mtlite.config.recipe import options


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error; nothing stands on standard output."""
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(("mtlite: ", "mtlite "))
    assert not lines[0].startswith("mtlite: mtlite")
    assert "Traceback" not in lines[0]
    return lines[0]


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["--help"], 0), (["-h"], 0)])
def test_the_overview_names_every_command(arguments, code, capsys):
    assert main(arguments) == code
    shown = capsys.readouterr().out
    assert all(f"  {command} " in shown and summary in shown for command, summary in COMMANDS.items())


def test_the_version(capsys):
    assert main(["--version"]) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == f"mtlite {mtlite.__version__}"
    assert [part.split()[0] for part in second.split(", ")] == ["Python", *VERSIONS]
    assert re.fullmatch(
        r"extras: serve starlette \S+, uvicorn \S+; onnx onnx \S+, onnxruntime \S+; moses sacremoses \S+", third
    )


def test_an_extra_that_is_missing_is_said_in_the_versions(capsys, monkeypatch):
    monkeypatch.setitem(EXTRAS, "serve", ("no-such-library",))
    assert main(["--version"]) == 0
    assert "extras: serve not installed; onnx onnx" in capsys.readouterr().out


def explained(capsys: pytest.CaptureFixture[str], command: str) -> dict[str, str]:
    """Each option of a command, as its help shows it, with its text."""
    assert main([command, "--help"]) == 0
    rows = re.split(r"\n  (?=-)", capsys.readouterr().out)[1:]
    return {
        name: " ".join(text.split("\n\n")[0].split())
        for name, text in (re.split(r"  |\n", row, maxsplit=1) for row in rows)
    }


def test_help_of_train_has_every_option_with_its_default(capsys):
    rows = {name.split()[0]: text for name, text in explained(capsys, "train").items()}
    for option in options():
        assert option.help in rows[f"--{option.name}"]
        assert "(default: " in rows[f"--{option.name}"]
        if option.default not in (None, {}):
            assert f"(default: {str(option.default).lower()})" in rows[f"--{option.name}"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_explains_every_option_with_its_default(command, capsys):
    rows = explained(capsys, command)
    assert {"-h, --help", "--debug"} < {*rows} or {*rows} == {"-h, --help", "--debug"}
    for name, text in rows.items():
        assert len(text) > 5, name
        assert " " not in name.split(", ")[-1] or "(default: " in text or "-o " in name, name
        assert "None" not in text, name


def test_help_and_usage_errors_do_not_import_tensorflow():
    script = """
import sys
from mtlite.cli import main
from mtlite.commands import COMMANDS
for command in COMMANDS:
    assert main([command, "--help"]) == 0
    assert main([command, "--no-such-option"]) == 2
assert main(["train", "--model.topology", "no-such-topology"]) == 2
assert main(["train", "missing.yaml"]) == 2
assert main(["translate", "missing"]) == 1
heavy = {"tensorflow", "keras", "datasets", "matplotlib", "sacrebleu", "scipy", "sentencepiece"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy - {"sentencepiece"} else 0)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        ("trian", 2, "unknown command 'trian': expected train"),
        ("xyz", 2, f"unknown command 'xyz': expected {', '.join(COMMANDS)}"),
        ("--helb", 2, "unknown command '--helb'"),
        ("train --model.unit 3", 2, "unknown option '--model.unit': expected --model.units"),
        ("train --model.unit=3", 2, "unknown option '--model.unit': expected --model.units"),
        ("train --units 3", 2, "unknown option '--units': expected --model.units"),
        ("train --data recipe.yaml", 2, "unknown option '--data'"),
        ("train --model.units x", 2, "model.units: expected a whole number or null, received x"),
        ("train --model.units", 2, "--model.units: expected one argument"),
        ("train --model.units 65.5", 2, "model.units: expected a whole number or null, received 65.5"),
        ("train --model.units -2", 2, "model.units: expected at least 1, received -2"),
        ("train --training.schedule linar", 2, "expected one of constant, linear, cosine, inverse-square-root, rec"),
        ("train --data.source a", 2, "unknown option '--data.source': expected --data.train.source"),
        ("train --data.train.sorce a", 2, "unknown option '--data.train.sorce': expected --data.train.source"),
        ("train --topology mine", 2, "topology 'mine': expected module:Class"),
        ("train --training.deterministic yes", 2, "training.deterministic: expected true or false, received yes"),
        ("train --model.topology atention", 2, "unknown topology 'atention': expected"),
        ("train --data.tests {bad", 2, "data.tests, line 1 is not plain YAML"),
        ("train --data.tests 3", 2, "data.tests: expected values by name"),
        ("train --dry_run", 2, "unknown option '--dry_run': expected --dry-run"),
        ("train missing.yaml", 2, "cannot read recipe missing.yaml (No such file or directory)"),
        ("train a.yaml b.yaml", 2, "unexpected argument 'b.yaml'"),
        ("train --resume", 2, "--resume needs --run"),
        ("translate", 2, "the following arguments are required: run"),
        ("translate missing", 1, "run directory missing not found: give a folder made by mtlite train"),
        ("translate missing --bean 3", 2, "unknown option '--bean': expected --beam"),
        ("translate missing --beam k", 2, "--beam: expected a whole number, received k"),
        ("translate missing --length-penalty k", 2, "--length-penalty: expected a number, received k"),
        ("ablate x.yaml --jobs 1.5", 2, "--jobs: expected a whole number, received 1.5"),
        ("translate missing --seed -1", 2, "--seed: expected 0 to"),
        ("evaluate missing", 1, "run directory missing not found"),
        ("evaluate missing --source a", 2, "expected --source and --reference together"),
        ("evaluate missing --output a", 2, "--output goes with --source and --reference"),
        ("attention missing x", 2, "the following arguments are required: -o/--output"),
        ("attention missing x -o a.gif", 2, "expected a name that ends in .png, .svg or .pdf"),
        ("attention missing x -o missing/a.png", 2, "there is no folder missing"),
        ("topologies atention", 2, "unknown topology 'atention'"),
    ],
)
def test_a_mistake_is_one_line_that_names_what_is_right(arguments, code, expected, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments.split()) == code
    assert expected in one_line(capsys)
    assert not list(tmp_path.iterdir())


def test_debug_shows_where_an_error_comes_from():
    with pytest.raises(mtlite.errors.UsageError):
        main(["train", "--model.unit", "3", "--debug"])


NO_MEMORY = (
    "out of memory: reduce model.units, model.embedding_size, tokenizer.vocabulary_size or training.batch_tokens; in "
    "translation, search.batch_tokens or the beam"
)


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        (KeyboardInterrupt(), 130, "mtlite: stopped"),
        (
            OSError(errno.EACCES, "Permission denied", "a.txt"),
            1,
            "mtlite: a.txt: Permission denied: give another path, or allow mtlite to use it",
        ),
        (
            ZeroDivisionError("x\ny"),
            1,
            "mtlite: unexpected ZeroDivisionError: x y (run again with --debug to see where)",
        ),
        (MemoryError(), 1, f"mtlite: {NO_MEMORY}"),
        (type("ResourceExhaustedError", (Exception,), {})("OOM when\nallocating"), 1, f"mtlite: {NO_MEMORY}"),
        (mtlite.errors.RunError("broken\nrun"), 1, "mtlite: broken run"),
    ],
)
def test_what_a_command_raises_is_one_line(error, code, expected, capsys, monkeypatch):
    def fail(arguments: list[str]) -> None:
        raise error

    monkeypatch.setattr(translate, "run", fail)
    assert main(["translate", "run"]) == code
    assert one_line(capsys) == expected


def shell(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command.replace("mtlite", f"{sys.executable} -m mtlite")],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_reader_that_has_seen_enough_is_no_error():
    done = shell("mtlite train --help | head -c 1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "u", "")


def test_a_full_disk_is_one_line():
    done = shell("mtlite train --help > /dev/full")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "mtlite: no space left on the disk: make room; a training goes on with --resume"
    ]
