"""Training and translation as mtlite does them, and the limit of the processor in the same process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from contenders.accounting import traced
from contenders.sizes import Sizes
from mtlite.config.options import SearchConfig
from mtlite.data.batches import Batch
from mtlite.runtime import choose_precision, lanes, start_tensorflow

if TYPE_CHECKING:
    from mtlite.ablation.flops import Product

SIDE = 2048
"""Of the square matrices whose product is the ceiling."""
_PRODUCTS = 7


class OurTraining:
    """The training step of `mtlite train`.

    Args:
        sizes: of the model.
        lengths: `[pairs, 3]`, from which the model knows how long outputs may be.
        precision: of products.
        threads: 0 takes all.
        keras_layer: let every LSTM layer run as `keras.layers.LSTM` does.
    """

    def __init__(
        self, sizes: Sizes, lengths: np.ndarray, precision: str, threads: int, keras_layer: bool = False
    ) -> None:
        start_tensorflow(threads)
        import tensorflow as tf

        from mtlite.config.length_rules import LengthRules
        from mtlite.config.resolve import TopologyConfig
        from mtlite.layers.lstm import LSTM
        from mtlite.topologies.build import build_model
        from mtlite.training.optimizer import Adam
        from mtlite.training.step import Objective, TrainingStep

        if keras_layer:
            LSTM.fast = lambda self: False  # type: ignore[method-assign]
        self.sizes, self.precision, self.update = sizes, precision, 0
        config = TopologyConfig(
            topology="attention", embedding_size=sizes.embedding, units=sizes.units, layers=sizes.layers,
            bidirectional=True, dropout=sizes.dropout, embedding_dropout=sizes.dropout, joint=True,
            source_vocabulary=sizes.vocabulary, target_vocabulary=sizes.vocabulary,
            precision=choose_precision(precision),
            lengths=LengthRules.fit(lengths),
        )  # fmt: skip
        self.model = build_model(config)
        optimizer = Adam(self.model.trainable_variables, 1.0, 0.0)
        self.step = TrainingStep(
            self.model, optimizer, 1, Objective(sizes.label_smoothing), 1, tf.distribute.get_strategy(), lanes()
        )

    def train(self, batches: Sequence[Batch]) -> float:
        """One update for each batch; gives the seconds."""
        start = time.perf_counter()
        for batch in batches:
            self.update += 1
            self.step([batch], self.sizes.learning_rate, self.update)
        return time.perf_counter() - start

    def accounting(self, batches: Sequence[Batch]) -> dict[str, float]:
        """Seconds by kind of operation, of all lanes together."""
        return traced(lambda: self.train(batches), lanes())

    def flops(self, source_length: int, target_length: int) -> int:
        """Operations of all matrix products of a pair, forwards and backwards."""
        from mtlite.ablation.flops import training_flops

        return training_flops(self.model, source_length, target_length, self.sizes.label_smoothing)

    def products(self, batch: Batch) -> float:
        """Seconds that the matrix products of an update take, and nothing else: what no layer can save.

        As in training, the parts of the batch are computed side by side.
        """
        import tensorflow as tf

        from mtlite.ablation.flops import training_products

        smoothing = self.sizes.label_smoothing
        parts = [
            training_products(self.model, tf.constant(source), tf.constant(target), smoothing)
            for source, target in self.step.split(batch)
        ]
        shapes = {(shape, product.dtype) for products in parts for product in products for shape in product.shapes}
        factors = {key: tf.cast(tf.random.normal(key[0]), key[1]) for key in shapes}

        def multiply(products: list[Product]) -> None:
            for product in products:
                _multiply(product, *(factors[shape, product.dtype] for shape in product.shapes))

        seconds = []
        with ThreadPoolExecutor(len(parts)) as pool:
            for _ in range(1 + _PRODUCTS):
                start = time.perf_counter()
                list(pool.map(multiply, parts))
                seconds.append(time.perf_counter() - start)
        return median(seconds[1:])

    def ceiling(self) -> float:
        """GFLOP/s of products of two square matrices, as many side by side as training computes side by side."""
        import tensorflow as tf

        matrices = [tf.cast(tf.random.normal([SIDE, SIDE]), self.precision) for _ in range(lanes())]
        products = tf.function(lambda: [tf.matmul(matrix, matrix) for matrix in matrices])
        seconds = []
        for _ in range(1 + _PRODUCTS):
            start = time.perf_counter()
            for product in products():
                product.numpy()
            seconds.append(time.perf_counter() - start)
        return 2 * SIDE**3 * len(matrices) / median(seconds[1:]) / 1e9


def _multiply(product: Product, a: Any, b: Any) -> None:
    import tensorflow as tf

    given = product.attributes
    if product.op_type == "Einsum":
        tf.raw_ops.Einsum(inputs=[a, b], equation=given["equation"])
    elif product.op_type == "MatMul":
        tf.raw_ops.MatMul(a=a, b=b, transpose_a=given["transpose_a"], transpose_b=given["transpose_b"])
    else:
        tf.raw_ops.BatchMatMulV2(x=a, y=b, adj_x=given["adj_x"], adj_y=given["adj_y"])


class OurTranslation:
    """The search of `mtlite translate`.

    Args:
        run: a finished run.
        beam: of the search.
        precision: of products.
        threads: 0 takes all.
    """

    def __init__(self, run: str, beam: int, precision: str, threads: int) -> None:
        from mtlite.translation.translator import Translator

        self.translator = Translator.load(run, search_of(run, beam), threads, precision=precision)

    def translate(self, batches: Sequence[list[list[int]]]) -> tuple[float, list[list[int]]]:
        """Batches as they come; gives the seconds and the best hypotheses."""
        searcher, found = self.translator.searcher, []
        start = time.perf_counter()
        for batch in batches:
            found += [each.ids[0] for each in searcher.batch(batch, np.arange(len(batch)))]
        return time.perf_counter() - start, found

    def accounting(self, sources: list[list[int]]) -> dict[str, float]:
        """Seconds by kind of operation, of all lanes together."""
        return traced(lambda: self.translate_all(sources), lanes())

    def translate_all(self, sources: list[list[int]]) -> tuple[float, list[list[int]]]:
        """Everything at once: cut into batches and shared out among threads as in `mtlite translate`."""
        start = time.perf_counter()
        found = [each.ids[0] for each in self.translator.searcher.search(sources)]
        return time.perf_counter() - start, found


def search_of(run: str, beam: int) -> SearchConfig:
    """How a run searches, with another beam."""
    from mtlite.storage.run_directory import Run

    return replace(Run.open(run).config.search, beam_size=beam, nbest=1, sample=False)
