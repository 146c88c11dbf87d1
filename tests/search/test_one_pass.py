"""Search where all positions are written in one pass, and over tokens and blanks."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from small_models import build_varied, random_sources

from mtlite.config.options import SearchConfig
from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.search.ctc import best_path, best_prefixes, prefix_beam_search
from mtlite.search.one_pass import one_pass
from mtlite.topologies.ctc import BLANK
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


def test_best_path_joins_equal_neighbours_and_drops_blanks() -> None:
    rows = [certain(4, 4, BLANK, 4, 5, 5), certain(BLANK, 6, BLANK, 4, 4, 5), certain(*[BLANK] * 6)]
    found = best_path(fake(rows, [6, 4, 6]), SOURCE)
    assert found.ids.numpy().tolist() == [[[4, 4, 5]], [[6, 4, PAD]], [[PAD, PAD, PAD]]]
    np.testing.assert_allclose(found.scores, np.array([[6], [4], [6]]) * math.log(0.9), rtol=1e-5)
    assert found.attention.shape == (3, 3, 0)


def outputs(probabilities: np.ndarray) -> dict[tuple[int, ...], float]:
    """Probability of every output, by summing over every path."""
    sums: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(probabilities.shape[1]), repeat=len(probabilities)):
        output = tuple(token for token, _ in itertools.groupby(path) if token != BLANK)
        sums[output] = sums.get(output, 0.0) + math.prod(probabilities[range(len(path)), path])
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_the_best_sums_over_paths(seed: int) -> None:
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(4, 0.7), size=5)
    found = best_prefixes(np.log(probabilities), np.tile(np.arange(4), (5, 1)), beam_size=1000)
    expected = outputs(probabilities)
    assert len(found) == len(expected)
    for (prefix, score), (output, p) in zip(found[:10], list(expected.items())[:10], strict=True):
        assert prefix == output
        assert score == pytest.approx(math.log(p))


def test_the_sum_over_paths_can_differ_from_the_best_path() -> None:
    # "nothing" is the best single path (0.36); 4 has three paths that sum to 0.64
    model = fake([[[0.6, 0, 0, 0, 0.4, 0, 0]] * 2], [2])
    assert best_path(model, SOURCE).ids.shape == (1, 1, 0)
    found = prefix_beam_search(model, SOURCE, beam_size=2)
    assert found.ids.numpy().tolist() == [[[4], [PAD]]]
    np.testing.assert_allclose(found.scores, [[math.log(0.64), math.log(0.36)]], rtol=1e-5)


def test_the_beam_ends_where_the_row_does_and_writes_no_special_token() -> None:
    rows = [certain(4, BLANK, 4, 5), certain(4, BLANK, EOS, 5), certain(UNK, BOS, EOS, 6)]
    found = prefix_beam_search(fake(rows, [4, 2, 4]), SOURCE, beam_size=3)
    assert found.ids[0, 0].numpy().tolist() == [4, 4, 5]
    assert found.ids[1, 0].numpy().tolist() == [4, PAD, PAD]
    assert not {UNK, BOS, EOS} & set(found.ids.numpy().ravel().tolist())
    assert np.all(np.diff(found.scores, axis=1) <= 0)


def test_long_outputs_keep_their_scores() -> None:
    steps = 3000
    log_p = np.log(np.tile([0.5, 0.3, 0.2], (steps, 1)))
    tokens = np.array([[4, BLANK, 5], [5, BLANK, 4]] * (steps // 2))
    prefix, score = best_prefixes(log_p, tokens, beam_size=4)[0]
    assert len(prefix) >= steps // 2
    assert -steps < score < 0
    assert math.isfinite(score)


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
