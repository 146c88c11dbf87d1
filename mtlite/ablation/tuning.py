"""Options chosen for each system on the dev set, before its cells start."""

from __future__ import annotations

from collections.abc import Mapping

from mtlite.ablation.cells import points, tuning_cells_of
from mtlite.ablation.options import AblationConfig
from mtlite.comparison.outcome import Options, Outcome
from mtlite.comparison.systems import System, label


def tuning_outcomes(ablation: AblationConfig, system: System, outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """By label of the options that were tried, the outcomes of the finished tuning cells of a system."""
    return {
        label(cell.tried or {}): outcomes[cell.name]
        for cell in tuning_cells_of(ablation)
        if cell.system == system and cell.name in outcomes
    }


def best_options(ablation: AblationConfig, system: System, outcomes: Mapping[str, Outcome]) -> Options | None:
    """The options that did best on the dev set: by BLEU, ties by loss; of equal ones the first."""
    finished = tuning_outcomes(ablation, system, outcomes)
    candidates = [tried for tried in points(ablation.tune) if label(tried) in finished]

    def quality(tried: Options) -> tuple[float, float]:
        _, loss, bleu = finished[label(tried)].best
        return bleu, -loss

    return max(candidates, key=quality, default=None)
