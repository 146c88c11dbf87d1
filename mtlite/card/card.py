"""The card of a run, `README.md` in its folder."""

from __future__ import annotations

from collections.abc import Callable

from mtlite.card.examples import choose_examples
from mtlite.card.hub_results import write_hub_results
from mtlite.card.marks import refreshed
from mtlite.card.metadata import metadata, yaml_of
from mtlite.card.sections import body
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import MtliteError, RunError
from mtlite.limits import MAX_CARD_BYTES, read_file
from mtlite.storage.files import write_atomically
from mtlite.storage.run_directory import CARD, Run
from mtlite.translation.result import Result, read_result


def write_card(run: Run, tokenizers: Tokenizers) -> None:
    """Write the card of a finished run, or write it anew between its marks, and what leaderboards read of it.

    Raises:
        RunError: if that cannot be.
    """
    path = run.path / CARD
    try:
        before = read_file(path, MAX_CARD_BYTES).decode() if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise RunError(f"cannot read {path} ({reason}): mend it, or remove it for a new one") from None
    result = read_result(run)
    write_atomically(path, make_card(run, tokenizers, result, before).encode())
    write_hub_results(run, result)


def write_card_or_warn(run: Run, tokenizers: Tokenizers, warn: Callable[[str], object]) -> None:
    """Write the card, or say why that cannot be: a run is whole without it."""
    try:
        write_card(run, tokenizers)
    except MtliteError as error:
        warn(f"warning: the card is not written: {error}")


def make_card(run: Run, tokenizers: Tokenizers, result: Result, before: str = "") -> str:
    """The card of a finished run with its scores; `before` is the one that it has."""
    name = run.path.resolve().name
    data = metadata(run, result, name)
    text = body(run, tokenizers, result, name, *choose_examples(run, result))
    return refreshed(before, lambda keys: yaml_of(data, keys), text, str(run.path / CARD))
