"""Text around whatever translates ids: no model is needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtlite.config.options import SearchConfig
from mtlite.data.ids import EOS
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import MtliteError, UsageError
from mtlite.translation.sentences import SentenceHypotheses, SentenceTranslator, refuse_nan


class Echo:
    """Gives every source back, three times: as it is, once more, and without its last piece."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, list[list[int]]]] = []

    def search(self, sources: list[list[int]], first: int = 0) -> list[SentenceHypotheses]:
        self.asked.append((first, sources))
        return [
            SentenceHypotheses([ids[:-1], ids[:-1], ids[:-2]], [-1.0, -2.0, -3.0], np.zeros((len(ids), len(ids))))
            for ids in sources
        ]


@pytest.fixture
def tokenizers(tiny_run: Path) -> Tokenizers:
    return Tokenizers.load(tiny_run)


def test_text_goes_there_and_back(tokenizers: Tokenizers) -> None:
    echo = Echo()
    found = SentenceTranslator(tokenizers, SearchConfig(), echo).translate(["one two", ""], first=7)
    assert [each.texts for each in found] == [["one two"], [""]]
    assert found[0].source_pieces == found[0].target_pieces
    assert echo.asked == [(7, tokenizers.source.encode(["one two", ""]))]


@pytest.mark.parametrize(("equal_texts", "count"), [(False, 2), (True, 3)])
def test_equal_texts_are_given_once(equal_texts: bool, count: int, tokenizers: Tokenizers) -> None:
    config = SearchConfig(nbest=3, equal_texts=equal_texts)
    (found,) = SentenceTranslator(tokenizers, config, Echo()).translate(["one two three"])
    assert len(found.texts) == len(found.scores) == count
    assert found.scores[0] == -1.0


def test_a_long_source_is_cut_and_said_to_be(tokenizers: Tokenizers) -> None:
    echo = Echo()
    (found,) = SentenceTranslator(tokenizers, SearchConfig(max_source_tokens=3), echo).translate(["one two three four"])
    ((ids,),) = [sources for _, sources in echo.asked]
    assert found.truncated
    assert (len(ids), ids[-1]) == (3, EOS)


def test_a_text_or_something_else_is_refused(tokenizers: Tokenizers) -> None:
    translator = SentenceTranslator(tokenizers, SearchConfig(), Echo())
    with pytest.raises(UsageError, match="expected a list of sentences"):
        translator.translate("one")
    with pytest.raises(UsageError, match="expected sentences as text, received int"):
        translator.translate([5])  # type: ignore[list-item]


def test_scores_that_are_no_numbers_are_refused() -> None:
    refuse_nan(np.array([-1.0, -np.inf]))
    with pytest.raises(MtliteError, match="no numbers"):
        refuse_nan(np.array([-1.0, np.nan]))
