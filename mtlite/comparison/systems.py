"""Systems: each is one way to train, with the outcome of its training for each seed."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean

from mtlite.comparison.outcome import Options, Outcome
from mtlite.config.registry import entry_of
from mtlite.evaluation.likelihood import Likelihood
from mtlite.evaluation.scores import scores_of
from mtlite.evaluation.statistics import SentenceStatistics, scores_of_sums


@dataclass(frozen=True)
class System:
    """One way to train: a topology with some options. Its seeds are repetitions of it."""

    topology: str
    options: Options = field(default_factory=dict)  # those that tell it from other systems of its topology

    @property
    def name(self) -> str:
        """For people: `attention`, or `attention units=128`."""
        return " ".join([self.topology, label(self.options)]).strip()


@dataclass(frozen=True)
class TrainedSystem:
    """A system with the outcomes of its seeds."""

    system: System
    runs: dict[int, Outcome]  # by seed
    marks: list[str] = field(default_factory=list)  # what a reader must know beside its numbers

    @property
    def name(self) -> str:
        return self.system.name

    @property
    def ranks(self) -> bool:
        """Whether its topology can search with a beam."""
        return entry_of(self.system.topology).ranks

    @property
    def has_beam(self) -> bool:
        """Whether its test sets were also translated with a beam, by a topology that can."""
        return self.ranks and all("beam" in outcome.outputs for outcome in self.runs.values())

    def statistics(self, search: str, test: str) -> dict[int, SentenceStatistics]:
        """By seed, the counts of one test set."""
        return {seed: outcome.outputs[search][test].statistics for seed, outcome in self.runs.items()}

    def likelihood(self, test: str) -> dict[int, Likelihood]:
        """By seed, how probable the references of one test set are."""
        return {seed: outcome.likelihood[test] for seed, outcome in self.runs.items()}

    def scores(self, search: str, test: str, metric: str) -> list[float]:
        """The corpus score of every seed."""
        outputs = self.statistics(search, test).values()
        return [float(scores_of_sums(metric, each.counts[metric].sum(axis=0))) for each in outputs]

    def lengths(self, search: str, test: str) -> tuple[float, float]:
        """Length ratio and brevity penalty, means over seeds."""
        found = [scores_of(each, confidence=False) for each in self.statistics(search, test).values()]
        return mean(each.length_ratio for each in found), mean(each.brevity_penalty for each in found)

    @property
    def smoothing_floor(self) -> float:
        """−log p per piece of a model that gives each piece just what label smoothing asks for; 0 without smoothing."""
        run = next(iter(self.runs.values()))
        smoothing = run.config.get("training.label_smoothing") or 0.0
        if entry_of(self.system.topology).blanks:  # its loss has none
            return 0.0
        return -math.log(1 - smoothing + smoothing / run.facts.target_vocabulary)

    def mean(self, number: str) -> float:
        """Mean over the seeds of a property of the outcomes."""
        return mean(float(getattr(outcome, number)) for outcome in self.runs.values())

    @property
    def parameters(self) -> int:
        return next(iter(self.runs.values())).facts.parameters

    def sentences_per_second(self, search: str, test: str) -> float:
        """Mean over the seeds of the speed of translation."""
        return mean(outcome.outputs[search][test].sentences_per_second for outcome in self.runs.values())


def named_seeds(seeds: Sequence[int]) -> str:
    """Seeds for people: `seed 1`, or `seeds 1, 2`."""
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def label(options: Options) -> str:
    """Options for people: `units=128 dropout=0.1`."""
    return " ".join(f"{name.rpartition('.')[2]}={value_text(value)}" for name, value in options.items())


def value_text(value: object) -> str:
    """A value as one writes it in a recipe."""
    return value if isinstance(value, str) else json.dumps(value)
