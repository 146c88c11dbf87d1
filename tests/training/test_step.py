import gc

import numpy as np
import pytest
import tensorflow as tf
from tiny import Descent, joined, make_batch, make_model, values

from mtlite.training.optimizer import Adam
from mtlite.training.step import Objective, TrainingStep


def make_step(accumulate=1, smoothing=0.0, seed=1, optimizer=Descent, parts=1, **options):
    model = make_model(**options)
    weights = model.trainable_variables
    return TrainingStep(
        model, optimizer(weights), seed, Objective(smoothing), accumulate, tf.distribute.get_strategy(), parts
    )


def moved(step, batches, rate=1.0, update=1):
    """What one update changes each weight by."""
    before = values(step.model)
    done = step(batches, rate, update)
    return done, [new - old for new, old in zip(values(step.model), before, strict=True)]


def assert_close(found, expected, tolerance=1e-6):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance)


def test_accumulated_batches_equal_one_batch():
    small, large = make_batch(1, pairs=1), make_batch(2, pairs=7)
    one, expected = moved(make_step(smoothing=0.1), [joined(small, large)])
    two, found = moved(make_step(accumulate=2, smoothing=0.1), [small, large])
    assert_close(found, expected)
    assert two == pytest.approx(one, rel=1e-5)
    # A mean of the means of both batches is something else: the test would notice.
    halves = [moved(make_step(smoothing=0.1), [batch])[1] for batch in (small, large)]
    mean = [(a + b) / 2 for a, b in zip(*halves, strict=True)]
    assert max(np.abs(a - b).max() for a, b in zip(mean, expected, strict=True)) > 1e-3


@pytest.mark.parametrize("parts", [2, 3, 9])
def test_parts_of_a_batch_equal_the_batch(parts):
    batch = make_batch(2, pairs=7)
    one, expected = moved(make_step(smoothing=0.1), [batch])
    cut, found = moved(make_step(smoothing=0.1, parts=parts), [batch])
    assert_close(found, expected)
    assert cut == pytest.approx(one, rel=1e-5)


def test_parts_of_a_batch_do_not_share_their_dropout():
    batch, options = make_batch(1, pairs=1), {"dropout": 0.5, "embedding_dropout": 0.5}
    twice = type(batch)(*(np.concatenate([side, side]) for side in batch))
    found = moved(make_step(parts=2, **options), [twice])[1]
    once = moved(make_step(parts=2, **options), [batch])[1]
    assert any((a != b).any() for a, b in zip(found, once, strict=True))


def test_a_seed_drops_the_same_with_the_same_parts_only():
    batch, options = make_batch(1), {"dropout": 0.5, "embedding_dropout": 0.5}
    first, same, other = (moved(make_step(parts=parts, **options), [batch])[1] for parts in (2, 2, 3))
    assert_close(first, same, 0.0)
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_parts_are_shared_out_among_the_batches_of_an_update():
    batches = [make_batch(1, pairs=5), make_batch(2, pairs=7)]
    whole, cut = make_step(accumulate=2, smoothing=0.1), make_step(accumulate=2, smoothing=0.1, parts=5)
    assert [len(cut.split(batch)) for batch in batches] == [2, 2]
    (one, expected), (two, found) = moved(whole, batches), moved(cut, batches)
    assert_close(found, expected)
    assert two == pytest.approx(one, rel=1e-5)


def test_the_loss_is_per_target_token():
    batch = make_batch(1)
    step = make_step()
    features = step.model((tf.constant(batch.source), tf.constant(batch.target)))
    logp = tf.nn.log_softmax(features).numpy()
    counted = batch.target != 0
    picked = np.take_along_axis(logp, batch.target[..., None], -1)[..., 0][counted]
    done = step([batch], 0.0, 1)
    assert done.tokens == counted.sum()
    assert done.loss == done.nll == pytest.approx(-picked.mean(), rel=1e-5)


def test_label_smoothing():
    """Szegedy et al. (2016): the label counts 1 − s, and every piece s / V besides."""
    batch, share = make_batch(1), 0.3
    step = make_step(smoothing=share)
    logp = tf.nn.log_softmax(step.model((tf.constant(batch.source), tf.constant(batch.target)))).numpy()
    counted = batch.target != 0
    picked = np.take_along_axis(logp, batch.target[..., None], -1)[..., 0]
    expected = -((1 - share) * picked + share * logp.mean(-1))[counted].mean()
    done = step([batch], 0.0, 1)
    assert done.loss == pytest.approx(expected, rel=1e-5)
    assert done.nll == pytest.approx(-picked[counted].mean(), rel=1e-5)


def test_padding_changes_nothing():
    batch = make_batch(1)
    padded = type(batch)(*(np.pad(side, ((0, 0), (0, 3))) for side in batch))
    assert_close(moved(make_step(), [padded])[1], moved(make_step(), [batch])[1])


def test_dropout_is_a_function_of_seed_and_update():
    batch, options = make_batch(1), {"dropout": 0.5, "embedding_dropout": 0.5}
    first = moved(make_step(**options), [batch])[1]
    assert_close(moved(make_step(**options), [batch])[1], first, 0.0)
    for other in (
        moved(make_step(**options), [batch], update=2)[1],
        moved(make_step(**options, seed=2), [batch])[1],
        moved(make_step(), [batch])[1],
    ):
        assert any((a != b).any() for a, b in zip(other, first, strict=True))


def test_accumulated_batches_do_not_share_their_dropout():
    batch, options = make_batch(1), {"dropout": 0.5, "embedding_dropout": 0.5}
    twice, found = moved(make_step(accumulate=2, **options), [batch, batch])
    once, same = moved(make_step(**options), [batch])
    assert twice.tokens == 2 * once.tokens
    assert any((a != b).any() for a, b in zip(found, same, strict=True))


def test_the_gradient_norm_is_that_of_the_mean():
    done, found = moved(make_step(), [make_batch(1)])
    assert done.gradient_norm == pytest.approx(np.sqrt(sum(np.square(part).sum() for part in found)), rel=1e-5)


def test_three_hundred_updates_of_any_shape_trace_once_and_leave_nothing_behind(monkeypatch):
    model = make_model(dropout=0.1)
    optimizer = Adam(model.trainable_variables, 1.0, 0.9)
    step = TrainingStep(model, optimizer, 1, Objective(0.1), 1, tf.distribute.get_strategy())
    traces, real = [], step._on_one_replica

    def traced(*arguments):
        traces.append(1)
        return real(*arguments)

    monkeypatch.setattr(step, "_on_one_replica", traced)

    def objects():
        gc.collect()
        return len(gc.get_objects())

    counts = []
    for update in range(1, 301):
        step([make_batch(update, pairs=1 + update % 5)], 0.01, update)
        if update % 100 == 0:
            counts.append(objects())
    assert len(traces) == 1
    assert counts[2] - counts[1] < 100  # less than one object an update
