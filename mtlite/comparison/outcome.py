"""The outcome of a finished run: all that a comparison needs, and nothing of where it was made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

from mtlite.comparison.attention_maps import AttentionMap
from mtlite.comparison.given_scores import read_scores
from mtlite.config.options import Config, SearchConfig
from mtlite.config.read import Count, shown
from mtlite.config.recipe import options
from mtlite.errors import RunError, UsageError
from mtlite.evaluation.likelihood import Likelihood
from mtlite.evaluation.references import References
from mtlite.evaluation.statistics import SentenceStatistics, sentence_statistics
from mtlite.storage.run_directory import FACTS, LOG, Extension, Run, StartedFrom
from mtlite.storage.training_log import Reported, Validated, read_training_log
from mtlite.translation.result import hypotheses_file, read_result

_NOT_OF_TRAINING = (
    *("data.train.", "data.dev.", "data.test.", "data.tests", "data.join_repeated_sources"),
    *("tokenizer.model", "tokenizer.source_model", "tokenizer.target_model", "training.start_from", "evaluation."),
)
"""Options that say where something lies, which has a checksum, or what is done after a training."""

Options = dict[str, Any]
"""By full name, such as `model.units`, the value of an option."""
CurvePoint = tuple[Count, float, float]
"""Update, dev loss and dev BLEU of a validation."""


@dataclass(frozen=True)
class Output:
    """The translations of one test set."""

    hypotheses: list[str]  # one line a sentence
    statistics: SentenceStatistics
    seconds: float  # of translating

    def check(self) -> None:
        if len(self.hypotheses) != len(self.statistics.counts["bleu"]):
            raise UsageError("expected counts for each hypothesis")

    def with_metrics(self, metrics: Sequence[str], references: References, target_language: str | None) -> Output:
        """The same, counted for further metrics, too."""
        statistics = self.statistics.with_metrics(metrics, self.hypotheses, references, target_language)
        return dataclasses.replace(self, statistics=statistics)

    def with_scores(self, files: Mapping[str, str | Path]) -> Output:
        """The same, with the scores of other metrics, whose files are given by name."""
        scores = {name: read_scores(path, len(self.hypotheses)) for name, path in files.items()}
        return dataclasses.replace(self, statistics=self.statistics.with_scores(scores))

    @property
    def sentences_per_second(self) -> float:
        return len(self.hypotheses) / max(self.seconds, 1e-3)


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What is kept of the facts of a run (`storage.run_directory.Facts`)."""

    parameters: Count
    threads: Count | None
    training_pairs: Count
    training_fingerprint: str
    source_tokenizer: str
    target_tokenizer: str
    source_vocabulary: Count
    target_vocabulary: Count
    source_language: str | None
    target_language: str | None
    sides: dict[str, str]
    tests: list[str]
    packages: dict[str, str]
    machine: dict[str, str]
    unreachable: float | None
    extensions: list[Extension] = field(default_factory=list)
    started_from: StartedFrom | None = None
    date: str | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A finished run."""

    config: Options  # the options that it was trained with, without paths
    facts: RunFacts
    search: SearchConfig  # how the test sets were translated
    curve: list[CurvePoint]
    training_seconds: float  # of updates and validations
    tokens: Count | None = None  # of source and target, in all batches of the training; None in older records
    flops_per_pair: int | None = None  # of training; None if they were not counted
    attention: list[AttentionMap] = field(default_factory=list)  # of a few sentences; empty without attention
    outputs: dict[str, dict[str, Output]]  # by search (`greedy`, `beam`) and test set
    likelihood: dict[str, Likelihood] = field(default_factory=dict)  # of the references, by test set; may be empty

    def check(self) -> None:
        if not self.curve:
            raise UsageError("curve: expected at least one validation, received none")
        sizes = {test: len(output.hypotheses) for tests in self.outputs.values() for test, output in tests.items()}
        for test, each in self.likelihood.items():
            if any(part.shape != (sizes.get(test),) for part in vars(each).values()):
                raise UsageError(
                    f"likelihood.{shown(test)}: expected a number for each of {sizes.get(test, 0)} sentences"
                )

    @property
    def topology(self) -> str:
        return str(self.config["model.topology"])

    @property
    def updates(self) -> int:
        """Updates of the whole training."""
        return self.curve[-1][0]

    @property
    def best(self) -> CurvePoint:
        """The validation whose weights were kept: best BLEU, ties by loss."""
        return max(self.curve, key=lambda point: (point[2], -point[1]))

    def with_metrics(self, metrics: Sequence[str], references: Callable[[str], References]) -> Outcome:
        """The same, with its outputs counted for further metrics; `references` gives those of a test set."""
        language = self.facts.target_language
        outputs = {
            search: {test: output.with_metrics(metrics, references(test), language) for test, output in tests.items()}
            for search, tests in self.outputs.items()
        }
        return dataclasses.replace(self, outputs=outputs)

    def with_scores(self, given: Mapping[str, Mapping[str, str | Path]]) -> Outcome:
        """The same, its greedy search with scores of other metrics: by test set and name, their files."""
        tests = self.outputs["greedy"]
        scored = {test: tests[test].with_scores(files) for test, files in given.items()}
        return dataclasses.replace(self, outputs=self.outputs | {"greedy": tests | scored})

    def with_search_named(self, name: str) -> Outcome:
        """The same with its first search under another name, and no other search."""
        return dataclasses.replace(self, outputs={name: next(iter(self.outputs.values()))})


def outcome_of(run: Run, tests: Sequence[str] | None = None) -> Outcome:
    """The outcome of a run, on some of its test sets or all; raise RunError if it is not finished, or damaged.

    Its outputs have the counts of those metrics that the run was to be scored by.
    """
    result, lines = read_result(run), read_training_log(run.path / LOG)
    curve = [(line.update, line.dev_loss, line.dev_bleu) for line in lines if isinstance(line, Validated)]
    if not curve:
        raise RunError(f"{run.path} has no validation in {LOG}: the run is damaged")
    if run.facts.parameters is None:
        raise RunError(f"{run.path} is damaged: expected its number of weights in {FACTS}")
    written = {test: (result.tests[test].seconds, result.tests[test].hypotheses) for test in tests or run.facts.tests}
    return Outcome(
        config=flat(run.config),
        facts=RunFacts(**{each.name: getattr(run.facts, each.name) for each in dataclasses.fields(RunFacts)}),
        search=result.search,
        curve=curve,
        training_seconds=lines[-1].seconds,
        tokens=sum(line.tokens for line in lines if isinstance(line, Reported)),
        outputs={"greedy" if result.search.beam_size == 1 else "beam": read_outputs(run, "", written)},
    )


def read_outputs(run: Run, search: str, written: Mapping[str, tuple[float, str | None]]) -> dict[str, Output]:
    """The hypotheses of a finished run with their counts, by test set.

    Args:
        search: part of the names of the files; empty for the run's own hypotheses.
        written: by test set, how long translating took, in seconds, and the sha256 of the file, if it is known.
    """
    outputs = {}
    for test, (elapsed, sha256) in written.items():
        hypotheses, references = run.read_lines(hypotheses_file(test, search), sha256), run.references(test)
        metrics = run.config.evaluation.metrics
        statistics = sentence_statistics(hypotheses, references, run.facts.target_language, metrics)
        outputs[test] = Output(hypotheses, statistics, elapsed)
    return outputs


def flat(config: Config) -> Options:
    """All options of a configuration that its training depends on, without those that say where something lies."""
    names = [option.name for option in options() if not option.name.startswith(_NOT_OF_TRAINING)]
    return {name: reduce(getattr, name.split("."), config) for name in names}
