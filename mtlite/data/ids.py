"""The four ids that every vocabulary shares."""

PAD, UNK, BOS, EOS = 0, 1, 2, 3


def truncate(ids: list[int], most: int) -> list[int]:
    """A sentence of at most so many ids, which ends in `</s>` as it did before."""
    return ids if len(ids) <= most else [*ids[: most - 1], EOS]
