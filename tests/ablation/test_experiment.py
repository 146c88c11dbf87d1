"""What the cells of an ablation share."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from samples import number_pairs, write_pairs

from mtlite.ablation.ablate import prepare_experiment
from mtlite.ablation.experiment import Experiment
from mtlite.comparison.systems import System
from mtlite.data.prepare import prepare


@pytest.fixture
def experiment(tiny_config: Callable[..., Any], tmp_path: Path, console: Console) -> Callable[..., Experiment]:
    """`experiment(model={"attention": "dot"})`: of two topologies, with sections of the recipe changed."""

    def make(**sections: Any) -> Experiment:
        recipe = tiny_config().to_dict()
        recipe["model"] = {"units": 8, "layers": 1, **sections.pop("model", {})}
        recipe |= {"ablation": {"topologies": ["one-to-one", "attention"], "seeds": [1, 2]}, **sections}
        return prepare_experiment(recipe, "tiny.yaml", tmp_path, console)

    return make


@pytest.mark.parametrize(
    ("option", "values"), [("attention", ["dot", "additive"]), ("bidirectional", [True, False]), ("units", [4, 8])]
)
def test_every_option_of_the_recipe_tells_ablations_apart(
    experiment: Callable[..., Experiment], option: str, values: list[Any]
) -> None:
    """Also one that the first topology cannot have: a cell that was trained with another value is not done."""
    assert len({experiment(model={option: value}).header().experiment for value in values}) == len(values)


def test_seeds_threads_and_topologies_of_a_start_do_not(experiment: Callable[..., Experiment]) -> None:
    first = experiment().header()
    assert experiment(ablation={"topologies": ["one-to-one"], "seeds": [7]}).header().experiment == first.experiment
    assert experiment(ablation={"threads": 2}).header().experiment != first.experiment


def test_what_is_primary_is_chosen_before_the_training(experiment: Callable[..., Experiment]) -> None:
    assert experiment(ablation={"primary": ["test"]}).header().experiment != experiment().header().experiment


def test_the_first_metric_is_chosen_before_the_training_and_the_others_are_not(
    experiment: Callable[..., Experiment],
) -> None:
    first = experiment().header()
    more = experiment(evaluation={"metrics": ["bleu", "wer"]}).header()
    assert (first.metrics, more.metrics) == (["bleu", "chrf2", "ter"], ["bleu", "wer"])
    assert more.experiment == first.experiment
    assert experiment(evaluation={"metrics": ["wer", "bleu"]}).header().experiment != first.experiment


def test_several_references_are_in_the_record(experiment: Callable[..., Experiment], tmp_path: Path) -> None:
    pairs = number_pairs(30, seed=3)
    held = write_pairs(tmp_path, "held", [*pairs, *((source, f"{target} ja") for source, target in pairs[:4])])
    data = {"train": write_pairs(tmp_path, "all", number_pairs(60, seed=1)), "dev": held, "test": held}
    apart, joined = (experiment(data={**data, "join_repeated_sources": join}).header() for join in (False, True))
    assert (len(apart.references("test")), len(joined.references("test"))) == (34, 30)
    assert joined.references("test")[0] == [pairs[0][1], f"{pairs[0][1]} ja"]
    assert joined.experiment != apart.experiment
    assert "the lines of test.references" in joined.shared


def test_cells_have_the_same_tokenizer_and_nothing_open(experiment: Callable[..., Experiment], tmp_path: Path) -> None:
    made = experiment()
    made.save_tokenizers()
    configs = [made.config(System(topology), seed) for topology in ("one-to-one", "attention") for seed in (1, 2)]
    for config in configs:
        path = Path(str(config.tokenizer.source_model))
        assert path.is_relative_to(tmp_path)
        assert path.is_file()
    assert configs[0].training.max_updates == 8
    assert [config.seed for config in configs] == [1, 2, 1, 2]


def test_one_file_is_split_once_for_all_cells(
    experiment: Callable[..., Experiment], tmp_path: Path, console: Console
) -> None:
    paths = write_pairs(tmp_path, "all", number_pairs(200, seed=1))
    made = experiment(data={"train": paths})
    made.save_tokenizers()
    header = made.header()
    assert len(header.references("test")) == 20
    for topology, seed in product(("one-to-one", "attention"), (1, 2)):
        cell = prepare(made.config(System(topology), seed), console.print)
        assert cell.fingerprint == made.prepared.fingerprint
        assert cell.tokenizers.source.sha256 == made.prepared.tokenizers.source.sha256
        assert list(cell.corpus.dev["target"]) == list(made.prepared.corpus.dev["target"])
        assert list(cell.corpus.tests["test"]["target"]) == header.references("test")
    assert experiment(data={"train": paths, "seed": 2}).header().sides != header.sides
