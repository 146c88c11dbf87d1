"""Dev and test sets with several references, from further files and from repeated sources, all the way to a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from data.corpus_files import load, parallel
from sacrebleu.metrics import BLEU
from samples import changed, number_pairs, write_pairs

from mtlite.config.options import CleaningConfig, CorpusConfig
from mtlite.data.cache import pairs_of
from mtlite.data.cleaning import clean
from mtlite.errors import DamagedError, DataError, UsageError
from mtlite.storage.run_directory import Run
from mtlite.training.train import train
from mtlite.translation.result import read_result

pytestmark = pytest.mark.usefixtures("cache")

PAIRS = [("one", "eins"), ("two", "zwei"), ("one", "ein"), ("one", "eins"), ("three", "drei")]


def written(folder: Path, name: str, lines: list[str]) -> str:
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(folder / name)


def test_files_are_read_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "held").mkdir()
    files = [written(tmp_path, "b", ["B"] * 5 + [""]), written(tmp_path, "c", ["C"] * 5)]
    held = CorpusConfig(**parallel(tmp_path / "held", PAIRS), references=files)
    corpus = load(tmp_path, **parallel(tmp_path, [("a", "b")]), test=held)
    assert corpus.further == {"test": [["B", "C"]] * 5}
    assert len(corpus.tests["test"]) == 5
    assert corpus.sides()["test.references"] == ['["B", "C"]'] * 5
    assert "dev.references" not in corpus.sides()


def test_repeated_sources_are_joined_on_request(tmp_path: Path) -> None:
    (tmp_path / "held").mkdir()
    held = CorpusConfig(**parallel(tmp_path / "held", PAIRS))
    training = parallel(tmp_path, [("one", "ein"), ("one", "zwei")])
    apart = load(tmp_path, **training, test=held)
    assert (len(apart.tests["test"]), apart.further) == (5, {})
    joined = load(tmp_path, **training, test=held, join_repeated_sources=True)
    assert list(pairs_of(joined.tests["test"])) == [("one", "eins"), ("two", "zwei"), ("three", "drei")]
    assert joined.further == {"test": [["ein"], [], []]}
    assert any("5 pairs are 3 sentences" in note for note in joined.notes)
    kept, report = clean(joined, CleaningConfig())
    assert report.removed["overlap"] == 1  # a pair with a further reference
    assert list(pairs_of(kept.train)) == [("one", "zwei")]


def test_what_cannot_be_joined_is_refused(tmp_path: Path) -> None:
    training = parallel(tmp_path, [("a", "b")])
    (tmp_path / "held").mkdir()
    held = parallel(tmp_path / "held", PAIRS)
    short = written(tmp_path, "short", ["x"] * 4)
    with pytest.raises(DataError, match=r"data\.test\.references: .*short has 4 lines, data\.test has 5 pairs"):
        load(tmp_path, **training, test=CorpusConfig(**held, references=[short]))
    with pytest.raises(DataError, match=r"data\.test\.references .*none: no such file"):
        load(tmp_path, **training, test=CorpusConfig(**held, references=[str(tmp_path / "none")]))
    with pytest.raises(UsageError, match=r"data\.test: expected exactly one of"):
        load(tmp_path, **training, test=CorpusConfig(references=[short]))


def test_a_run_carries_them(tiny_config: Callable[..., Any], tmp_path: Path, console: Any) -> None:
    pairs = number_pairs(12, seed=9)
    held = write_pairs(tmp_path, "held", pairs)
    other = [target.replace("eins", "ein") for _, target in pairs]
    held["references"] = [written(tmp_path, "other", other)]
    config = tiny_config(training={"max_updates": 2}, evaluation={"metrics": ["wer", "bleu"]})
    config = changed(config, data=changed(config.data, dev=CorpusConfig(**held), test=CorpusConfig(**held)))
    run = train(config, tmp_path / "run", console=console)
    expected = [[target, further] for (_, target), further in zip(pairs, other, strict=True)]
    assert run.references("test") == run.references("dev") == expected
    result, hypotheses = read_result(run).tests["test"], run.read_lines("hypotheses.txt")
    files = [[target for _, target in pairs], other]
    assert result.bleu.score == BLEU().corpus_score(hypotheses, files).score
    assert result.bleu.signature.startswith("nrefs:2|")
    assert "wer" in result.others
    assert "test: WER " in console.file.getvalue()
    facts = json.loads((run.path / "run.json").read_text())
    (run.path / "data" / "test.references").write_text("[]\n")
    with pytest.raises(Exception, match="was altered"):
        Run.open(run.path).references("test")
    facts["sides"]["test.references"] = facts["sides"]["test.target"]
    (run.path / "run.json").write_text(json.dumps(facts))
    (run.path / "data" / "test.references").write_bytes((run.path / "data" / "test.target").read_bytes())
    with pytest.raises(DamagedError, match="further references"):
        Run.open(run.path).references("test")
