"""Which finished runs can be compared, and which are one system: those that differ in their seed alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mtlite.comparison.outcome import Options, Outcome
from mtlite.comparison.systems import System, TrainedSystem
from mtlite.config.registry import entry_of
from mtlite.errors import DataError, UsageError
from mtlite.storage.run_directory import Run

NO_PART_OF_A_SYSTEM = {
    *("seed", "training.threads", "training.precision", "training.tensorboard", "training.save_every"),
    *("training.deterministic", "search.beam_size", "search.batch_tokens", "search.nbest"),
}
"""Options in which two seeds of one system may differ."""
FINGERPRINTS = {
    "training_fingerprint": "training pairs",
    "source_tokenizer": "source tokenizer",
    "target_tokenizer": "target tokenizer",
}


def common_test(runs: Sequence[Run], asked: str | None) -> str:
    """The test set to compare on: the one asked for, or the first that all have."""
    names = [run.facts.tests for run in runs]
    common = [name for name in names[0] if all(name in each for each in names)]
    if asked is not None and asked not in common:
        raise UsageError(f"--test {asked}: expected a test set of all runs: {', '.join(common) or 'they share none'}")
    if not common:
        raise UsageError(f"the runs share no test set: {' | '.join(', '.join(each) for each in names)}")
    return asked or common[0]


def refuse_incomparable(paths: Sequence[str], outcomes: Sequence[Outcome], test: str) -> None:
    """Raise DataError for runs that were not scored on the same sentences in the same way."""
    first = outcomes[0]
    for path, outcome in zip(paths, outcomes, strict=True):
        refused = f"{path} cannot be compared with {paths[0]}"
        for side, what in (("source", "source lines"), ("target", "references"), ("references", "further references")):
            found, expected = (each.facts.sides.get(f"{test}.{side}") for each in (outcome, first))
            if found != expected:
                raise DataError(
                    f"{refused}: other {what} of {test} (sha256 {str(found)[:12]}… and {str(expected)[:12]}…): "
                    "expected runs with the same test set"
                )
        ours, theirs = (each.outputs["greedy"][test].statistics.signatures for each in (first, outcome))
        for name in ours:
            if ours[name] != theirs[name]:
                raise DataError(f"{refused}: its {name} is {theirs[name]}, expected {ours[name]}")


def _differing_marks(outcome: Outcome, first: Outcome) -> list[str]:
    """Marks for a run that differs from the first one in more than its options."""
    ours, theirs = vars(outcome.facts), vars(first.facts)
    marks = [f"other {what}" for key, what in FINGERPRINTS.items() if ours[key] != theirs[key]]
    if outcome.updates != first.updates:
        marks.append(f"other budget: {outcome.updates:,} and {first.updates:,} updates")
    ranked = entry_of(outcome.topology).ranks and entry_of(first.topology).ranks
    searched = ("beam_size", "length_penalty", "blank_penalty") if ranked else ()  # what writes in one pass has none
    for name in searched:
        if getattr(outcome.search, name) != getattr(first.search, name):
            marks.append(f"other search: {name} {getattr(outcome.search, name)}")
    for name in ("sacrebleu", "tensorflow"):
        if outcome.facts.packages.get(name) != first.facts.packages.get(name):
            marks.append(f"other version of {name}")
    return marks


def group_runs(paths: Sequence[str], outcomes: Sequence[Outcome], baseline: str) -> tuple[list[TrainedSystem], str]:
    """Runs as systems with seeds, that of the path `baseline` first, and its name."""
    systems: list[Options] = []
    members: list[dict[int, tuple[str, Outcome]]] = []
    for path, outcome in sorted(zip(paths, outcomes, strict=True), key=lambda run: run[0] != baseline):
        options = {name: value for name, value in outcome.config.items() if name not in NO_PART_OF_A_SYSTEM}
        options |= {what: getattr(outcome.facts, key) for key, what in FINGERPRINTS.items()}
        options["schedule"], options["start"] = outcome.facts.extensions, outcome.facts.started_from
        if options not in systems:
            systems.append(options)
            members.append({})
        group, seed = members[systems.index(options)], outcome.config["seed"]
        if seed in group:
            raise UsageError(f"{path} and {group[seed][0]} are the same system with seed {seed}: expected one of them")
        group[seed] = path, outcome
    trained: list[TrainedSystem] = []
    first = next(iter(members[0].values()))[1]
    for name, runs in zip(_names_of(systems, members), members, strict=True):
        marks = [mark for _, outcome in runs.values() for mark in _differing_marks(outcome, first)]
        system = TrainedSystem(System(name), {seed: outcome for seed, (_, outcome) in sorted(runs.items())})
        system.marks.extend([*dict.fromkeys(marks), *training_marks(system)])
        trained.append(system)
    return trained, trained[0].name


def training_marks(system: TrainedSystem) -> list[str]:
    """Marks for a system whose training began with other weights, or was longer than its schedule."""
    starts = dict.fromkeys(str(run.facts.started_from) for run in system.runs.values() if run.facts.started_from)
    extensions = dict.fromkeys(str(each) for run in system.runs.values() for each in run.facts.extensions)
    return [*starts, *extensions]


def _names_of(systems: Sequence[Options], members: Sequence[Mapping[int, tuple[str, Outcome]]]) -> list[str]:
    """A name for each system: its topology and the options in which it differs, or else the folder of its first run."""
    differing = [
        name
        for name in systems[0]
        if "." in name and name != "model.topology" and any(each.get(name) != systems[0][name] for each in systems)
    ]
    names = []
    for system in systems:
        options = {name: system[name] for name in differing if not isinstance(system[name], dict | list)}
        names.append(System(system["model.topology"], options).name)
    if len(set(names)) < len(names):
        folders = [Path(next(iter(runs.values()))[0]).name for runs in members]
        names = [f"{name} ({folder})" for name, folder in zip(names, folders, strict=True)]
    return names
