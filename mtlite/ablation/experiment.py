"""What the cells of an ablation share: corpus, tokenizer, options, budget."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtlite.ablation.cells import Point, System, nested
from mtlite.ablation.options import AblationConfig
from mtlite.commands.train import merge
from mtlite.comparison.outcome import flat
from mtlite.comparison.packing import pack_json
from mtlite.config.options import Config
from mtlite.config.recipe import config_from, typed
from mtlite.config.registry import TOPOLOGIES, unsupported
from mtlite.config.resolve import choose_budget, choose_sizes
from mtlite.data.prepare import Prepared, count_batches
from mtlite.errors import UsageError
from mtlite.evaluation.words import word_frequencies
from mtlite.storage.run_directory import Run

TOKENIZER = "tokenizer"
COUNTED_PAIRS = 500_000
"""Training pairs whose words are counted, at most."""
NOT_SHARED = (
    *("seed", "model.topology", "model.bidirectional", "search.beam_size", "search.nbest"),
    *("training.threads", "training.tensorboard", "tokenizer.vocabulary_size"),
)


@dataclass(frozen=True)
class Experiment:
    """One corpus, one tokenizer, one set of options; cells differ in topology, seed and the point of the grid.

    Args:
        name: of the recipe.
        recipe: its sections without `ablation`, as plain values.
        ablation: that section.
        prepared: the corpus, read, cleaned and cut into pieces.
        folder: where the ablation lives.
    """

    name: str
    recipe: dict[str, Any]
    ablation: AblationConfig
    prepared: Prepared
    folder: Path

    @property
    def pair(self) -> tuple[int, int]:
        """Source and target length of an average training pair, in tokens."""
        source, target = self.prepared.lengths[:, :2].mean(axis=0)
        return round(float(source)), round(float(target))

    def config(self, system: System, seed: int, chosen: Point | None = None) -> Config:
        """The configuration of a cell, nothing left open.

        Args:
            system: topology and point of the grid.
            seed: of the cell.
            chosen: options that were chosen or are tried for it.
        """
        config = cell_config(self.recipe, self.ablation, system, seed, chosen or {})
        names = [TOKENIZER] * 2 if self.prepared.tokenizers.joint else ["source", "target"]
        paths = [str(self.folder / TOKENIZER / f"{name}.model") for name in names]
        config.tokenizer.model = None
        config.tokenizer.source_model, config.tokenizer.target_model = paths
        config.tokenizer.vocabulary_size = self.prepared.tokenizers.vocabulary_size
        return self._settled(config)

    def _settled(self, config: Config) -> Config:
        lengths = self.prepared.lengths
        config, _ = choose_sizes(config, len(lengths))
        batches = count_batches(lengths, config.training.batch_tokens)
        config, _ = choose_budget(config, int(lengths[:, :2].sum()), batches)
        return config

    def save_tokenizers(self) -> None:
        """Keep the tokenizers that all cells use."""
        place = self.folder / TOKENIZER
        if not place.exists():
            aside = self.folder / f"{TOKENIZER}.part"
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir()
            self.prepared.tokenizers.save(aside)
            aside.rename(place)

    def shared(self) -> dict[str, Any]:
        """All that must be equal for two cells to be of one ablation: options and checksums by name."""
        ablation, prepared = self.ablation, self.prepared
        left_out = {*NOT_SHARED, *ablation.grid}
        config = flat(self._settled(base_config(self.recipe, ablation.topologies[0])))
        values = {name: value for name, value in config.items() if name not in left_out}
        # What the first topology cannot have, or has by its own default, is not seen in its configuration.
        asked = self.recipe.get("model") or {}
        unseen = {"bidirectional", *left_out_options(self.recipe, System(ablation.topologies[0]))}
        values |= {
            f"model.{name}": asked[name] for name in sorted(unseen & {*asked}) if f"model.{name}" not in ablation.grid
        }
        own = ("match", "budget", "seconds", "threads", "beam", "tune", "tune_seed")
        values |= {f"ablation.{name}": getattr(ablation, name) for name in own}
        if ablation.match == "parameters":
            values["ablation.baseline"] = ablation.baseline
        values["the training pairs"] = prepared.fingerprint
        values["the source tokenizer"] = prepared.tokenizers.source.sha256
        values["the target tokenizer"] = prepared.tokenizers.target.sha256
        for name, lines in self._sides().items():
            values[f"the lines of {name}"] = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
        return values

    def _sides(self) -> dict[str, list[str]]:
        corpus = self.prepared.corpus
        return {
            f"{name}.{side}": list(pairs[side])
            for name, pairs in {"dev": corpus.dev, **corpus.tests}.items()
            for side in ("source", "target")
        }

    def header(self) -> dict[str, Any]:
        """What a record says before its cells: enough to build the report from it alone."""
        corpus = self.prepared.corpus
        counted = corpus.train.select(range(min(len(corpus.train), COUNTED_PAIRS)))
        frequencies = word_frequencies(list(counted["target"]), corpus.target_language)
        sides = {name: pack_json(lines) for name, lines in self._sides().items() if not name.startswith("dev.")}
        shared = self.shared()
        return {
            "experiment": fingerprint(shared),
            "shared": shared,
            "name": self.name,
            "recipe": self.recipe,
            "ablation": self.ablation.to_dict(),
            "pair": list(self.pair),
            "tests": list(corpus.tests),
            "sides": sides,
            "frequencies": pack_json(dict(sorted(frequencies.items()))),
            "source_language": corpus.source_language,
            "target_language": corpus.target_language,
        }


def fingerprint(shared: dict[str, Any]) -> str:
    """One checksum for all that cells share."""
    return hashlib.sha256(json.dumps(shared, sort_keys=True).encode()).hexdigest()


def differences(expected: dict[str, Any], found: dict[str, Any]) -> str:
    """What differs between two `shared`, in a few words."""
    names = [name for name in {**expected, **found} if expected.get(name) != found.get(name)]
    parts = []
    for name in names[:5]:
        readable = not name.startswith("the ")
        parts.append(f"{name} ({expected.get(name)} here, {found.get(name)} there)" if readable else name)
    return ", ".join(parts) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def base_config(recipe: dict[str, Any], topology: str) -> Config:
    """The recipe without its section `ablation`, checked, with what is the same in all cells.

    Args:
        recipe: its sections as plain values.
        topology: one of those that are compared.

    Raises:
        UsageError: if the recipe is not usable for an ablation.
    """
    typed(recipe, "recipe")
    model = {**(recipe.get("model") or {}), "topology": topology}
    for option in left_out_options(recipe, System(topology)):
        del model[option]
    search = {**(recipe.get("search") or {}), "nbest": 1}  # as in every cell
    config = config_from({**recipe, "model": model, "search": search}, "recipe")
    if config.training.patience:
        raise UsageError(
            f"training.patience {config.training.patience}: an ablation has one budget for all cells, no early "
            "stopping: expected 0"
        )
    if config.training.max_seconds:
        raise UsageError("training.max_seconds: expected ablation.budget seconds and ablation.seconds in its place")
    for name in ("dev", "test"):
        part = getattr(config.data, name)
        if not any(vars(part).values()):
            raise UsageError(
                f"data.{name}: expected a set; one that is cut from the training pairs would be another for every seed"
            )
    return config


def cell_config(recipe: dict[str, Any], ablation: AblationConfig, system: System, seed: int, chosen: Point) -> Config:
    """The configuration of a cell, as far as the recipe settles it.

    Raises:
        UsageError: if the topology cannot have a point of the grid, or a value is of the wrong type.
    """
    values = merge(recipe, nested({**system.point, **chosen}))
    model = {**(values.get("model") or {}), "topology": system.topology}
    for option in left_out_options(recipe, system):
        del model[option]
    training = {**(values.get("training") or {}), "threads": ablation.threads}
    if ablation.budget == "seconds":
        training["max_seconds"] = ablation.seconds
    values |= {
        "seed": seed,
        "model": model,
        "training": training,
        "search": {**(values.get("search") or {}), "beam_size": 1, "nbest": 1},
    }
    return config_from(values, f"ablation, {system.name}")


def left_out_options(recipe: dict[str, Any], system: System) -> list[str]:
    """The options of the recipe that this topology cannot have: it runs without them, and is marked.

    A point of the grid is no such option: it was asked for by name.
    """
    in_grid = {name.rpartition(".")[2] for name in system.point}
    return [name for name in unsupported(system.topology, recipe.get("model") or {}) if name not in in_grid]


def one_direction(recipe: dict[str, Any], topology: str) -> bool:
    """Whether a topology reads in one direction where others of the recipe read in both."""
    asked = (recipe.get("model") or {}).get("bidirectional")
    return asked is not False and "bidirectional" not in TOPOLOGIES[topology].options


def keep_header(folder: Path, header: dict[str, Any]) -> None:
    """Write down what this folder holds the cells of, or refuse it if they are others.

    Raises:
        UsageError: what differs.
    """
    run = Run(folder)
    if (folder / "experiment.json").exists():
        found = run.read_json("experiment.json")
        if found.get("experiment") != header["experiment"]:
            raise UsageError(
                f"{folder} holds another ablation; different are "
                f"{differences(header['shared'], found.get('shared', {}))}: give another --run"
            )
    run.write_json("experiment.json", header)


def with_units(config: Config, units: int) -> Config:
    """The same with other units."""
    return dataclasses.replace(config, model=dataclasses.replace(config.model, units=units))
