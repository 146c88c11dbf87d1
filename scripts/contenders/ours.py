"""Training and translation as mtlite does them, and the limit of the processor in the same process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np

from contenders.sizes import Sizes
from mtlite.config import ModelConfig, SearchConfig
from mtlite.data.batches import Batch
from mtlite.hardware import lanes, start_tensorflow

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

        from mtlite.models.build import build_model
        from mtlite.models.lengths import Lengths
        from mtlite.models.lstm import LSTM
        from mtlite.training.optimizer import Adam
        from mtlite.training.step import TrainingStep

        if keras_layer:
            LSTM.fast = lambda self: False  # type: ignore[method-assign]
        self.sizes, self.precision, self.update = sizes, precision, 0
        config = ModelConfig(
            "attention", sizes.embedding, sizes.units, sizes.layers, bidirectional=True, dropout=sizes.dropout,
            embedding_dropout=sizes.dropout,
        )  # fmt: skip
        vocabularies = {"source_vocabulary": sizes.vocabulary, "target_vocabulary": sizes.vocabulary, "joint": True}
        self.model = build_model(config, **vocabularies, lengths=Lengths.fit(lengths), precision=precision)  # type: ignore[arg-type]
        optimizer = Adam(self.model.trainable_variables, 1.0, 0.0)
        self.step = TrainingStep(
            self.model, optimizer, 1, sizes.label_smoothing, 1, tf.distribute.get_strategy(), lanes()
        )

    def train(self, batches: Sequence[Batch]) -> float:
        """One update for each batch; gives the seconds."""
        start = time.perf_counter()
        for batch in batches:
            self.update += 1
            self.step([batch], self.sizes.learning_rate, self.update)
        return time.perf_counter() - start

    def flops(self, source_length: int, target_length: int) -> int:
        """Operations of all matrix products of a pair, forwards and backwards."""
        from mtlite.ablation.flops import training_flops

        return training_flops(self.model, source_length, target_length, self.sizes.label_smoothing)

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


class OurTranslation:
    """The search of `mtlite translate`.

    Args:
        run: a finished run.
        beam: of the search.
        precision: of products.
        threads: 0 takes all.
    """

    def __init__(self, run: str, beam: int, precision: str, threads: int) -> None:
        from mtlite.search.translator import Translator

        self.translator = Translator.load(run, search_of(run, beam), threads, precision=precision)

    def translate(self, batches: Sequence[list[list[int]]]) -> tuple[float, list[list[int]]]:
        """Batches as they come; gives the seconds and the best hypotheses."""
        searcher, found = self.translator.searcher, []
        start = time.perf_counter()
        for batch in batches:
            found += [each.ids[0] for each in searcher.batch(batch, np.arange(len(batch)))]
        return time.perf_counter() - start, found

    def translate_all(self, sources: list[list[int]]) -> tuple[float, list[list[int]]]:
        """Everything at once: cut into batches and shared out among threads as in `mtlite translate`."""
        start = time.perf_counter()
        found = [each.ids[0] for each in self.translator.searcher.search(sources)]
        return time.perf_counter() - start, found


def search_of(run: str, beam: int) -> SearchConfig:
    """How a run searches, with another beam."""
    from mtlite.run import Run

    return replace(Run.open(run).config().search, beam_size=beam, nbest=1, sample=False)


def model_options(model: Any) -> Sizes:
    """The sizes of a loaded model."""
    vocabulary, embedding, units, layers = (
        model.config[name] for name in ("target_vocabulary", "embedding_size", "units", "layers")
    )
    return Sizes(vocabulary, embedding, units, layers, dropout=0.0, label_smoothing=0.0)
