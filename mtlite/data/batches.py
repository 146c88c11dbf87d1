"""Which pairs are trained on together, and in which order: a pure function of (seed, epoch).

Pairs of like lengths go together, so that little is padding. Only one pool of pairs is in memory at a time.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import datasets
import numpy as np
import pyarrow as pa

from mtlite.data.ids import PAD
from mtlite.data.tokenizer import Tokenizers

_BLOCK = 512  # neighbouring pairs that are read together
_POOL = 256  # blocks that are sorted by length together
POOL_PAIRS = _BLOCK * _POOL
"""Pairs that are in memory at a time."""


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
        lengths = np.fromiter((len(ids) for ids in sequences), np.int64, len(sequences))
        return cls(
            np.concatenate([np.zeros(0, np.int32), *(np.asarray(ids, np.int32) for ids in sequences)]),
            np.concatenate([[0], np.cumsum(lengths)]),
        )

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
    """Group pairs into batches of like lengths, in random order.

    Args:
        source_lengths: `[pairs]`.
        target_lengths: `[pairs]`.
        batch_tokens: padded source plus padded target tokens of a batch, at most; a longer pair stands alone.
        random: decides over ties and over the order.

    Returns:
        Indices of the pairs of each batch.
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
    """The training batches.

    Args:
        encoded: what `encode_pairs` gives.
        tokenizers: for sampling.
        batch_tokens: padded source plus padded target tokens of a batch, at most.
        seed: of the order, and of sampling.
        sampling: smoothness of sampled segmentations; 0 takes the one best segmentation in every epoch.
    """

    def __init__(
        self, encoded: datasets.Dataset, tokenizers: Tokenizers, batch_tokens: int, seed: int, sampling: float = 0.0
    ) -> None:
        self.columns = encoded.with_format("arrow")
        self.tokenizers = tokenizers
        self.batch_tokens = batch_tokens
        self.seed = seed
        self.sampling = sampling

    def _pool(self, blocks: np.ndarray, epoch: int, number: int) -> tuple[Sequences, Sequences]:
        """Source and target ids of all pairs in some blocks."""
        tables = [self.columns[int(block) * _BLOCK : (int(block) + 1) * _BLOCK] for block in blocks]
        if not self.sampling:
            return _joined(tables, "source_ids"), _joined(tables, "target_ids")
        sides = []
        for salt, (name, tokenizer) in enumerate(
            (("source", self.tokenizers.source), ("target", self.tokenizers.target))
        ):
            drawn: list[list[int]] = []
            for block, table in zip(blocks, tables, strict=True):
                entropy = [self.seed, epoch, number, int(block), salt]
                seed = int(np.random.SeedSequence(entropy).generate_state(1)[0])
                drawn += tokenizer.sample(table[name].to_pylist(), self.sampling, seed)
            sides.append(Sequences.of(drawn))
        return sides[0], sides[1]

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of one epoch in their order.

        Args:
            skip: batches left out at the start.
        """
        random = np.random.Generator(np.random.Philox(key=[self.seed, epoch]))
        blocks = random.permutation(-(-len(self.columns) // _BLOCK))
        for number, start in enumerate(range(0, len(blocks), _POOL)):
            source, target = self._pool(blocks[start : start + _POOL], epoch, number)
            lengths = np.diff(source.offsets), np.diff(target.offsets)
            for rows in group_by_length(*lengths, self.batch_tokens, random):
                if skip:
                    skip -= 1
                    continue
                yield Batch(source.padded(rows), target.padded(rows))

    def from_position(self, position: Position) -> Iterator[tuple[Position, Batch]]:
        """Batches without end, from a position on, each with the position after it."""
        epoch, skip = position
        while True:
            number = skip
            for batch in self.epoch(epoch, skip):
                number += 1
                yield Position(epoch, number), batch
            epoch, skip = epoch + 1, 0


class Prefetched:
    """Prepares the next batches in a thread while the last one trains.

    Args:
        batches: what is prepared; an error in it is raised where the batch would have been given.
        depth: batches prepared ahead.
    """

    def __init__(self, batches: Iterator[tuple[Position, Batch]], depth: int = 8) -> None:
        self._queue: queue.Queue[tuple[Position, Batch] | BaseException] = queue.Queue(depth)
        self._stop = threading.Event()
        self._end: BaseException | None = None
        self._thread = threading.Thread(target=self._fill, args=(batches,), daemon=True)
        self._thread.start()

    def _fill(self, batches: Iterator[tuple[Position, Batch]]) -> None:
        try:
            for item in batches:
                if not self._put(item):
                    return
            self._put(StopIteration())
        except BaseException as error:  # noqa: BLE001 - handed to the reader, who raises it
            self._put(error)

    def _put(self, item: tuple[Position, Batch] | BaseException) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def __next__(self) -> tuple[Position, Batch]:
        if self._end is not None:
            raise self._end
        item = self._queue.get()
        if isinstance(item, BaseException):
            self._end = item
            raise item
        return item

    def close(self) -> None:
        """Stop the thread."""
        self._stop.set()
        self._thread.join()
