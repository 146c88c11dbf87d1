"""Segmentations drawn at random (Kudo 2018): forward filtering, backward sampling over the pieces of a word.

SentencePiece can draw too, but its generator starts differently in every process, whatever its seed. A resumed training
has to see the very pieces that it would have seen.
"""

from __future__ import annotations

import math
import random
import re
from bisect import bisect
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import sentencepiece

from mtlite.data.ids import UNK

_CACHED_WORDS = 20_000  # a few kilobytes each
_UNKNOWN_PENALTY = 10.0  # as in SentencePiece: an unknown character is this much less likely than the rarest piece
_SPACE = "\u2581"


class Edges(NamedTuple):
    """The pieces that can end at one position of a word."""

    cumulative: list[float]  # running sum of their probabilities, up to a factor
    starts: list[int]
    ids: list[tuple[int, ...]]  # one id, or the bytes of an unknown character


class Sampler:
    """Draws segmentations of a unigram model in proportion to their probability to the power of `alpha`."""

    def __init__(self, processor: sentencepiece.SentencePieceProcessor, alpha: float) -> None:
        self.processor, self.alpha = processor, alpha
        special = processor.is_control, processor.is_unknown, processor.is_byte, processor.is_unused
        ordinary = [id for id in range(processor.vocab_size()) if not any(kind(id) for kind in special)]
        self.pieces = {processor.id_to_piece(id): (id, processor.get_score(id)) for id in ordinary}
        self.longest = max(map(len, self.pieces), default=1)
        self.unknown_score = min((score for _, score in self.pieces.values()), default=0.0) - _UNKNOWN_PENALTY
        # Where no piece goes on after a space, words are independent of each other, and can be looked up.
        apart = all(_SPACE not in piece[1:] for piece in self.pieces)
        self.word = re.compile(f"{_SPACE}?[^{_SPACE}]*" if apart else ".+", re.DOTALL)
        self.lattice = lru_cache(_CACHED_WORDS)(self._lattice)

    def __call__(self, lines: list[str], seed: int) -> list[list[int]]:
        """Draw the ids of each line; the same for the same seed."""
        draw = random.Random(seed)
        return [self._line(self.processor.normalize(line), draw) for line in lines]

    def _line(self, text: str, draw: random.Random) -> list[int]:
        ids = [id for word in self.word.findall(text) for id in self._draw(self.lattice(word), draw)]
        # SentencePiece gives one unknown piece for several unknown characters in a row.
        return [id for at, id in enumerate(ids) if id != UNK or at == 0 or ids[at - 1] != UNK]

    def _draw(self, lattice: list[Edges], draw: random.Random) -> list[int]:
        """Backward: the last piece, the one before it, and so on."""
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
            scores = [totals[start] + self.alpha * score for start, (_, score) in zip(starts, found, strict=True)]
            if not starts or starts[-1] != end - 1:
                starts.append(end - 1)
                ids.append(self._unknown(word[end - 1]))
                scores.append(totals[end - 1] + self.alpha * self.unknown_score)
            highest = max(scores)
            cumulative = list(accumulate(math.exp(score - highest) for score in scores))
            totals.append(highest + math.log(cumulative[-1]))
            lattice.append(Edges(cumulative, starts, ids))
        return lattice

    def _unknown(self, character: str) -> tuple[int, ...]:
        """What SentencePiece writes for a character without a piece."""
        byte_ids = [self.processor.piece_to_id(f"<0x{byte:02X}>") for byte in character.encode()]
        return tuple(byte_ids) if all(map(self.processor.is_byte, byte_ids)) else (UNK,)
