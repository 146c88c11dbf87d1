"""The files of published corpora, as people get them, become folders that recipes can name."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import datasets
import pytest
from samples import ROOT

REAL = ROOT.parent / "shared" / "corpora"


def call(script: str, files: Path, output: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "corpora" / script), str(files), "--output", str(output)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Some files, those called `.gz` compressed."""
    folder.mkdir()
    for name, text in files.items():
        content = text.encode()
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return folder


def rows(folder: Path) -> dict[str, list[dict[str, str]]]:
    return {split: list(part) for split, part in datasets.load_from_disk(folder).items()}


def test_scan_has_a_folder_for_each_split_and_a_dev_set_out_of_training(tmp_path: Path) -> None:
    train = "".join(f"walk {number}\tI_WALK {number}\n" for number in range(600))
    files = {"tasks_train_addprim_jump.tsv.gz": train, "tasks_test_addprim_jump.tsv.gz": "jump twice\tI_JUMP I_JUMP\n"}
    done = call("scan.py", write(tmp_path / "files", files), tmp_path / "scan")
    assert done.stdout == "jump: train: 100, validation: 500, test: 1\n"
    found = rows(tmp_path / "scan" / "jump")
    assert found["test"] == [{"source": "jump twice", "target": "I_JUMP I_JUMP"}]
    sources = [row["source"] for split in ("train", "validation") for row in found[split]]
    assert sorted(sources) == sorted(line.split("\t")[0] for line in train.splitlines())
    assert all(row["target"] == row["source"].replace("walk", "I_WALK") for row in found["validation"])


def test_cogs_keeps_the_kind_of_each_case(tmp_path: Path) -> None:
    line = "A rose was helped .\trose ( x _ 1 )\tin_distribution\n"
    files = {"train.tsv": line * 3, "dev.tsv": line, "test.tsv": line, "gen.tsv.gz": line.replace("in_", "out_of_") * 2}
    done = call("cogs.py", write(tmp_path / "files", files), tmp_path / "cogs")
    assert done.stdout == "train: 3, validation: 1, test: 1, generalisation: 2\n"
    assert rows(tmp_path / "cogs")["generalisation"][0]["kind"] == "out_of_distribution"


def test_letters_of_g2p_are_words(tmp_path: Path) -> None:
    names = [f"{language}_{split}.tsv" for language in ("fre", "kor") for split in ("train", "dev", "test")]
    done = call("g2p.py", write(tmp_path / "files", dict.fromkeys(names, "abby\ta b i\n")), tmp_path / "g2p")
    assert done.stdout.splitlines() == [f"{each}: train: 1, validation: 1, test: 1" for each in ("fre", "kor")]
    assert rows(tmp_path / "g2p" / "kor")["test"] == [{"source": "a b b y", "target": "a b i"}]


def test_parts_of_a_letter_are_letters(tmp_path: Path) -> None:
    words = {"kor": ("\uac12\t\uac12\n", "\u1100 \u1161 \u11b9"), "vie": ("\u1ebf\t\u1ebf\n", "e \u0302 \u0301")}
    files = {f"{name}_{split}.tsv": text for name, (text, _) in words.items() for split in ("train", "dev", "test")}
    call("g2p.py", write(tmp_path / "files", files), tmp_path / "g2p")
    for name, (text, source) in words.items():  # the phones stay as they are
        assert rows(tmp_path / "g2p" / name)["train"] == [{"source": source, "target": text[0]}]


def test_all_translations_of_a_sentence_are_in_one_set(tmp_path: Path) -> None:
    pairs = [(f"Go {number}.", f"{verb} {number}.") for number in range(4100) for verb in ("Ve", "Vaya")]
    text = "".join(f"{english}\t{spanish}\n" for english, spanish in pairs)
    done = call("spa_eng.py", write(tmp_path / "files", {"spa.txt.gz": text}), tmp_path / "spa-eng")
    assert done.stdout == "train: 200, validation: 4,000, test: 4,000\n"
    found = rows(tmp_path / "spa-eng")
    assert sorted((row["en"], row["es"]) for part in found.values() for row in part) == sorted(pairs)
    sides = [{row["en"] for row in part} for part in found.values()]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 4100


@pytest.mark.parametrize(
    ("script", "files", "said"),
    [
        ("scan.py", {"other.txt": ""}, "expected tasks_train_simple.tsv or another split of SCAN, found none"),
        ("scan.py", {"tasks_train_simple.tsv": "a\tb\n"}, "expected tasks_test_simple.tsv or tasks_test_simple.tsv.gz"),
        (
            "cogs.py",
            {"train.tsv": "a\tb\n"},
            "line 1: expected 3 columns (source, target, kind), received 2",
        ),
        ("g2p.py", {"fre.tsv": ""}, "expected fre_train.tsv or a file of another language, found none"),
        ("multi30k.py", {"train.en": "a\n", "train.de": ""}, "expected train in two languages or more, line by line"),
    ],
)
def test_what_is_missing_is_said_in_one_line(script: str, files: dict[str, str], said: str, tmp_path: Path) -> None:
    done = call(script, write(tmp_path / "files", files), tmp_path / "folder")
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]
    assert not (tmp_path / "folder").exists()


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    done = call("cogs.py", tmp_path, tmp_path)
    assert done.returncode == 2
    assert done.stderr.endswith("exists: give another --output\n")


@pytest.mark.corpora
@pytest.mark.skipif(not REAL.is_dir(), reason="the real corpora are not beside the checkout")
@pytest.mark.parametrize(
    ("script", "files", "said"),
    [
        ("scan.py", "scan", "around-right: train: 14,725, validation: 500, test: 4,476"),
        ("cogs.py", "cogs", "train: 24,155, validation: 3,000, test: 3,000, generalisation: 21,000"),
        ("g2p.py", "g2p2020", "vie: train: 3,600, validation: 450, test: 450"),
        ("spa_eng.py", "spa-eng", "train: 114,340, validation: 2,288, test: 2,336"),
    ],
)
def test_the_published_files_are_read_whole(script: str, files: str, said: str, tmp_path: Path) -> None:
    done = call(script, REAL / files, tmp_path / "folder")
    assert done.stdout.splitlines()[-1] == said
