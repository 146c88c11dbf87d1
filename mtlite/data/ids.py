"""The four ids that every vocabulary shares."""

PAD, UNK, BOS, EOS = 0, 1, 2, 3

NO_CHARACTER = "\ufdd0"
"""Unicode keeps it free, so no text has it: with it in their names, `<s>` and the like in a text are text."""

SPECIAL_PIECES = tuple(f"<{name}{NO_CHARACTER}>" for name in ("pad", "unk", "s", "/s"))
"""The names of these ids in a vocabulary."""


def truncate(ids: list[int], most: int) -> list[int]:
    """A sentence of at most so many ids, which ends in `</s>` as it did before."""
    return ids if len(ids) <= most else [*ids[: most - 1], EOS]
