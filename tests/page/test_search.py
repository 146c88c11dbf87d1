"""Search in JavaScript finds what search in Python finds, over made-up tables of scores."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from page_in_node import run_module

from mtlite.config.length_rules import LengthRule, LengthRules
from mtlite.config.read import plain
from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.search.beam import beam_search
from mtlite.search.ctc import best_path, prefix_beam_search
from mtlite.search.greedy import greedy
from mtlite.search.hypotheses import Hypotheses
from mtlite.search.minimum_length import MinimumLength
from mtlite.search.one_pass import one_pass
from mtlite.search.stepper import Stepper
from mtlite.topologies.autoregressive import Decoded

NODE_SCRIPT = Path(__file__).with_name("search_in_node.js").as_uri()
ROWS = 211  # of a table of prefixes
PREFIXES = 99_991  # numbers that prefixes have; some share a row
LENGTHS = LengthRules(direct=LengthRule(1.0, 0.0), search=LengthRule(0.5, 0.0), fixed=1, expansion=1)


def answers(questions: list[dict[str, Any]]) -> list[Any]:
    """What Node says: it starts once for all questions."""
    code = f"const {{answersTo}} = await import({json.dumps(NODE_SCRIPT)}); "
    return list(run_module(code + "console.log(JSON.stringify(await answersTo(page, given)));", questions))


class TableOfPrefixes:
    """Scores of the next token after every prefix, which a number stands for; the attention tells that number."""

    def __init__(self, tables: np.ndarray) -> None:
        """`[sentences, ROWS, vocabulary]`"""
        self.tables = tf.constant(tables)
        self.config = SimpleNamespace(target_vocabulary=tables.shape[-1])

    def read(self, source: tf.Tensor) -> tuple[Any, Any]:
        sentences = tf.range(tf.shape(source)[0])
        return {}, [sentences, tf.zeros_like(sentences)]

    def decode(self, tokens: tf.Tensor, state: Any, memory: Any) -> Decoded:
        sentences, before = state
        after = (before * self.config.target_vocabulary + tokens[:, 0]) % PREFIXES
        features = tf.stack([sentences, after % ROWS], axis=1)[:, None]
        return Decoded(features, [sentences, after], tf.cast(after, tf.float32)[:, None, None])

    def head(self, features: tf.Tensor) -> tf.Tensor:
        return tf.gather_nd(self.tables, features)


def table_of(rows: int, vocabulary: int, seed: int, step: float) -> np.ndarray:
    """Random scores `[rows, vocabulary]`, multiples of a step: with a large one, many are equal."""
    draw = np.random.default_rng(seed)
    scores = draw.normal(scale=2.0, size=(rows, vocabulary))
    return (np.round(scores / step) * step).astype(np.float32)


class Sentence(NamedTuple):
    """What is asked of both searches, of one sentence."""

    kind: str
    table: np.ndarray  # [rows, vocabulary]: a row for each prefix or output position
    source_length: int
    asked: dict[str, Any]

    @property
    def question(self) -> dict[str, Any]:
        table, lengths = self.table.tolist(), plain(LENGTHS)
        facts = {"kind": self.kind, "sourceLength": self.source_length, "asked": self.asked}
        return {**facts, "table": table, "lengths": lengths, "prefixes": PREFIXES}


def sentence(kind: str, seed: int, vocabulary: int = 12, step: float = 1e-6, **asked: Any) -> Sentence:
    """Random scores, multiples of a step: with a large one, many are equal."""
    rows = ROWS if kind == "token by token" else 1 + seed % 9
    scores = np.random.default_rng(seed).normal(scale=2.0, size=(rows, vocabulary))
    table = (np.round(scores / step) * step).astype(np.float32)
    asked = {"beam": 1, "lengthPenalty": 1.0, "minLength": 0, "forced": [], **asked}
    return Sentence(kind, table, 1 + seed % 12, asked)


def token_by_token(sentences: Sequence[Sentence]) -> Hypotheses:
    """Python's search over tables of one size, with what the first one asks for."""
    beam, penalty, least, _ = sentences[0].asked.values()
    stepper: Stepper = Stepper([TableOfPrefixes(np.stack([each.table for each in sentences]))])  # type: ignore[list-item]
    stepper = MinimumLength(stepper, least) if least else stepper
    lengths = np.array([each.source_length for each in sentences])
    limits = tf.constant(np.maximum(LENGTHS.limits(lengths), least + 1), tf.int32)
    source = tf.ones([len(sentences), 1], tf.int32)
    return greedy(stepper, source, limits) if beam == 1 else beam_search(stepper, source, limits, beam, penalty)


def of_positions(one: Sentence) -> Hypotheses:
    """Python's search over all output positions of a sentence."""
    beam, _, least, _ = one.asked.values()
    model: Any = SimpleNamespace(
        features=lambda _: tf.constant(one.table)[None],
        head=lambda features: features,
        positions=lambda _: tf.constant([len(one.table)]),
        config=SimpleNamespace(target_vocabulary=one.table.shape[1]),
    )
    source = tf.ones([1, 1], tf.int32)
    if one.kind == "one pass":
        return one_pass([model], source, least)
    return best_path(model, source) if beam == 1 and not least else prefix_beam_search(model, source, beam, least)


def ranked(found: Hypotheses, row: int) -> list[tuple[list[int], float]]:
    """Ids and score of every hypothesis of one sentence."""
    return [
        ([int(token) for token in ids if token != PAD], float(score))
        for ids, score in zip(found.ids.numpy()[row], found.scores.numpy()[row], strict=True)
        if score > -np.inf
    ]


def assert_found(found: list[dict[str, Any]], expected: list[tuple[list[int], float]]) -> None:
    assert [one["ids"] for one in found] == [ids for ids, _ in expected]
    np.testing.assert_allclose([one["score"] for one in found], [score for _, score in expected], atol=1e-4)


@pytest.mark.parametrize("vocabulary", [6, 30])
@pytest.mark.parametrize(
    ("beam", "penalty", "least"), [(1, 1.0, 0), (1, 1.0, 14), (2, 0.0, 0), (5, 0.6, 3), (5, 1.0, 0), (12, 3.0, 0)]
)
def test_token_by_token(vocabulary: int, beam: int, penalty: float, least: int) -> None:
    asked = {"beam": beam, "lengthPenalty": penalty, "minLength": least}
    # In a beam, equal sums in another order differ in their last digits: who comes first is chance there.
    both = itertools.product(range(12), (1e-6, 1.0) if beam == 1 else (1e-6,))
    sentences = [sentence("token by token", seed, vocabulary, step, **asked) for seed, step in both]
    expected = token_by_token(sentences)
    lengths = set[int]()
    for row, found in enumerate(answers([each.question for each in sentences])):
        hypotheses = ranked(expected, row)
        assert_found(found, hypotheses)
        looked = expected.attention.numpy()[row, : len(hypotheses[0][0])]
        np.testing.assert_array_equal(np.array(found[0]["attention"]), looked)
        lengths.update(len(ids) for ids, _ in hypotheses)
    assert len(lengths) > 1


@pytest.mark.parametrize("kind", ["one pass", "paths"])
def test_all_positions_at_once(kind: str) -> None:
    searches = [(1, 1e-6), (1, 1.0), *([(2, 1e-6), (5, 1e-6), (12, 1e-6)] if kind == "paths" else [])]
    all_asked = itertools.product(searches, (6, 30), (0, 3), range(3))
    sentences = [
        sentence(kind, seed, vocabulary, step if not least else 1e-6, beam=beam, minLength=least)
        for seed, ((beam, step), vocabulary, least, _) in enumerate(all_asked)
    ]
    for one, found in zip(sentences, answers([each.question for each in sentences]), strict=True):
        assert_found(found, ranked(of_positions(one), 0))


@pytest.mark.parametrize("kind", ["token by token", "one pass", "paths"])
@pytest.mark.parametrize("beam", [1, 4])
def test_forced_tokens_stand_where_they_were_forced(kind: str, beam: int) -> None:
    forced = [7, None, 9, 8]
    asked = [sentence(kind, 8 + 9 * number, beam=beam, forced=forced).question for number in range(20)]
    free = [sentence(kind, 8 + 9 * number, beam=beam).question for number in range(20)]
    found, without = answers(asked), answers(free)
    changed = 0
    for one, other in zip(found, without, strict=True):
        for hypothesis in one:
            ids = hypothesis["ids"]
            if kind == "paths":  # blanks are left out, and equal neighbours are one
                assert ids[0] == 7
                assert {8, 9} < set(ids)
            else:
                assert all(token in (None, ids[at]) for at, token in enumerate(forced))
                assert not {PAD, UNK, BOS} & set(ids)
                assert EOS not in ids[:-1]
        changed += one[0]["ids"] != other[0]["ids"]
    assert changed > 15


def test_an_end_may_be_forced() -> None:
    for kind in ("token by token", "one pass"):
        asked = sentence(kind, 8, beam=3, forced=[5, EOS], minLength=3).question
        (found,) = answers([asked])
        assert [each["ids"] for each in found] == [[5, EOS]]


def test_scores_that_are_no_numbers_are_said() -> None:
    for kind in ("token by token", "one pass", "paths"):
        asked = sentence(kind, 8, beam=3).question
        asked["table"] = [[1e300] * 12 for _ in asked["table"]]  # infinite in float32
        (found,) = answers([asked])
        assert "no numbers" in found["error"]


def test_the_largest_few_are_in_order_and_ties_go_to_the_earlier() -> None:
    draw = np.random.default_rng(1)
    asked = [
        {"kind": "top k", "values": draw.integers(0, most, size).tolist(), "count": count}
        for most, size, count in itertools.product((3, 1000), (1, 7, 300), (1, 2, 10))
    ]
    for each, found in zip(asked, answers(asked), strict=True):
        assert found == np.argsort(-np.array(each["values"]), kind="stable")[: each["count"]].tolist()


def test_long_outputs_over_paths_keep_their_scores() -> None:
    steps = 1000
    log_p = np.log([0.5, 0.3, 0.2]).tolist()
    positions = [{"ids": [4, 0, 5] if at % 2 else [5, 0, 4], "logP": log_p} for at in range(steps)]
    (found,) = answers([{"kind": "prefixes", "positions": positions, "beam": 4, "minLength": 0}])
    assert len(found[0]["ids"]) >= steps // 2
    assert -steps < found[0]["score"] < 0
