"""Scores of a run: what is written, what is read back, and what is said of them."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mtlite.errors import DamagedError, DataError, UsageError
from mtlite.storage.run_directory import Run
from mtlite.translation import scoring
from mtlite.translation.result import hypotheses_file, read_result
from mtlite.translation.scoring import describe, evaluate, score_lines, score_run


class Dictionary:
    """Translates word by word; a source of more than three words is cut."""

    def translate(self, lines: list[str]) -> list[Any]:
        words = {"one": "eins", "two": "zwei"}
        return [
            SimpleNamespace(texts=[" ".join(words[word] for word in line.split())], truncated=line.count(" ") > 2)
            for line in lines
        ]


def test_lines_are_translated_and_scored() -> None:
    translator: Any = Dictionary()
    scored = score_lines(
        translator, ["one two one", "two two two two"], ["eins zwei eins", "zwei zwei zwei zwei"], "de"
    )
    assert scored.hypotheses == ["eins zwei eins", "zwei zwei zwei zwei"]
    assert (scored.truncated, scored.scores.sentences) == ([2], 2)
    assert scored.scores.bleu.score == pytest.approx(100)
    line = describe("long", scored, "beam 3", ["bleu", "chrf2"])
    assert line.startswith("long: BLEU 100.00")
    assert "(2 sentences, beam 3, 0.0 s)  nrefs:1|" in line


@pytest.fixture
def copy(tiny_run: Path, tmp_path: Path) -> Run:
    shutil.copytree(tiny_run, tmp_path / "run")
    return Run.open(tmp_path / "run")


def test_what_is_written_is_read_back(copy: Run, console: Any) -> None:
    before, lines = read_result(copy), copy.read_lines("hypotheses.txt")
    (copy.path / "result.json").unlink()
    written = score_run(copy, console)
    assert read_result(copy) == written
    same = {name: dataclasses.replace(scores, seconds=0.0) for name, scores in written.tests.items()}
    assert same == {name: dataclasses.replace(scores, seconds=0.0) for name, scores in before.tests.items()}
    assert copy.read_lines("hypotheses.txt") == lines
    assert written.tests["test"].sha256 == copy.facts.sides["test.target"]
    assert console.file.getvalue().startswith("test: BLEU ")


def test_a_part_is_never_written(copy: Run, console: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("result.json", "hypotheses.txt"):
        (copy.path / name).unlink()

    def fail(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(scoring, "score_lines", fail)
    with pytest.raises(KeyboardInterrupt):
        score_run(copy, console)
    assert not copy.finished
    assert not (copy.path / "hypotheses.txt").exists()


def test_scores_as_values(tiny_run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = Run.open(tiny_run)
    scored = evaluate(run)
    assert list(scored) == ["test"]
    stored = read_result(run).tests["test"]
    assert scored["test"].scores.bleu == stored.bleu
    assert repr(scored["test"]) == repr(stored) == repr(scored["test"].scores)
    assert repr(stored).startswith(f"BLEU {stored.bleu.score:.2f} ± ")
    sides = [run.read_side(f"test.{side}")[:3] for side in ("source", "target")]
    for side, lines in zip(("a", "b"), sides, strict=True):
        (tmp_path / side).write_text("".join(f"{line}\n" for line in lines))
    from_files = evaluate(tiny_run, tmp_path / "a", tmp_path / "b", {"beam_size": 2})
    from_lists = evaluate(tiny_run, sides[0], sides[1], {"beam_size": 2})
    assert from_files[str(tmp_path / "a")].scores == from_lists["source"].scores
    assert capfd.readouterr() == ("", "")
    with pytest.raises(UsageError, match="source and reference together"):
        evaluate(run, sides[0])
    with pytest.raises(DataError, match="source has 3 lines, reference has 2"):
        evaluate(run, sides[0], sides[1][:2])


@pytest.mark.parametrize("tests", [{}, {"other": None}, {"test": {"bleu": 3}}, None])
def test_scores_of_other_sets_are_damage(copy: Run, tests: Any) -> None:
    values = json.loads((copy.path / "result.json").read_text())
    if tests == {"other": None}:
        tests = {"other": values["tests"]["test"]}
    copy.write_json("result.json", {**values, "tests": tests})
    with pytest.raises(DamagedError, match=r"result\.json is damaged: .*(expected|unknown)"):
        read_result(copy)


def test_every_test_set_and_search_has_a_file_of_its_own() -> None:
    names = [hypotheses_file(test, search) for test in ("test", "long") for search in ("", "beam-5")]
    assert names == ["hypotheses.txt", "hypotheses.beam-5.txt", "hypotheses.long.txt", "hypotheses.beam-5.long.txt"]
