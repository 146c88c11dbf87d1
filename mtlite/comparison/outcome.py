"""What a finished run came to: all that a comparison needs, and nothing of where it was made."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mtlite.ablation.options import corpus_paths
from mtlite.comparison.packing import pack_json, pack_statistics, unpack_json, unpack_numbers, unpack_statistics
from mtlite.config.options import Config
from mtlite.config.recipe import options
from mtlite.errors import RunError
from mtlite.evaluation.likelihood import Likelihood
from mtlite.evaluation.statistics import SentenceStatistics, sentence_statistics
from mtlite.storage.run_directory import Run
from mtlite.storage.training_log import read_metrics

LAST_SHARE = 5
"""A run that still gains in the last fifth of its updates has not converged."""
LARGEST_LATE_GAIN = 0.3
"""BLEU that it may gain there."""
LEFT_OUT = frozenset({*corpus_paths(), "tokenizer.model", "tokenizer.source_model", "tokenizer.target_model"})
"""Options that say where something lies; what it holds is known by its checksum."""

KEPT_FACTS = (
    *("parameters", "threads", "training_pairs", "training_fingerprint", "source_tokenizer", "target_tokenizer"),
    *("source_vocabulary", "target_vocabulary", "source_language", "target_language", "sides", "tests"),
    *("packages", "machine", "unreachable"),
)


@dataclass(frozen=True)
class Output:
    """The translations of one test set.

    Args:
        hypotheses: one line a sentence.
        statistics: their counts.
        seconds: that translating took.
    """

    hypotheses: list[str]
    statistics: SentenceStatistics
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """A finished run.

    Args:
        values: plain values, as they stand in a record.
    """

    values: Mapping[str, Any]

    @property
    def config(self) -> dict[str, Any]:
        """By name, the options that the run was trained with, without paths."""
        return self.values["config"]  # type: ignore[no-any-return]

    @property
    def facts(self) -> dict[str, Any]:
        """Weights, fingerprints, versions, machine."""
        return self.values["facts"]  # type: ignore[no-any-return]

    @property
    def curve(self) -> list[tuple[int, float, float]]:
        """Update, dev loss and dev BLEU of every validation."""
        return [tuple(point) for point in self.values["curve"]]  # type: ignore[misc]

    @property
    def updates(self) -> int:
        """Updates of the whole training."""
        return self.curve[-1][0]

    @property
    def best(self) -> tuple[int, float, float]:
        """Update, dev loss and dev BLEU of the weights that were kept: best BLEU, ties by loss."""
        return max(self.curve, key=lambda point: (point[2], -point[1]))

    @property
    def late_gain(self) -> float:
        """Dev BLEU gained in the last fifth of the updates."""
        early = [bleu for update, _, bleu in self.curve if update * LAST_SHARE <= self.updates * (LAST_SHARE - 1)]
        return max(0.0, self.best[2] - max(early, default=0.0))

    @property
    def converged(self) -> bool:
        """Whether the last fifth of the updates gained no more than 0.3 BLEU."""
        return self.late_gain <= LARGEST_LATE_GAIN

    @property
    def training_seconds(self) -> float:
        """Of updates and validations."""
        return float(self.values["training_seconds"])

    @property
    def flops_per_pair(self) -> int | None:
        """Of training; None if they were not counted."""
        return self.values.get("flops_per_pair")

    @property
    def attention(self) -> list[dict[str, Any]]:
        """Packed attention maps of the chosen sentences; empty without attention."""
        return self.values.get("attention", [])  # type: ignore[no-any-return]

    @cached_property
    def outputs(self) -> dict[str, dict[str, Output]]:
        """By search (`greedy`, `beam`) and test set."""
        return {
            search: {
                test: Output(unpack_json(each["hypotheses"]), unpack_statistics(each["statistics"]), each["seconds"])
                for test, each in tests.items()
            }
            for search, tests in self.values["outputs"].items()
        }

    @cached_property
    def likelihood(self) -> dict[str, Likelihood]:
        """By test set, how probable the references are; empty if nobody asked."""
        return {
            test: Likelihood(*(unpack_numbers(each[name]) for name in Likelihood._fields))
            for test, each in self.values.get("likelihood", {}).items()
        }

    def renamed(self, search: str) -> Outcome:
        """The same with its first search under another name."""
        first = next(iter(self.values["outputs"].values()))
        return Outcome({**self.values, "outputs": {search: first}})

    @classmethod
    def of_run(cls, run: Run, tests: Sequence[str] | None = None, **more: Any) -> Outcome:
        """Read what a finished run left behind.

        Args:
            run: finished.
            tests: the test sets to look at; all of the run's if None.
            more: further values to keep.

        Raises:
            RunError: if it is not finished, or damaged.
        """
        facts, config, result = run.facts(), run.config(), checked_result(run)
        lines = read_metrics(run.path / "metrics.jsonl")
        validations = [line for line in lines if line.get("kind") == "validation"]
        curve = [[line["update"], line["dev_loss"], line["dev_bleu"]] for line in validations]
        if not curve:
            raise RunError(f"{run.path} has no validation in metrics.jsonl: the run is damaged")
        values: dict[str, Any] = {
            "config": flat(config),
            "facts": {name: facts[name] for name in KEPT_FACTS if name in facts},
            "search": result["search"],
            "curve": curve,
            "training_seconds": lines[-1].get("seconds", 0.0),
            "outputs": {
                "greedy" if result["search"]["beam_size"] == 1 else "beam": read_outputs(
                    run, "", {test: result["tests"][test]["seconds"] for test in tests or facts["tests"]}
                )
            },
        }
        return cls(values | more)


def checked_result(run: Run) -> dict[str, Any]:
    """`result.json` with what a comparison needs of it.

    Raises:
        RunError: if it is missing or damaged.
    """
    result, tests = run.read_json("result.json"), run.facts()["tests"]
    try:
        right = type(result["search"]["beam_size"]) is int and isinstance(result["search"]["length_penalty"], float)
        right = right and all(isinstance(result["tests"][test]["seconds"], int | float) for test in tests)
    except (KeyError, TypeError):
        right = False
    if not right:
        raise RunError(f"{run.path / 'result.json'} is damaged: expected the search and the scores of {tests}")
    return result


def checked_outcome(values: Any, origin: str) -> Outcome:
    """An outcome that was read from a file, with all that a report asks for.

    Raises:
        RunError: if something is missing or of another kind.
    """
    try:
        outcome = Outcome(values)
        numbers = [number for point in outcome.curve for number in point]
        numbers += [outcome.training_seconds, outcome.facts["parameters"]]
        right = bool(outcome.curve) and all(math.isfinite(number) for number in numbers)
        right = right and isinstance(outcome.config["model.topology"], str) and isinstance(values["search"], dict)
        right = right and all(
            len(output.hypotheses) == len(output.statistics.counts["bleu"])
            for tests in outcome.outputs.values()
            for output in tests.values()
        )
        right = right and all(
            {len(part) for part in found} == {len(outcome.outputs["greedy"][test].hypotheses)}
            for test, found in outcome.likelihood.items()
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise RunError(f"{origin} is damaged ({type(error).__name__}: {error})") from None
    if not right:
        raise RunError(f"{origin} is damaged: it is no outcome of a cell")
    return outcome


def read_outputs(run: Run, search: str, seconds: Mapping[str, float]) -> dict[str, Any]:
    """The hypotheses of a run with their counts, packed.

    Args:
        run: finished.
        search: part of the names of the files; empty for the run's own hypotheses.
        seconds: by test set, how long translating took.
    """
    outputs = {}
    for test in seconds:
        path = run.path / hypotheses_file(search, test)
        try:
            hypotheses = path.read_bytes().decode().split("\n")[:-1]
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(f"cannot read {path} ({error}): the run is damaged") from None
        references = run.read_side(f"{test}.target")
        statistics = sentence_statistics(hypotheses, references, run.facts().get("target_language"))
        outputs[test] = {
            "hypotheses": pack_json(hypotheses),
            "statistics": pack_statistics(statistics),
            "seconds": seconds[test],
        }
    return outputs


def hypotheses_file(search: str, test: str) -> str:
    """Where a run keeps the translations of a test set."""
    return ".".join(["hypotheses", *filter(None, [search, "" if test == "test" else test]), "txt"])


def flat(config: Config) -> dict[str, Any]:
    """By name, all options without those that say where something lies."""
    values: dict[str, Any] = {}
    for option in options():
        if option.name not in LEFT_OUT and not option.name.startswith(("data.dev.", "data.test.")):
            found: Any = config
            for part in option.name.split("."):
                found = getattr(found, part)
            values[option.name] = found
    return values
