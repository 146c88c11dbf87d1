"""What every topology promises.

Another module that imports these tests runs them over its own `NAMES`, as `test_own_topology` does.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import build, config_of

from mtlite.config.length_rules import LengthRule, LengthRules
from mtlite.config.options import SearchConfig
from mtlite.config.registry import TOPOLOGIES, entry_of
from mtlite.data.batches import Batch, pad
from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.layers.dropout import dropout_seed
from mtlite.storage.checkpoint import assign_weights, weight_arrays
from mtlite.storage.tensors import load_arrays, save_arrays
from mtlite.topologies.autoregressive import repacked, tensors_of
from mtlite.topologies.build import build_model, topology_class, weight_shapes
from mtlite.topologies.contract import check_topology
from mtlite.training.optimizer import Adam
from mtlite.training.step import Objective, TrainingStep
from mtlite.translation.searcher import Searcher

NAMES = list(TOPOLOGIES)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", metafunc.module.NAMES)


def is_autoregressive(name: str) -> bool:
    return entry_of(name).family == "autoregressive"


Pairs = list[tuple[list[int], list[int]]]
PAIRS: Pairs = [
    ([5, 6, 7, 8, 9, EOS], [10, 11, EOS]),
    ([5, EOS], [12, 12, 13, 14, EOS]),
    ([9, 8, 7, EOS], [4, EOS]),
    ([EOS], [6, 5, EOS]),
    ([6, 6, EOS], [EOS]),
]


def batch(pairs: Pairs, further: int = 0) -> Batch:
    """Right-padded, and `further` columns more than that."""
    sides = (pad([np.array(ids, np.int32) for ids in side]) for side in zip(*pairs, strict=True))
    return Batch(*(np.pad(side, [(0, 0), (0, further)], constant_values=PAD) for side in sides))


@pytest.fixture
def eagerly() -> Iterator[None]:
    """Run without tracing graphs, which takes longer than these tiny models."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def test_padding_changes_nothing(name: str, eagerly: None) -> None:
    model = build(name, layers=2)
    expected = model.loss_of(*batch(PAIRS), 0.1)
    padded = model.loss_of(*batch(PAIRS, further=3), 0.1)
    alone = [model.loss_of(*batch([pair]), 0.1) for pair in PAIRS]
    np.testing.assert_allclose(padded, expected, rtol=1e-5)
    np.testing.assert_allclose(np.sum(alone, axis=0), expected, rtol=1e-5)

    logits, wider = model(batch(PAIRS)).numpy(), model(batch(PAIRS, further=3)).numpy()
    for row, (source, target) in enumerate(PAIRS):
        count = len(target) if is_autoregressive(name) else int(model.positions(np.array([source]))[0])
        np.testing.assert_allclose(wider[row, :count], logits[row, :count], atol=1e-5)


@pytest.mark.parametrize("beam_size", [1, 3])
def test_a_hypothesis_does_not_depend_on_its_neighbours(name: str, beam_size: int, eagerly: None) -> None:
    searcher = Searcher([build(name)], SearchConfig(beam_size=beam_size, nbest=beam_size))
    sources = [source for source, _ in PAIRS[:3]]
    together = searcher.search(sources)
    for source, found in zip(sources, together, strict=True):
        alone = searcher.search([source])[0]
        assert alone.ids == found.ids
        np.testing.assert_allclose(alone.scores, found.scores, atol=1e-4)
        assert not {PAD, UNK, BOS, EOS} & {token for ids in found.ids for token in ids}
        assert len(found.ids[0]) <= 2 * len(source) + 13


@pytest.mark.parametrize("search", [{"beam_size": 1}, {"beam_size": 3}, {"sample": True}])
def test_no_hypothesis_is_shorter_than_asked_for(name: str, search: dict[str, Any], eagerly: None) -> None:
    least, model = 9, build(name)
    positions = [least] * 3
    if not is_autoregressive(name):
        positions = [int(model.positions(np.array([source]))[0]) for source, _ in PAIRS[:3]]
    found = Searcher([model], SearchConfig(min_length=least, **search)).search([source for source, _ in PAIRS[:3]])
    for hypotheses, most in zip(found, positions, strict=True):
        assert all(len(ids) >= min(least, most) for ids in hypotheses.ids)


@pytest.fixture
def set_policy() -> Iterator[Callable[[str], None]]:
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


def test_the_global_policy_of_keras_changes_nothing(
    name: str, set_policy: Callable[[str], None], eagerly: None
) -> None:
    expected = build(name, layer_normalization=True).loss_of(*batch(PAIRS), 0.1)
    for policy in ("mixed_bfloat16", "mixed_float16", "float64"):
        set_policy(policy)
        found = build(name, layer_normalization=True).loss_of(*batch(PAIRS), 0.1)
        np.testing.assert_array_equal(found, expected)


def test_token_by_token_it_says_the_same(name: str) -> None:
    """As in a beam: two hypotheses of each sentence side by side, and one row of memory for both."""
    if not is_autoregressive(name):
        return
    model = build(name, layers=2)
    source, target = batch([pair for pair in PAIRS for _ in range(2)])
    target = np.random.default_rng(3).permutation(target)
    expected = model((source, target))
    memory, state = model.read(tf.constant(source[::2]))
    state = repacked(state, [tf.repeat(tensor, 2, axis=0) for tensor in tensors_of(state)])
    tokens = tf.concat([tf.fill([len(target), 1], BOS), target[:, :-1]], axis=1)
    for column in range(target.shape[1]):
        step = model.decode(tokens[:, column : column + 1], state, memory)
        state = step.state
        np.testing.assert_allclose(model.head(step.features)[:, 0], expected[:, column], atol=2e-5)


def test_a_future_token_changes_no_earlier_logit(name: str) -> None:
    if not is_autoregressive(name):
        return
    model = build(name, layers=2, joint=False, tied_embeddings=False)
    source = np.array([[5, 6, 7, EOS]])
    target = np.array([[8, 9, 10, 11, EOS]])
    changed = np.array([[8, 9, 15, 11, EOS]])
    with tf.GradientTape() as tape:
        logits = model((source, target))
        earlier = tf.reduce_sum(logits[:, :3] ** 2)
    other = model((source, changed))
    np.testing.assert_array_equal(other[:, :3], logits[:, :3])
    assert np.abs(other[:, 3:] - logits[:, 3:]).max() > 1e-4
    gradient = tf.convert_to_tensor(tape.gradient(earlier, model.target_embedding.table.value)).numpy()
    assert np.any(gradient[8])
    assert np.any(gradient[9])
    assert not np.any(gradient[10:])


class KeptGradients:
    """In the place of an optimizer."""

    def apply(self, gradients: list[tf.Tensor], *_: tf.Tensor) -> tf.Tensor:
        self.gradients = gradients
        return tf.linalg.global_norm(gradients)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_every_weight_gets_a_gradient(name: str, dropout: float, eagerly: None) -> None:
    model = build(
        name,
        layers=2,
        joint=False,
        tied_embeddings=dropout == 0.0,
        attention="additive",
        dropout=dropout,
        embedding_dropout=dropout,
        word_dropout=dropout,
        layer_normalization=True,
        residual=True,
    )
    seed = 3
    weights = [weight.value for weight in model.trainable_variables]
    with tf.GradientTape() as tape, dropout_seed(tf.constant([seed, 0])):
        loss = model.loss_of(*batch(PAIRS), 0.1)
    kept = KeptGradients()
    TrainingStep(model, kept, seed, Objective(0.1), 1, tf.distribute.get_strategy())([batch(PAIRS)], 0.1, update=1)  # type: ignore[arg-type]
    gradients = tape.gradient(loss.total, weights)
    for weight, gradient, given in zip(model.trainable_variables, gradients, kept.gradients, strict=True):
        values = tf.convert_to_tensor(gradient).numpy()
        assert np.all(np.isfinite(values)), weight.path
        assert np.any(values), weight.path
        np.testing.assert_array_equal(given, values, err_msg=weight.path)


def test_two_passes_that_agree_cost_what_one_does(name: str, eagerly: None) -> None:
    if entry_of(name).blanks:
        pytest.skip("sums over paths: refused with the recipe")
    model = build(name)
    np.testing.assert_allclose(model.loss_of(*batch(PAIRS), 0.1, 5.0), model.loss_of(*batch(PAIRS), 0.1), rtol=1e-5)
    dropped = build(name, dropout=0.5, embedding_dropout=0.5)
    with dropout_seed(tf.constant([3, 0])):
        one, other = (dropped.loss_of(*batch(PAIRS), 0.1, weight) for weight in (1.0, 5.0))
    assert other.total > one.total > other.total / 3  # the passes differ, by as much for either weight
    np.testing.assert_array_equal(other[1:], one[1:])


def test_saved_and_loaded_it_is_the_same(name: str, tmp_path: Path) -> None:
    model = build(name, layers=2)
    paths = [weight.path for weight in model.weights]
    assert len(set(paths)) == len(paths)
    save_arrays(tmp_path / "weights.safetensors", weight_arrays(model.weights), {})
    arrays, _ = load_arrays(tmp_path / "weights.safetensors")
    keras.utils.set_random_seed(2)
    again = type(model).from_config(model.get_config())
    again.make_weights()
    expected = model(batch(PAIRS)).numpy()
    assert not np.array_equal(again(batch(PAIRS)), expected)
    assign_weights(again.weights, arrays, tmp_path)
    np.testing.assert_array_equal(again(batch(PAIRS)), expected)


def test_summary_counts_all_weights(name: str) -> None:
    model, lines = build(name), list[str]()
    model.summary(print_fn=lines.append)
    assert f"Total params: {model.count_params():,}" in "\n".join(lines)
    assert model.count_params() == sum(math.prod(weight.shape) for weight in model.weights)


def test_the_loss_is_that_of_the_logits(name: str) -> None:
    model = build(name)
    for pair in PAIRS:
        source, target = batch([pair])
        loss = model.loss_of(source, target, 0.0)
        assert float(loss.tokens + loss.unreachable) == target.size
        if entry_of(name).blanks:
            continue  # tested against the sum over all paths, in test_ctc.py
        count = int(loss.tokens)
        log_p = tf.nn.log_softmax(model((source, target)))[0].numpy()
        expected = -sum(log_p[at, target[0, at]] for at in range(count))
        np.testing.assert_allclose(loss.nll, expected, rtol=1e-5)
        if is_autoregressive(name):
            assert count == target.size


def test_bfloat16(name: str) -> None:
    losses = {}
    for precision in ("float32", "bfloat16"):
        model = build(name, precision=precision, layers=2, layer_normalization=True)
        losses[precision] = model.loss_of(*batch(PAIRS), 0.1)
        assert model(batch(PAIRS)).dtype == tf.float32
        assert all(weight.dtype == "float32" for weight in model.weights)
    np.testing.assert_allclose(losses["bfloat16"], losses["float32"], rtol=0.02)
    assert float(losses["bfloat16"].total) != float(losses["float32"].total)


def test_probabilities_of_all_outputs_sum_to_at_most_one(name: str) -> None:
    words, positions = (4, 5, 6), 3
    rule = LengthRule(1.0, 0.0)
    model = build(name, vocabulary=7, lengths=LengthRules(rule, rule, fixed=positions, expansion=1))
    # All of the probability is on words, and on what ends an output or stands between them.
    ends = PAD if entry_of(name).blanks else EOS
    model.head.bias.assign([0.0 if token in (*words, ends) else -30.0 for token in range(7)])
    source = np.array([[4, 6, EOS]])
    total = 0.0
    for length in range(positions + 1):
        for output in itertools.product(words, repeat=length):
            loss = model.loss_of(source, np.array([[*output, EOS]]), 0.0)
            if not float(loss.unreachable):
                total += math.exp(-float(loss.nll))
    assert 0.5 < total <= 1 + 1e-5
    if entry_of(name).blanks:  # every path is the path of some output
        assert total == pytest.approx(1.0, abs=1e-4)


COPY: Pairs = [([*ids, EOS], [*ids, EOS]) for ids in ([4, 5], [5, 4, 6], [6, 7], [7, 5, 4], [4])]
REVERSE: Pairs = [(source, [*source[-2::-1], EOS]) for source, _ in COPY]
CIPHER: Pairs = [(source, [token + 6 if token != EOS else EOS for token in source]) for source, _ in COPY]
BAGS: Pairs = [([4, 5, EOS], [8, 9, EOS]), ([4, 6, EOS], [9, 8, 8, EOS]), ([7, EOS], [10, EOS])]
INSIDE = {"one-to-one": CIPHER, "one-to-many": BAGS}  # reverse for all others

# Two equally frequent answers where nothing tells which one is asked for cost at least log 2 each, whatever the
# weights.
ONE_OF_TWO = 2 * math.log(2)
OUTSIDE: dict[str, tuple[Pairs, float]] = {
    # The word before does not count: 4 is 8 in one pair, 9 in the other.
    "one-to-one": ([([5, 4, EOS], [5, 8, EOS]), ([6, 4, EOS], [6, 9, EOS])], ONE_OF_TWO),
    # The same bag in two orders: two undecided words a pair.
    "one-to-many": ([([4, 5, EOS], [4, 5, EOS]), ([5, 4, EOS], [5, 4, EOS])], 2 * ONE_OF_TWO),
    # Two answers to one source share its probability, however many paths lead to each.
    "ctc": ([([4, 5, EOS], [8, EOS]), ([4, 5, EOS], [9, EOS])], ONE_OF_TWO),
    # The first word must be written before the fifth is read.
    "last-n": ([([4, 4, 4, 4, 5, EOS], [8, EOS]), ([4, 4, 4, 4, 6, EOS], [9, EOS])], ONE_OF_TWO),
}
# One source, two answers. No position of a direct topology knows what another says: all words are undecided.
TWO_ANSWERS: Pairs = [([4, 5, EOS], [8, 10, EOS]), ([4, 5, EOS], [9, 11, EOS])]


def test_learns_what_is_in_its_power_and_nothing_else(name: str) -> None:
    model = build(name, embedding_size=16, units=16)
    optimizer = Adam(model.trainable_variables, clip_norm=1.0, moving_average=0.0)
    step = TrainingStep(model, optimizer, 1, Objective(), 1, tf.distribute.get_strategy())

    def learn(pairs: Pairs, updates: range) -> float:
        for update in updates:
            done = step([batch(pairs)], 0.02, update)
        return done.nll * done.tokens

    pairs = INSIDE.get(name, REVERSE)
    assert learn(pairs, range(1, 151)) < 0.5
    found = Searcher([model], SearchConfig(beam_size=1)).search([source for source, _ in pairs])
    assert [sentence.ids[0] for sentence in found] == [target[:-1] for _, target in pairs]

    undecided = ONE_OF_TWO if is_autoregressive(name) else 2 * ONE_OF_TWO
    pairs, bound = OUTSIDE.get(name, (TWO_ANSWERS, undecided))
    loss = learn(pairs, range(151, 231))
    assert bound - 1e-3 < loss < bound + 1.0


def test_keeps_its_promises(name: str) -> None:
    config = config_of(name, layers=2, precision="bfloat16", joint=False)
    model = topology_class(name)(config, name="topology")
    check_topology(model)
    expected = {weight.path: tuple(weight.shape) for weight in build_model(config).weights}
    assert {weight.path: tuple(weight.shape) for weight in model.weights} == expected


def test_shapes_are_known_before_memory_is_taken(name: str) -> None:
    config = config_of(name, layers=2, attention="additive", layer_normalization=True)
    keras.utils.set_random_seed(1)
    shapes = weight_shapes(config)
    drawn = random.random()
    assert shapes == {weight.path: tuple(weight.shape) for weight in build_model(config).weights}
    random.seed(1)
    assert random.random() == drawn  # the weights of a model built after it are those without it
    assert sum(map(math.prod, weight_shapes(replace(config, units=1 << 16, embedding_size=1 << 15)).values())) > 1 << 31


@pytest.mark.parametrize("topology", ["one-to-one", "aligned", "ctc"])
def test_what_does_not_fit_is_counted(topology: str) -> None:
    loss = build(topology).loss_of(np.array([[4, EOS]]), np.array([[4, 5, 6, 7, 8, EOS]]), 0.1)
    expected = (0.0, 6.0) if topology == "ctc" else (2.0, 4.0)
    assert (float(loss.tokens), float(loss.unreachable)) == expected
    assert math.isfinite(float(loss.total))
