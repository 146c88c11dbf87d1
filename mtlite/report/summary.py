"""The first words of a report: what was compared, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

from mtlite.ablation.options import AblationConfig
from mtlite.comparison.results import ComparisonFamily, ComparisonResults
from mtlite.comparison.systems import TrainedSystem, named_seeds
from mtlite.evaluation.metrics import label_of, sign_of
from mtlite.evaluation.scores import LEARNED
from mtlite.evaluation.significance import SIGNIFICANCE_LEVEL, Verdict
from mtlite.report.document import Block, Paragraph
from mtlite.report.tables import signed


def summary(results: ComparisonResults, ablation: AblationConfig) -> list[Block]:
    """What was compared, what else differs, and what was found."""
    primary = [family for family in results.families if family.comparison and family.primary]
    warning = nothing_learned(primary[0]) if primary else ""
    found = [warning] if warning else [*_what_shown_means(results), *map(findings, primary)]
    return [Paragraph(text) for text in (_what_is_shared(results, ablation), _what_differs(results.systems), *found)]


def _what_is_shared(results: ComparisonResults, ablation: AblationConfig) -> str:
    varied = {*ablation.grid, *ablation.tune}
    sizes = [name for name in ("layers", "units") if f"model.{name}" not in varied]
    size = "the number of parameters within 2%" if ablation.match == "parameters" else f"the {' and '.join(sizes)}"
    shared = ["the training pairs", "the tokenizer", *([size] if sizes else []), "the number of updates"]
    differ = f" They differ in {', '.join(ablation.grid)}, which the recipe asks for." if ablation.grid else ""
    tuned = (
        f"Chosen for each system on the dev set: {', '.join(ablation.tune)} (see Tuning)."
        if ablation.tune
        else "All other options that a topology can have are the same for all: none was tuned for a single system, and "
        "other values may suit some of them better."
    )
    return (
        f"This report compares {len(results.systems)} systems. {_seeds(results.systems)} All share "
        f"{', '.join(shared)} and, seed by seed, the order of the batches.{differ} Each training kept the weights with "
        f"the best dev BLEU; mtlite chose nothing on a test set. {tuned}"
    )


def _seeds(systems: Sequence[TrainedSystem]) -> str:
    """Which system was trained with which seeds, those with most seeds first."""
    names: dict[tuple[int, ...], list[str]] = {}
    for system in systems:
        names.setdefault(tuple(sorted(system.runs)), []).append(system.name)
    *some, (seeds, others) = sorted(names.items(), key=lambda item: -len(item[0]))
    of_some = [f"with {named_seeds(these)}: {', '.join(of_these)}" for these, of_these in some]
    last = f"with {named_seeds(seeds)}{f': the other {len(others)}' if some else ''}"
    return f"Trained {'; '.join([*of_some, last])}."


def _what_differs(systems: Sequence[TrainedSystem]) -> str:
    """What differs beside the options that are compared."""
    counts = sorted(system.parameters for system in systems)
    several = f"They have {counts[0]:,} to {counts[-1]:,} parameters"
    size = several if counts[0] < counts[-1] else f"All have {counts[0]:,} parameters"
    marked = any(system.marks for system in systems)
    return f"{size}. The notes say what else differs, and what limits a system." if marked else f"{size}."


def _what_shown_means(results: ComparisonResults) -> list[str]:
    """The level of the verdicts, and what they are about; nothing if there are none."""
    if not (judged := results.judged(primary=True)):
        return []
    counted = f", adjusted for all {judged} comparisons," if judged > 1 else ""
    return [
        f"Shown means: p{counted} is below {SIGNIFICANCE_LEVEL:g}, for other sentences of the same kind and other "
        "seeds. What all systems share was not varied: with another corpus or other options, the order may be another."
    ]


def findings(family: ComparisonFamily) -> str:
    """The verdicts of a primary family in words."""
    assert family.comparison is not None
    effects = {pair.second: pair.difference.effect for pair in family.comparison.primary}
    verdicts = {pair.second: pair.verdict for pair in family.comparison.primary}
    better = {pair.second for pair in family.comparison.primary if pair.is_better(family.metric)}
    sign, metric = sign_of(family.metric), label_of(family.metric)
    said = []
    for verdict, among, text in (
        (Verdict.SHOWN, better, "Shown to be better than {baseline} on {test} ({metric}): {names}."),
        (Verdict.SHOWN, effects.keys() - better, "Shown to be worse than {baseline} on {test} ({metric}): {names}."),
        (Verdict.NOT_SHOWN, effects.keys(), "Not shown to differ from {baseline} on {test}: {names}."),
        (Verdict.TOO_FEW_SEEDS, effects.keys(), "No verdict on {test}, for there are too few seeds: {names}."),
    ):
        chosen = sorted((name for name in among if verdicts[name] == verdict), key=lambda name: -sign * effects[name])
        names = ", ".join(f"{name} ({signed(effects[name], 1)})" for name in chosen)
        if names:
            said.append(text.format(baseline=family.baseline, test=family.test, names=names, metric=metric))
    return " ".join(said)


def nothing_learned(family: ComparisonFamily) -> str:
    """A warning if no system translates yet, with what to do; empty if one does."""
    best = {
        metric: max(mean(system.scores("greedy", family.test, metric)) for system in family.systems)
        for metric in LEARNED
    }
    if any(best[metric] >= score for metric, score in LEARNED.items()):
        return ""
    run = next(iter(family.systems[0].runs.values()))
    return (
        f"No system has learned to translate yet: the best BLEU on {family.test} is {best['bleu']:.2f}. The "
        "differences say nothing yet. Give more updates (training.max_updates, now "
        f"{run.updates:,}); if the dev loss hardly falls, change training.learning_rate (now "
        f"{run.config['training.learning_rate']:g})."
    )
