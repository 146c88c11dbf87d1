"""How often is a difference shown where there is none, and how often where there is one?

    python scripts/level_and_power.py

Families of comparisons are made up from normal numbers, and from real hypotheses: 24 seeds of one small system, which
`ablation-seeds.yaml` trains, are dealt at random to systems that so do not differ. Three rules judge the same families:

- new: that of the package, one p for each difference (`mtlite/evaluation/uncertainty.py`);
- unbounded: the same without a bound on Satterthwaite's degrees of freedom;
- old: two tests side by side. A difference counted if approximate randomisation over sentences, adjusted by Holm, was
  below 0.05 and the t interval of the differences seed by seed, not adjusted, did not hold 0.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.special import ndtr, stdtr, stdtrit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtlite.ablation.ablate import recorded_ablation
from mtlite.ablation.record import Record
from mtlite.evaluation.scores import DEFAULT_SEED
from mtlite.evaluation.significance import SIGNIFICANCE_LEVEL, resampled_scores
from mtlite.evaluation.statistics import SentenceStatistics, bleu_of_sums
from mtlite.evaluation.uncertainty import MOST_DEGREES, over_sentences_and_seeds
from mtlite.report.gather import gather

SCRIPTS = Path(__file__).resolve().parent
RESULTS = SCRIPTS / "level-and-power.json"
POOL = SCRIPTS / "recipes" / "ablation-seeds.jsonl.xz"
RULES = ("old", "unbounded", "new")
SEEDS = ((3,), (5,), (10,), (3, 10))
"""Seeds of the systems, in turn."""
RATIOS = ((0.1,), (0.3,), (1.0,), (3.0,), (0.1, 3.0))
"""What seeds add to the variance of a difference, for what sentences add; two are those of the systems, in turn."""
COMPARISONS = (1, 11, 66)
EFFECT = 4.0
"""By how much the last system is better where power is asked for, in standard errors of its difference to the first."""
SHUFFLES = 1000
DAMAGED = 0.2
"""Share of sentences of which the last system gets nothing right where power is asked for, with real hypotheses."""

Pairs = list[tuple[int, int]]
Row = dict[str, object]


def pairs_of(comparisons: int) -> Pairs:
    """All pairs of 12 systems if they are 66, else a first system against others; the first and the last come last."""
    pairs = list(combinations(range(12), 2)) if comparisons == 66 else [(0, 1 + other) for other in range(comparisons)]
    last = (0, max(map(max, pairs)))
    return [*(pair for pair in pairs if pair != last), last]


def shown_by_holm(p_values: np.ndarray) -> np.ndarray:
    """Which of the p [families, comparisons] are below the level after Holm's adjustment."""
    order = np.argsort(p_values, axis=1)
    factors = np.arange(p_values.shape[1], 0, -1)
    adjusted = np.maximum.accumulate(np.take_along_axis(p_values, order, axis=1) * factors, axis=1)
    shown = np.empty_like(p_values, dtype=bool)
    np.put_along_axis(shown, order, adjusted < SIGNIFICANCE_LEVEL, axis=1)
    return shown


def combined_p(first: np.ndarray, second: np.ndarray, sentences: float, bounded: bool) -> np.ndarray:
    """The p of the package for many families at once.

    Args:
        first: scores of one system [families, its seeds].
        second: scores of the other [families, its seeds].
        sentences: variance of their difference over sentences, as good as known.
        bounded: whether the degrees of freedom have an upper bound.
    """
    parts = [scores.var(axis=1, ddof=1) / scores.shape[1] for scores in (first, second)]
    spread = sum(part**2 / (scores.shape[1] - 1) for part, scores in zip(parts, (first, second), strict=True))
    variance = parts[0] + parts[1] + sentences
    degrees = variance**2 / spread
    if bounded:
        degrees = np.minimum(degrees, MOST_DEGREES * (min(first.shape[1], second.shape[1]) - 1))
    return np.asarray(2 * stdtr(degrees, -abs(second.mean(axis=1) - first.mean(axis=1)) / np.sqrt(variance)))


def beyond_seeds(by_seed: np.ndarray) -> np.ndarray:
    """Whether the 95% t interval of differences [..., seeds] does not hold 0."""
    count = by_seed.shape[-1]
    half_width = stdtrit(count - 1, 0.975) * by_seed.std(axis=-1, ddof=1) / count**0.5
    return np.asarray(abs(by_seed.mean(axis=-1)) > half_width)


def normal_families(
    seeds: Sequence[int], ratios: Sequence[float], pairs: Pairs, effect: float, families: int
) -> dict[str, np.ndarray]:
    """By rule, which differences are shown [families, pairs]; the last system is better by `effect`."""
    systems = max(map(max, pairs)) + 1
    generator = np.random.default_rng([systems, *seeds, *(round(10 * ratio) for ratio in ratios)])
    counts = np.resize(seeds, systems)
    variances = np.resize(ratios, systems) / (2 * (1 / np.array(seeds)).mean())  # over sentences, a difference has 1
    better = effect * (1 + variances[0] / counts[0] + variances[-1] / counts[-1]) ** 0.5
    scores = []
    for system in range(systems):
        of_sentences = generator.normal(0, 0.5**0.5, size=(families, 1)) + better * (system == systems - 1)
        scores.append(of_sentences + generator.normal(0, variances[system] ** 0.5, size=(families, counts[system])))
    shared = [min(counts[first], counts[second]) for first, second in pairs]
    by_seed = [
        scores[second][:, :count] - scores[first][:, :count]
        for (first, second), count in zip(pairs, shared, strict=True)
    ]
    sentence_p = np.stack([2 * ndtr(-abs(each.mean(axis=1))) for each in by_seed], axis=1)
    new, unbounded = (
        np.stack([combined_p(scores[first], scores[second], 1, bounded) for first, second in pairs], axis=1)
        for bounded in (True, False)
    )
    return {
        "old": shown_by_holm(sentence_p) & np.stack([beyond_seeds(each) for each in by_seed], axis=1),
        "unbounded": shown_by_holm(unbounded),
        "new": shown_by_holm(new),
    }


def judged(found: dict[str, np.ndarray], better: dict[str, np.ndarray]) -> Row:
    """By rule, the share of families without a difference that show one, and how often the last pair's is shown."""
    row: Row = {f"{rule} level": round(float(shown.any(axis=1).mean()), 4) for rule, shown in found.items()}
    return row | {f"{rule} power": round(float(shown[:, -1].mean()), 4) for rule, shown in better.items()}


def normal(families: int) -> list[Row]:
    """All cases with normal numbers."""
    rows = []
    for seeds in SEEDS:
        for comparisons in COMPARISONS:
            for ratios in RATIOS:
                pairs = pairs_of(comparisons)
                found = (normal_families(seeds, ratios, pairs, effect, families) for effect in (0.0, EFFECT))
                rows.append({"seeds": seeds, "ratios": ratios, "comparisons": comparisons, **judged(*found)})
    return rows


class Pool:
    """Outputs of one system with many seeds, on one test set."""

    def __init__(self, outputs: Sequence[SentenceStatistics]) -> None:
        self.outputs = outputs
        counts = [each.counts["bleu"] for each in outputs]
        self.sentences = len(counts[0])
        scores = resampled_scores({"pool": dict(enumerate(outputs))}, DEFAULT_SEED)["pool"]
        self.scores = np.stack([scores[at]["bleu"] for at in range(len(outputs))])  # [seeds, 1 + resamples]
        swapped = np.random.default_rng(DEFAULT_SEED).integers(2, size=(SHUFFLES, self.sentences)).astype(float)
        self.moved = [swapped @ each for each in counts]  # what each shuffle takes away [shuffles, 10]
        self.totals = [each.sum(axis=0) for each in counts]

    def damaged(self, share: float) -> list[SentenceStatistics]:
        """The same outputs with nothing right in a share of the sentences, the same in all."""
        at = np.random.default_rng(1).choice(self.sentences, round(share * self.sentences), replace=False)
        worse = [replace(each, counts={**each.counts, "bleu": each.counts["bleu"].copy()}) for each in self.outputs]
        for each in worse:
            each.counts["bleu"][at, 2:6] = 0
        return worse


def randomisation_p(first: Pool, of_first: Sequence[int], second: Pool, of_second: Sequence[int]) -> float:
    """Approximate randomisation (Riezler & Maxwell 2005): a sentence is swapped with its outputs of all seeds."""
    observed, shuffled = 0.0, np.zeros(SHUFFLES)
    for one, other in zip(of_first, of_second, strict=True):
        exchanged = first.moved[one] - second.moved[other]
        shuffled += bleu_of_sums(second.totals[other] + exchanged) - bleu_of_sums(first.totals[one] - exchanged)
        observed += float(second.scores[other, 0] - first.scores[one, 0])
    return float((1 + (abs(shuffled) >= abs(observed) - 1e-9).sum()) / (1 + SHUFFLES))


def real_families(pool: Pool, worse: Pool, seeds: int, splits: int) -> dict[str, np.ndarray]:
    """By rule, which differences are shown [splits, pairs], of systems that are dealt from a pool.

    The first is compared with all others, and the last one has its outputs from `worse`.
    """
    generator = np.random.default_rng(seeds)
    number = min(12, len(pool.outputs) // seeds)
    p_values = np.ones((2, splits, number - 1))
    apart = np.zeros((splits, number - 1), bool)
    for split in range(splits):
        dealt = generator.permutation(len(pool.outputs))[: number * seeds].reshape(number, seeds)
        for at in range(1, number):
            source = worse if at == number - 1 else pool
            first, second = pool.scores[dealt[0]], source.scores[dealt[at]]
            resampled = (second.mean(axis=0) - first.mean(axis=0))[1:]
            uncertainty = over_sentences_and_seeds(first[:, 0], second[:, 0], resampled, pool.sentences)
            assert uncertainty is not None
            p_values[0, split, at - 1] = uncertainty.p(float(second[:, 0].mean() - first[:, 0].mean()))
            p_values[1, split, at - 1] = randomisation_p(pool, dealt[0], source, dealt[at])
            apart[split, at - 1] = beyond_seeds(second[:, 0] - first[:, 0])
    return {"old": shown_by_holm(p_values[1]) & apart, "new": shown_by_holm(p_values[0])}


def real(record: Path, splits: int) -> list[Row]:
    """All cases with the hypotheses of a recorded system."""
    recorded = recorded_ablation(Record(record))
    (system,), _ = gather(recorded.header, recorded.outcomes)
    pool = Pool(list(system.statistics("greedy", "test").values()))
    worse = Pool(pool.damaged(DAMAGED))
    rows = []
    for seeds, *others in SEEDS:
        if not others and len(pool.outputs) >= 2 * seeds:
            found = (real_families(pool, last, seeds, splits) for last in (pool, worse))
            comparisons = min(12, len(pool.outputs) // seeds) - 1
            rows.append({"seeds": [seeds], "comparisons": comparisons, **judged(*found)})
    return rows


def table(results: dict[str, list[Row]]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: for each number of seeds and of comparisons, the lowest and the highest over all ratios."""
    columns = ["numbers", "seeds", "comparisons", *(f"level, {rule}" for rule in RULES)]
    columns += [f"power, {rule}" for rule in RULES]
    rows = []
    for numbers, of_numbers in results.items():
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in of_numbers:
            seeds = " and ".join(map(str, row["seeds"]))  # type: ignore[call-overload]
            groups.setdefault((seeds, str(row["comparisons"])), []).append(row)
        for (seeds, comparisons), group in groups.items():
            cells = [
                _range([row.get(f"{rule} {what}") for row in group]) for what in ("level", "power") for rule in RULES
            ]
            rows.append([numbers, seeds, comparisons, *cells])
    return columns, rows


def _range(values: Sequence[object]) -> str:
    """The lowest and the highest of some shares."""
    numbers = [float(str(value)) for value in values if value is not None]
    ends = dict.fromkeys(f"{value:.3f}" for value in (min(numbers), max(numbers))) if numbers else ["–"]
    return " – ".join(ends)


def main() -> None:
    """Simulate, and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--families", type=int, default=20_000, help="of normal numbers, for each case (default: 20,000)"
    )
    parser.add_argument("--splits", type=int, default=1000, help="of real hypotheses, for each case (default: 1,000)")
    parser.add_argument("--pool", type=Path, default=POOL, help="the record with the hypotheses; left out if not there")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where they are kept")
    options = parser.parse_args()
    results = {"normal": normal(options.families)}
    if options.pool.exists():
        results["real"] = real(options.pool, options.splits)
    options.results.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    columns, rows = table(results)
    for row in (columns, *rows):
        print("  ".join(row))


if __name__ == "__main__":
    main()
