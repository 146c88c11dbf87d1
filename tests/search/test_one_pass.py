"""Search where all positions are written in one pass."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from small_models import build_varied, random_sources

from mtlite.config.options import SearchConfig
from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.search.one_pass import one_pass
from mtlite.translation.searcher import Searcher

SOURCE = tf.constant([[EOS]])


def fake(probabilities: list[list[list[float]]], positions: list[int]) -> Any:
    """A model that gives these probabilities `[batch, positions, vocabulary]`, whatever it reads."""
    logits = tf.math.log(tf.constant(probabilities) + 1e-30)
    return SimpleNamespace(
        features=lambda _: logits,
        head=lambda features: features,
        positions=lambda _: tf.constant(positions),
        config=SimpleNamespace(target_vocabulary=logits.shape[-1]),
    )


def certain(*tokens: int, p: float = 0.9, vocabulary: int = 7) -> list[list[float]]:
    """One likely token at each position; the others share the rest."""
    rest = (1 - p) / (vocabulary - 1)
    return [[p if token == likely else rest for token in range(vocabulary)] for likely in tokens]


def test_ends_at_the_first_end_of_sentence() -> None:
    found = one_pass([fake([certain(4, 5, EOS, 6, EOS), certain(EOS, 4, 4, 4, 4)], [5, 5])], SOURCE)
    assert found.ids.numpy().tolist() == [[[4, 5, EOS, PAD, PAD]], [[EOS, PAD, PAD, PAD, PAD]]]
    np.testing.assert_allclose(found.scores, [[3 * math.log(0.9)], [math.log(0.9)]], rtol=1e-5)


def test_ends_at_the_last_position_of_its_row() -> None:
    found = one_pass([fake([certain(4, 5, 6), certain(4, 5, 6)], [3, 2])], SOURCE)
    assert found.ids.numpy().tolist() == [[[4, 5, 6]], [[4, 5, PAD]]]
    np.testing.assert_allclose(found.scores, [[3 * math.log(0.9)], [2 * math.log(0.9)]], rtol=1e-5)
    assert found.attention.shape == (2, 3, 0)


def test_no_special_token_is_written() -> None:
    second_best = [[0.05, 0.3, 0.3, 0.1, 0.0, 0.2, 0.05]]
    found = one_pass([fake([second_best * 2], [2])], SOURCE)
    assert found.ids.numpy().tolist() == [[[5, 5]]]
    assert float(found.scores[0, 0]) == pytest.approx(2 * math.log(0.2), rel=1e-5)  # not made up for what is left out


def test_an_ensemble_takes_the_mean_of_probabilities() -> None:
    first = [[0.0, 0.0, 0.0, 0.0, 0.6, 0.4, 0.0]]
    second = [[0.0, 0.0, 0.0, 0.0, 0.1, 0.4, 0.5]]
    found = one_pass([fake([first], [1]), fake([second], [1])], SOURCE)
    assert found.ids.numpy().tolist() == [[[5]]]
    assert float(found.scores[0, 0]) == pytest.approx(math.log(0.4), rel=1e-5)


@pytest.mark.parametrize("beam_size", [1, 4])
@pytest.mark.parametrize("name", ["padded", "ctc"])
def test_in_a_graph(name: str, beam_size: int) -> None:
    sources = random_sources()
    found = Searcher([build_varied(name)], SearchConfig(beam_size=beam_size, nbest=beam_size)).search(sources)
    assert [len(sentence.ids) for sentence in found] == [beam_size if name == "ctc" else 1] * len(sources)
    for sentence in found:
        assert sentence.scores == sorted(sentence.scores, reverse=True)
        assert not {PAD, UNK, BOS, EOS} & {token for ids in sentence.ids for token in ids}
        assert sentence.attention.shape[1] == 0
