from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from mtlite.config.length_rules import LengthRule, LengthRules
from mtlite.config.read import plain, read_as
from mtlite.limits import MAX_HYPOTHESIS_TOKENS, MAX_INTERCEPT, MAX_POSITIONS, MAX_SLOPE, MAX_SPREAD


def pairs_like(seed: int, count: int = 400) -> np.ndarray:
    """Source length, target length, repeated neighbours: targets somewhat longer, with outliers."""
    random = np.random.default_rng(seed)
    source = random.integers(1, 25, count)
    target = np.maximum(1, np.round(source * random.normal(1.2, 0.2, count) + random.exponential(1.0, count)))
    return np.stack([source, target, random.integers(0, 3, count)], axis=1).astype(np.int32)


def positions(slope: float, intercept: float, source: np.ndarray) -> np.ndarray:
    return np.maximum(1, np.ceil(slope * source + intercept - 1e-4))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.99, 0.9])
def test_a_rule_covers_its_share_with_the_fewest_positions(seed: int, share: float) -> None:
    source, target = pairs_like(seed)[:, :2].T
    distinct, counts = np.unique(np.stack([source, target], axis=1), axis=0, return_counts=True)
    rule = LengthRule.fit(distinct, counts, share)
    assert np.mean(target <= rule(source)) >= share
    best = math.inf
    for slope, intercept in itertools.product(np.arange(0, 4.001, 0.05), np.arange(-30, 40, 0.05)):
        n = positions(slope, intercept, source)
        if n.sum() < best and np.sum(target <= n) >= math.ceil(share * len(target)):
            best = n.sum()
    assert rule(source).sum() == best


def test_the_smaller_slope_wins_a_tie() -> None:
    rule = LengthRule.fit(np.array([[3, 4]]), np.array([10]), 0.99)
    assert rule.slope == 0
    assert rule(np.array([3])).tolist() == [4]


def test_at_least_one_position() -> None:
    assert LengthRule(0.5, -3.0)(np.array([1, 6, 20])).tolist() == [1, 1, 7]


def test_an_exact_line_is_found() -> None:
    source = np.arange(1, 30)
    pairs = np.stack([source, 2 * source + 1], axis=1)
    rule = LengthRule.fit(pairs, np.ones(29, int), 1.0)
    assert (rule.slope, rule.intercept) == (2.0, 0.05)


def test_fixed_and_expansion() -> None:
    pairs = pairs_like(1)
    lengths = LengthRules.fit(pairs)
    source = np.sort(pairs[:, 0])
    assert lengths.fixed == lengths.direct(source[math.ceil(0.995 * len(source)) - 1 :])[0]
    needed = pairs[:, 1] - 1 + pairs[:, 2]
    fits = [np.mean(needed <= k * pairs[:, 0]) >= 0.999 for k in range(1, 40)]
    assert lengths.expansion == fits.index(True) + 1
    assert lengths.search(pairs[:, 0]).sum() >= lengths.direct(pairs[:, 0]).sum()


def test_rules_of_enormous_targets_are_rules_that_a_run_may_have() -> None:
    rules = LengthRules.fit(np.array([[2, 100_000, 0], [5, 10, 0]] * 50))
    assert read_as(LengthRules, plain(rules), "lengths") == rules
    assert rules.direct == rules.search == LengthRule(MAX_SLOPE, MAX_INTERCEPT)
    assert (rules.fixed, rules.expansion) == (MAX_SLOPE * 5 + MAX_INTERCEPT, MAX_SPREAD)
    assert rules.most_positions(7) == MAX_SPREAD * 7


def test_no_output_is_much_longer_than_its_source() -> None:
    rule = {"slope": MAX_SLOPE, "intercept": MAX_INTERCEPT}
    longest = {"direct": rule, "search": rule, "fixed": MAX_POSITIONS, "expansion": MAX_SPREAD}
    limits = read_as(LengthRules, longest, "lengths").limits(np.array([10, 1000, 10**6]))
    assert limits.tolist() == [40 + MAX_INTERCEPT + 10, 4000 + MAX_INTERCEPT + 10, MAX_HYPOTHESIS_TOKENS]


def test_an_empty_target_needs_a_position_too() -> None:
    assert LengthRules.fit(np.array([[2, 1, 0]] * 5)).expansion == 1


def test_to_and_from_a_dictionary() -> None:
    lengths = LengthRules.fit(pairs_like(2))
    assert read_as(LengthRules, plain(lengths), "lengths") == lengths
