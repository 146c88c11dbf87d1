"""What was chosen for each system on the dev set, among what, and what choosing cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import median

from mtlite.ablation.cells import best_options, systems_of, trials_of, tuning_outcomes
from mtlite.ablation.options import AblationConfig
from mtlite.comparison.outcome import Options, Outcome
from mtlite.comparison.systems import label, value_text
from mtlite.report.document import Block, Folded, Heading, Table


def tuning(ablation: AblationConfig, outcomes: Mapping[str, Outcome]) -> list[Block]:
    """A row for each system, and, folded away, one for each trial; nothing if nothing was tuned."""
    if not ablation.tune:
        return []
    chosen_rows, trial_rows = [], []
    for system in systems_of(ablation):
        cells, chosen = tuning_outcomes(ablation, system, outcomes), best_options(ablation, system, outcomes)
        if chosen is None:
            chosen_rows.append([system.name, *["–"] * len(ablation.tune), "–", "–", "0", "0"])
            continue
        bleu = {name: outcome.best[2] for name, outcome in cells.items()}
        updates = sum(outcome.updates for outcome in cells.values())
        seconds = sum(outcome.training_seconds for outcome in cells.values())
        found = [f"{bleu[label(chosen)]:.2f}", f"{median(bleu.values()):.2f}", f"{updates:,}", f"{seconds:,.0f}"]
        chosen_rows.append([system.name, *_values(ablation, chosen), *found])
        for tried in trials_of(ablation, system.topology):
            if outcome := cells.get(label(tried)):
                best = f"{outcome.best[2]:.2f}", f"{outcome.best[1]:.3f}"
                trial_rows.append([system.name, *_values(ablation, tried), *best])
    options = [name.rpartition(".")[2] for name in ablation.tune]
    caption = (
        f"Chosen by dev BLEU, ties by dev loss, with seed {ablation.tune_seed}, which is in no other table. "
        f"{_search_space(ablation)} {len(outcomes)} trainings were made in all, trials included. Dev BLEU is that of "
        "the trial that was chosen, the median that of all trials of the system. If the choice is the lowest or the "
        "highest value that was tried, a better one may lie beyond it."
    )
    columns = ["system", *options, "dev BLEU", "median", "updates", "training, s"]
    every = Table(
        ["system", *options, "dev BLEU", "dev loss"], trial_rows, "Every trial, in the order in which it was drawn."
    )
    return [Heading("Tuning"), Table(columns, chosen_rows, caption, name="tuning"), Folded("All trials", [every])]


def _values(ablation: AblationConfig, options: Options) -> list[str]:
    """The values of the tuned options; a dash for one that the topology cannot have."""
    return [value_text(options[name]) if name in options else "–" for name in ablation.tune]


def _search_space(ablation: AblationConfig) -> str:
    """What could be chosen, and how much of it was tried."""
    values = "; ".join(f"{name}: {', '.join(map(value_text, values))}" for name, values in ablation.tune.items())
    every = math.prod(map(len, ablation.tune.values()))
    trials = f"{ablation.tune_trials or every:,} of {every:,} combinations"
    share = "" if ablation.tune_updates == 1 else f", each with {ablation.tune_updates:.0%} of the updates"
    return f"Tried were {trials} of {values}{share}; a topology that cannot have one of them goes without it."
