"""From the outcomes of an ablation to the systems that its report is about, and which of them are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mtlite.ablation.cell_configs import left_out_options, one_direction
from mtlite.ablation.cells import Cell, points, systems_of
from mtlite.ablation.header import Header
from mtlite.ablation.plan import within_tolerance
from mtlite.comparison.comparable import convergence_marks
from mtlite.comparison.outcome import Outcome
from mtlite.comparison.results import Group
from mtlite.comparison.systems import System, TrainedSystem, label, named_seeds
from mtlite.config.registry import entry_of


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
        *convergence_marks(system),
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
