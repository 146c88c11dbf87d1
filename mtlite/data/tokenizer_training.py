"""Tokenizers trained on the training pairs, with SentencePiece."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mtlite.config.resolve import ResolvedTokenizer
from mtlite.data.ids import BOS, EOS, PAD, SPECIAL_PIECES, UNK
from mtlite.data.normalisation import normalise, with_rules
from mtlite.data.readers import Pair
from mtlite.data.sentencepiece_process import train_model
from mtlite.data.tokenizer import Tokenizer, Tokenizers, reason_of
from mtlite.errors import DataError, RunError

_TOO_LARGE = re.compile(r"Vocabulary size too high.*<= (\d+)")
_TOO_SMALL = re.compile(r"Vocabulary size is smaller than required_chars.*?\d+ vs (\d+)", re.DOTALL)
_SUBWORDS = ("unigram", "bpe")  # the kinds whose pieces are parts of words


def train_tokenizers(config: ResolvedTokenizer, pairs: Iterable[Pair]) -> tuple[Tokenizers, list[str]]:
    """Train the tokenizers of both sides; return them and messages for the user."""
    sources, targets = [list(side) for side in zip(*pairs, strict=True)] or [[], []]
    sources = normalise(sources)
    options = config.kind, config.vocabulary_size, config.byte_fallback
    if config.joint:
        both, message = train_tokenizer([*sources, *targets], *options)
        source, target, messages = both, both, [message] if message else []
    else:
        source, first = train_tokenizer(sources, *options)
        target, second = train_tokenizer(targets, *options)
        messages = [f"{side} {said}" for side, said in (("source", first), ("target", second)) if said]
    return Tokenizers(Tokenizer(with_rules(source.model)), target), messages


def train_tokenizer(
    lines: Iterable[str], kind: str, vocabulary_size: int, byte_fallback: bool
) -> tuple[Tokenizer, str | None]:
    """Train a SentencePiece model; return it, and a message if its vocabulary is not of the size that was asked for.

    It has fewer pieces if the text has not so many, and more if its characters alone are more. It keeps every
    character as it is, so that decode(encode(x)) = x. What cannot be kept: line ends, and U+2581, by which
    SentencePiece marks spaces. Without byte fallback, characters that are not in the text are unknown, and so are NUL
    and U+2585, which SentencePiece never learns.
    """
    text = [line for line in lines if line.strip()]
    if not text:
        raise DataError("expected text to train a tokenizer on, received only empty lines")
    # A small alphabet is kept whole; of a large one, the rarest characters would crowd out the words.
    whole_alphabet = kind not in _SUBWORDS or len(set().union(*text)) <= vocabulary_size // 4
    size, tried = vocabulary_size, set()
    while True:
        tried.add(size)
        try:
            tokenizer = _fit(text, kind, size, byte_fallback, whole_alphabet)
            return tokenizer, _size_message(vocabulary_size, len(tokenizer))
        except (RuntimeError, RunError) as error:
            possible = _TOO_LARGE.search(str(error)) or _TOO_SMALL.search(str(error))
            if possible is None or int(possible[1]) in tried:
                problem = f"{vocabulary_size:,} pieces of kind {kind} from {len(text):,} lines ({reason_of(error)})"
                remedy = "give other text, tokenizer.kind or tokenizer.vocabulary_size"
                raise DataError(f"SentencePiece cannot learn {problem}: {remedy}") from None
            size = int(possible[1])


def _fit(text: list[str], kind: str, size: int, byte_fallback: bool, whole_alphabet: bool) -> Tokenizer:
    """Train once; a RuntimeError or RunError says why no such tokenizer can be learnt."""
    options: dict[str, str | float] = {
        "model_type": kind,
        "vocab_size": size,
        "hard_vocab_limit": kind in _SUBWORDS,
        "byte_fallback": byte_fallback and kind in _SUBWORDS,
        "character_coverage": 1.0 if whole_alphabet else 0.9995,
        "normalization_rule_name": "identity",
        "remove_extra_whitespaces": False,
        "max_sentence_length": max(4192, max(len(line.encode()) for line in text)),
        "num_threads": 16,  # part of the result: a fixed number gives the same model on every machine
        "pad_id": PAD,
        "unk_id": UNK,
        "bos_id": BOS,
        "eos_id": EOS,
        "pad_piece": SPECIAL_PIECES[PAD],
        "unk_piece": SPECIAL_PIECES[UNK],
        "bos_piece": SPECIAL_PIECES[BOS],
        "eos_piece": SPECIAL_PIECES[EOS],
        "minloglevel": 2,
    }
    return Tokenizer(train_model(text, options))


def _size_message(asked: int, received: int) -> str | None:
    if received < asked:
        return f"vocabulary reduced from {asked:,} to {received:,} pieces: the text has not more"
    if received > asked:
        return f"vocabulary raised from {asked:,} to {received:,} pieces: the characters of the text need so many"
    return None
