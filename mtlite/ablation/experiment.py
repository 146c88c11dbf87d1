"""What the cells of an ablation share: corpus, tokenizer, options, budget."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from mtlite.ablation.cell_configs import base_config, cell_config, left_out_options
from mtlite.ablation.header import Header
from mtlite.ablation.options import AblationConfig
from mtlite.comparison.outcome import Options, flat
from mtlite.comparison.systems import System
from mtlite.config.options import DEFAULT_METRICS, Config
from mtlite.config.recipe import Values
from mtlite.config.resolve import ResolvedConfig, choose_budget, choose_sizes, resolved
from mtlite.data.prepare import Prepared
from mtlite.evaluation.words import word_frequencies
from mtlite.storage.run_directory import TOKENIZERS

_TOKENIZERS = "tokenizer"
COUNTED_PAIRS = 500_000  # training pairs whose words are counted, at most
_NOT_SHARED = (
    *("seed", "model.topology", "model.bidirectional", "search.beam_size", "search.nbest"),
    *("training.threads", "training.tensorboard", "tokenizer.vocabulary_size"),
)


@dataclass(frozen=True)
class Experiment:
    """One corpus, one tokenizer, one set of options; cells differ in topology, seed and the options of the grid."""

    name: str  # of the recipe
    recipe: Values  # its sections without `ablation`
    ablation: AblationConfig
    prepared: Prepared  # the corpus, read, cleaned and split into pieces
    folder: Path  # where the ablation is kept

    @property
    def pair(self) -> tuple[int, int]:
        """Source and target length of an average training pair, in tokens."""
        source, target = self.prepared.lengths[:, :2].mean(axis=0)
        return round(float(source)), round(float(target))

    def config(self, system: System, seed: int, chosen: Options | None = None) -> ResolvedConfig:
        """The configuration of a cell, nothing left open; `chosen` are options by tuning."""
        config = cell_config(self.recipe, self.ablation, system, seed, chosen or {})
        source, target = (str(self.folder / _TOKENIZERS / name) for name in TOKENIZERS)
        size = self.prepared.tokenizers.vocabulary_size
        tokenizer = dataclasses.replace(
            config.tokenizer, model=None, source_model=source, target_model=target, vocabulary_size=size
        )
        return self._resolved(dataclasses.replace(config, tokenizer=tokenizer))

    def _resolved(self, config: Config) -> ResolvedConfig:
        lengths = self.prepared.lengths
        tokenizer, model = choose_sizes(config, len(lengths))
        training = choose_budget(config.training, len(lengths), int(lengths[:, :2].sum()))
        return resolved(config, tokenizer, model, training)

    def prepared_for(self, config: ResolvedConfig) -> Prepared:
        """What the training of a cell starts from."""
        return dataclasses.replace(self.prepared, config=config)

    def save_tokenizers(self) -> None:
        """Keep the tokenizers that all cells use."""
        folder, part = self.folder / _TOKENIZERS, self.folder / f"{_TOKENIZERS}.part"
        if not folder.exists():
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            self.prepared.tokenizers.save(part)
            part.rename(folder)

    def header(self) -> Header:
        """What a record says before its cells."""
        corpus = self.prepared.corpus
        sides = corpus.sides()
        counted = corpus.train.select(range(min(len(corpus.train), COUNTED_PAIRS)))
        frequencies = word_frequencies(list(counted["target"]), corpus.target_language)
        return Header(
            shared=self._shared(sides),
            name=self.name,
            recipe=self.recipe,
            ablation=self.ablation,
            pair=self.pair,
            tests=list(corpus.tests),
            sides={name: lines for name, lines in sides.items() if not name.startswith("dev.")},
            frequencies=dict(sorted(frequencies.items())),
            source_language=corpus.source_language,
            target_language=corpus.target_language,
        )

    def _shared(self, sides: dict[str, list[str]]) -> Options:
        """All that must be equal for two cells to be of one ablation: options and checksums by name."""
        ablation, prepared = self.ablation, self.prepared
        base = base_config(self.recipe, ablation.topologies[0])
        config = flat(self._resolved(base))
        shared = {name: value for name, value in config.items() if name not in {*_NOT_SHARED, *ablation.grid}}
        # What the first topology cannot have, or has by its own default, is not seen in its configuration.
        asked = self.recipe.get("model") or {}
        unseen = {"bidirectional", *left_out_options(self.recipe, System(ablation.topologies[0]))}
        for name in sorted(unseen & {*asked}):
            if f"model.{name}" not in ablation.grid:
                shared[f"model.{name}"] = asked[name]
        for name in ("match", "threads", "beam", "tune", "tune_seed"):
            shared[f"ablation.{name}"] = getattr(ablation, name)
        if (metric := base.evaluation.metrics[0]) != DEFAULT_METRICS[0]:
            shared["evaluation.metrics[1]"] = metric
        for name, off in (("tune_trials", 0), ("tune_updates", 1.0)):
            if getattr(ablation, name) != off:
                shared[f"ablation.{name}"] = getattr(ablation, name)
        if ablation.primary:
            shared["ablation.primary"] = ablation.primary
        if ablation.match == "parameters":
            shared["ablation.baseline"] = ablation.baseline_topology
        shared["the training pairs"] = prepared.fingerprint
        shared["the source tokenizer"] = prepared.tokenizers.source.sha256
        shared["the target tokenizer"] = prepared.tokenizers.target.sha256
        for name, lines in sides.items():
            shared[f"the lines of {name}"] = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
        return shared
