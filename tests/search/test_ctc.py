"""Search over tokens and blanks."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from search.test_one_pass import SOURCE, certain, fake

from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.search.ctc import best_path, best_prefixes, prefix_beam_search
from mtlite.topologies.ctc import BLANK


def test_best_path_joins_equal_neighbours_and_drops_blanks() -> None:
    rows = [certain(4, 4, BLANK, 4, 5, 5), certain(BLANK, 6, BLANK, 4, 4, 5), certain(*[BLANK] * 6)]
    found = best_path(fake(rows, [6, 4, 6]), SOURCE)
    assert found.ids.numpy().tolist() == [[[4, 4, 5]], [[6, 4, PAD]], [[PAD, PAD, PAD]]]
    np.testing.assert_allclose(found.scores, np.array([[6], [4], [6]]) * math.log(0.9), rtol=1e-5)
    assert found.attention.shape == (3, 3, 0)


@pytest.mark.parametrize(("penalty", "expected"), [(0.0, [PAD, 5]), (0.3, [PAD, 5]), (0.5, [4, 5])])
def test_a_penalty_makes_a_token_of_a_blank_that_is_little_likelier(penalty: float, expected: list[int]) -> None:
    blank, token = [0.6, 0, 0, 0, 0.4, 0, 0], certain(5)[0]  # log(0.6 / 0.4) is 0.41
    model = fake([[blank, token]], [2])
    found = [best_path(model, SOURCE, penalty), prefix_beam_search(model, SOURCE, 1, blank_penalty=penalty)]
    assert [each.ids[0, 0].numpy().tolist() for each in found] == [[id for id in expected if id != PAD]] * 2


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


def test_rows_are_as_long_as_is_asked_if_they_have_the_positions() -> None:
    rows = [certain(*[BLANK] * 4, p=0.8), certain(4, BLANK, BLANK, BLANK, p=0.8)]
    found = prefix_beam_search(fake(rows, [4, 2]), SOURCE, beam_size=8, min_length=3)
    assert np.count_nonzero(found.ids[0, 0]) == 3
    assert np.count_nonzero(found.ids[1, 0]) == 2
    assert not {UNK, BOS, EOS} & set(found.ids.numpy().ravel().tolist())
    narrow = prefix_beam_search(fake(rows, [4, 2]), SOURCE, beam_size=1, min_length=3)
    assert [np.count_nonzero(row) for row in narrow.ids[:, 0]] == [3, 2]
