"""Segmentations drawn at random: by their probability (Kudo 2018), or with merges left out (Provilkov et al. 2020).

SentencePiece can draw too, but its generator starts differently in every process, whatever its seed. A resumed training
has to see the very pieces that it would have seen.
"""

from __future__ import annotations

import math
import random
import re
from abc import ABC, abstractmethod
from bisect import bisect
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import sentencepiece

from mtlite.data.ids import UNK

_CACHED_WORDS = 20_000  # a few kilobytes each
_UNKNOWN_PENALTY = 10.0  # as in SentencePiece: an unknown character is this much less likely than the rarest piece
_SPACE = "\u2581"


class Sampler(ABC):
    """Draws segmentations of lines, a word at a time.

    Args:
        processor: a SentencePiece model of a kind that can be drawn from.
        amount: how much is drawn, as `tokenizer.sampling` counts it for the kind.
    """

    def __init__(self, processor: sentencepiece.SentencePieceProcessor, amount: float) -> None:
        self.processor, self.amount = processor, amount
        special = processor.is_control, processor.is_unknown, processor.is_byte, processor.is_unused
        ordinary = [id for id in range(processor.vocab_size()) if not any(kind(id) for kind in special)]
        self.pieces = {processor.id_to_piece(id): (id, processor.get_score(id)) for id in ordinary}
        # Where no piece goes on after a space, words are independent of each other.
        apart = all(_SPACE not in piece[1:] for piece in self.pieces)
        self.word = re.compile(f"{_SPACE}?[^{_SPACE}]*" if apart else ".+", re.DOTALL)

    def __call__(self, lines: list[str], seed: int) -> list[list[int]]:
        """Draw the ids of each line; the same for the same seed."""
        draw = random.Random(seed)
        return [self._line(self.processor.normalize(line), draw) for line in lines]

    def _line(self, text: str, draw: random.Random) -> list[int]:
        ids = [id for word in self.word.findall(text) for id in self.ids(word, draw)]
        # SentencePiece gives one unknown piece for several unknown characters in a row.
        return [id for at, id in enumerate(ids) if id != UNK or at == 0 or ids[at - 1] != UNK]

    @abstractmethod
    def ids(self, word: str, draw: random.Random) -> list[int]:
        """Draw the ids of a word."""

    def unknown(self, character: str) -> tuple[int, ...]:
        """What SentencePiece writes for a character without a piece."""
        byte_ids = [self.processor.piece_to_id(f"<0x{byte:02X}>") for byte in character.encode()]
        return tuple(byte_ids) if all(map(self.processor.is_byte, byte_ids)) else (UNK,)


class MergeSampler(Sampler):
    """BPE-dropout (Provilkov et al. 2020): before each merge, every possible one is left out with some probability."""

    def ids(self, word: str, draw: random.Random) -> list[int]:
        parts = list(word)
        while True:
            possible = (at for at in range(len(parts) - 1) if parts[at] + parts[at + 1] in self.pieces)
            kept = [at for at in possible if draw.random() >= self.amount]
            if not kept:
                break
            at = max(kept, key=lambda at: self.pieces[parts[at] + parts[at + 1]][1])
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        known = ((self.pieces[part][0],) if part in self.pieces else self.unknown(part) for part in parts)
        return [id for ids in known for id in ids]


class Edges(NamedTuple):
    """The pieces that can end at one position of a word."""

    cumulative: list[float]  # running sum of their probabilities, up to a factor
    starts: list[int]
    ids: list[tuple[int, ...]]  # one id, or the bytes of an unknown character


class UnigramSampler(Sampler):
    """Draws in proportion to the probability of a segmentation to the power of `amount` (Kudo 2018).

    Forward filtering, backward sampling over the pieces of a word.
    """

    def __init__(self, processor: sentencepiece.SentencePieceProcessor, amount: float) -> None:
        super().__init__(processor, amount)
        self.longest = max(map(len, self.pieces), default=1)
        self.unknown_score = min((score for _, score in self.pieces.values()), default=0.0) - _UNKNOWN_PENALTY
        self.lattice = lru_cache(_CACHED_WORDS)(self._lattice)

    def ids(self, word: str, draw: random.Random) -> list[int]:
        """Backward: the last piece, the one before it, and so on."""
        lattice = self.lattice(word)
        backwards: list[int] = []
        end = len(lattice)
        while end:
            cumulative, starts, ids = lattice[end - 1]
            chosen = 0 if len(starts) == 1 else bisect(cumulative, draw.random() * cumulative[-1], hi=len(starts) - 1)
            backwards.extend(reversed(ids[chosen]))
            end = starts[chosen]
        return backwards[::-1]

    def _lattice(self, word: str) -> list[Edges]:
        """Forward: the probability of every beginning of a word, summed over its segmentations."""
        totals, lattice = [0.0], []  # logarithms
        for end in range(1, len(word) + 1):
            starts = [at for at in range(max(0, end - self.longest), end) if word[at:end] in self.pieces]
            found = [self.pieces[word[start:end]] for start in starts]
            ids: list[tuple[int, ...]] = [(id,) for id, _ in found]
            scores = [totals[start] + self.amount * score for start, (_, score) in zip(starts, found, strict=True)]
            if not starts or starts[-1] != end - 1:
                starts.append(end - 1)
                ids.append(self.unknown(word[end - 1]))
                scores.append(totals[end - 1] + self.amount * self.unknown_score)
            highest = max(scores)
            cumulative = list(accumulate(math.exp(score - highest) for score in scores))
            totals.append(highest + math.log(cumulative[-1]))
            lattice.append(Edges(cumulative, starts, ids))
        return lattice


SAMPLERS: dict[str, type[Sampler]] = {"unigram": UnigramSampler, "bpe": MergeSampler}
"""By the kind of a model, what draws from it."""
