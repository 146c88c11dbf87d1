"""Search over tokens and blanks: best path, and prefix beam search (Hannun et al. 2014)."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import tensorflow as tf

from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.search.hypotheses import Hypotheses
from mtlite.search.one_pass import likeliest, no_attention
from mtlite.topologies.ctc import BLANK, CTC

_NEVER = (UNK, BOS, EOS)
_MORE_THAN_BLANK_AND_LAST = 3
_TOKENS_PER_HYPOTHESIS = 2  # how many of a position's likeliest tokens are tried, for each hypothesis kept

Prefix = tuple[int, ...]
Beam = dict[Prefix, tuple[float, float]]
"""By prefix, the probability of its paths that end in a blank, and of those that end in its last token."""


def best_path(model: CTC, source: tf.Tensor, blank_penalty: float = 0.0) -> Hypotheses:
    """Take the likeliest token or blank at every position, merge equal neighbours and leave out blanks.

    `blank_penalty` is taken from the logit of every blank. The score of the one hypothesis a sentence is log p of that
    one path.
    """
    log_p, tokens = (best[:, :, 0] for best in likeliest([model], source, 1, _NEVER, blank_penalty))
    inside = tf.sequence_mask(model.positions(source), tf.shape(tokens)[1])
    before = tf.pad(tokens[:, :-1], [[0, 0], [1, 0]], constant_values=BLANK)
    ids = tf.ragged.boolean_mask(tokens, inside & (tokens != BLANK) & (tokens != before)).to_tensor(PAD)
    scores = tf.reduce_sum(tf.where(inside, log_p, 0.0), axis=1)
    return Hypotheses(ids[:, None], scores[:, None], no_attention(ids))


def prefix_beam_search(
    model: CTC, source: tf.Tensor, beam_size: int, min_length: int = 0, blank_penalty: float = 0.0
) -> Hypotheses:
    """Find the `beam_size` outputs a sentence with the largest sum over their paths, as far as a beam finds them.

    Outputs have at least `min_length` tokens, or as many as there are positions. `blank_penalty` is taken from
    the logit of every blank. A score is log p of all paths of a hypothesis that the beam has kept.
    """
    count = _TOKENS_PER_HYPOTHESIS * beam_size
    if min_length:  # besides a blank and the last token, one that makes the output longer
        count = max(count, _MORE_THAN_BLANK_AND_LAST)
    count = min(count, model.config.target_vocabulary)
    log_p, tokens = likeliest([model], source, count, _NEVER, blank_penalty)
    search, arrays = partial(_search_rows, beam_size, min_length), [log_p, tokens, model.positions(source)]
    ids, scores = tf.numpy_function(search, arrays, (tf.int32, tf.float32), stateful=False)
    ids, scores = tf.ensure_shape(ids, [None, beam_size, None]), tf.ensure_shape(scores, [None, beam_size])
    return Hypotheses(ids, scores, no_attention(ids[:, 0]))


def _search_rows(
    beam_size: int, min_length: int, log_p: np.ndarray, tokens: np.ndarray, positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    rows = [best_prefixes(log_p[row, :n], tokens[row, :n], beam_size, min_length) for row, n in enumerate(positions)]
    longest = max(len(prefix) for row in rows for prefix, _ in row)
    ids = np.full((len(rows), beam_size, longest), PAD, np.int32)
    scores = np.full((len(rows), beam_size), -np.inf, np.float32)
    for number, row in enumerate(rows):
        for rank, (prefix, score) in enumerate(row):
            ids[number, rank, : len(prefix)] = prefix
            scores[number, rank] = score
    return ids, scores


def best_prefixes(
    log_p: np.ndarray, tokens: np.ndarray, beam_size: int, min_length: int = 0
) -> list[tuple[Prefix, float]]:
    """Prefix beam search for one sentence: its best outputs of at least `min_length` with their log p, best first.

    `tokens` are those tried at each position, `log_p` their log-probabilities; both `[positions, tried]`.
    """
    beam: Beam = {(): (1.0, 0.0)}
    log_scale, least = 0.0, min(min_length, len(tokens)) - len(tokens)
    for position, candidates in zip(np.exp(log_p.astype(float)).tolist(), tokens.tolist(), strict=True):
        least += 1
        longer = _long_enough(_continued(beam, list(zip(position, candidates, strict=True))), least)
        best = sorted(longer.items(), key=lambda item: -sum(item[1]))[:beam_size]
        # The probabilities of long outputs are too small for a float: only their ratios are kept.
        total = sum(map(sum, longer.values()))
        if not total > 0.0:  # the model gives no numbers: whoever asked for a translation says so
            return [((), math.nan)]
        log_scale += math.log(total)
        beam = {prefix: (a / total, b / total) for prefix, (a, b) in best if a + b > 0.0}
    return [(prefix, math.log(sum(both)) + log_scale) for prefix, both in beam.items()]


def _long_enough(beam: Beam, least: int) -> Beam:
    """The prefixes that can still become as long as was asked for; all if none can."""
    if least <= 0:
        return beam
    return {prefix: both for prefix, both in beam.items() if len(prefix) >= least and sum(both) > 0.0} or beam


def _continued(beam: Beam, candidates: list[tuple[float, int]]) -> Beam:
    """All prefixes after one more position, whose candidates are pairs of probability and token."""
    longer: Beam = {}

    def add(prefix: Prefix, in_blank: float, in_token: float) -> None:
        before = longer.get(prefix, (0.0, 0.0))
        longer[prefix] = before[0] + in_blank, before[1] + in_token

    for prefix, (in_blank, in_token) in beam.items():
        for p, token in candidates:
            if token == BLANK:
                add(prefix, (in_blank + in_token) * p, 0.0)
            elif prefix and token == prefix[-1]:
                add(prefix, 0.0, in_token * p)
                add((*prefix, token), 0.0, in_blank * p)
            else:
                add((*prefix, token), 0.0, (in_blank + in_token) * p)
    return longer
