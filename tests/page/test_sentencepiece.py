"""The tokenizer of the page against the library, in Node, and with model files that are none."""

from __future__ import annotations

import base64
import random
import shutil
from typing import Any

import pytest
import sentencepiece_in_javascript as against
from page_in_node import run_module
from sentencepiece.sentencepiece_model_pb2 import ModelProto

from mtlite.data.ids import BOS, EOS, NO_CHARACTER, PAD, UNK, truncate

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="no node is installed: apt-get install nodejs")
EXTREME = ["", " ", "  \u3000 ", "a" * 3000, "The farmer " * 500, "\u0301" * 2000, "水" * 1000]


OPEN_ALL = r"""
const { Processor } = await page("engine/sentencepiece/processor.js");
const opened = (model) => {
  try {
    const processor = new Processor(new Uint8Array(Buffer.from(model, "base64")));
    return { ids: processor.encode("Die Kühe ﬁnden① \ud800 Gras.").ids };
  } catch (error) {
    return { error: error.constructor.name, message: error.message };
  }
};
console.log(JSON.stringify(given.map(opened)));
"""


def opened(models: list[bytes]) -> Any:
    """What comes of opening each model and encoding a sentence: ids, or the kind of an error and its message."""
    return run_module(OPEN_ALL, [base64.b64encode(model).decode() for model in models])


@pytest.fixture(scope="module")
def models():
    return dict(against.models())


@pytest.mark.parametrize("kind", against.KINDS)
def test_ids_pieces_and_texts_are_those_of_the_library(models, kind):
    texts = [*against.strings(400, seed=7), *EXTREME]
    for name, model in models.items():
        if name.split(",")[0] == kind:
            assert (name, list(against.differences(model, texts, seed=7))) == (name, [])


def test_a_difference_is_found(models):
    one, other = models["unigram, nmt_nfkc"], models["bpe, nmt_nfkc"]
    given = [("The old farmer", [5])]
    assert against.in_python(one, given) != against.in_javascript(other, given)


def test_ids_that_all_vocabularies_share():
    code = """
    const { PAD, UNK, BOS, EOS, NO_CHARACTER, truncate } = await page("engine/ids.js");
    const cut = given.map((most) => truncate([7, 8, 9, 3], most));
    console.log(JSON.stringify([[PAD, UNK, BOS, EOS, NO_CHARACTER], ...cut]));
    """
    first, *cut = run_module(code, [1, 3, 4, 9])
    assert first == [PAD, UNK, BOS, EOS, NO_CHARACTER]
    assert cut == [truncate([7, 8, 9, 3], most) for most in (1, 3, 4, 9)]


def changed(model: bytes, **specs: dict) -> bytes:
    """The model with other values, by the name of their part."""
    proto = ModelProto.FromString(model)
    for part, values in specs.items():
        for name, value in values.items():
            setattr(getattr(proto, part), name, value)
    return proto.SerializeToString()  # type: ignore[no-any-return]


def with_piece(model: bytes, **piece) -> bytes:
    """The model with one more piece."""
    proto = ModelProto.FromString(model)
    proto.pieces.add(**piece)
    return proto.SerializeToString()  # type: ignore[no-any-return]


def with_rule(model: bytes, letter: str, written: bytes) -> bytes:
    """The model with one rule: what it writes for a letter."""
    units = [0] * 256
    units[0] = 1 << 10  # the children of the root stand at 1 XOR letter
    units[1 ^ ord(letter)] = 0x80 << 10 | 1 << 8 | ord(letter)  # it has a leaf, at 0x80 XOR its own place
    units[1 ^ ord(letter) ^ 0x80] = 1 << 31  # what is written begins at 0
    trie = b"".join(unit.to_bytes(4, "little") for unit in units)
    rules = len(trie).to_bytes(4, "little") + trie + written
    return changed(model, normalizer_spec={"precompiled_charsmap": rules})


def test_a_model_with_one_rule(models):
    model = with_rule(models["unigram, nmt_nfkc"], "e", b"a \0")
    assert list(against.differences(model, ["e", "eel", "the tree", "Käthe e e"], seed=7)) == []


def test_a_wrong_model_is_refused_with_what_is_wrong(models):
    good = models["unigram, nmt_nfkc"]
    rules = ModelProto.FromString(good).normalizer_spec.precompiled_charsmap
    leading_nowhere = (4).to_bytes(4, "little") + b"\0\xff\xff\x7f\0"
    wrong = {
        "1 unknown piece": b"",
        ".model file": b"no model at all",
        "ends within": good[: len(good) // 2],
        "has no end": b"\x0a" + b"\xff" * 20,
        "wire type": b"\x0b" * 40,
        "the same": with_piece(good, piece="e", score=-1),
        "score": with_piece(good, piece="endless", score=float("-inf")),
        "null": with_piece(good, piece="a\0b"),
        "7999": with_piece(good, piece="x" * 8000),
        "UTF-8": good.replace("น".encode(), b"\xff\xfe\xfd"),
        "pad, unk, bos, eos": changed(good, trainer_spec={"pad_piece": "e"}),
        "<0xFF>": changed(good, trainer_spec={"byte_fallback": True}),
        "byte_fallback is off": with_piece(good, piece="<0x41>", type=6),
        "cut off": changed(good, normalizer_spec={"precompiled_charsmap": rules[:9]}),
        "nowhere": changed(good, normalizer_spec={"precompiled_charsmap": leading_nowhere}),
        "writes has no end": with_rule(good, "e", b"no null byte"),
        "give less": with_rule(good, "e", b"x" * (9 << 20) + b"\0"),  # the sentence has it twice
    }
    for expected, found in zip(wrong, opened(list(wrong.values())), strict=True):
        assert found.get("error") == "Error", (expected, found)
        assert expected in found["message"]


def test_a_damaged_model_is_refused_or_works(models):
    draw, damaged = random.Random(1), []
    for model in (models["bpe, byte fallback, no rules"], models["char, no rules"], models["unigram, nmt_nfkc"]):
        # Most bytes of a model may be those of its rules: the others come more often than their share.
        for reach in (len(model), 2000) * 30:
            changed_bytes = bytearray(model)
            for _ in range(draw.randint(1, 20)):
                changed_bytes[draw.randrange(min(reach, len(model)))] = draw.choice((0, 1, 0x7F, 0x80, 0xFF))
            damaged.append(bytes(changed_bytes))
        damaged.extend(model[: draw.randrange(len(model))] for _ in range(5))
    outcomes = opened(damaged)
    assert all(found.get("message") or found.get("ids") for found in outcomes)
    assert {found.get("error") for found in outcomes} == {None, "Error"}


def test_half_of_a_surrogate_pair_is_the_replacement_character(models):
    model = models["bpe, byte fallback, no rules"]
    ids = opened([model])[0]["ids"]
    assert ids == against.in_python(model, [("Die Kühe ﬁnden① \ufffd Gras.", [])])[0].ids
