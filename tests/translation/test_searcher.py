"""Search with models: what a sentence gives must not depend on what stands beside it."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from small_models import build, build_varied, random_sources

from mtlite.config.length_rules import LengthRule, LengthRules
from mtlite.config.options import SearchConfig
from mtlite.config.registry import TOPOLOGIES, entry_of
from mtlite.data.batches import pad
from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.errors import MtliteError
from mtlite.limits import MAX_HYPOTHESIS_TOKENS
from mtlite.search.stepper import Stepper
from mtlite.translation.searcher import Searcher
from mtlite.translation.sentences import SentenceHypotheses

AUTOREGRESSIVE = [name for name, entry in TOPOLOGIES.items() if entry.family == "autoregressive"]
SOURCES = random_sources()
ALL = 10**7  # batch_tokens for one batch


@pytest.fixture(scope="module")
def found() -> list[SentenceHypotheses]:
    """The five best of every sentence."""
    return Searcher([build_varied()], SearchConfig(beam_size=5, nbest=5)).search(SOURCES)


def padded(sources: list[list[int]], extra: int = 0) -> tf.Tensor:
    ids = pad([np.asarray(source, np.int32) for source in sources])
    return tf.constant(np.pad(ids, ((0, 0), (0, extra))))


def assert_same(left: list[SentenceHypotheses], right: list[SentenceHypotheses]) -> None:
    assert [one.ids for one in left] == [one.ids for one in right]
    for one, other in zip(left, right, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-4)
        np.testing.assert_allclose(one.attention, other.attention, atol=1e-4)


def test_hypotheses_vary_and_hold_words_only(found):
    assert len({tuple(one.ids[0]) for one in found}) > 20
    assert len({len(one.ids[0]) for one in found}) > 4
    written = {token for one in found for ids in one.ids for token in ids}
    assert not written & {PAD, UNK, BOS, EOS}


@pytest.mark.parametrize(
    "topology", ["encoder-decoder", "attention", "many-to-one", "one-to-one", "vector-dense", "ctc"]
)
@pytest.mark.parametrize("search", [{"beam_size": 1}, {"beam_size": 3}, {"sample": True}])
def test_weights_that_overflow_are_said_not_shown(topology, search):
    if entry_of(topology).search != "token by token" and (search.get("sample") or search["beam_size"] > 1):
        search = {"beam_size": 3 if topology == "ctc" else 1}
    model = build(topology)
    for weight in model.weights:
        weight.assign(np.where(weight.numpy() < 0, -1e38, 1e38))  # finite
    with pytest.raises(MtliteError, match=r"no numbers .NaN.*too large.*training\.learning_rate"):
        Searcher([model], SearchConfig(**search)).search([[4, 5, EOS], [6, EOS]])


def test_hypotheses_are_sorted_and_distinct(found):
    for one in found:
        assert one.scores == sorted(one.scores, reverse=True)
        assert len({tuple(ids) for ids in one.ids}) == len(one.ids) == 5


def test_limits_are_those_of_the_length_rule(found):
    for one, source in zip(found, SOURCES, strict=True):
        limit = int(build_varied().config.lengths.search(np.array([len(source)]))[0]) + 10
        assert max(map(len, one.ids)) <= limit
    assert any(len(one.ids[0]) == 18 for one in found), "no hypothesis reaches its limit: the test shows nothing"


def test_a_search_ends_whatever_the_length_rule_says():
    searcher = Searcher([build_varied()], SearchConfig())
    assert searcher.limits(np.array([2**20]))[0] == MAX_HYPOTHESIS_TOKENS


@pytest.mark.parametrize("topology", AUTOREGRESSIVE)
@pytest.mark.parametrize("beam_size", [1, 4])
def test_batch_size_and_order_change_nothing(topology, beam_size):
    model = build_varied(topology)
    searcher = Searcher([model], SearchConfig(beam_size=beam_size, nbest=beam_size, batch_tokens=ALL))
    together = searcher.search(SOURCES)
    searcher.config = SearchConfig(beam_size=beam_size, nbest=beam_size, batch_tokens=1)
    assert_same(searcher.search(SOURCES[:12]), together[:12])
    searcher.config = SearchConfig(beam_size=beam_size, nbest=beam_size, batch_tokens=7 * 15 * beam_size)
    order = np.random.default_rng(1).permutation(len(SOURCES))
    assert_same(searcher.search([SOURCES[at] for at in order]), [together[at] for at in order])


@pytest.mark.parametrize("beam_size", [1, 4])
def test_128_sentences_at_once(beam_size):
    config = SearchConfig(beam_size=beam_size, nbest=beam_size, batch_tokens=ALL)
    searcher = Searcher([build_varied()], config)
    assert_same(searcher.search(SOURCES * 4)[88:128], (searcher.search(SOURCES) * 4)[88:128])


@pytest.mark.parametrize("topology", AUTOREGRESSIVE)
def test_more_padding_changes_no_logit(topology):
    model, target = build_varied(topology), tf.tile(tf.constant([[5, 9, 4, 12, EOS]]), [len(SOURCES), 1])
    logits = model((padded(SOURCES), target)).numpy()
    np.testing.assert_allclose(model((padded(SOURCES, 9), target)).numpy(), logits, atol=1e-4)
    alone = np.concatenate([model((padded([source]), target[:1])).numpy() for source in SOURCES[:5]])
    np.testing.assert_allclose(alone, logits[:5], atol=1e-4)


@pytest.mark.parametrize("beam_size", [1, 4])
def test_more_padding_changes_no_hypothesis(beam_size):
    searcher = Searcher([build_varied()], SearchConfig(beam_size=beam_size))
    limits = tf.fill([len(SOURCES)], 12)
    uniforms = tf.zeros([len(SOURCES), 0])
    ids, scores, weights = searcher._run(padded(SOURCES), limits, uniforms)
    more_ids, more_scores, more_weights = searcher._run(padded(SOURCES, 9), limits, uniforms)
    np.testing.assert_array_equal(ids, more_ids)
    np.testing.assert_allclose(scores, more_scores, atol=1e-4)
    np.testing.assert_allclose(weights, more_weights[..., :-9], atol=1e-4)
    assert not np.asarray(more_weights)[..., -9:].any()


def test_beam_of_one_is_greedy():
    # With one hypothesis, length normalisation changes its score only.
    config = SearchConfig(beam_size=1, length_penalty=0.0)
    single = Searcher([build_varied()], config)
    from mtlite.search.beam import beam_search

    ids = padded(SOURCES)
    limits = tf.fill([len(SOURCES)], 12)
    beam = beam_search(Stepper([build_varied()]), ids, limits, 1, 0.0)
    greedy = single._run(ids, limits, tf.zeros([len(SOURCES), 0]))
    np.testing.assert_array_equal(beam.ids, greedy.ids)
    np.testing.assert_allclose(beam.scores, greedy.scores, rtol=1e-5)


@pytest.mark.parametrize("beam_size", [1, 5])
def test_scores_and_attention_are_those_of_teacher_forcing(beam_size):
    penalty = 0.8
    searcher = Searcher([build_varied()], SearchConfig(beam_size=beam_size, length_penalty=penalty))
    found = searcher.search(SOURCES)
    rows = [len(one.attention) for one in found]
    finished = [length > len(one.ids[0]) for one, length in zip(found, rows, strict=True)]
    assert any(finished)
    assert not all(finished)
    target = padded([[*one.ids[0], EOS][:length] for one, length in zip(found, rows, strict=True)])
    model = build_varied()
    decoded = model.decode(
        tf.pad(target[:, :-1], [[0, 0], [1, 0]], constant_values=BOS), *model.read(padded(SOURCES))[::-1]
    )
    log_p = tf.gather(tf.nn.log_softmax(model.head(decoded.features)), target, batch_dims=2)
    totals = tf.reduce_sum(tf.where(target == PAD, 0.0, log_p), axis=1).numpy()
    for source, one, length, attended, total in zip(SOURCES, found, rows, decoded.attention, totals, strict=True):
        np.testing.assert_allclose(one.attention, attended[:length, : len(source)], atol=1e-4)
        np.testing.assert_allclose(one.attention.sum(-1), 1, atol=1e-5)
        expected = total if beam_size == 1 else total / ((5 + length) / 6) ** penalty
        assert one.scores[0] == pytest.approx(expected, abs=1e-3)


def test_two_of_the_same_model_are_one(found):
    double = Searcher([build_varied()] * 2, SearchConfig(beam_size=5, nbest=5)).search(SOURCES)
    assert_same(double, found)


def test_an_ensemble_averages_probabilities():
    models = [build_varied(seed=1), build_varied("encoder-decoder", seed=2)]
    source, tokens = padded(SOURCES), tf.fill([len(SOURCES)], BOS)

    def probabilities(stepper: Stepper) -> np.ndarray:
        memories, states = stepper.read(source)
        step = stepper.step(tokens, states, memories)
        return np.asarray(tf.exp(step.scores - step.log_total[:, None]))

    each = [probabilities(Stepper([model])) for model in models]
    np.testing.assert_allclose(probabilities(Stepper(models)), np.mean(each, axis=0), atol=1e-6)
    assert np.abs(each[0] - each[1]).max() > 0.1


def test_an_ensemble_attends_as_its_models_with_attention_do():
    models = [build_varied(), build_varied("encoder-decoder", seed=2)]
    one = Searcher(models, SearchConfig(beam_size=2)).search(SOURCES[1:2])[0]
    assert one.attention.shape[1] == len(SOURCES[1])
    np.testing.assert_allclose(one.attention.sum(-1), 1, atol=1e-5)


def test_models_without_attention_have_no_attention():
    one = Searcher([build_varied("encoder-decoder")], SearchConfig(beam_size=2)).search(SOURCES[:1])[0]
    assert one.attention.shape[1] == 0


@pytest.mark.parametrize(("intercept", "largest"), [(10.0, 40), (1000.0, 1000 // ((2 * 4 + 1000) // 16))])
def test_a_batch_is_smaller_where_outputs_may_be_very_long(intercept, largest, monkeypatch) -> None:
    rule, sizes = LengthRule(4.0, intercept), []
    model = build("padded", lengths=LengthRules(rule, rule, fixed=7, expansion=2))
    searcher = Searcher([model], SearchConfig(beam_size=1, batch_tokens=1000))
    one = SentenceHypotheses([[]], [0.0], np.zeros((0, 0)))

    def batch(sources, numbers):
        sizes.append(len(sources))
        return [one] * len(sources)

    monkeypatch.setattr(searcher, "batch", batch)
    searcher.search([[4, EOS]] * 40)
    assert max(sizes) == largest


def sampler(model, seed: int = 1, batch_tokens: int = ALL, **options) -> Searcher:
    return Searcher([model], SearchConfig(sample=True, batch_tokens=batch_tokens, **options), seed)


def test_samples_are_those_of_the_seed():
    first, again, other = (sampler(build_varied(), seed).search(SOURCES) for seed in (1, 1, 2))
    assert_same(first, again)
    assert sum(one.ids != two.ids for one, two in zip(first, other, strict=True)) > len(SOURCES) / 2


def test_samples_do_not_depend_on_neighbours():
    searcher = sampler(build_varied())
    together = searcher.search(SOURCES)
    searcher.config = SearchConfig(sample=True, batch_tokens=40)
    assert_same(searcher.search(SOURCES), together)
    parts = searcher.search(SOURCES[:7]) + searcher.search(SOURCES[7:8], first=7) + searcher.search(SOURCES[8:], 8)
    assert_same(parts, together)


def test_equal_sentences_get_samples_of_their_own():
    samples = sampler(build_varied()).search([SOURCES[1]] * 20)
    assert len({tuple(one.ids[0]) for one in samples}) > 15


def test_sampling_among_one_word_is_greedy():
    greedy = Searcher([build_varied()], SearchConfig(beam_size=1)).search(SOURCES)
    assert_same(sampler(build_varied(), top_k=1).search(SOURCES), greedy)
    assert_same(sampler(build_varied(), top_p=1e-6).search(SOURCES), greedy)


def test_a_lower_temperature_gives_likelier_samples():
    mean = [
        np.mean([one.scores[0] / (len(one.ids[0]) + 1) for one in searcher.search(SOURCES)])
        for searcher in (sampler(build_varied(), temperature=t) for t in (0.3, 1.0, 3.0))
    ]
    assert mean[0] > mean[1] > mean[2]


def test_samples_hold_words_only():
    samples = sampler(build_varied(), temperature=1000.0).search(SOURCES)
    assert not {token for one in samples for token in one.ids[0]} & {PAD, UNK, BOS, EOS}


def test_fewer_hypotheses_where_there_are_no_more():
    model = build_varied(vocabulary=5)  # </s> and one word
    config = SearchConfig(beam_size=20, nbest=20)
    one = Searcher([model], config).search([[4, EOS]])[0]
    limit = int(model.config.lengths.search(np.array([2]))[0]) + 10
    assert len(one.ids) == limit + 1  # 0 to limit - 1 words and </s>, and as many words as the limit allows
    assert all(np.isfinite(one.scores))


def test_no_sentences():
    assert Searcher.search(object.__new__(Searcher), []) == []
