"""A run that is opened in JavaScript answers as it does in Python, for every topology."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from opened_models import LINES, Opened, in_node

from mtlite.config.registry import TOPOLOGIES, entry_of
from mtlite.data.ids import BOS, EOS, PAD, UNK

TOKEN_BY_TOKEN = [name for name, entry in TOPOLOGIES.items() if entry.search == "token by token"]


def beams(topology: str) -> list[int]:
    return [1, 5] if entry_of(topology).ranks else [1]


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_translations_are_those_of_python(topology: str, twelve: dict[str, Opened]) -> None:
    one = twelve[topology]
    for beam in beams(topology):
        expected = one.translator(beam_size=beam, nbest=beam, length_penalty=0.7).translate(LINES)
        options = {"beam": beam, "count": beam, "lengthPenalty": 0.7}
        (found,) = one.ask(("translateLines", LINES, options))
        for translated, line in zip(found, expected, strict=True):
            hypotheses = translated["hypotheses"]
            assert [each["text"] for each in hypotheses] == line.texts
            np.testing.assert_allclose([each["score"] for each in hypotheses], line.scores, atol=1e-4)
            assert hypotheses[0]["pieces"] == line.target_pieces
            assert hypotheses[0]["ids"] == [id for id in hypotheses[0]["ids"] if id not in (PAD, UNK, BOS, EOS)]
            assert len(translated["source"]["unknown"]) == len(line.unknown)
            assert len(translated["source"]["pieces"]) == len(line.source_pieces)
            if line.attention.size:
                np.testing.assert_allclose(translated["attention"], line.attention, atol=1e-4)
            else:
                assert translated["attention"] is None
    assert len({line.texts[0] for line in expected}) > 2


def test_a_source_shows_what_stands_in_the_text(twelve: dict[str, Opened]) -> None:
    one = twelve["attention"]
    text = "two 漢字 three"
    (source,) = one.ask(("encode", text))
    (expected,) = one.tokenizers.source.encode([text])
    assert source["ids"] == expected
    assert [source["pieces"][at] for at in source["unknown"]] == one.tokenizers.source.unknown(text) == ["漢字"]
    assert source["pieces"][-1] == "</s>"
    assert not source["truncated"]


def test_a_long_source_is_cut_as_in_python(twelve: dict[str, Opened]) -> None:
    one, text = twelve["encoder-decoder"], "one " * 1024
    (source,) = one.ask(("encode", text))
    assert source["truncated"]
    assert len(source["ids"]) == len(source["pieces"]) == 1024
    assert source["ids"][-1] == EOS
    assert source["pieces"][-1] == "</s>"


def test_ids_become_pieces_and_text(twelve: dict[str, Opened]) -> None:
    one = twelve["attention"]
    (ids,) = one.tokenizers.target.encode(["eins zwei"])
    pieces, text = one.ask(("pieces", ids), ("text", ids))
    assert pieces == one.tokenizers.target.pieces(ids)
    assert text == "eins zwei"


@pytest.mark.parametrize("topology", TOKEN_BY_TOKEN)
def test_a_forced_prefix_is_followed_by_the_likeliest_tokens(topology: str, twelve: dict[str, Opened]) -> None:
    one, source = twelve[topology], twelve[topology].sources[0]
    (free,) = one.ask(("force", source, [], {"beam": 1}))
    first = next(id for id in range(4, 20) if id != free["hypotheses"][0]["ids"][0])
    (found,) = one.ask(("force", source, [first, 9], {"beam": 1}))
    hypothesis = found["hypotheses"][0]
    written = [*hypothesis["ids"], *([EOS] if hypothesis["pieces"][-1] == "</s>" else [])]
    log_p = one.log_p([source], [written])[0]
    assert written[:2] == [first, 9]
    assert hypothesis["score"] == pytest.approx(log_p[range(len(written)), written].sum(), abs=1e-4)
    log_p[:, [PAD, UNK, BOS]] = -np.inf
    assert written[2:] == log_p[2:].argmax(axis=1).tolist()


@pytest.mark.parametrize("topology", TOKEN_BY_TOKEN)
def test_the_best_hypothesis_stays_the_best_when_its_beginning_is_forced(
    topology: str, twelve: dict[str, Opened]
) -> None:
    one, source = twelve[topology], twelve[topology].sources[3]
    (best,) = one.ask(("force", source, [], {"beam": 5}))
    ids = best["hypotheses"][0]["ids"]
    assert ids
    again = one.ask(*(("force", source, ids[:length], {"beam": 5}) for length in range(len(ids))))
    scores = [each["hypotheses"][0]["score"] for each in again]
    assert min(scores) >= scores[0] - 1e-9
    assert again[-1]["hypotheses"][0]["ids"][: len(ids) - 1] == ids[:-1]


@pytest.mark.parametrize("topology", [name for name in TOPOLOGIES if entry_of(name).search == "one pass"])
def test_a_forced_position_changes_no_other(topology: str, twelve: dict[str, Opened]) -> None:
    one, source = twelve[topology], twelve[topology].sources[3]
    free, forced = one.ask(("continuations", source, [], 2), ("force", source, [None, 9]))
    likeliest = [[each["id"] for each in step["candidates"]] for step in free["steps"]]
    first = next(id for id in likeliest[0] if id != EOS)  # nothing could follow an end
    expected = [first, 9, *(ids[0] for ids in likeliest[2:]), EOS]
    assert forced["hypotheses"][0]["ids"] == expected[: expected.index(EOS)]


@pytest.mark.parametrize(
    ("method", "arguments", "said"),
    [
        ("translate", ["one", {"beam": 0}], "beam: expected a whole number from 1"),
        ("translate", ["one", {"beam": 1e9}], "beam: expected a whole number from 1"),
        ("translate", ["one", {"lengthPenalty": -1}], "length penalty"),
        ("force", [[5, EOS], [UNK], {}], "forced id"),
        ("force", [[5, EOS], [EOS, 5], {}], "forced id"),
        ("force", [[5], [5], {}], "end with </s>"),
        ("continuations", [[10**6, EOS], [], 3], "source id"),
        ("continuations", [[5, EOS], ["5"], 3], "target id"),
        ("continuations", [[5, EOS], [], 0], "count"),
        ("influence", [[5, EOS], [6], {"by": "magic"}], "by: expected replacement"),
    ],
)
def test_what_cannot_be_is_said(method: str, arguments: list[Any], said: str, twelve: dict[str, Opened]) -> None:
    question = {"folder": str(twelve["attention"].folder), "method": method, "arguments": arguments}
    (answer,) = in_node([question])
    assert said in answer["error"]
