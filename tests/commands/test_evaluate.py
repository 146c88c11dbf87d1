"""`mtlite evaluate`: scores that a person can check by hand."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from samples import write_pairs

from mtlite.cli import main


def bleu_of(shown: str) -> float:
    found = re.search(r"BLEU ([\d.]+)", shown)
    assert found
    return float(found[1])


def test_its_own_test_set_gives_the_score_of_the_training(tiny_run, capsys):
    before = sorted(tiny_run.rglob("*"))
    assert main(["evaluate", str(tiny_run)]) == 0
    result = json.loads((tiny_run / "result.json").read_text())
    assert bleu_of(capsys.readouterr().out) == pytest.approx(result["tests"]["test"]["bleu"]["score"], abs=0.005)
    assert sorted(tiny_run.rglob("*")) == before


def test_sacrebleu_by_hand_gives_the_very_score(tiny_run):
    command = [sys.executable, "-m", "sacrebleu", str(tiny_run / "data" / "test.target")]
    command += ["-i", str(tiny_run / "hypotheses.txt"), "-m", "bleu", "--score-only", "-w", "8"]
    by_hand = float(subprocess.run(command, capture_output=True, check=True).stdout)
    result = json.loads((tiny_run / "result.json").read_text())
    assert by_hand == pytest.approx(result["tests"]["test"]["bleu"]["score"], abs=1e-6)


def test_other_files(tiny_run, tmp_path, capsys):
    files = write_pairs(tmp_path, "mine", [("one two", "eins zwei"), ("three", "drei")])
    arguments = ["evaluate", str(tiny_run), "--source", files["source"], "--reference", files["target"]]
    assert main([*arguments, "--output", str(tmp_path / "out.txt"), "--beam", "2"]) == 0
    shown = capsys.readouterr().out
    assert "2 sentences, beam 2" in shown
    assert (tmp_path / "out.txt").read_bytes().count(b"\n") == 2
    assert main([*arguments, "--output", str(tmp_path / "out.txt")]) == 2
    assert "exists" in capsys.readouterr().err


def test_tokens_of_moses_stand_on_a_line_of_their_own(tiny_run, tmp_path, capsys):
    pytest.importorskip("sacremoses")
    files = write_pairs(tmp_path, "mine", [("one two", "Eins, zwei"), ("three", "drei")])
    (tmp_path / "tokens").write_text("eins , zwei\ndrei\n")
    arguments = ["evaluate", str(tiny_run), "--source", files["source"], "--reference", files["target"], "--moses"]
    assert main([*arguments, "--moses-reference", str(tmp_path / "tokens")]) == 0
    raw, moses = capsys.readouterr().out.splitlines()
    assert "tok:13a" in raw
    assert "tok:moses-" in moses
    assert "case:lc" in moses


def test_files_of_different_length(tiny_run, tmp_path, capsys):
    (tmp_path / "a").write_text("one\ntwo\n")
    (tmp_path / "b").write_text("eins\n")
    arguments = ["evaluate", str(tiny_run), "--source", str(tmp_path / "a"), "--reference", str(tmp_path / "b")]
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert "2 lines" in error
    assert "1" in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--source", "a"],
        ["--reference", "a"],
        ["--output", "a"],
        ["--beam", "-1"],
        ["--source", "x", "--reference", "y"],
        ["--moses-reference", "x"],
        ["--moses", "--moses-reference", "x"],
    ],
)
def test_a_wrong_request_is_one_line(arguments, tiny_run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", str(tiny_run), *arguments]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_several_references_and_other_metrics(tiny_run, tmp_path, capsys):
    files = write_pairs(tmp_path, "mine", [("one two", "eins zwei"), ("three", "drei")])
    other = tmp_path / "other"
    arguments = ["evaluate", str(tiny_run), "--source", files["source"], "--output"]
    assert main([*arguments, str(tmp_path / "out.txt"), "--reference", files["target"]]) == 0
    assert "nrefs:1|" in capsys.readouterr().out
    other.write_bytes((tmp_path / "out.txt").read_bytes())
    both = ["--reference", files["target"], "--reference", str(other), "--metrics", "wer,exact-match"]
    assert main([*arguments, str(tmp_path / "again.txt"), *both]) == 0
    shown = capsys.readouterr().out
    assert re.search(r": WER 0\.00 ± 0\.0  exact match 100\.00 ± 0\.0  \(2 sentences", shown)
    assert "nrefs:2|" in shown
    assert "BLEU 0" not in shown.replace("BLEU is 0", "")
    other.write_text("eins\n")
    assert main(["evaluate", str(tiny_run), "--source", files["source"], *both]) == 1
    assert "2 lines, " in capsys.readouterr().err
    assert main(["evaluate", str(tiny_run), "--metrics", "nothing"]) == 2
    assert "exact-match" in capsys.readouterr().err
