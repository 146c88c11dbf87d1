"""`mtlite topologies`: the table, one in full, pictures, weights."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mtlite.cli import main
from mtlite.models.build import topology_class
from mtlite.models.drawing import documentation, draw, picture
from mtlite.models.table import TOPOLOGIES

NAMES = list(TOPOLOGIES)


@pytest.mark.parametrize("name", NAMES)
def test_every_docstring_has_a_picture_shapes_a_source_and_a_snippet(name: str) -> None:
    text = documentation(name)
    assert text
    assert text.splitlines()[0] == (topology_class(name).__doc__ or "").splitlines()[0]
    lines = picture(name)
    assert 3 <= len(lines) <= 12
    assert sum(line.count("o") for line in lines) > 5
    snippet = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert snippet is not None
    compile(snippet[1], name, "exec")
    assert "Keras" in text
    prose = " ".join(re.sub(r"```.*?```", "", text, flags=re.DOTALL).split())
    assert {"`[batch, S]`"} < set(re.findall(r"`\[batch, [^\]]*\]`", prose))
    assert re.search(r"\b(19|20)\d\d\b", prose)


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


def test_weights_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ["--units", "4", "--embedding-size", "3", "--vocabulary-size", "10", "--layers", "2"]
    assert main(["topologies", "padded", "--parameters", *sizes]) == 0
    # embeddings, two LSTM layers, projection to the embedding size, bias of the output
    expected = 10 * 3 + 4 * 4 * (3 + 4 + 1) + 4 * 4 * (4 + 4 + 1) + (4 + 1) * 3 + 10
    assert f"weights: {expected}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["one-to-two"], "unknown topology 'one-to-two': expected one of one-to-one"),
        (["--units", "5"], "--units: expected an even number for two directions, received 5"),
        (["--layers", "0"], "--layers: expected at least 1, received 0"),
        (["-o", "all.txt"], "expected a name that ends in .png, .svg or .pdf"),
    ],
)
def test_mistakes(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topologies", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_pictures(tmp_path: Path) -> None:
    assert main(["topologies", "ctc", "-o", str(tmp_path / "ctc.png")]) == 0
    draw(NAMES, tmp_path / "all.svg")
    assert (tmp_path / "ctc.png").read_bytes().startswith(b"\x89PNG")
    assert all(f"<!-- {name} " in (tmp_path / "all.svg").read_text(encoding="utf-8") for name in NAMES)
