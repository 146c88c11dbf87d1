"""What the page explains is what the model computes."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
from opened_models import Opened, opened
from scipy.stats import spearmanr

from mtlite.config.registry import TOPOLOGIES, entry_of
from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.topologies.wiring import wire

LINE = 3  # a long one
NEUTRAL = 3  # pieces that stand in for another one
RANKED = [name for name in TOPOLOGIES if entry_of(name).ranks]
IN_ONE_PASS = [name for name in TOPOLOGIES if entry_of(name).search == "one pass"]


def best(one: Opened, beam: int = 1) -> tuple[list[int], list[int]]:
    """The ids of a source and of its best hypothesis, with `</s>` if it was written."""
    source = one.sources[LINE]
    (found,) = one.ask(("force", source, [], {"beam": beam}))
    hypothesis = found["hypotheses"][0]
    return source, [*hypothesis["ids"], *([EOS] if hypothesis["pieces"][-1] == "</s>" else [])]


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_probabilities_are_those_of_python_and_sum_to_one(topology: str, twelve: dict[str, Opened]) -> None:
    one = twelve[topology]
    source, written = best(one)
    (found,) = one.ask(("continuations", source, written, 4))
    steps = found["steps"]
    ended = written[-1:] == [EOS]  # nothing follows it
    p = np.exp(one.log_p([source], [written if ended else [*written, EOS]])[0])
    if entry_of(topology).family == "direct":
        p = p[: int(one.model.positions(np.array([source]))[0])]
    assert len(steps) == len(p)
    for step, expected in zip(steps, p, strict=True):
        candidates = step["candidates"]
        ids = [each["id"] for each in candidates]
        np.testing.assert_allclose([each["p"] for each in candidates], expected[ids], atol=1e-5)
        assert sum(each["p"] for each in candidates) + step["rest"] == pytest.approx(1, abs=1e-9)
        assert [each["p"] for each in candidates] == sorted((each["p"] for each in candidates), reverse=True)
        assert not {UNK, BOS} & set(ids)
    assert [step["candidates"][0]["id"] for step in steps[: len(written)]] == written or topology == "ctc"


def test_the_step_after_a_prefix_is_there_and_blanks_are_shown(twelve: dict[str, Opened]) -> None:
    one = twelve["peek"]
    (found,) = one.ask(("continuations", one.sources[0], [7, 8], 2))
    assert len(found["steps"]) == 3
    (found,) = twelve["ctc"].ask(("continuations", one.sources[LINE], [], 60))
    pieces = {each["id"]: each["piece"] for step in found["steps"] for each in step["candidates"]}
    assert pieces[0] == "·"
    assert EOS not in pieces


def path_of(nodes: list[dict[str, Any]], node: dict[str, Any]) -> list[dict[str, Any]]:
    """From the first token to this one."""
    path: list[dict[str, Any]] = []
    while node["parent"] >= 0:
        path.insert(0, node)
        node = nodes[node["parent"]]
    return path


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_a_tree_holds_the_best_hypothesis(topology: str, twelve: dict[str, Opened]) -> None:
    one = twelve[topology]
    for beam in (1, 5) if topology in RANKED else (1,):
        source, written = best(one, beam)
        (translated,) = one.ask(("force", source, [], {"beam": beam}))
        (found,) = one.ask(("beamTree", source, {"beam": beam}))
        nodes = found["nodes"]
        assert [node["number"] for node in nodes] == list(range(len(nodes)))
        assert all(node["parent"] < node["number"] for node in nodes)
        last = max((node for node in nodes if node["fate"] == "best"), key=lambda node: node["number"])
        path = path_of(nodes, last)
        assert [node["id"] for node in path] == written
        assert {node["fate"] for node in path} == {"best"}
        assert Counter(node["fate"] for node in nodes)["best"] == len(written) + 1
        if beam > 1:
            assert last["score"] == pytest.approx(translated["hypotheses"][0]["score"])


def test_a_tree_tells_what_was_kept_and_what_was_cut(twelve: dict[str, Opened]) -> None:
    one, beam = twelve["attention"], 3
    source, written = best(one, beam)
    (found,) = one.ask(("beamTree", source, {"beam": beam, "lengthPenalty": 0.5}))
    nodes = found["nodes"]
    for step in range(1, len(written) + 1):
        here = [node for node in nodes if node["step"] == step]
        kept = [node for node in here if node["fate"] != "cut"]
        cut = [node for node in here if node["fate"] == "cut"]
        assert 1 <= len(kept) <= beam
        assert len(cut) <= 3
        assert not cut or max(node["score"] for node in cut) <= min(node["score"] for node in kept)
    assert {"best", "cut"} < {node["fate"] for node in nodes}
    paths = [[each["id"] for each in path_of(nodes, node)] for node in nodes]
    log_p = one.log_p([source] * len(nodes), [path or [EOS] for path in paths])
    parents = {node["parent"] for node in nodes}
    for at, (node, ids) in enumerate(zip(nodes, paths, strict=True)):
        assert node["number"] not in parents or node["fate"] not in ("cut", "finished")
        assert node["logP"] == pytest.approx(log_p[at, range(len(ids)), ids].sum(), abs=1e-4)
        assert node["score"] == pytest.approx(node["logP"] / ((5 + len(ids)) / 6) ** 0.5)
        assert node["piece"] == one.tokenizers.target.pieces([node["id"]])[0]


def test_what_follows_does_not_make_the_beginning_of_a_path_unlikely(twelve: dict[str, Opened]) -> None:
    one, beam = twelve["ctc"], 4
    source, _ = best(one, beam)
    found, positions = one.ask(("beamTree", source, {"beam": beam}), ("continuations", source, [], 1))
    p_first = {each["id"]: each["p"] for each in positions["steps"][0]["candidates"]}
    nodes = found["nodes"]
    first = [node for node in nodes if node["step"] == 1 and node["fate"] in ("best", "kept")]
    likeliest = [node for node in first if node["id"] in p_first]
    assert likeliest
    assert all(node["logP"] >= np.log(p_first[node["id"]]) - 1e-6 for node in likeliest)


def replaced(source: list[int]) -> list[list[int]]:
    """The source with each piece replaced in turn, by each of the pieces that stand in for it."""
    return [
        [*source[:at], id, *source[at + 1 :]]
        for at, piece in enumerate(source)
        for id in [other for other in (UNK, 4, 5, 6) if other != piece][:NEUTRAL]
    ]


@pytest.mark.parametrize("topology", [name for name in TOPOLOGIES if name != "ctc"])
def test_influence_is_the_loss_of_log_p(topology: str, twelve: dict[str, Opened]) -> None:
    one = twelve[topology]
    source, written = best(one)
    (found,) = one.ask(("influence", source, [id for id in written if id != EOS]))
    steps = range(len(written))
    others = replaced(source)
    log_p = one.log_p([source, *others], [written] * (1 + len(others)))[:, steps, written]
    change = log_p[0] - log_p[1:]
    if entry_of(topology).family == "autoregressive":
        own = log_p[0] - after_own_tokens(one, others, written)
        change = np.where(np.abs(own) < np.abs(change), own, change)
    expected = change.reshape(len(source), NEUTRAL, -1).mean(axis=1)
    np.testing.assert_allclose(found, expected.T, atol=1e-4)


def after_own_tokens(one: Opened, sources: list[list[int]], written: list[int]) -> np.ndarray:
    """log p of each written token after the likeliest tokens that the model writes itself: `[sources, written]`."""
    own = np.full((len(sources), len(written)), EOS)
    found = np.zeros(own.shape)
    for step, id in enumerate(written):
        log_p = one.log_p(sources, own.tolist())[:, step]
        found[:, step] = log_p[:, id]
        log_p[:, [PAD, UNK, BOS, EOS]] = -np.inf
        own[:, step] = log_p.argmax(axis=1)
    return found


def test_influence_over_paths_is_at_the_positions_of_the_likeliest_path(twelve: dict[str, Opened]) -> None:
    one = twelve["ctc"]
    source, written = best(one)
    assert written
    (found,) = one.ask(("influence", source, written))
    others = replaced(source)
    every = one.log_p([source, *others], [written] * (1 + len(others)))
    log_p = every[0]
    best_ids = np.where(np.isin(np.arange(log_p.shape[1]), [UNK, BOS, EOS]), -np.inf, log_p).argmax(axis=1)
    starts = [at for at, id in enumerate(best_ids) if id and (not at or best_ids[at - 1] != id)]
    assert best_ids[starts].tolist() == written  # the best path gives the target: it is the likeliest that does
    runs = [
        list(itertools.takewhile(lambda at, id=best_ids[start]: best_ids[at] == id, range(start, len(best_ids))))  # type: ignore[misc]
        for start in starts
    ]
    places = [max(run, key=lambda at: log_p[at, best_ids[at]]) for run in runs]
    expected = (log_p - every[1:])[:, places, written].reshape(len(source), NEUTRAL, -1).mean(axis=1)
    np.testing.assert_allclose(found, expected.T, atol=1e-4)


def test_influence_of_one_token_each_is_on_the_diagonal(twelve: dict[str, Opened]) -> None:
    one = twelve["one-to-one"]
    source = one.sources[LINE]
    (found,) = one.ask(("influence", source, [9] * len(source)))
    influence = np.array(found)
    assert influence.shape == (len(source), len(source))
    assert np.abs(influence[~np.eye(len(source), dtype=bool)]).max() == 0
    assert np.abs(np.diag(influence)).min() > 1e-3


@pytest.mark.parametrize("topology", ["attention", "encoder-decoder", "repeat-vector", "ctc"])
def test_other_weights_have_another_influence(topology: str, twelve: dict[str, Opened], tmp_path: Any) -> None:
    one = twelve[topology]
    source, written = best(one)
    other = opened(topology, one.tokenizers, tmp_path / "other", seed=2)
    maps = [np.array(model.ask(("influence", source, written))[0]).ravel() for model in (one, other)]
    assert abs(spearmanr(*maps).statistic) < 0.5


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_activity_has_a_number_for_every_vector(topology: str, twelve: dict[str, Opened]) -> None:
    one = twelve[topology]
    source, written = best(one)
    (found,) = one.ask(("activity", source, written))
    positions = len(written)
    if entry_of(topology).family == "direct":
        positions = int(one.model.positions(np.array([source]))[0])
    wiring = wire(topology, len(source), positions)
    assert wiring is not None
    assert len(found["reader"]) == (0 if topology == "one-to-many" else len(source))
    assert len(found["memory"]) == len(wiring.of("memory"))
    assert len(found["writer"]) == positions
    assert all(0 < value < 10 for name in ("reader", "memory", "writer") for value in found[name])
    if topology == "attention":
        np.testing.assert_allclose(np.sum(found["context"], axis=1), 1, atol=1e-5)
    else:
        assert found["context"] is None


def test_activity_is_the_size_of_what_the_layers_give(twelve: dict[str, Opened]) -> None:
    one = twelve["attention"]
    source, written = best(one)
    (found,) = one.ask(("activity", source, written))
    outputs, state = one.model.encode(one.model.encoder, np.array([source]))
    np.testing.assert_allclose(found["reader"], np.sqrt(np.mean(outputs.numpy()[0] ** 2, axis=1)), atol=1e-5)
    assert found["memory"][-1] == pytest.approx(np.sqrt(np.mean(state[-1][0].numpy() ** 2)), abs=1e-5)
