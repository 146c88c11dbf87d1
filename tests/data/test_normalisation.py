"""A source is the same, however it was typed; what the rules write is what the model file does by itself."""

from __future__ import annotations

import itertools
import random
import unicodedata

import pytest
import sentencepiece
from samples import GERMAN, number_pairs

from mtlite.config.resolve import ResolvedTokenizer
from mtlite.data.normalisation import normalise, with_rules
from mtlite.data.tokenizer_training import train_tokenizer, train_tokenizers

SENTENCE = "Der Zug \u00fcber Br\u00fccken f\u00e4hrt ab."
SPACES = {
    "no-break": "\u00a0",
    "narrow no-break": "\u202f",
    "thin": "\u2009",
    "ideographic": "\u3000",
    "zero width": "\u200b",
    "two": "  ",
    "tab": "\t",
    "next line": "\x85",
    "line separator": "\u2028",
    "ogham": "\u1680",
    "space and no-break": " \u00a0",
}
INVISIBLE = {
    "soft hyphen": "\u00ad",
    "byte order mark": "\ufeff",
    "word joiner": "\u2060",
    "joiner": "\u200d",
    "non-joiner": "\u200c",
    "left to right": "\u200e",
    "isolate": "\u2066",
    "variant": "\ufe0f",
    "control": "\x01",
    "grapheme joiner": "\u034f",
}
DISTURBED = {
    **{f"space: {name}": SENTENCE.replace(" ", space) for name, space in SPACES.items()},
    **{f"inside: {name}": mark.join(SENTENCE) for name, mark in INVISIBLE.items()},
    "around": f"\ufeff\u00a0 {SENTENCE}\t ",
    "decomposed": unicodedata.normalize("NFD", SENTENCE),
    "full width": "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in SENTENCE),
}


@pytest.mark.parametrize("name", DISTURBED)
def test_however_it_was_typed(name: str) -> None:
    assert normalise([DISTURBED[name]]) == [SENTENCE]


@pytest.mark.parametrize("letter", "\u1ec7\u1ead\u01d6\u1f86\u1e69\u0439\u0451\u0623\u0929\u304c")
def test_accents_compose_in_any_order(letter: str) -> None:
    typed = set()
    for base, *marks in itertools.permutations(unicodedata.normalize("NFD", letter)):
        typed |= {base + "".join(marks), unicodedata.normalize("NFC", base + marks[0]) + "".join(marks[1:])}
    same = {text for text in typed if unicodedata.normalize("NFC", text) == letter}
    assert normalise(sorted(same)) == [letter] * len(same)


def test_text_in_many_scripts_has_one_form() -> None:
    draw = random.Random(1)
    ranges = [(0xC0, 0x250), (0x370, 0x530), (0x620, 0x64B), (0x904, 0x939), (0x1E00, 0x1F00), (0x3041, 0xD7A4)]
    letters = [chr(code) for first, last in ranges for code in range(first, last) if chr(code).isalpha()]
    lines = ["".join(draw.choices(letters, k=20)) for _ in range(500)]
    assert normalise([unicodedata.normalize("NFD", line) for line in lines]) == normalise(lines)
    assert normalise([unicodedata.normalize("NFKD", line) for line in lines]) == normalise(lines)


def test_words_of_persian_stay_apart_and_those_of_hindi_whole() -> None:
    assert normalise(["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"]) == [
        "\u0645\u06cc \u062e\u0648\u0627\u0647\u0645"
    ]
    assert normalise(["\u0915\u094d\u200d\u0937"]) == ["\u0915\u094d\u0937"]


def test_twice_is_once() -> None:
    once = normalise([*DISTURBED.values(), *GERMAN])
    assert normalise(once) == once


@pytest.mark.parametrize("kind", ["unigram", "bpe", "word", "char"])
def test_the_model_file_alone_applies_them(kind: str) -> None:
    trained, _ = train_tokenizer([*GERMAN, SENTENCE], kind, 60, byte_fallback=False)
    plain = sentencepiece.SentencePieceProcessor(model_proto=trained.model)
    ruled = sentencepiece.SentencePieceProcessor(model_proto=with_rules(trained.model))
    for text in [*DISTURBED.values(), *GERMAN]:
        assert ruled.encode(text) == plain.encode(normalise([text])[0])


def test_rules_are_the_same_every_time() -> None:
    model = train_tokenizer(GERMAN, "char", 60, byte_fallback=False)[0].model
    assert with_rules(model) == with_rules(with_rules(model))


@pytest.mark.parametrize("joint", [True, False])
def test_training_and_translation_read_the_same_ids(joint: bool) -> None:
    pairs = number_pairs(60, seed=1)
    disturbed = [(source.replace(" ", "\u00a0 "), target) for source, target in pairs]
    options = ResolvedTokenizer(joint=joint, vocabulary_size=60)
    tokenizers, again = train_tokenizers(options, pairs)[0], train_tokenizers(options, disturbed)[0]
    assert tokenizers.source.model == again.source.model
    read = [tokenizers.source.encode([source for source, _ in each]) for each in (pairs, disturbed)]
    assert read[0] == read[1]
