"""`mtlite topologies`: the table, one in full, weights, pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtlite.cli import main
from mtlite.config.registry import TOPOLOGIES
from mtlite.topologies.documentation import documentation

NAMES = list(TOPOLOGIES)


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topologies"]) == 0
    printed = capsys.readouterr().out
    for name, entry in TOPOLOGIES.items():
        line = next(line for line in printed.splitlines() if line.strip().startswith(name))
        assert entry.picture in line
        assert entry.family in line
    assert "model.wait: last-n" in printed


@pytest.mark.parametrize("name", NAMES)
def test_one_in_full(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topologies", name]) == 0
    assert documentation(name) in capsys.readouterr().out


SIZES = ["--model.units", "4", "--model.embedding_size", "3", "--tokenizer.vocabulary_size", "10"]


@pytest.mark.parametrize(
    ("options", "weights"),
    [
        # embeddings, two LSTM layers, projection to the embedding size, bias of the output
        (["--model.layers", "2"], 10 * 3 + 4 * 4 * (3 + 4 + 1) + 4 * 4 * (4 + 4 + 1) + (4 + 1) * 3 + 10),
        ([], 10 * 3 + 4 * 4 * (3 + 4 + 1) + (4 + 1) * 3 + 10),
        (["--model.tied_embeddings", "false"], 10 * 3 + 4 * 4 * (3 + 4 + 1) + (4 + 1) * 10),
        (["--tokenizer.joint", "false"], 2 * 10 * 3 + 4 * 4 * (3 + 4 + 1) + (4 + 1) * 3 + 10),
    ],
)
def test_weights_are_counted(options: list[str], weights: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topologies", "padded", *SIZES, *options]) == 0
    assert f"weights: {weights}\n" in capsys.readouterr().out


def test_weights_of_all_are_those_of_their_models(capsys: pytest.CaptureFixture[str]) -> None:
    def counted(*options: str) -> dict[str, int]:
        assert main(["topologies", *SIZES, *options]) == 0
        printed.append(capsys.readouterr().out)
        rows = [line.split() for line in printed[-1].splitlines()]
        return {row[0]: int(row[-1].replace(",", "")) for row in rows if row and row[0] in TOPOLOGIES}

    printed: list[str] = []
    one, additive = counted(), counted("--model.attention", "additive")
    assert {*one} == {*TOPOLOGIES}
    assert "is left out" not in printed[0]
    assert [name for name in NAMES if one[name] != additive[name]] == ["attention"]
    left_out = ", ".join(name for name in NAMES if name != "attention")
    assert f"model.attention is left out of {left_out}\n" in printed[1]
    assert "one vocabulary of 10 pieces, embeddings of 3, 4 units, layers on each side: 1;" in printed[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["one-to-two"], "unknown topology 'one-to-two': expected one of one-to-one"),
        (["--model.units", "5"], "model.units: expected an even number for two directions, received 5"),
        (["--model.layers", "0"], "model.layers: expected at least 1, received 0"),
        (["last-n", "--model.wait", "x"], "model.wait: expected a number, received x"),
        (["--model.layer", "2"], "unknown option '--model.layer': expected --model.layers"),
        (["-o", "all.txt"], "expected a name that ends in .png, .svg or .pdf"),
    ],
)
def test_mistakes(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topologies", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_pictures(tmp_path: Path) -> None:
    assert main(["topologies", "ctc", "-o", str(tmp_path / "ctc.png")]) == 0
    assert (tmp_path / "ctc.png").read_bytes().startswith(b"\x89PNG")
