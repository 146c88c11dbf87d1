"""From the outcomes of an ablation to the systems and families that its report is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtlite.ablation.cells import Cell, System, label, points, systems_of
from mtlite.ablation.experiment import left_out_options, one_direction
from mtlite.ablation.matching import within_tolerance
from mtlite.ablation.options import AblationConfig
from mtlite.comparison.outcome import Outcome
from mtlite.comparison.results import Trained

Groups = dict[str, tuple[str, list[str]]]
"""By title, the baseline and the names of all systems that are compared with each other."""


def gather(header: Mapping[str, Any], outcomes: Mapping[str, Outcome]) -> tuple[list[Trained], Groups]:
    """The systems with their finished seeds, and which are compared with which.

    Several topologies are compared at the same point of the grid; of a single one, its points are compared.
    """
    ablation = AblationConfig(**header["ablation"])
    systems = []
    for system in systems_of(ablation):
        runs = {seed: outcomes[Cell(system, seed).name] for seed in ablation.seeds if _is_there(system, seed, outcomes)}
        if runs:
            systems.append(Trained(system, runs))
    named = {system.name: system for system in systems}
    groups: Groups = {}
    if len(ablation.topologies) == 1:
        names = [system.name for system in systems_of(ablation)]
        groups[""] = names[0], names
    else:
        for point in points(ablation.grid):
            members = [System(topology, point).name for topology in ablation.topologies]
            groups[label(point)] = System(str(ablation.baseline), point).name, members
    for baseline, members in groups.values():
        for name in members:
            if name in named:
                named[name].marks.extend(marks_of(named[name], named.get(baseline), header))
    return systems, groups


def _is_there(system: System, seed: int, outcomes: Mapping[str, Outcome]) -> bool:
    return Cell(system, seed).name in outcomes


def marks_of(system: Trained, baseline: Trained | None, header: Mapping[str, Any]) -> list[str]:
    """What a reader must know beside a system's numbers."""
    ablation, recipe = header["ablation"], header["recipe"]
    marks = []
    behind = [seed for seed, outcome in sorted(system.runs.items()) if not outcome.converged]
    if behind:
        marks.append(f"not converged (seed {', '.join(map(str, behind))})")
    topology = system.system.topology
    if len(ablation["topologies"]) > 1 and one_direction(recipe, topology):
        marks.append("reads in one direction")
    marks += [f"without {option}" for option in left_out_options(recipe, system.system) if option != "bidirectional"]
    matched = baseline is None or within_tolerance(system.parameters, baseline.parameters)
    if ablation["match"] == "parameters" and not matched and baseline:
        marks.append(f"unmatched: {system.parameters / baseline.parameters:.2f} × the baseline's weights")
    if ablation["match"] == "size" and topology == "many-to-one":
        marks.append("encoder and decoder share their weights")
    outcome = next(iter(system.runs.values()))
    if topology == "ctc" and outcome.config.get("training.label_smoothing"):
        marks.append("trained without label smoothing")
    if beyond := outcome.facts.get("unreachable"):
        share = f"{beyond:.1%}" if beyond >= 0.001 else "less than 0.1%"
        marks.append(f"no position for {share} of the dev pieces")
    missing = [str(seed) for seed in ablation["seeds"] if seed not in system.runs]
    if missing:
        marks.append(f"seed {', '.join(missing)} missing")
    if ablation["budget"] == "seconds":
        marks.append("not reproducible: budget of seconds")
    return marks
