"""One update of the weights, written once for one device and for many."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from mtlite.data.batches import Batch
from mtlite.layers.dropout import dropout_seed
from mtlite.topologies.topology import Loss, Topology
from mtlite.training.optimizer import Adam
from mtlite.training.reduction import sum_in_order

_IDS = tf.TensorSpec([None, None], tf.int32)


class Objective(NamedTuple):
    """What is minimised, as `Topology.loss_of` has it."""

    label_smoothing: float = 0.0
    consistency: float = 0.0  # weight of the divergence of two passes; 0 is one pass


class Update(NamedTuple):
    """The figures of one update."""

    loss: float  # the smoothed loss per token that was minimised
    nll: float  # −log p per token
    tokens: float  # target tokens
    gradient_norm: float


class TrainingStep:
    """Gradients of one or more batches, summed, divided once by their tokens, applied.

    Args:
        seed: of dropout.
        accumulate: batches per update and replica.
        strategy: over which devices; the default strategy is one device.
        parts: of an update, at most, which are computed side by side; the sums are those of the whole batches, dropout
            is drawn for each part. Batches that run side by side anyway are cut into fewer parts each, those of several
            replicas of one process into none.
    """

    def __init__(
        self,
        model: Topology,
        optimizer: Adam,
        seed: int,
        objective: Objective,
        accumulate: int,
        strategy: tf.distribute.Strategy,
        parts: int = 1,
    ) -> None:
        self.model, self.optimizer, self.strategy = model, optimizer, strategy
        self.seed, self.objective, self.accumulate = seed, objective, accumulate
        self.batches_per_update = accumulate * strategy.num_replicas_in_sync
        alone, resolver = strategy.num_replicas_in_sync == 1, strategy.cluster_resolver
        self.replicas_here = 1 if alone else len(strategy.extended.worker_devices)
        self.first_replica = (resolver.task_id or 0) * self.replicas_here if resolver else 0
        self.parts = max(1, parts // accumulate) if self.replicas_here == 1 else 1
        self._graphs: dict[int, Any] = {}

    def __call__(self, batches: list[Batch], learning_rate: float, update: int) -> Update:
        """Do one update, numbered from 1, with `batches_per_update` batches."""
        shares = [batches[start : start + self.accumulate] for start in range(0, len(batches), self.accumulate)]
        shares = shares[self.first_replica : self.first_replica + self.replicas_here]
        sides = [
            [tf.constant(side) for batch in share for part in self.split(batch) for side in part] for share in shares
        ]
        if len(sides) == 1:
            arguments = sides[0]
        else:
            arguments = [
                self.strategy.experimental_distribute_values_from_function(
                    lambda context, index=index: sides[context.replica_id_in_sync_group - self.first_replica][index]
                )
                for index in range(2 * self.accumulate)
            ]
        # As arrays: TensorFlow keeps a tensor for ever for every Python number that it has seen.
        numbers = [tf.constant(np.array(number, np.float32)) for number in (learning_rate, update)]
        values = self._graph(len(arguments))(arguments, *numbers)
        total, nll, tokens, norm = (float(value) for value in values)
        return Update(total / max(tokens, 1.0), nll / max(tokens, 1.0), tokens, norm)

    def _graph(self, sides: int) -> Any:
        """One trace for any shapes, for each number of sides."""
        if sides not in self._graphs:
            scalar = tf.TensorSpec([], tf.float32)
            # Values of several replicas have no public signature: TensorFlow generalises the trace once.
            many = self.replicas_here > 1
            signature = None if many else [[_IDS] * sides, scalar, scalar]
            self._graphs[sides] = tf.function(self._distributed, input_signature=signature, reduce_retracing=many)
        return self._graphs[sides]

    def split(self, batch: Batch) -> list[Batch]:
        """Split a batch into its parts, at most as many as it has pairs."""
        parts = min(self.parts, len(batch.source))
        sides = (np.array_split(side, parts) for side in batch)
        return [Batch(source, target) for source, target in zip(*sides, strict=True)]

    def _distributed(self, sides: list[tf.Tensor], learning_rate: tf.Tensor, update: tf.Tensor) -> list[tf.Tensor]:
        results = self.strategy.run(self._on_one_replica, args=(sides, learning_rate, update))
        return [self.strategy.experimental_local_results(result)[0] for result in results]

    def _on_one_replica(self, sides: list[tf.Tensor], learning_rate: tf.Tensor, update: tf.Tensor) -> list[tf.Tensor]:
        context = tf.distribute.get_replica_context()
        # Read once: batches and parts that run side by side share what is made of the weights before any product.
        weights = [tf.convert_to_tensor(weight) for weight in self.model.trainable_variables]
        gradients: list[tf.Tensor] = []
        sums: list[tf.Tensor] = []
        for number in range(len(sides) // 2):
            # Dropout is a function of the seed and of how many batches, or parts of them, came before.
            position = (tf.cast(update, tf.int32) - 1) * self.batches_per_update * self.parts + number
            position += tf.cast(context.replica_id_in_sync_group, tf.int32) * self.accumulate * self.parts
            with dropout_seed(tf.stack([tf.constant(self.seed, tf.int32), position])):
                loss, new = self._gradients(weights, sides[2 * number], sides[2 * number + 1])
            new_sums = [loss.total, loss.nll, loss.tokens]
            gradients = [a + b for a, b in zip(gradients, new, strict=True)] if gradients else new
            sums = [a + b for a, b in zip(sums, new_sums, strict=True)] if sums else new_sums
        if self.strategy.num_replicas_in_sync > 1:
            *gradients, total, nll, tokens = self._sum_over_replicas(context, [*gradients, *sums])
            sums = [total, nll, tokens]
        norm = self.optimizer.apply(gradients, 1.0 / tf.maximum(sums[2], 1.0), learning_rate, update)
        return [*sums, norm]

    def _sum_over_replicas(self, context: tf.distribute.ReplicaContext, tensors: list[tf.Tensor]) -> list[tf.Tensor]:
        if self.replicas_here == 1 and not tf.config.list_logical_devices("GPU"):
            shapes = [weight.shape for weight in self.model.trainable_variables]
            return sum_in_order(tensors, [*shapes, [], [], []], self.strategy.num_replicas_in_sync)
        return context.all_reduce(tf.distribute.ReduceOp.SUM, tensors)  # type: ignore[no-any-return]

    def _gradients(
        self, weights: list[tf.Tensor], source: tf.Tensor, target: tf.Tensor
    ) -> tuple[Loss, list[tf.Tensor]]:
        values = zip(self.model.trainable_variables, weights, strict=True)
        with tf.GradientTape() as tape, keras.StatelessScope(values):
            tape.watch(weights)
            loss = self.model.loss_of(source, target, *self.objective)
        gradients = tape.gradient(loss.total, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return loss, [tf.convert_to_tensor(gradient) for gradient in gradients]
