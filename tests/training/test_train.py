"""The whole command: what a user can get wrong ends in one line, before TensorFlow is loaded; what is odd works."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from samples import ROOT, number_pairs, write_pairs

from mtlite.cli import main
from mtlite.config import read
from mtlite.config.options import (
    CleaningConfig,
    Config,
    CorpusConfig,
    DataConfig,
    ModelConfig,
    SearchConfig,
    TrainingConfig,
)
from mtlite.errors import DamagedError, DataError, RunError, UsageError
from mtlite.storage.checkpoint import load_state, save_state
from mtlite.storage.run_directory import Run
from mtlite.training.train import dry_run, train

PAIRS = number_pairs(40, seed=5)


def files(tmp_path, pairs, name="train"):
    """The options that name two files."""
    return [f"--data.train.{side}={path}" for side, path in write_pairs(tmp_path, name, pairs).items()]


def foreign_folder(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").touch()
    return tmp_path / "thesis"


def a_file(tmp_path):
    (tmp_path / "file").touch()
    return tmp_path / "file"


def a_run(tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "run.json").write_text("{}")
    return tmp_path / "old"


WRONG = {
    "no data": (lambda path: [], 2, "expected exactly one of data.train.source with data.train.target"),
    "one side": (lambda path: files(path, PAIRS)[:1], 2, "give data.train.target too"),
    "a missing file": (
        lambda path: ["--data.train.source=no.en", "--data.train.target=no.de"],
        1,
        "no.en: no such file",
    ),
    "a folder as a file": (
        lambda path: [f"--data.train.source={path}", f"--data.train.target={path}"],
        1,
        "not a file",
    ),
    "nothing in it": (lambda path: empty(path), 1, "no sentence pairs"),
    "empty lines only": (
        lambda path: files(path, [("", "")] * 30),
        1,
        "at least 20 different pairs, of one line a side, to split off a set, received 1",
    ),
    "few pairs": (
        lambda path: files(path, PAIRS[:19]),
        1,
        "expected at least 20 different pairs, of one line a side, to split off a set, received 19",
    ),
    "one pair again and again": (
        lambda path: files(path, PAIRS[:1] * 100),
        1,
        "expected at least 20 different pairs, of one line a side, to split off a set, received 1:",
    ),
    "nothing left": (
        lambda path: [*files(path, PAIRS), "--data.cleaning.max_characters=1"],
        1,
        "cleaning left no training pair",
    ),
    "a run that exists": (lambda path: [*files(path, PAIRS), f"--run={a_run(path)}"], 2, "add --resume"),
    "a folder that is not empty": (
        lambda path: [*files(path, PAIRS), f"--run={foreign_folder(path)}"],
        2,
        "is not empty: give a folder that is new or empty",
    ),
    "a file as run": (lambda path: [*files(path, PAIRS), f"--run={a_file(path)}"], 2, "is a file"),
    "a run inside a file": (lambda path: [*files(path, PAIRS), f"--run={a_file(path)}/run"], 1, "cannot write into"),
    "to go on with a folder": (
        lambda path: [*files(path, PAIRS), f"--run={foreign_folder(path)}", "--resume"],
        2,
        "is not a run directory",
    ),
    "to go on with a damaged run": (lambda path: ["--resume", f"--run={a_run(path)}"], 1, "run.json is damaged"),
    "to go on with nothing": (lambda path: ["--resume", f"--run={path / 'new'}"], 2, "no training was started there"),
    "to go on where": (lambda path: ["--resume"], 2, "--resume needs --run"),
    "sampling of characters": (
        lambda path: [*files(path, PAIRS), "--tokenizer.kind=char", "--tokenizer.sampling=0.1"],
        2,
        "expected tokenizer.kind unigram or bpe",
    ),
    "a vocabulary beyond the limit": (
        lambda path: [*files(path, PAIRS), "--tokenizer.vocabulary_size=2000000"],
        2,
        "tokenizer.vocabulary_size: expected at most 1,000,000",
    ),
    "no tokenizer in a file": (
        lambda path: [*files(path, PAIRS), f"--tokenizer.model={a_file(path)}"],
        1,
        "not a SentencePiece model",
    ),
    "one tokenizer of two": (
        lambda path: [*files(path, PAIRS), f"--tokenizer.source_model={a_file(path)}"],
        2,
        "source_model and tokenizer.target_model together",
    ),
    "an odd number of units": (lambda path: [*files(path, PAIRS), "--model.units=3"], 2, "expected an even number"),
}


def empty(tmp_path):
    for side in ("source", "target"):
        (tmp_path / side).touch()
    return [f"--data.train.{side}={tmp_path / side}" for side in ("source", "target")]


@pytest.fixture
def no_tensorflow(monkeypatch):
    """The test fails where TensorFlow would be started."""
    monkeypatch.setattr("mtlite.training.train.start_tensorflow", lambda *_: pytest.fail("TensorFlow is started"))


@pytest.mark.usefixtures("no_tensorflow")
@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_one_line(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    options, code, message = WRONG[name]
    assert main(["train", *options(tmp_path)]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    *notes, error = shown.err.splitlines()
    assert error.startswith(("mtlite: ", "mtlite train: "))
    assert message in error
    assert not any("mtlite:" in note or "Traceback" in note for note in notes)
    assert not (tmp_path / "runs" / "run-1").exists()  # the next attempt finds the place empty


@pytest.mark.usefixtures("no_tensorflow")
@pytest.mark.parametrize("name", ["dev", "../elsewhere", "a/b", ""])
def test_a_test_set_that_cannot_have_its_name(name, tmp_path, console):
    paths = write_pairs(tmp_path, "train", PAIRS)
    config = Config(data=DataConfig([CorpusConfig(**paths)], tests={name: CorpusConfig(**paths)}))
    with pytest.raises(UsageError, match=r"data\.tests: expected names of letters"):
        train(config, tmp_path / "run", console=console)


ERRORS_WITHOUT_TENSORFLOW = """
import sys
from mtlite.cli import main
source, target, used = sys.argv[1:]
data = ["--data.train.source", source, "--data.train.target", target]
codes = [
    main(["train"]),
    main(["train", "--data.train.source", "missing", "--data.train.target", target]),
    main(["train", *data, "--run", used]),
    main(["train", *data, "--data.cleaning.max_characters", "1"]),
    main(["train", *data, "--tokenizer.vocabulary_size", "2000000"]),
]
assert codes == [2, 1, 2, 1, 2], codes
assert "tensorflow" not in sys.modules
"""


def test_errors_come_before_tensorflow_is_imported(tmp_path):
    paths = write_pairs(tmp_path, "train", PAIRS)
    command = [sys.executable, "-c", ERRORS_WITHOUT_TENSORFLOW, *paths.values(), str(foreign_folder(tmp_path))]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def small(data, **training):
    return Config(
        data=data,
        model=ModelConfig("encoder-decoder", embedding_size=4, units=4, layers=1, bidirectional=False),
        training=TrainingConfig(**{"max_updates": 2, "precision": "float32", "tensorboard": False, **training}),
        search=SearchConfig(beam_size=1),
    )


def test_twenty_five_pairs_without_languages_are_enough(tmp_path, console):
    paths = write_pairs(tmp_path, "train", PAIRS[:25])
    for side, path in paths.items():
        os.rename(path, tmp_path / f"{side}.txt")
    data = DataConfig([CorpusConfig(str(tmp_path / "source.txt"), str(tmp_path / "target.txt"))])
    run = train(small(data), tmp_path / "run", console=console)
    assert run.finished
    assert run.facts.target_language is None
    assert [len(run.read_side(f"{name}.source")) for name in ("dev", "test")] == [2, 2]
    shown = console.file.getvalue()
    assert "2 of 25 training pairs were split off as the dev set" in shown
    assert "vocabulary reduced from 1,000 to" in shown
    assert "chosen from the corpus size: tokenizer.vocabulary_size 1000" in shown
    # The place is moved: nothing in it points elsewhere.
    moved = tmp_path / "moved"
    run.path.rename(moved)
    assert Run.open(moved).config.training.max_updates == 2


def test_one_pair_is_enough_where_the_other_sets_are_given(tmp_path, console):
    paths = write_pairs(tmp_path, "train", PAIRS[:1] * 3)
    held_out = CorpusConfig(**write_pairs(tmp_path, "held-out", PAIRS[:2]))
    cleaning = CleaningConfig(overlap=False)
    data = DataConfig([CorpusConfig(**paths)], dev=held_out, test=held_out, cleaning=cleaning)
    assert train(small(data), tmp_path / "run", console=console).finished


def test_a_dry_run_writes_nothing_and_estimates(tmp_path, console, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dry_run(small(DataConfig([CorpusConfig(**write_pairs(tmp_path, "train", PAIRS))]), max_updates=100), console)
    assert sorted(os.listdir(tmp_path)) == ["train.de", "train.en"]
    shown = console.file.getvalue()
    assert "32 training pairs, 4 dev, 4 test" in shown
    assert "100 updates of about" in shown


def test_a_dry_run_knows_a_budget_of_seconds(tmp_path, console, monkeypatch):
    monkeypatch.setattr("mtlite.training.estimate.seconds_per_update", lambda _: 0.5)
    data = DataConfig([CorpusConfig(**write_pairs(tmp_path, "train", PAIRS))])
    dry_run(small(data, max_updates=100_000, max_seconds=180), console)
    assert "360 updates of about 0.50 s: about 3 minutes on this machine" in console.file.getvalue()


@pytest.fixture
def unfinished(tiny_run, tmp_path):
    """A copy of a run whose scores are missing."""
    run = Run(tmp_path / "run")
    shutil.copytree(tiny_run, run.path)
    (run.path / "result.json").unlink()
    return run


def go_on(run, console):
    """Resume as a process that has not read the run before."""
    return train(run.path / "config.yaml", run.path, resume=True, console=console)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("training_fingerprint", "training pairs are not what this run was started with"),
        ("source_tokenizer", "source tokenizer in .* is not the one that the run was trained with"),
        ("target_tokenizer", "target tokenizer in .* is not the one that the run was trained with"),
    ],
)
def test_other_data_or_tokenizers_are_refused_on_resume(unfinished, console, name, message):
    unfinished.write_facts(dataclasses.replace(unfinished.facts, **{name: "other"}))
    with pytest.raises(RunError, match=message) as stop:
        go_on(unfinished, console)
    assert stop.value.exit_code == 1


@pytest.mark.usefixtures("no_tensorflow")
def test_what_keeps_a_run_from_going_on_is_said_before_its_corpus_is_read(unfinished, console, monkeypatch):
    monkeypatch.setattr("mtlite.training.train.prepare", lambda *_: pytest.fail("the corpus is read"))
    (unfinished.path / "best.safetensors").unlink()
    state, _ = load_state(unfinished.path)
    assert state is not None
    save_state(unfinished.path, state.arrays, dataclasses.replace(state.progress, best_update=4))
    with pytest.raises(DamagedError, match="the weights of update 4 scored best"):
        go_on(unfinished, console)
    for name in ("last", "previous"):
        (unfinished.path / f"{name}.safetensors").write_bytes(b"cut")
    with pytest.raises(DamagedError, match="no saved state is whole"):
        go_on(unfinished, console)


def test_what_can_change_sums_is_warned_about(unfinished, console):
    facts = unfinished.facts
    unfinished.write_facts(
        dataclasses.replace(
            facts,
            packages={**facts.packages, "numpy": "1.0"},
            machine={**facts.machine, "machine": "abacus"},
            threads=999,
        )
    )
    run = go_on(unfinished, console)
    shown = console.file.getvalue()
    assert "may not end bit for bit as it would have: numpy 1.0 → " in shown
    assert "machine abacus → " in shown
    assert "warning: begun with 999 threads, then " in shown
    assert run.finished
    # It was mixed once and for all: a later start with the first number says so, too.
    (run.path / "result.json").unlink()
    go_on(run, console)
    assert console.file.getvalue().count("warning: begun with 999 threads, then ") == 2


def test_a_batch_has_the_parts_that_the_run_began_with(unfinished, console, monkeypatch):
    from mtlite.training.step import TrainingStep

    begun, real = [], TrainingStep.__init__

    def noted(self, *arguments):
        real(self, *arguments)
        begun.append(self.parts)

    monkeypatch.setattr(TrainingStep, "__init__", noted)
    unfinished.write_facts(dataclasses.replace(unfinished.facts, threads=3))
    run = go_on(unfinished, console)
    assert begun == [3]
    assert run.facts.threads == 3


def test_an_altered_configuration_is_refused_on_resume(unfinished, console):
    path = unfinished.path / "resolved.yaml"
    path.write_text(path.read_text().replace("learning_rate: 0.006", "learning_rate: 0.009"))
    with pytest.raises(RunError, match="was altered: put it back"):
        go_on(unfinished, console)


def test_other_options_are_refused_on_resume(unfinished, tiny_config, console):
    with pytest.raises(UsageError, match=r"--resume goes on with the options of .*config\.yaml, which differ"):
        train(tiny_config(seed=2), unfinished.path, resume=True, console=console)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"training": {"schedule": "sawtooth"}}, "training.schedule: expected one of constant"),
        ({"model": {"units": "sixteen"}}, "model.units: expected a whole number"),
        ({"model": {"topology": "ctc"}, "search": {"sample": True}}, "search.sample: topology 'ctc' writes all tokens"),
    ],
)
def test_values_that_no_run_can_have_are_refused_from_python_too(tiny_config, tmp_path, console, change, said):
    with pytest.raises(UsageError, match=f"the configuration: {said}"):
        train(tiny_config(**change), tmp_path / "run", console=console)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("recipe.yaml", "cannot read recipe recipe.yaml"),
        (None, "expected a mtlite.Config, the path of a recipe or options by name, received NoneType"),
        ({"model.unit": 8}, "unknown option 'model.unit'"),
    ],
)
def test_what_is_no_configuration_is_told_how_to_become_one(wrong, message, console, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as error:
        train(wrong, console=console)
    assert message in str(error.value)
    assert not list(tmp_path.iterdir())


def test_paths_may_be_path_objects(corpus, tiny_config, tmp_path, console):
    config = tiny_config(training={"max_updates": 1})
    paths: dict[str, Any] = {side: Path(path) for side, path in corpus["train"].items()}
    config = dataclasses.replace(config, data=dataclasses.replace(config.data, train=[CorpusConfig(**paths)]))
    assert train(config, tmp_path / "run", console=console).finished


@pytest.fixture
def readings(monkeypatch):
    """What is read as a type, by the name of the type."""
    names, real = [], read.read_as

    def counted(kind, *arguments, **options):
        names.append(kind.__name__)
        return real(kind, *arguments, **options)

    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("mtlite.") and getattr(module, "read_as", None) is real:
            monkeypatch.setattr(module, "read_as", counted)
    return names


def test_a_configuration_is_read_once_on_its_way_into_a_training(corpus, tmp_path, readings):
    Run(tmp_path).write_config("recipe.yaml", small(DataConfig([CorpusConfig(**corpus["train"])])))
    assert main(["train", str(tmp_path / "recipe.yaml"), "--run", str(tmp_path / "run")]) == 0
    # The second is what the run is: whoever opens it reads the same.
    assert [name for name in readings if name.endswith("Config")] == ["Config", "ResolvedConfig"]
    assert set(readings) <= {"Config", "ResolvedConfig", "Facts", "Reported", "Validated", "EntryFacts", "Result"}
    readings.clear()
    (tmp_path / "run" / "result.json").unlink()
    assert main(["train", "--run", str(tmp_path / "run"), "--resume"]) == 0
    # Once what is asked for, once what the run was asked for, to compare them.
    assert [name for name in readings if name.endswith("Config")] == ["Config", "Config", "ResolvedConfig"]
    assert readings.count("Facts") == 1


def test_the_run_says_how_long_everything_took(tiny_run):
    seconds = Run(tiny_run).facts.seconds
    assert set(seconds) == {"preparation", "tokenizer", "training"}
    assert all(value >= 0 for value in seconds.values())
    assert "mtlite" in Run(tiny_run).facts.packages


def test_a_line_break_in_a_test_set_is_refused_before_anything_is_written(tiny_config, tmp_path, console):
    (tmp_path / "broken.csv").write_text('source,target\none,eins\n"one\ntwo",zwei\n')
    data = dataclasses.replace(tiny_config().data, test=CorpusConfig(pairs=str(tmp_path / "broken.csv")))
    config = tiny_config(data=data)
    with pytest.raises(DataError, match="received a line break in the source of pair 2"):
        train(config, tmp_path / "run", console=console)
    assert not (tmp_path / "run").exists()


def test_a_training_goes_on_from_any_folder_and_with_a_corpus_that_was_moved(corpus, tmp_path, monkeypatch, console):
    for folder in ("first", "second", "third"):
        (tmp_path / folder).mkdir()
    for side, path in corpus["train"].items():
        shutil.copy(path, tmp_path / "first" / f"train.{side}")
    monkeypatch.chdir(tmp_path / "first")
    run = train(small(DataConfig([CorpusConfig("train.source", "train.target")])), tmp_path / "run", console=console)
    weights = (run.path / "best.safetensors").read_bytes()

    def go_on_here(*places):
        (run.path / "result.json").unlink()
        return main(["train", "--run", str(run.path), "--resume", *places])

    monkeypatch.chdir(tmp_path / "second")
    assert go_on_here() == 0
    for side in ("source", "target"):
        shutil.move(tmp_path / "first" / f"train.{side}", tmp_path / "third")
    monkeypatch.chdir(tmp_path / "third")
    places = ["--data.train.source", "train.source", "--data.train.target", "train.target"]
    assert go_on_here(*places) == 0
    monkeypatch.chdir(tmp_path / "first")
    assert go_on_here() == 0  # the place was kept
    assert (run.path / "best.safetensors").read_bytes() == weights
    shutil.copy(corpus["dev"]["source"], tmp_path / "first" / "train.source")
    shutil.copy(corpus["dev"]["target"], tmp_path / "first" / "train.target")
    assert go_on_here(*places) == 1  # another corpus


def test_a_training_has_its_folder_here(tiny_config):
    for path in ("hf://user/name", Path("hf://user/name")):
        with pytest.raises(UsageError, match="expected a folder here"):
            train(tiny_config(), path)
