"""`translation/paragraphs.py`: sentences, and everything between them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_in_node import run_module

from mtlite.translation.paragraphs import split_text

TEXTS = {
    "": [],
    " \n\t": [],
    "One": ["One"],
    "One. Two! Three? Four… Five": ["One.", "Two!", "Three?", "Four…", "Five"],
    "One.\nTwo\r\n\r\nThree": ["One.", "Two", "Three"],
    "  One.  Two. \n": ["One.", "Two."],
    "One.Two": ["One.Two"],
    "He said “Go!” Then he went.": ["He said “Go!”", "Then he went."],
    '"Stop!" she said.': ['"Stop!" she said.'],
    "Mr. Smith met Dr. No. They ate.": ["Mr. Smith met Dr. No. They ate."],
    "Am 3. Mai war es kalt. Sie kam.": ["Am 3. Mai war es kalt.", "Sie kam."],
    "z. B. Äpfel. Birnen": ["z. B. Äpfel.", "Birnen"],
    "Who?! Me?": ["Who?!", "Me?"],
    "我走。你来！真的？」好": ["我走。", "你来！", "真的？」", "好"],
    "यह है। वह था।": ["यह है।", "वह था।"],
    "wait... what": ["wait... what"],
    "a\u2028b": ["a\u2028b"],
}


@pytest.mark.parametrize(("text", "sentences"), TEXTS.items())
def test_a_text_is_parted_into_its_sentences(text, sentences):
    parted = split_text(text)
    assert parted.sentences == sentences
    assert parted.joined(parted.sentences) == text


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("aA.!。”) \n\r3“é")) | st.text(max_size=60))
def test_nothing_is_lost(text):
    parted = split_text(text)
    assert parted.joined(parted.sentences) == text
    assert all(each == each.strip() != "" for each in parted.sentences)
    assert not any("\n" in each or "\r" in each for each in parted.sentences)


def test_the_page_parts_a_text_in_the_same_way():
    draw = [*TEXTS, *("".join(text) for text in zip(TEXTS, reversed(TEXTS), strict=True))]
    texts = [text for text in draw if "\u2028" not in text and "\r\r" not in text]
    theirs = run_module(
        'const {sentencesOf} = await page("views/sentences.js");\n'
        "console.log(JSON.stringify(given.map((text) => sentencesOf(text))));",
        texts,
    )
    assert theirs == [split_text(text).sentences for text in texts]


def test_other_sentences_stand_in_the_same_places():
    assert split_text(" One. Two.\n\nThree\n").joined(["1", "2", "3"]) == " 1 2\n\n3\n"
    assert split_text("我走。你来。").joined(["I go.", "You come."], " ") == "I go. You come."
    assert split_text("我走。\n你来。").joined(["I go.", "You come."], " ") == "I go.\nYou come."
    assert split_text("\n").joined([]) == "\n"


@pytest.mark.parametrize("unit", [".", ". ", "a. ", "\"'", "....' ", "。", "\n", "a.b.", "  ", "A. a"])
def test_hostile_texts_take_no_longer_than_others(unit):
    text = unit * (200_000 // len(unit))
    start = time.process_time()
    parted = split_text(text)
    assert time.process_time() - start < 20
    assert parted.joined(parted.sentences) == text
