"""Options chosen for each system on the dev set, before its cells start."""

from __future__ import annotations

from collections.abc import Mapping

from mtlite.ablation.cells import Point, System, label, points, tuning_cells_of
from mtlite.ablation.options import AblationConfig
from mtlite.comparison.outcome import Outcome


def tried(ablation: AblationConfig, system: System, outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """By label of the point, what the finished tuning cells of a system came to."""
    return {
        label(cell.tried or {}): outcomes[cell.name]
        for cell in tuning_cells_of(ablation)
        if cell.system == system and cell.name in outcomes
    }


def choice(ablation: AblationConfig, system: System, outcomes: Mapping[str, Outcome]) -> Point | None:
    """The options that did best on the dev set: by BLEU, ties by loss; of equal ones the first."""
    found = tried(ablation, system, outcomes)
    candidates = [point for point in points(ablation.tune) if label(point) in found] if ablation.tune else []

    def quality(point: Point) -> tuple[float, float]:
        _, loss, bleu = found[label(point)].best
        return bleu, -loss

    return max(candidates, key=quality, default=None)
