"""Two small tokenizers of German number words."""

from __future__ import annotations

import pytest
from samples import GERMAN

from mtlite.data.tokenizer import Tokenizer
from mtlite.data.tokenizer_training import train_tokenizer


@pytest.fixture(scope="session")
def bytewise() -> Tokenizer:
    return train_tokenizer(GERMAN, "unigram", 320, byte_fallback=True)[0]


@pytest.fixture(scope="session")
def plain() -> Tokenizer:
    return train_tokenizer(GERMAN, "unigram", 60, byte_fallback=False)[0]
