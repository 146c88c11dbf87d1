"""Parts of the training pairs: a sample of them, and dev and test sets that are split off."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import datasets
import numpy as np

from mtlite.data.cache import cached_arrays, keep_rows, pairs_of
from mtlite.errors import DataError

_FEWEST_PAIRS = 20
_TRAIN, _NO_SET = 0, 255  # what a pair belongs to; 1, 2, … are the sets that are split off


def sample(pairs: datasets.Dataset, most: int | None, seed: int) -> datasets.Dataset:
    """At most so many pairs, in their order, or all; those of a smaller sample with the seed are in a larger one."""
    if most is None or most >= len(pairs):
        return pairs
    drawn = np.random.default_rng(seed).permutation(len(pairs))[:most]
    keep = np.zeros(len(pairs), dtype=bool)
    keep[drawn] = True
    return keep_rows(pairs, keep)


def split_off(
    train: datasets.Dataset, names: Sequence[str], held_out: int, seed: int
) -> tuple[datasets.Dataset, dict[str, datasets.Dataset], list[str]]:
    """Split a set for every name, an option such as data.dev, off the training pairs; `held_out` is its size at most.

    No source sentence is in two of the parts. Return the pairs that are left, the sets by name, notes for the user.
    """
    key = ["split", train._fingerprint, *names, str(held_out), str(seed)]
    part = cached_arrays(key, lambda: {"part": _parts(train, names, held_out, seed)})["part"]
    sets = {name: keep_rows(train, part == number) for number, name in enumerate(names, 1)}
    notes = [
        f"{len(pairs):,} of {len(train):,} training pairs were split off as the {name.removeprefix('data.')} set "
        f"(data.held_out {held_out}, data.seed {seed}); none of their source sentences is left in the training pairs."
        for name, pairs in sets.items()
    ]
    return keep_rows(train, part == _TRAIN), sets, notes


def _parts(train: datasets.Dataset, names: Sequence[str], held_out: int, seed: int) -> np.ndarray:
    """What each pair belongs to: 0 training, 1 the first set and so on, 255 nothing: it repeats a pair of a set.

    The order of the source sentences is that of their hashes, which the seed is a part of: a sentence that is added to
    the corpus does not move the others. Test sets are files of lines: a pair with a line break in it is in none. In
    memory are two hashes a pair.
    """
    source_hashes, pair_hashes, one_line = _hashes(train, seed)
    usable = np.flatnonzero(one_line)
    first_copies = usable[np.unique(pair_hashes[usable], return_index=True)[1]]
    if len(first_copies) < _FEWEST_PAIRS:
        expected = f"at least {_FEWEST_PAIRS} different pairs, of one line a side, to split off a set"
        received = f"{len(first_copies)}: give {' and '.join(names)}"
        raise DataError(f"data.train: expected {expected}, received {received}")
    size = min(held_out, len(first_copies) // 10)
    sources, pairs_with_source = np.unique(source_hashes[first_copies], return_counts=True)
    part = np.full(len(train), _TRAIN, np.uint8)
    free = np.ones(len(sources), dtype=bool)
    for number, name in enumerate(names, 1):
        taken = _take(np.flatnonzero(free), pairs_with_source, size)
        if not taken:
            problem = f"every source sentence has more than {size} translations"
            raise DataError(f"{name}: cannot be split off the training pairs, {problem}: give {name}")
        free[taken] = False
        part[np.isin(source_hashes, sources[taken])] = _NO_SET
        part[first_copies[np.isin(source_hashes[first_copies], sources[taken])]] = number
    return part


def _take(candidates: np.ndarray, sizes: np.ndarray, room: int) -> list[int]:
    """Take the first candidates whose sizes fit into the room together; one that does not fit is passed over."""
    taken = []
    for index in candidates:
        if not room:
            break
        if sizes[index] <= room:
            taken.append(index)
            room -= sizes[index]
    return taken


def _hashes(train: datasets.Dataset, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For every pair a hash of the source, one of the pair, and whether both sides are one line."""
    key = str(seed).encode()
    hashes, one_line = np.empty((2, len(train)), dtype=np.uint64), np.empty(len(train), dtype=bool)
    for row, (source, target) in enumerate(pairs_of(train)):
        source_hash = hashlib.blake2b(source.encode(), digest_size=8, key=key).digest()
        pair_hash = hashlib.blake2b(source_hash + target.encode(), digest_size=8).digest()
        hashes[:, row] = int.from_bytes(source_hash, "big"), int.from_bytes(pair_hash, "big")
        one_line[row] = "\n" not in source and "\n" not in target
    return *hashes, one_line
