import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest
from sacrebleu.metrics import BLEU
from sacrebleu.significance import PairedTest
from scipy import stats

from mtlite.config.read import plain
from mtlite.errors import DataError
from mtlite.evaluation.significance import ComparedPair, Verdict, compare, holm, judge
from mtlite.evaluation.statistics import bleu_of_sums, sentence_statistics


@pytest.fixture(scope="module")
def systems(references, translate):
    """Three systems with three seeds each: `good` is better than the equal `fair` and `same`."""
    mistakes = {"fair": 0.30, "good": 0.12, "same": 0.30}
    return {
        name: {
            seed: sentence_statistics(translate(share, seed=10 * number + seed), references, "en") for seed in (1, 2, 3)
        }
        for number, (name, share) in enumerate(mistakes.items())
    }


def bleu_of(pair: ComparedPair) -> Any:
    """The difference in BLEU, whose p and interval a test knows to be there."""
    return pair.differences["bleu"]


@pytest.mark.parametrize(
    ("mistakes", "test", "sides"), [(0.31, "ar", 2), (0.34, "ar", 2), (0.37, "ar", 2), (0.34, "bs", 1), (0.37, "bs", 1)]
)
def test_single_outputs_agree_with_sacrebleu(references, translate, mistakes, test, sides):
    """Its approximate randomisation; and its paired bootstrap, which is one-sided where outputs clearly differ."""
    outputs = [("first", translate(0.30, seed=1)), ("second", translate(mistakes, seed=2))]
    _, theirs = PairedTest(outputs, {"BLEU": BLEU()}, [references], test)()
    systems = {name: {0: sentence_statistics(lines, references, "en")} for name, lines in outputs}
    (pair,) = compare(systems, "first").primary
    ours, p = bleu_of(pair), theirs["BLEU"][1].p_value
    assert ours.effect == pytest.approx(theirs["BLEU"][1].score - theirs["BLEU"][0].score)
    assert ours.sentence_p * sides / 2 == pytest.approx(p, abs=0.01 + 4 * math.sqrt(p * (1 - p) / 1000))
    assert (ours.p, ours.adjusted_p, ours.interval, pair.verdict) == (None, None, None, Verdict.TOO_FEW_SEEDS)


def test_a_verdict_by_hand(systems):
    """From scores by sacrebleu, resamples drawn here, and the distribution of scipy."""
    names = ("fair", "good")
    difference = bleu_of(compare(systems, "fair").primary[0])
    counts = {name: np.stack([systems[name][seed].counts["bleu"] for seed in (1, 2, 3)]) for name in names}
    metric = BLEU()

    def scores(name, chosen):
        return [metric._compute_score_from_stats(each[chosen].sum(axis=0).tolist()).score for each in counts[name]]

    fair, good = (np.array(scores(name, np.arange(200))) for name in names)
    generator = np.random.default_rng(99)
    drawn = [generator.integers(200, size=200) for _ in range(1000)]
    of_sentences = np.var([np.mean(scores("good", each)) - np.mean(scores("fair", each)) for each in drawn], ddof=1)
    seeds = fair.var(ddof=1) / 3, good.var(ddof=1) / 3
    variance = sum(seeds) + of_sentences
    degrees = min(12, variance**2 / (seeds[0] ** 2 / 2 + seeds[1] ** 2 / 2 + of_sentences**2 / 199))
    effect = good.mean() - fair.mean()
    assert difference.effect == pytest.approx(effect)
    assert difference.uncertainty.standard_error == pytest.approx(variance**0.5, rel=0.1)
    assert difference.uncertainty.degrees == pytest.approx(degrees, rel=0.1)
    t = effect / difference.uncertainty.standard_error
    assert difference.p == pytest.approx(2 * stats.t.sf(t, difference.uncertainty.degrees))
    half_width = stats.t.ppf(0.975, difference.uncertainty.degrees) * difference.uncertainty.standard_error
    assert difference.interval == pytest.approx((effect - half_width, effect + half_width))
    assert (2 * stats.t.sf(effect / variance**0.5, degrees) * 2 < 0.05) == (difference.verdict == "shown")


def test_a_difference_is_found(systems):
    fair_good, fair_same = compare(systems, "fair").primary
    assert (fair_good.second, fair_same.second) == ("good", "same")
    assert (fair_good.verdict, fair_same.verdict) == ("shown", "not shown")
    bleu: Any = bleu_of(fair_good)
    ter: Any = fair_good.differences["ter"]
    assert bleu.adjusted_p < 0.001
    for interval in (bleu.sentence_interval, bleu.interval):
        assert 0 < interval[0] < bleu.effect < interval[1]
    assert bleu.interval[1] - bleu.interval[0] > bleu.sentence_interval[1] - bleu.sentence_interval[0]
    assert ter.effect < 0
    assert ter.p < 0.01
    p_values = [pair.differences["ter"].p or 0 for pair in (fair_good, fair_same)]
    assert (ter.adjusted_p, ter.verdict) == (holm(p_values)[0], "shown")
    assert (fair_good.is_better("bleu"), fair_good.is_better("ter")) == (True, True)


def test_effect_is_the_difference_of_means(systems):
    def mean(name):
        return np.mean([bleu_of_sums(output.counts["bleu"].sum(axis=0)) for output in systems[name].values()])

    for pair in compare(systems, "good").exploratory:
        assert bleu_of(pair).effect == pytest.approx(mean(pair.second) - mean(pair.first))


def test_families(systems):
    comparison = compare(systems, "good")
    assert [(pair.first, pair.second) for pair in comparison.primary] == [("good", "fair"), ("good", "same")]
    pairs = [(pair.first, pair.second) for pair in comparison.exploratory]
    assert pairs == [("fair", "good"), ("fair", "same"), ("good", "same")]
    for family in (comparison.primary, comparison.exploratory):
        differences = [bleu_of(pair) for pair in family]
        assert holm([each.p for each in differences]) == [each.adjusted_p for each in differences]


def test_several_test_sets_are_one_family(systems):
    one = compare(systems, "fair").primary
    together = judge([one, one, one])
    p_values = [bleu_of(pair).p for pair in one] * 3
    assert [bleu_of(pair).adjusted_p for pairs in together for pair in pairs] == holm(p_values)
    alone, among = bleu_of(one[0]), bleu_of(together[0][0])
    assert among.smallest_shown > alone.smallest_shown > 0
    assert judge([[]]) == [[]]


def test_order_and_company_do_not_matter(systems):
    one_way = compare(systems, "fair")
    backwards = {name: dict(reversed(runs.items())) for name, runs in reversed(systems.items())}
    other_way = compare(backwards, "good")
    alone = compare({name: systems[name] for name in ("good", "fair")}, "fair")
    first, second, third = one_way.primary[0], other_way.primary[1], alone.primary[0]
    assert (first.second, second.second, third.second) == ("good", "fair", "good")
    for metric, difference in first.differences.items():
        assert difference.p == pytest.approx(second.differences[metric].p)
        assert dataclasses.replace(third.differences[metric], adjusted_p=None, smallest_shown=None) == (
            dataclasses.replace(difference, adjusted_p=None, smallest_shown=None)
        )
    for name, difference in first.differences.items():
        turned = second.differences[name]
        assert turned.effect == pytest.approx(-difference.effect)
        for one, other in (
            (turned.sentence_interval, difference.sentence_interval),
            (turned.interval, difference.interval),
        ):
            assert other is not None
            assert one == pytest.approx([-bound for bound in reversed(other)])


def test_the_seed_decides(systems):
    p_values = [bleu_of(compare(systems, "fair", seed=seed).exploratory[1]).p for seed in (1, 1, 2)]
    assert p_values[0] == p_values[1] != p_values[2]


def test_a_system_against_itself(systems):
    pair = compare({"one": systems["fair"], "other": systems["fair"]}, "one").primary[0]
    assert pair.verdict == "not shown"
    for difference in pair.differences.values():
        assert (difference.effect, difference.p, difference.sentence_p) == (0, 1, 1)
        assert difference.sentence_interval == (0, 0)
        assert difference.interval is not None
        assert difference.interval[0] < 0 < difference.interval[1]


def test_nothing_right_and_nothing_written(references):
    wrong, empty = ["zzz"] * len(references), [""] * len(references)
    systems = {
        name: {seed: sentence_statistics(lines, references, "en") for seed in (1, 2, 3)}
        for name, lines in (("wrong", wrong), ("empty", empty), ("right", references))
    }
    wrong_empty, wrong_right = compare(systems, "wrong").primary
    assert (bleu_of(wrong_empty).effect, bleu_of(wrong_empty).p) == (0, 1)
    assert wrong_empty.verdict == "not shown"
    assert bleu_of(wrong_right).effect == pytest.approx(100)
    assert wrong_right.verdict == "shown"


def test_seeds_are_not_paired_and_a_system_with_two_has_no_verdict(systems):
    fewer = {**systems, "good": {2: systems["good"][2], 9: systems["good"][1]}}
    fair_good, fair_same = compare(fewer, "fair").primary
    assert (fair_good.seeds, fair_good.verdict) == (([1, 2, 3], [2, 9]), "too few seeds")
    assert bleu_of(fair_good).interval is None
    assert bleu_of(fair_good).effect > 0
    alone = bleu_of(fair_same)
    assert (fair_same.verdict, alone.adjusted_p) == ("not shown", alone.p)
    renamed = {**systems, "good": {seed + 10: output for seed, output in systems["good"].items()}}
    before, after = (compare(each, "fair").primary[0].differences for each in (systems, renamed))
    assert before == after


def test_plain_values_for_json(systems):
    values = json.loads(json.dumps(plain(compare(systems, "fair"))))
    assert values["primary"][0]["differences"]["bleu"]["verdict"] == "shown"
    assert set(values["primary"][0]["differences"]) == {"bleu", "chrf2", "ter"}


def test_holm_by_hand():
    # in order 0.005, 0.01, 0.03, 0.04: times 4, 3, 2, 1 is 0.02, 0.03, 0.06, 0.04, and the last may not fall below 0.06
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1, 1]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


def test_outputs_that_were_counted_for_different_metrics_are_compared_by_those_they_share(references) -> None:
    outputs = {
        "first": sentence_statistics(references, references, "en", ["ter"]),
        "second": sentence_statistics(references[::-1], references, "en", ["wer"]),
    }
    systems = {name: {1: output} for name, output in outputs.items()}
    (pair,) = compare(systems, "first", ["chrf2"]).primary
    assert pair.differences["chrf2"].effect < 0
    others = sentence_statistics(references[::-1], references[::-1], "en", ["wer"])
    with pytest.raises(DataError, match="references differ"):
        compare({**systems, "second": {1: others}}, "first", ["chrf2"])


def test_what_cannot_be_compared(systems, references):
    fair = systems["fair"]
    shorter = sentence_statistics(references[:5], references[:5], "en")
    others = sentence_statistics(references, references[::-1], "en")
    chinese = sentence_statistics(references, references, "zh")
    for runs, message in [
        ({1: shorter}, "expected 200 sentences, received 5"),
        ({1: others}, "the references differ"),
        ({1: chinese}, "tok:13a.*tok:zh"),
    ]:
        with pytest.raises(DataError, match=message) as error:
            compare({"fair": fair, "other": runs}, "fair")
        assert all(part in str(error.value) for part in ("other", "seed 1", "fair"))
