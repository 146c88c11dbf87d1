"""From the outcomes of an ablation to the systems that its report is about, and which of them are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mtlite.ablation.cell_configs import left_out_options, one_direction
from mtlite.ablation.cells import Cell, cells_of, points, systems_of
from mtlite.ablation.header import Header
from mtlite.ablation.plan import within_tolerance
from mtlite.comparison.comparable import training_marks
from mtlite.comparison.given_scores import refuse_names
from mtlite.comparison.outcome import Outcome
from mtlite.comparison.results import Group
from mtlite.comparison.systems import System, TrainedSystem, label, named_seeds
from mtlite.config.registry import entry_of
from mtlite.errors import UsageError

HYPOTHESES = "hypotheses"


def gather(header: Header, outcomes: Mapping[str, Outcome]) -> tuple[list[TrainedSystem], dict[str, Group]]:
    """The systems with their finished seeds, and, by title, the groups that are compared.

    Several topologies are compared at the same point of the grid; of a single one, its points are compared.
    """
    ablation = header.ablation
    trained = {}
    for system in systems_of(ablation):
        cells = {seed: Cell(system, seed).name for seed in ablation.seeds}
        runs = {seed: outcomes[name] for seed, name in cells.items() if name in outcomes}
        if runs:
            trained[system.name] = TrainedSystem(system, runs)
    groups = _groups(header)
    baselines = {name: trained.get(group.baseline) for group in groups.values() for name in group.members}
    marked = [replace(system, marks=marks_of(system, baselines[name], header)) for name, system in trained.items()]
    return marked, groups


def scored(header: Header, outcomes: Mapping[str, Outcome], folders: Mapping[str, Path]) -> dict[str, Outcome]:
    """The outcomes with the metrics that the header asks for, and given scores; raise UsageError if files are missing.

    Args:
        folders: by name of another metric, where its scores are, in a file for each output that is reported.
    """
    refuse_names(folders)
    reported = {cell.name for cell in cells_of(header.ablation)}
    found = {}
    for name, outcome in outcomes.items():
        found[name] = outcome.with_metrics(header.metrics, header.references)
        if folders and name in reported:
            given = {
                test: {metric: folders[metric] / file_of(name, test) for metric in folders} for test in header.tests
            }
            for path in (path for files in given.values() for path in files.values()):
                if not path.is_file():
                    problem = f"{path} not found: expected a file for each in the folder {HYPOTHESES} of the report"
                    raise UsageError(f"--scores: {problem}, with one number a sentence")
            found[name] = found[name].with_scores(given)
    return found


def hypotheses_of(header: Header, outcomes: Mapping[str, Outcome]) -> dict[str, bytes]:
    """By path in the folder of a report, the translations that it is about: for metrics that are computed elsewhere."""
    return {
        f"{HYPOTHESES}/{file_of(cell.name, test)}": "".join(
            f"{line}\n" for line in outcomes[cell.name].outputs["greedy"][test].hypotheses
        ).encode()
        for cell in cells_of(header.ablation)
        if cell.name in outcomes
        for test in header.tests
    }


def file_of(cell: str, test: str) -> str:
    """The name of the file of an output, or of its scores."""
    return f"{cell}.{test}.txt"


def _groups(header: Header) -> dict[str, Group]:
    ablation = header.ablation
    if len(ablation.topologies) == 1:
        names = [system.name for system in systems_of(ablation)]
        return {"": Group(names[0], names)}
    groups = {}
    for point in points(ablation.grid):
        members = [System(topology, point).name for topology in ablation.topologies]
        groups[label(point)] = Group(System(ablation.baseline_topology, point).name, members)
    return groups


def marks_of(system: TrainedSystem, baseline: TrainedSystem | None, header: Header) -> list[str]:
    """What a reader must know beside a system's numbers."""
    ablation, topology = header.ablation, system.system.topology
    missing = [seed for seed in ablation.seeds if seed not in system.runs]
    one_way = len(ablation.topologies) > 1 and one_direction(header.recipe, topology)
    marks = [
        *training_marks(system),
        *(["reads in one direction"] if one_way else []),
        *(f"without {name}" for name in left_out_options(header.recipe, system.system) if name != "bidirectional"),
    ]
    if ablation.match == "parameters" and baseline and not within_tolerance(system.parameters, baseline.parameters):
        marks.append(f"has {system.parameters / baseline.parameters:.2f} × the parameters of the baseline")
    marks += _topology_marks(system, ablation.match)
    if unreachable := next(iter(system.runs.values())).facts.unreachable:
        share = f"{unreachable:.1%}" if unreachable >= 0.001 else "less than 0.1%"
        marks.append(f"cannot write long outputs: {share} of the dev pieces do not fit")
    return marks + ([f"{named_seeds(missing)} missing"] if missing else [])


def _topology_marks(system: TrainedSystem, match: str) -> list[str]:
    """What the registry says of a topology, where it holds for these options."""
    options = {**next(iter(system.runs.values())).config, "ablation.match": match}
    return [
        mark.text
        for mark in entry_of(system.system.topology).marks
        if (options.get(mark.option) if mark.value is None else options.get(mark.option) == mark.value)
    ]
