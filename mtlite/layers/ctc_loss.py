"""−log of the sum over all paths that give the labels (connectionist temporal classification; Graves et al. 2006)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

_IMPOSSIBLE = -1e30
"""Log-probability of an unused column: its exponential is 0, and no difference with it is undefined."""


@tf.custom_gradient
def ctc_loss(logits: tf.Tensor, labels: tf.Tensor, positions: tf.Tensor) -> Any:
    """−log p of each row's labels `[batch]` float32, summed over all ways to write them with blanks and repetitions.

    No path has other tokens than the row's own labels and the blank. TensorFlow's kernel, whose time grows with the
    vocabulary, therefore gets the log-probabilities of these alone, and in one more column what is left to 1.

    Args:
        logits: `[batch, positions, vocabulary]` float32; token 0 is the blank.
        labels: `[batch, labels]` int32, right-padded with 0; a row's labels and repeated neighbours together are no
            more than its positions.
        positions: `[batch]` int32, how many positions of each row count.
    """
    batch, columns = tf.shape(labels)[0], tf.shape(labels)[1]
    length = tf.shape(logits)[1]
    log_total = tf.reduce_logsumexp(logits, axis=-1, keepdims=True)
    narrow, column = _narrowed(logits, labels, log_total)

    # The kernel refuses a row without labels: such a row gets a label that has room, and its loss is replaced below.
    has_labels = labels[:, :1] != 0
    indices = tf.where((labels != 0) | (~has_labels & (tf.range(columns) == 0)))
    values = tf.gather_nd(tf.where(has_labels, column, columns), indices)
    nll, raw = tf.raw_ops.CTCLoss(
        inputs=tf.transpose(narrow, [1, 0, 2]),
        labels_indices=indices,
        labels_values=values,
        sequence_length=positions,
        preprocess_collapse_repeated=False,
        ctc_merge_repeated=True,
    )
    count = tf.sequence_mask(positions, length, tf.float32)
    nll = tf.where(has_labels[:, 0], nll, -tf.reduce_sum(narrow[..., -1] * count, axis=1))

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, None, None]:
        # How probable it is that the labels' paths pass through each column: softmax less the kernel's gradient.
        passes = tf.nn.softmax(narrow) - tf.transpose(raw, [1, 0, 2])
        passes = tf.concat([passes[:, :, :-2], passes[:, :, -1:]], axis=-1)
        passes = tf.where(has_labels[:, :, None], passes, tf.one_hot(columns, columns + 1))
        each = count * upstream[:, None]
        rows = tf.range(batch * length)[:, None]
        tokens = tf.concat([labels, tf.zeros([batch, 1], tf.int32)], axis=1)
        tokens = tf.reshape(tf.repeat(tokens, length, axis=0), [batch * length, columns + 1])
        indices = tf.stack([tf.broadcast_to(rows, tf.shape(tokens)), tokens], axis=-1)
        softmax = tf.exp(logits - log_total) * each[..., None]
        updates = tf.reshape(passes * each[..., None], [batch * length, columns + 1])
        flat = tf.reshape(softmax, [batch * length, tf.shape(logits)[2]])
        return tf.reshape(tf.tensor_scatter_nd_sub(flat, indices, updates), tf.shape(logits)), None, None

    return nll, gradient


def _narrowed(logits: tf.Tensor, labels: tf.Tensor, log_total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Log-probabilities of a row's labels, of what is left to 1, and of the blank; and the column of each label."""
    # Equal labels of a row share the column of the first of them.
    same = tf.cast(labels[:, :, None] == labels[:, None, :], tf.int32)
    column = tf.argmax(same, axis=-1, output_type=tf.int32)
    is_first = (column == tf.range(tf.shape(labels)[1])) & (labels != 0)
    chosen = tf.gather(logits, labels, axis=2, batch_dims=1) - log_total
    chosen = tf.where(is_first[:, None, :], chosen, _IMPOSSIBLE)
    blank = logits[:, :, :1] - log_total
    left = 1.0 - tf.reduce_sum(tf.exp(chosen), axis=-1, keepdims=True) - tf.exp(blank)
    left = tf.math.log(tf.maximum(left, 1e-30))
    return tf.concat([chosen, left, blank], axis=-1), column  # the kernel wants the blank last
