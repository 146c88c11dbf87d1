"""Dev and test sets cut from the training pairs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import datasets
import numpy as np

from mtlite.data.cached import keep_rows, pairs_of, remembered
from mtlite.errors import DataError, UsageError

SMALLEST_CUT_CORPUS = 20


def cut(
    train: datasets.Dataset, names: Sequence[str], held_out: int, seed: int
) -> tuple[datasets.Dataset, dict[str, datasets.Dataset], list[str]]:
    """Cuts a set for every name from the training pairs; no source sentence is on two sides of a cut.

    The order of the source sentences is that of their hashes, which the seed is a part of: a sentence that is added to
    the corpus does not move the others. Test sets are files of lines: a pair with a line break in it is not cut out. In
    memory are two hashes a pair.

    Raises:
        UsageError: Nothing is to be held out.
        DataError: There are too few pairs, or too many with the same source.
    """
    if held_out < 1:
        raise UsageError(
            f"data.held_out: expected at least 1, found {held_out}; or give data.{' and data.'.join(names)}"
        )
    known = remembered(["hashes", train._fingerprint, str(seed)], lambda: hashes_of(train, seed))
    hashes, usable = known["hashes"], np.flatnonzero(known["one_line"])
    source_hashes, pair_hashes = hashes.T
    first_copies = usable[np.unique(pair_hashes[usable], return_index=True)[1]]
    if len(first_copies) < SMALLEST_CUT_CORPUS:
        raise DataError(
            f"data: {len(first_copies)} different training pairs are too few to cut a {names[0]} set from (at least "
            f"{SMALLEST_CUT_CORPUS}, of one line a side); give data.{' and data.'.join(names)}"
        )
    size = min(held_out, len(first_copies) // 10)
    sources, pairs_with_source = np.unique(source_hashes[first_copies], return_counts=True)
    is_first_copy = np.zeros(len(train), dtype=bool)
    is_first_copy[first_copies] = True
    left = np.ones(len(train), dtype=bool)
    free = np.ones(len(sources), dtype=bool)
    parts, notes = {}, []
    for name in names:
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
        chosen = np.isin(source_hashes, sources[taken])
        left &= ~chosen
        parts[name] = keep_rows(train, chosen & is_first_copy)
        notes.append(
            f"{len(parts[name]):,} of {len(train):,} training pairs were cut out as the {name} set "
            f"(held_out {held_out}, seed {seed}); none of their source sentences is left in the training pairs."
        )
    return keep_rows(train, left), parts, notes


def hashes_of(train: datasets.Dataset, seed: int) -> dict[str, np.ndarray]:
    """Of every pair a hash of the source and one of the pair, `[pairs, 2]`, and whether both sides are one line."""
    key = str(seed).encode()
    hashes, one_line = np.empty((len(train), 2), dtype=np.uint64), np.empty(len(train), dtype=bool)
    for row, (source, target) in enumerate(pairs_of(train)):
        source_hash = hashlib.blake2b(source.encode(), digest_size=8, key=key).digest()
        pair_hash = hashlib.blake2b(source_hash + target.encode(), digest_size=8).digest()
        hashes[row] = int.from_bytes(source_hash, "big"), int.from_bytes(pair_hash, "big")
        one_line[row] = "\n" not in source and "\n" not in target
    return {"hashes": hashes, "one_line": one_line}
