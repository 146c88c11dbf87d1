"""Dev and test sets cut from the training pairs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import datasets
import numpy as np

from mtlite.data.cache import keep_rows, pairs_of, remembered
from mtlite.errors import DataError, UsageError

SMALLEST_CUT_CORPUS = 20
TRAIN, NOWHERE = 0, 255


def cut(
    train: datasets.Dataset, names: Sequence[str], held_out: int, seed: int
) -> tuple[datasets.Dataset, dict[str, datasets.Dataset], list[str]]:
    """Cuts a set for every name from the training pairs; no source sentence is on two sides of a cut.

    Raises:
        UsageError: Nothing is to be held out.
        DataError: There are too few pairs, or too many with the same source.
    """
    if held_out < 1:
        raise UsageError(
            f"data.held_out: expected at least 1, found {held_out}; or give data.{' and data.'.join(names)}"
        )
    key = ["cut", train._fingerprint, *names, str(held_out), str(seed)]
    place = remembered(key, lambda: {"place": places_of(train, names, held_out, seed)})["place"]
    parts, notes = {}, []
    for number, name in enumerate(names, 1):
        parts[name] = keep_rows(train, place == number)
        notes.append(
            f"{len(parts[name]):,} of {len(train):,} training pairs were cut out as the {name} set "
            f"(held_out {held_out}, seed {seed}); none of their source sentences is left in the training pairs."
        )
    return keep_rows(train, place == TRAIN), parts, notes


def places_of(train: datasets.Dataset, names: Sequence[str], held_out: int, seed: int) -> np.ndarray:
    """Where each pair belongs: 0 in training, 1 in the first set that is cut and so on, 255 nowhere: it repeats one.

    The order of the source sentences is that of their hashes, which the seed is a part of: a sentence that is added to
    the corpus does not move the others. Test sets are files of lines: a pair with a line break in it is not cut out. In
    memory are two hashes a pair.

    Raises:
        DataError: There are too few pairs, or too many with the same source.
    """
    source_hashes, pair_hashes, one_line = hashes_of(train, seed)
    usable = np.flatnonzero(one_line)
    first_copies = usable[np.unique(pair_hashes[usable], return_index=True)[1]]
    if len(first_copies) < SMALLEST_CUT_CORPUS:
        raise DataError(
            f"data: {len(first_copies)} different training pairs are too few to cut a {names[0]} set from (at least "
            f"{SMALLEST_CUT_CORPUS}, of one line a side); give data.{' and data.'.join(names)}"
        )
    size = min(held_out, len(first_copies) // 10)
    sources, pairs_with_source = np.unique(source_hashes[first_copies], return_counts=True)
    place = np.full(len(train), TRAIN, np.uint8)
    free = np.ones(len(sources), dtype=bool)
    for number, name in enumerate(names, 1):
        taken, room = [], size
        for index in np.flatnonzero(free):
            if pairs_with_source[index] <= room:
                taken.append(index)
                room -= pairs_with_source[index]
                if not room:
                    break
        if not taken:
            raise DataError(
                f"data: cannot cut a {name} set from the training pairs: every source sentence has more than {size} "
                f"translations; give data.{name}"
            )
        free[taken] = False
        place[np.isin(source_hashes, sources[taken])] = NOWHERE
        place[first_copies[np.isin(source_hashes[first_copies], sources[taken])]] = number
    return place


def hashes_of(train: datasets.Dataset, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every pair a hash of the source, one of the pair, and whether both sides are one line."""
    key = str(seed).encode()
    hashes, one_line = np.empty((2, len(train)), dtype=np.uint64), np.empty(len(train), dtype=bool)
    for row, (source, target) in enumerate(pairs_of(train)):
        source_hash = hashlib.blake2b(source.encode(), digest_size=8, key=key).digest()
        pair_hash = hashlib.blake2b(source_hash + target.encode(), digest_size=8).digest()
        hashes[:, row] = int.from_bytes(source_hash, "big"), int.from_bytes(pair_hash, "big")
        one_line[row] = "\n" not in source and "\n" not in target
    return *hashes, one_line
