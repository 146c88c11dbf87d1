"""Which pairs are trained on together, and in which order: a pure function of (seed, epoch).

Pairs of like lengths go together, so that little is padding. Only one pool of pairs is in memory at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import datasets
import numpy as np
import pyarrow as pa

from mtlite.data.ids import PAD
from mtlite.data.tokenizer import Tokenizer, Tokenizers

_BLOCK = 512  # neighbouring pairs that are read together
_POOL = 256  # blocks that are sorted by length together
POOL_PAIRS = _BLOCK * _POOL  # in memory at a time


class Batch(NamedTuple):
    """Right-padded ids, int32."""

    source: np.ndarray  # [batch, source length]
    target: np.ndarray  # [batch, target length]


class Position(NamedTuple):
    """How far the data has been read: two integers."""

    epoch: int
    batch: int


class Sequences(NamedTuple):
    """Sequences of ids, end to end."""

    ids: np.ndarray  # [tokens] int32
    offsets: np.ndarray  # [sequences + 1]: where each begins and the last one ends

    @classmethod
    def of(cls, sequences: Sequence[Sequence[int] | np.ndarray]) -> Sequences:
        arrays = [np.zeros(0, np.int32), *(np.asarray(ids, np.int32) for ids in sequences)]
        return cls(np.concatenate(arrays), np.cumsum([array.size for array in arrays]))

    def padded(self, rows: np.ndarray) -> np.ndarray:
        """Some of them, right-padded: `[rows, longest]` int32."""
        starts = self.offsets[rows]
        lengths = self.offsets[rows + 1] - starts
        positions = np.arange(lengths.max(initial=1))
        inside = positions < lengths[:, None]
        padded = np.full(inside.shape, PAD, np.int32)
        padded[inside] = self.ids[(starts[:, None] + positions)[inside]]
        return padded


def pad(sequences: Sequence[Sequence[int] | np.ndarray]) -> np.ndarray:
    """Right-pad sequences of ids to `[batch, longest]` int32."""
    return Sequences.of(sequences).padded(np.arange(len(sequences)))


def group_by_length(
    source_lengths: np.ndarray, target_lengths: np.ndarray, batch_tokens: int, random: np.random.Generator
) -> list[np.ndarray]:
    """Group pairs, by their lengths `[pairs]`, into batches of like lengths: the indices of each, in random order.

    A batch has at most `batch_tokens` padded source plus padded target tokens; a longer pair stands alone.
    """
    # Target lengths rise and fall in turns, so that neighbours stay alike where the source length changes.
    rising = np.where(source_lengths % 2 == 0, target_lengths, -target_lengths)
    order = np.lexsort((random.random(len(source_lengths)), rising, source_lengths))
    starts, start, longest_source, longest_target = [0], 0, 0, 0
    lengths = zip(source_lengths[order].tolist(), target_lengths[order].tolist(), strict=True)
    for end, (source, target) in enumerate(lengths):
        longest_source, longest_target = max(longest_source, source), max(longest_target, target)
        if end > start and (end + 1 - start) * (longest_source + longest_target) > batch_tokens:
            starts.append(end)
            start, longest_source, longest_target = end, source, target
    batches = np.split(order, starts[1:])
    return [batches[index] for index in random.permutation(len(batches))]


def _joined(tables: list[pa.Table], name: str) -> Sequences:
    """A column of lists, without making a list of any of them."""
    lists = pa.chunked_array([chunk for table in tables for chunk in table[name].chunks]).combine_chunks()
    return Sequences(lists.flatten().to_numpy(), lists.offsets.to_numpy() - lists.offsets[0].as_py())


class Batches:
    """The training batches of what `encode_pairs` returns.

    `sampling` is the smoothness of sampled segmentations; 0 takes the one best segmentation in every epoch.
    """

    def __init__(
        self, encoded: datasets.Dataset, tokenizers: Tokenizers, batch_tokens: int, seed: int, sampling: float = 0.0
    ) -> None:
        self.columns = encoded.with_format("arrow")
        self.tokenizers, self.batch_tokens, self.seed, self.sampling = tokenizers, batch_tokens, seed, sampling

    def _pool(self, blocks: np.ndarray, epoch: int, number: int) -> tuple[Sequences, Sequences]:
        """Source and target ids of all pairs in some blocks."""
        tables = [self.columns[int(block) * _BLOCK : (int(block) + 1) * _BLOCK] for block in blocks]
        if not self.sampling:
            return _joined(tables, "source_ids"), _joined(tables, "target_ids")

        def drawn(name: str, tokenizer: Tokenizer, salt: int) -> Sequences:
            ids: list[list[int]] = []
            for block, table in zip(blocks, tables, strict=True):
                entropy = [self.seed, epoch, number, int(block), salt]
                seed = int(np.random.SeedSequence(entropy).generate_state(1)[0])
                ids += tokenizer.sample(table[name].to_pylist(), self.sampling, seed)
            return Sequences.of(ids)

        return drawn("source", self.tokenizers.source, 0), drawn("target", self.tokenizers.target, 1)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """Yield the batches of one epoch in their order, without the first `skip`."""
        random = np.random.Generator(np.random.Philox(key=[self.seed, epoch]))
        blocks = random.permutation(-(-len(self.columns) // _BLOCK))
        for number, start in enumerate(range(0, len(blocks), _POOL)):
            source, target = self._pool(blocks[start : start + _POOL], epoch, number)
            lengths = np.diff(source.offsets), np.diff(target.offsets)
            groups = group_by_length(*lengths, self.batch_tokens, random)
            for rows in groups[skip:]:
                yield Batch(source.padded(rows), target.padded(rows))
            skip = max(0, skip - len(groups))

    def from_position(self, position: Position) -> Iterator[tuple[Position, Batch]]:
        """Yield batches without end, from a position on, each with the position after it."""
        epoch, skip = position
        while True:
            for number, batch in enumerate(self.epoch(epoch, skip), skip + 1):
                yield Position(epoch, number), batch
            epoch, skip = epoch + 1, 0


class Prefetched:
    """Prepares `depth` batches in a thread while the one before them trains.

    An error in preparing one is raised where that batch would have been returned.
    """

    def __init__(self, batches: Iterator[tuple[Position, Batch]], depth: int = 8) -> None:
        self._batches = batches
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._ahead = deque(self._thread.submit(next, batches) for _ in range(depth))

    def __next__(self) -> tuple[Position, Batch]:
        item = self._ahead[0].result()
        self._ahead.popleft()
        self._ahead.append(self._thread.submit(next, self._batches))
        return item

    def close(self) -> None:
        """Stop the thread."""
        self._thread.shutdown(cancel_futures=True)
