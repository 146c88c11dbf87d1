"""Two replicas against one: run in processes of their own, since devices are set before TensorFlow starts.

two_replicas.py mirrored        two devices of this process
two_replicas.py worker          one of several processes, as TF_CONFIG says
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from samples import number_pairs, write_pairs
from tiny import make_batch, make_model, values

from mtlite.config.options import (
    Config,
    CorpusConfig,
    DataConfig,
    ModelConfig,
    SearchConfig,
    TokenizerConfig,
    TrainingConfig,
)
from mtlite.storage.tensors import load_arrays
from mtlite.training.optimizer import Adam
from mtlite.training.step import Objective, TrainingStep
from mtlite.training.train import train as mtlite_train

UPDATES = 4


def train(strategy: tf.distribute.Strategy, accumulate: int, **options: Any) -> tuple[TrainingStep, list[float]]:
    """A few updates with dropout, clipping and a moving average."""
    with strategy.scope():
        model = make_model(dropout=0.3, word_dropout=0.2, **options)
        optimizer = Adam(model.trainable_variables, 1.0, 0.9)
    step = TrainingStep(model, optimizer, 1, Objective(0.1), accumulate, strategy)
    losses = []
    for update in range(1, UPDATES + 1):
        batches = [make_batch(10 * update + number, pairs=2 + number) for number in range(step.batches_per_update)]
        losses.append(step(batches, 0.01, update).loss)
    return step, losses


def alone(step: TrainingStep) -> tuple[TrainingStep, list[float]]:
    """The same on one device, with as many batches an update."""
    return train(tf.distribute.get_strategy(), step.batches_per_update)


def assert_same(found: tuple[TrainingStep, list[float]], expected: tuple[TrainingStep, list[float]]) -> None:
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-6)
    for a, b in zip(values(found[0].model), values(expected[0].model), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    for name, array in expected[0].optimizer.state().items():
        np.testing.assert_allclose(found[0].optimizer.state()[name], array, atol=1e-6)


def mirrored() -> None:
    (device,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(device, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    found = train(strategy, accumulate=2)
    assert found[0].batches_per_update == 4
    weights = [weight.value for weight in found[0].model.trainable_variables]
    for variable in [*weights, *found[0].optimizer.first, *found[0].optimizer.average]:
        copies = strategy.experimental_local_results(variable)
        assert len(copies) == 2
        assert np.array_equal(*(copy.numpy() for copy in copies))
    assert found[0]._graph(4).experimental_get_tracing_count() <= 3  # of four updates, each of another shape
    found[0].optimizer.swap()
    found[0].optimizer.swap()
    assert_same(found, alone(found[0]))
    whole_training(strategy)


def whole_training(strategy: tf.distribute.Strategy) -> None:
    """`train` inside the scope of a strategy, against twice as many batches an update without one."""
    with tempfile.TemporaryDirectory() as name:
        folder, pairs = Path(name), number_pairs(44, seed=1)
        parts = {"train": pairs[:36], "dev": pairs[36:40], "test": pairs[40:]}
        paths = {part: write_pairs(folder, part, some) for part, some in parts.items()}
        config = Config(
            data=DataConfig(
                train=[CorpusConfig(**paths["train"])],
                dev=CorpusConfig(**paths["dev"]),
                test=CorpusConfig(**paths["test"]),
            ),
            tokenizer=TokenizerConfig(kind="char"),
            model=ModelConfig("encoder-decoder", 4, 4, 1, False, dropout=0.3),
            training=TrainingConfig(
                max_updates=3, batch_tokens=200, moving_average=0.9, precision="float32", tensorboard=False
            ),
            search=SearchConfig(beam_size=1),
        )
        with strategy.scope():
            found = mtlite_train(config, folder / "two")
        twice = replace(config, training=replace(config.training, accumulate=2))
        expected = mtlite_train(twice, folder / "one")
        for end in ("best", "last"):
            arrays, others = (load_arrays(run.path / f"{end}.safetensors")[0] for run in (found, expected))
            assert arrays.keys() == others.keys()
            for key, array in arrays.items():
                np.testing.assert_allclose(array, others[key], atol=1e-6)
        assert found.finished


def worker() -> None:
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    # It joins sums, such as those of several batches in one graph, and then adds in another order.
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})
    step, losses = train(strategy, 1)
    assert step.batches_per_update == strategy.num_replicas_in_sync
    one, expected = alone(step)
    assert losses == expected
    for found, array in zip(values(step.model), values(one.model), strict=True):
        np.testing.assert_array_equal(found, array)
    for name, array in one.optimizer.state().items():
        np.testing.assert_array_equal(step.optimizer.state()[name], array)


if __name__ == "__main__":
    {"mirrored": mirrored, "worker": worker}[sys.argv[1]]()
    print("same")
