"""The translation model of TensorFlow's tutorial on attention, written anew in plain Keras with its sizes.

GRU layers of 256 units, one attention head, 5,000 words a side in lower case and without accents, batches of 64; epochs
of 100 batches, at most 100 of them, until the loss on held-out pairs has not fallen for three (tensorflow.org/text,
"Neural machine translation with attention").
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

WORDS, UNITS, BATCH, LONGEST = 5000, 256, 64, 50
EPOCHS, BATCHES, VALIDATION_BATCHES, PATIENCE = 100, 100, 20, 3
START, END = "[start]", "[end]"
Sides = tuple[np.ndarray, np.ndarray]
_KEPT = frozenset(" abcdefghijklmnopqrstuvwxyz.?!,¿")
_APART = str.maketrans({mark: f" {mark} " for mark in ".?!,¿"})


def standardized(text: str) -> str:
    """As the tutorial has it: lower case, no accents, marks apart, nothing else but letters."""
    decomposed = unicodedata.normalize("NFKD", text).lower()
    return " ".join("".join(letter for letter in decomposed if letter in _KEPT).translate(_APART).split())


class Words:
    """The commonest words of one side as numbers: 0 pads, 1 is any other word."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.layer = keras.layers.TextVectorization(WORDS, standardize=None)
        self.layer.adapt(tf.data.Dataset.from_tensor_slices([_marked(line) for line in lines]).batch(1024))
        self.known: list[str] = self.layer.get_vocabulary()
        self.start, self.end = self.known.index(START), self.known.index(END)

    def encode(self, lines: Sequence[str]) -> np.ndarray:
        """`[lines, longest]` int32, with start and end."""
        return np.asarray(self.layer(tf.constant([_marked(line) for line in lines])), np.int32)

    def decode(self, ids: Sequence[int]) -> str:
        """The words up to the end, with marks beside them as people write."""
        words = [self.known[each] for each in ids]
        text = " ".join(words[: words.index(END)] if END in words else words)
        for mark in ".?!,":
            text = text.replace(f" {mark}", mark)
        return text.replace("¿ ", "¿")


def _marked(line: str) -> str:
    return f"{START} {standardized(line)} {END}"


class Encoder(keras.layers.Layer):
    """Reads in both directions, whose outputs are added up."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embedding = keras.layers.Embedding(WORDS, UNITS, mask_zero=True)
        self.gru = keras.layers.Bidirectional(keras.layers.GRU(UNITS, return_sequences=True), merge_mode="sum")

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """`[batch, length]` → `[batch, length, units]`."""
        return self.gru(self.embedding(ids), mask=ids != 0)


class Decoder(keras.layers.Layer):
    """A GRU that looks back at every encoder output."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embedding = keras.layers.Embedding(WORDS, UNITS, mask_zero=True)
        self.gru = keras.layers.GRU(UNITS, return_sequences=True, return_state=True)
        self.attention = keras.layers.MultiHeadAttention(num_heads=1, key_dim=UNITS)
        self.normalization = keras.layers.LayerNormalization()
        self.head = keras.layers.Dense(WORDS)

    def call(
        self, ids: tf.Tensor, encoded: tf.Tensor, readable: tf.Tensor, state: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Logits `[batch, length, words]` of the words after `ids` `[batch, length]`, and the last state."""
        x, state = self.gru(self.embedding(ids), initial_state=state)
        x = self.normalization(x + self.attention(x, encoded, attention_mask=readable[:, None]))
        return self.head(x), state


class Tutorial(keras.Model):
    """Both together: teacher forcing in training, greedy search afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        """Logits of each next word; inputs are the source and the target so far."""
        source, target = inputs
        return self.decoder(target, self.encoder(source), source != 0)[0]

    @tf.function(reduce_retracing=True)
    def _step(self, last: tf.Tensor, encoded: tf.Tensor, readable: tf.Tensor, state: tf.Tensor) -> Any:
        logits, state = self.decoder(last, encoded, readable, state)
        return tf.argmax(logits[:, -1], axis=-1, output_type=tf.int32), state

    def translate(self, source: np.ndarray, words: Words) -> list[str]:
        """Greedy search, at most 50 words."""
        ids = tf.constant(source)
        encoded, readable = self.encoder(ids), ids != 0
        last, state = tf.fill([len(source)], words.start), tf.zeros([len(source), UNITS])
        written = []
        for _ in range(LONGEST):
            last, state = self._step(last[:, None], encoded, readable, state)
            written.append(last.numpy())
            if (np.stack(written) == words.end).any(axis=0).all():
                break
        return [words.decode(row) for row in np.stack(written, axis=1).tolist()]


def masked_loss(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Mean −log p over all words but padding."""
    losses = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    counted = tf.cast(labels != 0, losses.dtype)
    return tf.reduce_sum(losses * counted) / tf.reduce_sum(counted)


def batches(source: np.ndarray, target: np.ndarray, seed: int) -> Iterator[tuple[Sides, np.ndarray]]:
    """Endless batches in random order: source and target so far, and the next words; padded as far as needed."""
    random = np.random.default_rng(seed)
    while True:
        order = random.permutation(len(source))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            rows = order[start : start + BATCH]
            read, written = (side[rows][:, : int((side[rows] != 0).sum(axis=1).max())] for side in (source, target))
            yield (read, written[:, :-1]), written[:, 1:]


def train(source: np.ndarray, target: np.ndarray, held_out: Sides, epochs: int = EPOCHS) -> Tutorial:
    """Train until the held-out loss has not fallen for three epochs; ids are `[lines, longest]`."""
    keras.utils.set_random_seed(1)
    model = Tutorial()
    model.compile(optimizer="adam", loss=masked_loss)
    model.fit(
        batches(source, target, 1),
        epochs=epochs,
        steps_per_epoch=BATCHES,
        validation_data=batches(*held_out, 2),
        validation_steps=VALIDATION_BATCHES,
        callbacks=[keras.callbacks.EarlyStopping(patience=PATIENCE)],
        verbose=2,
        shuffle=False,  # the generator does that
    )
    return model
