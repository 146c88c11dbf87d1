"""What cells read comes to a node once and whole; folders of cells are whole or absent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from statements import job

from mtlite.ablation import supplies as module
from mtlite.ablation.ablate import prepare_experiment
from mtlite.ablation.experiment import Experiment
from mtlite.ablation.supplies import (
    SEEN,
    Supplies,
    own_workplace,
    packed,
    packed_recipe,
    pieces_of,
    put_in_place,
    shared_workplace,
    supplies_of,
    unpack,
    write_pieces,
)
from mtlite.config.recipe import read_config
from mtlite.storage.run_directory import Run


@pytest.fixture
def experiment(
    tiny_config: Callable[..., Any], tmp_path: Path, console: Any, monkeypatch: pytest.MonkeyPatch
) -> Experiment:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "node"))
    values = tiny_config().to_dict()
    del values["model"]["topology"], values["model"]["bidirectional"]
    values["ablation"] = {"topologies": ["one-to-one"], "seeds": [1]}
    made = prepare_experiment(values, "tiny", tmp_path / "run", console)
    made.folder.mkdir()
    made.save_tokenizers()
    return made


def receive(supplies: Supplies) -> Callable[[Path], None]:
    """As a node receives them."""

    def copy(folder: Path) -> None:
        for file, place in supplies.files():
            write_pieces(folder / place, list(pieces_of(file)), bytes)

    return copy


def test_they_are_corpus_tokenizers_and_the_cache(experiment: Experiment) -> None:
    supplies = supplies_of(experiment)
    names = [Path(path).name for path in supplies.inputs]
    assert len(names) == 8  # both sides of three sets, and two tokenizers
    assert {"source.model", "target.model"} <= set(names)
    assert len(supplies.entries) > 3
    assert supplies.cache
    assert all(Path(path).parents[1] == Path(supplies.cache) for path in supplies.entries)
    assert sum(supplies.sizes.values()) > 1000


def test_a_node_sees_all_or_says_what_it_does_not_see(experiment: Experiment) -> None:
    supplies = supplies_of(experiment)
    assert supplies.unseen() is None
    tokenizer = next(path for path in supplies.inputs if path.endswith("source.model"))
    Path(tokenizer).write_bytes(b"another")
    assert supplies.unseen() == tokenizer
    (experiment.folder / SEEN).write_text("a copy of the folder as it was once")
    assert supplies.unseen() == supplies.folder


def test_a_node_of_its_own_receives_once_and_has_the_same_content(experiment: Experiment) -> None:
    supplies = supplies_of(experiment)
    work = own_workplace(supplies, "abc", receive(supplies))
    again = own_workplace(supplies, "abc", lambda _: pytest.fail("it was there already"))
    assert work == again
    assert work.folder != own_workplace(supplies, "def", receive(supplies)).folder
    for path in supplies.inputs:
        assert Path(work.places[path]).read_bytes() == Path(path).read_bytes()
    entry = supplies.entries[0]
    assert packed(Path(work.places[entry])) == packed(Path(entry))
    assert work.variables["HF_DATASETS_CACHE"] == str(Path(work.places[entry]).parents[1])


def test_what_is_cut_off_while_it_is_received_is_not_there(experiment: Experiment) -> None:
    supplies = supplies_of(experiment)

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise ConnectionError

    with pytest.raises(ConnectionError):
        own_workplace(supplies, "abc", fail)
    assert own_workplace(supplies, "abc", receive(supplies)).places


def test_a_job_has_its_paths_there(experiment: Experiment) -> None:
    supplies = supplies_of(experiment)
    one = job(experiment.folder, "one")
    Run(one.recipe.parent).path.mkdir()
    Run(one.recipe.parent).write_config(one.recipe.name, experiment.prepared.config)
    assert shared_workplace(supplies).job(one, supplies.folder) == one
    work = own_workplace(supplies, "abc", receive(supplies))
    there = work.job(one, supplies.folder)
    assert there.run == work.folder / "cells" / "one"
    unpack(there, packed_recipe(one), work.places, {"config.yaml": b"of the driver", "data/test.source": b"a\n"})
    assert (there.run / "data" / "test.source").read_bytes() == b"a\n"
    config = read_config(there.run / "config.yaml")
    assert config == read_config(there.recipe)
    assert config.data.test.source
    assert Path(config.data.test.source).is_relative_to(work.folder)
    unpack(there, packed_recipe(one), work.places, {"state": b"older"})
    assert not (there.run / "state").exists()  # what the node has is at least as new


def test_a_folder_is_replaced_as_a_whole_and_its_lock_stays_behind(tmp_path: Path) -> None:
    run = tmp_path / "cells" / "one"
    put_in_place(run, {})
    assert not run.parent.exists()
    put_in_place(run, {"a": b"1", "b/c": b"2"})
    (run / ".lock").touch()
    assert packed(run) == {"a": b"1", "b/c": b"2"}
    put_in_place(run, {"a": b"3"})
    assert packed(run) == {"a": b"3"}
    assert [path.name for path in run.parent.iterdir()] == ["one"]


def test_large_files_travel_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIECE", 3)
    for content, count in ((b"", 1), (b"abc", 1), (b"abcdefgh", 3)):
        (tmp_path / "large").write_bytes(content)
        pieces = list(pieces_of(str(tmp_path / "large")))
        assert len(pieces) == count
        assert write_pieces(tmp_path / "there" / "large", pieces, bytes) == len(content)
        assert (tmp_path / "there" / "large").read_bytes() == content
