"""Beam search against all hypotheses there are, with steppers that need no training."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.search.beam import beam_search
from mtlite.search.hypotheses import Hypotheses
from mtlite.search.stepper import Step

VOCABULARY = 6  # pad, unk, <s>, </s> and two words
LONGEST = 4


class TableStepper:
    """log p of every prefix from a table of random numbers; its attention tells the prefix."""

    vocabulary_size = VOCABULARY

    def __init__(self, sentences: int, seed: int = 1, scale: float = 1.0) -> None:
        self.codes = VOCABULARY ** (LONGEST + 1)
        logits = scale * np.random.default_rng(seed).normal(size=(sentences, self.codes, VOCABULARY))
        logits[..., [PAD, UNK, BOS]] = -np.inf
        self.log_p = (logits - np.log(np.exp(logits).sum(-1, keepdims=True))).astype(np.float32)

    def read(self, source: tf.Tensor) -> tuple[Any, Any]:
        rows = tf.range(tf.shape(source)[0])
        return [rows], [rows, tf.zeros_like(rows)]

    def step(self, tokens: tf.Tensor, states: Any, memories: Any, scored: tf.Tensor | None = None) -> Step:
        rows, before = states
        code = (before * VOCABULARY + tokens) % self.codes
        log_p = tf.gather_nd(tf.constant(self.log_p), tf.stack([rows, code], axis=1))
        sentences = tf.repeat(memories[0], tf.size(tokens) // tf.size(memories[0]))
        attention = tf.cast(tf.stack([sentences, code], axis=1), tf.float32)
        log_total = tf.cast(code % 7, tf.float32)
        scored = tf.range(tf.size(tokens)) if scored is None else scored
        scores = tf.gather(log_p + log_total[:, None], scored)
        return Step(scores, tf.gather(log_total, scored), [rows, code], attention)

    def code(self, prefix: tuple[int, ...]) -> int:
        code = 0
        for token in (BOS, *prefix):
            code = (code * VOCABULARY + token) % self.codes
        return code

    def everything(self, sentence: int, limit: int, length_penalty: float) -> list[tuple[float, list[int]]]:
        """All hypotheses of a sentence with their scores, best first."""
        found = []
        for length in range(1, limit + 1):
            for words in itertools.product((4, 5), repeat=length - 1):
                for last in (EOS,) if length < limit else (EOS, 4, 5):
                    ids = (*words, last)
                    log_p = sum(self.log_p[sentence, self.code(ids[:at]), ids[at]] for at in range(length))
                    found.append((log_p / ((5 + length) / 6) ** length_penalty, list(ids)))
        return sorted(found, reverse=True)


class Speller:
    """Spells a word for each sentence, whatever came before."""

    vocabulary_size = 8

    def __init__(self, words: list[list[int]]) -> None:
        longest = max(map(len, words)) + 1
        self.words = tf.constant([[*word, EOS] + [7] * (longest - len(word)) for word in words])

    def read(self, source: tf.Tensor) -> tuple[Any, Any]:
        rows = tf.range(tf.shape(source)[0])
        return [rows], [rows, tf.zeros_like(rows)]

    def step(self, tokens: tf.Tensor, states: Any, memories: Any, scored: tf.Tensor | None = None) -> Step:
        rows, at = states
        next_token = tf.gather_nd(self.words, tf.stack([rows, tf.minimum(at, self.words.shape[1] - 1)], axis=1))
        scored = tf.range(tf.size(tokens)) if scored is None else scored
        log_p = tf.math.log(tf.one_hot(tf.gather(next_token, scored), self.vocabulary_size, 0.93, 0.01))
        return Step(log_p, tf.zeros_like(scored, tf.float32), [rows, at + 1], tf.zeros([tf.shape(rows)[0], 0]))


def run(stepper: Any, limits: list[int], beam_size: int, length_penalty: float = 1.0) -> Hypotheses:
    signature = [tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.int32)]
    search = tf.function(
        lambda source, limits: beam_search(stepper, source, limits, beam_size, length_penalty),
        input_signature=signature,
    )
    found = search(tf.fill([len(limits), 2], EOS), tf.constant(limits))
    return Hypotheses(*(tensor.numpy() for tensor in found))


def without_padding(ids: np.ndarray) -> list[int]:
    return [int(token) for token in ids if token != PAD]


@pytest.mark.parametrize("beam_size", [1, 2, 5])
def test_spells_words_of_different_lengths(beam_size):
    words = [[4, 5, 6], [6], [], [5, 5, 5, 4, 6]]
    found = run(Speller(words), [10] * 4, beam_size)
    assert [without_padding(ids[0]) for ids in found.ids] == [[*word, EOS] for word in words]
    assert found.ids.shape == (4, beam_size, found.ids.shape[2])


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 1.0, 10.0])
def test_a_beam_as_wide_as_everything_finds_everything_in_order(length_penalty):
    limits = [4, 1, 3, 2]
    stepper = TableStepper(len(limits))
    found = run(stepper, limits, 48, length_penalty)
    for sentence, limit in enumerate(limits):
        expected = stepper.everything(sentence, limit, length_penalty)
        possible = int(np.isfinite(found.scores[sentence]).sum())
        assert possible == len(expected)
        assert [without_padding(ids) for ids in found.ids[sentence][:possible]] == [ids for _, ids in expected]
        np.testing.assert_allclose(found.scores[sentence][:possible], [score for score, _ in expected], rtol=1e-5)


@pytest.mark.parametrize("beam_size", [2, 3, 7])
def test_narrow_beams_keep_order_distinctness_and_true_scores(beam_size):
    stepper = TableStepper(20, seed=2, scale=2.0)
    found = run(stepper, [LONGEST] * 20, beam_size)
    for sentence in range(20):
        true = {tuple(ids): score for score, ids in stepper.everything(sentence, LONGEST, 1.0)}
        ids = [tuple(without_padding(row)) for row in found.ids[sentence]]
        assert len(set(ids)) == beam_size
        assert list(found.scores[sentence]) == sorted(found.scores[sentence], reverse=True)
        np.testing.assert_allclose(found.scores[sentence], [true[hypothesis] for hypothesis in ids], rtol=1e-5)


def test_a_wider_beam_is_not_worse_than_greedy_here():
    stepper = TableStepper(20, seed=2, scale=2.0)
    narrow, wide = (run(stepper, [LONGEST] * 20, size).scores[:, 0] for size in (1, 48))
    assert (wide >= narrow - 1e-6).all()
    assert (wide > narrow + 1e-3).any()


def test_every_sentence_keeps_its_own_limit():
    limits = [1, 2, 3, 4] * 5
    found = run(TableStepper(20, seed=5), limits, 4)
    for ids, scores, limit in zip(found.ids, found.scores, limits, strict=True):
        lengths = [len(without_padding(row)) for row, score in zip(ids, scores, strict=True) if np.isfinite(score)]
        assert max(lengths) <= limit


def test_pad_unk_and_bos_are_never_written():
    found = run(TableStepper(20, seed=6), [LONGEST] * 20, 48)
    for ids, scores in zip(found.ids, found.scores, strict=True):
        for row in ids[np.isfinite(scores)].tolist():
            end = row.index(EOS) if EOS in row else len(row)
            assert all(token in (4, 5) for token in row[:end] if token != PAD)
            assert set(row[end + 1 :]) <= {PAD}


def test_a_finished_hypothesis_is_frozen_and_may_be_overtaken():
    class Turning(Speller):
        """`</s>` at once has p = 0.5; going on costs a little at first and nothing after that."""

        def step(self, tokens, states, memories, scored=None):
            rows, at = states
            first = tf.math.log([[1e-9, 1e-9, 1e-9, 0.5, 0.45, 0.05, 1e-9, 1e-9]])
            later = tf.math.log([[1e-9, 1e-9, 1e-9, 1e-4, 0.9998, 1e-4, 1e-9, 1e-9]])
            log_p = tf.where(tf.gather(at, scored)[:, None] == 0, first, later)
            return Step(log_p, tf.zeros_like(scored, tf.float32), [rows, at + 1], tf.zeros([tf.shape(rows)[0], 0]))

    short = run(Turning([[4]]), [6], 2, 0.0)
    assert without_padding(short.ids[0][0]) == [EOS]
    np.testing.assert_allclose(short.scores[0], np.log([0.5, 0.45 * 0.9998**5]), rtol=1e-4)
    long = run(Turning([[4]]), [6], 2, 1.0)
    assert [without_padding(ids) for ids in long.ids[0]] == [[4] * 6, [EOS]]
    np.testing.assert_allclose(long.scores[0][1], np.log(0.5), rtol=1e-5)


@pytest.mark.parametrize("beam_size", [2, 3, 48])
def test_attention_rows_belong_to_the_prefixes_of_the_best_hypothesis(beam_size):
    stepper = TableStepper(12, seed=7)
    found = run(stepper, [LONGEST] * 12, beam_size)
    for sentence in range(12):
        best = without_padding(found.ids[sentence][0])
        expected = [(sentence, stepper.code(tuple(best[:at]))) for at in range(len(best))]
        assert [tuple(row) for row in found.attention[sentence][: len(best)]] == expected
