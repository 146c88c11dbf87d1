"""Aligned, freed from equal lengths: every position writes a token or a blank (Graves et al. 2006)."""

from __future__ import annotations

import tensorflow as tf

from mtlite.data.ids import EOS, PAD
from mtlite.layers.ctc_loss import ctc_loss
from mtlite.topologies.direct import Direct
from mtlite.topologies.topology import Loss

BLANK = PAD  # no target contains padding, so its id is free and the head is the one that all topologies share


class CTC(Direct):
    """Reads the sequence; spreads each position over k; remembers the LSTM's output there; writes a token or a blank.

    ```
    target  o       o   o o
            ↑       ↑   ↑ ↑
    writes  o · · · o · o o
            ↑ ↑ ↑ ↑ ↑ ↑ ↑ ↑
    lstm    o→o→o→o→o→o→o→o
            ↑↗  ↑↗  ↑↗  ↑↗
    dense   o   o   o   o
            ↑   ↑   ↑   ↑
    lstm    o → o → o → o
            ↑   ↑   ↑   ↑
    source  o   o   o   o
    ```

    A path is one token or blank (`·`, id 0) per position; equal neighbours become one token and blanks are left out.
    The loss is −log of the sum over all paths that give the target, without label smoothing. k is the smallest integer
    with room for 99.9% of the training targets; a target that does not fit (tokens + repeated neighbours > k·S) is
    left out of the loss, and counted. Targets have no `</s>` here, yet it is counted among the tokens: the loss covers
    where to end, as that of the other topologies does. `layers` on each side of the Dense layer; `bidirectional`
    holds for both. Source `[batch, S]` → `[batch, k·S, units]` → logits `[batch, k·S, vocabulary]` (Libovický & Helcl
    2018). The Keras model that this generalises:

    ```python
    encoded = LSTM(units, return_sequences=True)(source)
    spread = Reshape((k * s, units))(Dense(k * units)(encoded))
    logits = Dense(vocabulary)(LSTM(units, return_sequences=True)(spread))
    loss = CTC()
    ```
    """

    def make_layers(self) -> None:
        self.encoder = self.source_stack("encoder")
        self.spread = self.dense("spread", self.config.lengths.expansion * self.config.units)
        self.decoder = self.source_stack("decoder")

    def positions(self, source: tf.Tensor) -> tf.Tensor:
        return self.config.lengths.expansion * self.count(source)

    def features(self, source: tf.Tensor) -> tf.Tensor:
        encoded, _ = self.encode(self.encoder, source)
        spread = tf.reshape(self.spread(encoded), [tf.shape(source)[0], -1, self.config.units])
        mask = tf.repeat(self.mask(source), self.config.lengths.expansion, axis=1)
        return self.decoder(spread, mask=mask)[0]

    def losses_of(self, source: tf.Tensor, target: tf.Tensor, smoothing: float) -> Loss:
        target = tf.cast(target, tf.int32)  # the kernel's type
        logits, positions = self.head(self.features(source)), self.positions(source)
        labels = tf.where(target == EOS, tf.zeros_like(target), target)
        repeats = (labels[:, 1:] == labels[:, :-1]) & self.mask(labels[:, 1:])
        needed = self.count(labels) + tf.reduce_sum(tf.cast(repeats, tf.int32), axis=1)
        fits = needed <= positions
        # A target that does not fit has no path: it gets a stand-in, whose loss does not count.
        stand_in = EOS * tf.one_hot(0, tf.shape(target)[1], dtype=target.dtype)
        nll = tf.where(fits, ctc_loss(logits, tf.where(fits[:, None], labels, stand_in), positions), 0.0)
        tokens = tf.cast(self.count(target), tf.float32)
        reached = tf.where(fits, tokens, 0.0)
        return Loss(nll, nll, reached, tokens - reached)
