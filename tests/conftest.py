"""What all tests share: a cache of their own, one seed, a small corpus, and a small run trained on it."""

from __future__ import annotations

import io
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsers import browser, expect, fits, opened  # noqa: F401 - fixtures
from samples import changed, number_pairs, write_pairs

os.environ["HF_HUB_OFFLINE"] = "1"  # read when `datasets` is imported

LONGEST = ("test_readme.py", "test_tour.py", "test_own_topology.py", "test_kill_and_restart.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files come first: of two processes, neither waits for the other at the end."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the user's cache, in this process or in one that it starts."""
    import datasets

    folder = tmp_path_factory.mktemp("huggingface")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HOME", str(folder))
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "datasets")
        yield


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of one test alone."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture(scope="session", autouse=True)
def _signals_as_from_a_terminal() -> None:
    """A job in the background of a script, or one under nohup, starts with signals that are ignored."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _twelve_topologies() -> Iterator[None]:
    """What a test registers from outside is forgotten after it, with its module and the folder of that."""
    from mtlite.config.registry import TOPOLOGIES

    before, folders = dict(TOPOLOGIES), list(sys.path)
    yield
    sys.path[:] = folders
    for name in TOPOLOGIES.keys() - before.keys():
        sys.modules.pop(name.partition(":")[0], None)
        del TOPOLOGIES[name]


@pytest.fixture(autouse=True)
def _one_seed() -> None:
    random.seed(1)
    np.random.seed(1)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Paths of a corpus of numbers: train, dev and test, each with source and target."""
    folder = tmp_path_factory.mktemp("corpus")
    pairs = number_pairs(76, seed=1)
    parts = {"train": pairs[:60], "dev": pairs[60:68], "test": pairs[68:]}
    return {name: write_pairs(folder, name, part) for name, part in parts.items()}


@pytest.fixture(scope="session")
def tiny_config(corpus: dict[str, dict[str, Any]]) -> Callable[..., Any]:
    """`tiny_config(training={"max_updates": 3})`: a configuration that trains in seconds, with sections changed."""
    from mtlite.config.options import (
        Config,
        CorpusConfig,
        DataConfig,
        ModelConfig,
        SearchConfig,
        TokenizerConfig,
        TrainingConfig,
    )

    def configure(**sections: Any) -> Config:
        config = Config(
            data=DataConfig(
                train=[CorpusConfig(**corpus["train"])],
                dev=CorpusConfig(**corpus["dev"]),
                test=CorpusConfig(**corpus["test"]),
            ),
            tokenizer=TokenizerConfig(vocabulary_size=60),
            model=ModelConfig(
                topology="encoder-decoder", embedding_size=8, units=8, layers=1, bidirectional=False, dropout=0.1
            ),
            training=TrainingConfig(
                max_updates=8, validate_every=4, save_every=2, batch_tokens=120, precision="float32", tensorboard=False
            ),
            search=SearchConfig(beam_size=1),
        )
        made: Config = changed(config, **sections)
        return made

    return configure


@pytest.fixture
def console() -> Any:
    """Collects what is shown: `console.file.getvalue()`."""
    from rich.console import Console

    return Console(file=io.StringIO(), markup=False, highlight=False, soft_wrap=True)


@pytest.fixture(scope="session")
def tiny_run(tiny_config: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a finished run with attention. Tests must not change it: they copy it."""
    from rich.console import Console

    from mtlite.training.train import train

    config = tiny_config(model={"topology": "attention", "bidirectional": True}, training={"max_updates": 20})
    path = tmp_path_factory.mktemp("runs") / "tiny"
    train(config, path, console=Console(file=io.StringIO()))
    return path


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    """A folder with nothing in it, not even the cache."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder
