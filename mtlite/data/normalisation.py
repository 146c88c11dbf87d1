"""The rules that a source passes before it is split into pieces, the same in training and ever after.

They stand in the source's SentencePiece model, so that whatever reads that file applies them, too. SentencePiece looks
for the longest rule that fits at a place, writes its result, and goes on behind it. The target passes no rules: what is
given back keeps its spaces and characters as they were learnt.

The rules are those of SentencePiece for translation (`nmt_nfkc`: Unicode's NFKC; every space, a zero-width one, too,
becomes a plain one; control characters go) and two more: invisible characters go, except the one that parts words in
Persian, which becomes a space; accents compose in whatever order they were typed.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import sentencepiece
from sentencepiece.sentencepiece_model_pb2 import ModelProto, NormalizerSpec

VERSION = f"1, Unicode {unicodedata.unidata_version}"
"""Changes with the rules: tokenizers in the cache that were trained with others are not used."""

_INVISIBLE = [
    *(0xAD, 0x34F, 0x61C, 0x180E, 0xFEFF),  # soft hyphen, joiner of graphemes, marks of direction and of order
    *range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070),  # joiners, direction
    *range(0xFE00, 0xFE10), *range(0xE0000, 0xE0200),  # variants of a picture, tags
]  # fmt: skip
_NON_JOINER = "\u200c"


def normalise(lines: Iterable[str]) -> list[str]:
    """Apply the rules to source text, as a model that carries them does."""
    plain = sentencepiece.SentencePieceNormalizer(
        normalizer_spec=_compiled(), add_dummy_prefix=False, escape_whitespaces=False, remove_extra_whitespaces=True
    )
    return plain.Normalize(list(lines))  # type: ignore[no-any-return]


def with_rules(model: bytes) -> bytes:
    """Return the SentencePiece model of the same pieces that applies the rules to what it reads."""
    proto, rules = ModelProto.FromString(model), NormalizerSpec.FromString(_compiled())
    proto.normalizer_spec.name = "source"
    proto.normalizer_spec.precompiled_charsmap = rules.precompiled_charsmap
    proto.normalizer_spec.remove_extra_whitespaces = True
    return proto.SerializeToString(deterministic=True)  # type: ignore[no-any-return]


@cache
def _compiled() -> bytes:
    """The rules as a serialized `NormalizerSpec`; compiling takes some seconds."""
    sentencepiece.set_min_log_level(2)  # it says what it compiles
    return sentencepiece.SentencePieceNormalizer(norm_map=sorted(_rules().items())).serialized_normalizer_spec()  # type: ignore[no-any-return]


def _rules() -> dict[str, str]:
    """What is read, and what is written in its place."""
    rules: dict[str, str] = dict(sentencepiece.SentencePieceNormalizer(rule_name="nmt_nfkc").Decompile())
    rules |= {text: written for text, written in _accents() if rules.get(text) != written}
    rules |= dict.fromkeys(map(chr, _INVISIBLE), "") | {"\x85": " "}
    arabic = {letter: letter for letter in map(chr, range(0x600, 0x700)) if _is_arabic(letter)}
    arabic |= {text: written for text, written in rules.items() if len(text) < 4 and _is_arabic(text[-1])}
    return rules | {text + _NON_JOINER: f"{written} " for text, written in arabic.items()}


def _is_arabic(character: str) -> bool:
    return unicodedata.name(character, "").startswith("ARABIC")


def _accents() -> Iterable[tuple[str, str]]:
    """Letters with two or three accents in every order, with a part of them composed or none."""
    accents: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for letter in map(chr, range(0xC0, 0x2000)):
        apart = unicodedata.normalize("NFD", letter)
        base, marks = apart[0], tuple(apart[1:])
        if 1 <= len(marks) <= 3 and all(map(unicodedata.combining, marks)):
            accents[base] |= {*itertools.permutations(marks), *((mark,) for mark in marks)}
    for base, known in accents.items():
        single = sorted(marks for marks in known if len(marks) == 1)
        pairs = {(*one, *two) for one, two in itertools.permutations(single, 2)}
        for marks in sorted(known | pairs):
            written = unicodedata.normalize("NFKC", base + "".join(marks))
            for composed in range(len(marks)):
                start = unicodedata.normalize("NFC", base + "".join(marks[:composed]))
                if (text := start + "".join(marks[composed:])) != written and len(text) > 1:
                    yield text, written
