import itertools
import json
import math

import numpy as np
import pytest
from sacrebleu.metrics import BLEU
from sacrebleu.significance import PairedTest

from mtlite.config.read import plain
from mtlite.errors import DataError
from mtlite.evaluation import significance
from mtlite.evaluation.significance import (
    Verdict,
    approximate_randomisation,
    compare,
    holm,
    t_interval,
    verdict_of,
)
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


def simulated_counts(generator, skill):
    """BLEU's counts [sentences, 10] of an output whose words are right with the probabilities `skill` [sentences]."""
    length = 12
    correct = [generator.binomial(length, skill)]
    for _ in range(3):
        correct.append(generator.binomial(np.maximum(correct[-1] - 1, 0), 0.8))
    total = [np.full(len(skill), length - order) for order in range(4)]
    return np.stack([total[0], total[0], *correct, *total], axis=1)


def simulated_systems(generator, names, sentences=60, seeds=3, of_sentence=0.0, of_seed=0.0):
    """Equal systems. Each is better by chance on some sentences, in all seeds alike, and with some of its seeds."""
    difficulty = generator.normal(0.5, 1, size=sentences)

    def output(of_system):
        logit = difficulty + of_system + generator.normal(0, of_seed)
        return simulated_counts(generator, 1 / (1 + np.exp(-logit)))

    outputs = {}
    for name in names:
        of_system = generator.normal(0, of_sentence, size=sentences)
        outputs[name] = {seed: output(of_system) for seed in range(seeds)}
    return outputs


@pytest.mark.parametrize("mistakes", [0.31, 0.34, 0.37])
def test_one_seed_agrees_with_sacrebleu(references, translate, mistakes):
    first, second = translate(0.30, seed=1), translate(mistakes, seed=2)
    _, theirs = PairedTest([("first", first), ("second", second)], {"BLEU": BLEU()}, [references], "ar")()
    ours = compare(
        {name: {0: sentence_statistics(lines, references, "en")} for name, lines in (("a", first), ("b", second))}, "a"
    ).primary[0]
    p = theirs["BLEU"][1].p_value
    assert ours.differences["bleu"].effect == pytest.approx(theirs["BLEU"][1].score - theirs["BLEU"][0].score)
    assert ours.p == pytest.approx(p, abs=4 * math.sqrt(2 * p * (1 - p) / 10_000))
    assert ours.verdict == Verdict.THIS_RUN_ONLY


def test_all_shuffles_of_few_sentences():
    """With seven sentences, every one of the 2^7 swaps can be looked at."""
    generator = np.random.default_rng(0)
    outputs = simulated_systems(generator, ["a", "b"], sentences=7, seeds=2)
    first, second = (np.stack(list(outputs[name].values())) for name in ("a", "b"))

    def gap(swapped):
        swapped = np.array(swapped)[:, None]
        return np.mean(
            bleu_of_sums(np.where(swapped, first, second).sum(axis=1))
            - bleu_of_sums(np.where(swapped, second, first).sum(axis=1))
        )

    gaps = np.abs([gap(swapped) for swapped in itertools.product([False, True], repeat=7)])
    exact = np.mean(gaps >= gaps[0] - 1e-9)
    estimated = approximate_randomisation(outputs, [("a", "b")], 20_000, seed=1)["a", "b"]
    assert estimated == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 20_000))


def test_false_positive_rate_of_the_sentence_test():
    """Seeds of a system share strengths. To swap sentence × seed would call about one equal pair in six different."""
    generator = np.random.default_rng(3)
    together, apart = [], []
    for _ in range(300):
        outputs = simulated_systems(generator, ["a", "b"], of_sentence=0.9)
        together.append(approximate_randomisation(outputs, [("a", "b")], 500, seed=1)["a", "b"])
        concatenated = {name: {0: np.concatenate(list(runs.values()))} for name, runs in outputs.items()}
        apart.append(approximate_randomisation(concatenated, [("a", "b")], 500, seed=1)["a", "b"])
    assert 0.02 < np.mean(np.array(together) < 0.05) < 0.085
    assert 0.42 < np.mean(together) < 0.58
    assert np.mean(np.array(apart) < 0.05) > 0.12


@pytest.mark.parametrize("of_seed", [0, 0.4])
def test_false_positive_rate_of_the_verdict(of_seed):
    """Five equal systems. Where sentences alone vary, the family errs at most once in twenty; where seeds dominate,
    each comparison does.
    """
    generator = np.random.default_rng(4)
    pairs = [("a", name) for name in "bcde"]
    real = []
    for _ in range(300):
        outputs = simulated_systems(generator, "abcde", of_sentence=0.5, of_seed=of_seed)
        p_values = approximate_randomisation(outputs, pairs, 500, seed=1)
        scores = {
            name: [bleu_of_sums(counts.sum(axis=0)) for counts in runs.values()] for name, runs in outputs.items()
        }
        intervals = [t_interval(np.subtract(scores[second], scores[first])) for first, second in pairs]
        verdicts = map(verdict_of, holm(list(p_values.values())), intervals)
        real.append([verdict == Verdict.REAL for verdict in verdicts])
    # 0.05, and three standard errors of this simulation
    assert (np.mean(real) if of_seed else np.any(real, axis=1).mean()) < 0.08


def test_real_difference_is_found(systems):
    fair_good, fair_same = compare(systems, "fair").primary
    assert (fair_good.second, fair_same.second) == ("good", "same")
    assert fair_good.verdict == "real"
    assert fair_good.adjusted_p < 0.001
    assert fair_same.verdict == "not shown"
    bleu, ter = fair_good.differences["bleu"], fair_good.differences["ter"]
    for interval in (bleu.sentence_interval, bleu.seed_interval):
        assert interval is not None
        assert 0 < interval[0] < bleu.effect < interval[1]
    assert ter.effect < 0


def test_effect_is_the_difference_of_means(systems):
    def mean(name):
        return np.mean([bleu_of_sums(output.counts["bleu"].sum(axis=0)) for output in systems[name].values()])

    for pair in compare(systems, "good").exploratory:
        assert pair.differences["bleu"].effect == pytest.approx(mean(pair.second) - mean(pair.first))


def test_families(systems):
    comparison = compare(systems, "good")
    assert [(pair.first, pair.second) for pair in comparison.primary] == [("good", "fair"), ("good", "same")]
    pairs = [(pair.first, pair.second) for pair in comparison.exploratory]
    assert pairs == [("fair", "good"), ("fair", "same"), ("good", "same")]
    assert comparison.shuffles == 10_000
    for family in (comparison.primary, comparison.exploratory):
        assert holm([pair.p for pair in family]) == [pair.adjusted_p for pair in family]


def test_shuffles_grow_with_the_number_of_comparisons(systems, monkeypatch):
    asked = []

    def no_shuffles(outputs, pairs, shuffles, seed):
        asked.append(shuffles)
        return dict.fromkeys(pairs, 1.0)

    monkeypatch.setattr(significance, "approximate_randomisation", no_shuffles)
    many = {str(number): systems["fair"] for number in range(12)}
    assert compare(many, "0").shuffles == 20 * 66 / 0.05 == asked[0]


def test_order_and_company_do_not_matter(systems):
    one_way = compare(systems, "fair")
    backwards = {name: dict(reversed(runs.items())) for name, runs in reversed(systems.items())}
    other_way = compare(backwards, "good")
    alone = compare({name: systems[name] for name in ("good", "fair")}, "fair")
    first, second, third = one_way.primary[0], other_way.primary[1], alone.primary[0]
    assert (first.second, second.second, third.second) == ("good", "fair", "good")
    assert first.p == second.p == third.p
    assert first.differences == third.differences
    for name, difference in first.differences.items():
        turned = second.differences[name]
        assert turned.effect == pytest.approx(-difference.effect)
        for one, other in (
            (turned.sentence_interval, difference.sentence_interval),
            (turned.seed_interval, difference.seed_interval),
        ):
            assert other is not None
            assert one == pytest.approx([-bound for bound in reversed(other)])


def test_seed_decides_and_chunks_do_not(systems, monkeypatch):
    p_values = [[pair.p for pair in compare(systems, "fair", seed=seed).exploratory] for seed in (1, 1, 2)]
    assert p_values[0] == p_values[1] != p_values[2]
    monkeypatch.setattr(significance, "MAXIMAL_ROWS", 128)
    assert [pair.p for pair in compare(systems, "fair", seed=1).exploratory] == pytest.approx(p_values[0], abs=0.02)


def test_a_system_against_itself(systems):
    pair = compare({"one": systems["fair"], "other": systems["fair"]}, "one").primary[0]
    assert (pair.p, pair.adjusted_p, pair.verdict) == (1.0, 1.0, "not shown")
    for difference in pair.differences.values():
        assert (difference.effect, difference.sentence_interval, difference.seed_interval) == (0, (0, 0), (0, 0))


def test_nothing_right_and_nothing_written(references):
    wrong, empty = ["zzz"] * len(references), [""] * len(references)
    systems = {
        name: {seed: sentence_statistics(lines, references, "en") for seed in (1, 2)}
        for name, lines in (("wrong", wrong), ("empty", empty), ("right", references))
    }
    wrong_empty, wrong_right = compare(systems, "wrong").primary
    assert (wrong_empty.differences["bleu"].effect, wrong_empty.p) == (0, 1)
    assert wrong_right.differences["bleu"].effect == pytest.approx(100)
    assert (wrong_right.p, wrong_right.verdict) == (1 / 10_001, "real")


def test_only_shared_seeds_enter_a_pair(systems):
    fewer = {**systems, "good": {2: systems["good"][2], 9: systems["good"][1]}}
    fair_good, fair_same = compare(fewer, "fair").primary
    assert (fair_good.seeds, fair_good.verdict) == ([2], "this run only")
    assert fair_good.differences["bleu"].seed_interval is None
    assert fair_same.seeds == [1, 2, 3]


def test_plain_values_for_json(systems):
    values = json.loads(json.dumps(plain(compare(systems, "fair"))))
    assert values["primary"][0]["verdict"] == "real"
    assert set(values["primary"][0]["differences"]) == {"bleu", "chrf2", "ter"}


def test_holm_by_hand():
    # in order 0.005, 0.01, 0.03, 0.04: times 4, 3, 2, 1 is 0.02, 0.03, 0.06, 0.04, and the last may not fall below 0.06
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1, 1]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


def test_t_interval_by_hand():
    # mean 2, standard deviation 1, t(0.975; 2 degrees of freedom) = 4.3027
    assert t_interval(np.array([1.0, 2.0, 3.0])) == pytest.approx((2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-4)
    assert t_interval(np.array([1.0])) is None


@pytest.mark.parametrize(
    ("adjusted_p", "seed_interval", "expected"),
    [
        (0.049, (0.1, 0.3), "real"),
        (0.049, (-0.3, -0.1), "real"),
        (0.05, (0.1, 0.3), "not shown"),
        (0.001, (-0.1, 0.3), "not shown"),
        (0.001, (0.0, 0.3), "not shown"),
        (0.001, None, "this run only"),
    ],
)
def test_verdict(adjusted_p, seed_interval, expected):
    assert verdict_of(adjusted_p, seed_interval) == expected


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
        with pytest.raises(DataError, match=message):
            compare({"fair": fair, "other": runs}, "fair")
