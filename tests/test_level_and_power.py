"""The simulation of verdicts: a small version keeps its level, judges as the package does, and is told truly."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from level_and_power import (
    RESULTS,
    Pool,
    beyond_seeds,
    combined_p,
    normal_families,
    pairs_of,
    randomisation_p,
    real_families,
    shown_by_holm,
    table,
)

from mtlite.evaluation.significance import holm
from mtlite.evaluation.statistics import sentence_statistics
from mtlite.evaluation.uncertainty import over_sentences_and_seeds


@pytest.fixture(scope="module")
def pool() -> Pool:
    """Twelve outputs that make mistakes in one and the same way."""
    generator = np.random.default_rng(1)
    references = [" ".join(f"w{word}" for word in generator.integers(50, size=9)) for _ in range(40)]

    def output() -> list[str]:
        return [" ".join(word if generator.random() > 0.2 else "x" for word in line.split()) for line in references]

    return Pool([sentence_statistics(output(), references, "en") for _ in range(12)])


@pytest.mark.parametrize("seeds", [(3,), (10,), (3, 10)])
def test_the_new_rule_keeps_its_level_and_the_old_one_does_not(seeds: tuple[int, ...]) -> None:
    families = 600
    found = normal_families(seeds, (3.0,), pairs_of(11), 0.0, families)
    share = {rule: shown.any(axis=1).mean() for rule, shown in found.items()}
    assert share["new"] <= 0.05 + 3 * (0.05 * 0.95 / families) ** 0.5
    assert share["old"] > 0.1


def test_a_difference_is_found() -> None:
    found = normal_families((5,), (0.3,), pairs_of(11), 5.0, 300)
    assert found["new"][:, -1].mean() > 0.8
    assert found["new"][:, -1].mean() <= found["unbounded"][:, -1].mean()


def test_many_families_are_judged_as_the_package_judges_one() -> None:
    generator = np.random.default_rng(2)
    first, second = generator.normal(0, 1, (50, 3)), generator.normal(1, 2, (50, 4))
    resampled = generator.normal(0, 1, 1000)
    ours = combined_p(first, second, float(resampled.var(ddof=1)), bounded=True)
    for at in range(50):
        found = over_sentences_and_seeds(first[at], second[at], resampled, 1_000_000)
        assert found is not None
        assert ours[at] == pytest.approx(found.p(second[at].mean() - first[at].mean()), rel=0.02)
    p_values = generator.random((20, 5)) ** 4
    assert shown_by_holm(p_values).tolist() == [[each < 0.05 for each in holm(row)] for row in p_values.tolist()]


def test_the_old_rule_by_hand(pool: Pool) -> None:
    assert beyond_seeds(np.array([[1.0, 2.0, 3.0], [10.0, 10.5, 11.0]])).tolist() == [False, True]
    assert randomisation_p(pool, [0, 1], pool, [0, 1]) == 1
    worse = Pool(pool.damaged(0.5))
    assert randomisation_p(pool, [0, 1], worse, [2, 3]) < 0.01


def test_systems_dealt_from_a_pool_do_not_differ_but_for_the_damaged_one(pool: Pool) -> None:
    none = real_families(pool, pool, 3, 40)
    assert none["new"].shape == (40, 3)
    assert none["new"].any(axis=1).mean() <= 0.05 + 3 * (0.05 * 0.95 / 40) ** 0.5
    damaged = real_families(pool, Pool(pool.damaged(0.5)), 3, 5)
    assert damaged["new"][:, -1].all()


def test_what_is_kept_holds_the_level() -> None:
    kept: dict[str, list[dict[str, Any]]] = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert {tuple(row["seeds"]) for row in kept["normal"]} == {(3,), (5,), (10,), (3, 10)}
    assert {row["comparisons"] for row in kept["normal"]} == {1, 11, 66}
    assert max(row["new level"] for rows in kept.values() for row in rows) <= 0.056
    assert max(row["new level"] for row in kept["normal"] if row["comparisons"] > 1) <= 0.05
    assert max(row["unbounded level"] for row in kept["normal"]) > 0.08
    assert max(row["old level"] for row in kept["normal"]) > 0.4
    columns, rows = table(kept)
    assert all(len(row) == len(columns) for row in rows)
