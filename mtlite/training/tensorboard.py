"""Scalars for TensorBoard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tensorflow as tf

from mtlite.errors import RunError


class Summaries:
    """Writes scalars, or nothing if there is no folder. TensorBoard itself is only needed to look at them."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        with self._failing():
            self._writer = tf.summary.create_file_writer(str(folder)) if folder else None
        self._metadata = tf.compat.v1.SummaryMetadata()
        self._metadata.plugin_data.plugin_name = "scalars"

    def write(self, update: int, **scalars: float) -> None:
        """Write one value per name."""
        if self._writer is None:
            return
        with self._failing(), self._writer.as_default():
            # As arrays: TensorFlow keeps a tensor for ever for every Python number that it has seen.
            step = tf.constant(np.array(update, np.int64))
            for name, value in scalars.items():
                number = tf.constant(np.array(value, np.float32))
                tf.summary.write(name, number, step=step, metadata=self._metadata)

    def close(self) -> None:
        """Flush what is not written yet."""
        if self._writer is not None:
            with self._failing():
                self._writer.close()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Report TensorFlow's error about a full disk, or a file instead of the folder, as one of the project."""
        try:
            yield
        except tf.errors.OpError as error:
            raise RunError(
                f"cannot write {self._folder} ({' '.join(str(error.message).split())[:200]}): make room there, or "
                "leave TensorBoard out (training.tensorboard false); then go on with --resume"
            ) from None
