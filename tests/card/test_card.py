"""`card/card.py`: a card beside every finished training."""

from __future__ import annotations

import io
import shutil

import pytest
from rich.console import Console

from mtlite.card.card import make_card, write_card
from mtlite.cli import main
from mtlite.config.recipe import read_config
from mtlite.errors import RunError
from mtlite.storage.run_directory import CARD, CONFIG, Run
from mtlite.training.train import train
from mtlite.translation.loading import load_tokenizers
from mtlite.translation.result import read_result


@pytest.fixture
def run(tiny_run, tmp_path):
    return Run.open(shutil.copytree(tiny_run, tmp_path / "tiny"))


def test_training_has_written_it_and_it_can_be_made_again(run):
    assert (run.path / CARD).read_text(encoding="utf-8") == make_card(run, load_tokenizers(run), read_result(run))
    write_card(run, load_tokenizers(run))
    assert (run.path / CARD).read_text(encoding="utf-8") == make_card(run, load_tokenizers(run), read_result(run))


def test_evaluate_writes_it_anew_and_keeps_what_its_user_wrote(run, capsys):
    card = (run.path / CARD).read_text(encoding="utf-8")
    mine = card.replace("---\n", "---\nlicense: mit\n", 1) + "\nMy words.\n"
    (run.path / CARD).write_text(mine.replace("## Scores", "## No scores"), encoding="utf-8")
    assert main(["evaluate", str(run.path)]) == 0
    assert (run.path / CARD).read_text(encoding="utf-8") == mine
    (run.path / CARD).unlink()
    assert main(["evaluate", str(run.path), "--beam", "2"]) == 0  # the record is that of the training
    assert (run.path / CARD).read_text(encoding="utf-8") == card
    capsys.readouterr()


def test_a_card_that_cannot_be_written_anew_does_not_hinder_scoring(run, capsys):
    (run.path / CARD).write_text("---\n- 1\n---\n")
    assert main(["evaluate", str(run.path)]) == 0
    shown = capsys.readouterr()
    assert "BLEU" in shown.out
    assert "the card is not written" in shown.err
    assert (run.path / CARD).read_text() == "---\n- 1\n---\n"


def test_other_sentences_do_not_touch_it(run, tmp_path, capsys):
    (run.path / CARD).write_text("Mine.")
    for side in ("source", "reference"):
        (tmp_path / side).write_text("one\n")
    assert main(["evaluate", str(run.path), *(f"--{side}={tmp_path / side}" for side in ("source", "reference"))]) == 0
    assert (run.path / CARD).read_text() == "Mine."
    capsys.readouterr()


def test_a_card_that_is_no_text_is_named(run):
    (run.path / CARD).write_bytes(b"\xff\xfe")
    with pytest.raises(RunError, match=CARD):
        write_card(run, load_tokenizers(run))


def test_a_training_ends_well_where_its_card_cannot_be_written(tiny_config, tmp_path, monkeypatch):
    def refuse(*_):
        raise RunError("no room")

    monkeypatch.setattr("mtlite.card.card.make_card", refuse)
    said = io.StringIO()
    run = train(
        tiny_config(training={"max_updates": 2, "validate_every": 2}),
        tmp_path / "run",
        console=Console(file=said, soft_wrap=True),
    )
    assert run.finished
    assert not (run.path / CARD).exists()
    assert "no room" in said.getvalue()


def test_a_training_that_was_killed_before_its_card_gets_one_when_it_is_resumed(run):
    card = (run.path / CARD).read_text(encoding="utf-8")
    (run.path / CARD).unlink()
    said = io.StringIO()
    train(read_config(run.path / CONFIG), run.path, resume=True, console=Console(file=said, soft_wrap=True))
    assert "nothing to do" in said.getvalue()
    assert (run.path / CARD).read_text(encoding="utf-8") == card
