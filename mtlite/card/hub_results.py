"""The scores on data sets of the Hub, in the files that its leaderboards read: `.eval_results/` in the run directory.

A data set has a leaderboard if its owner has registered it as a benchmark. For any other one, the Hub shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from huggingface_hub.utils import yaml_dump

from mtlite.card.metadata import corpus_of, hub_name
from mtlite.errors import RunError
from mtlite.storage.files import write_atomically
from mtlite.storage.run_directory import Run
from mtlite.translation.result import Result

HUB_RESULTS = ".eval_results/mtlite.yaml"
_NOTE = "# Written by mtlite, and written anew by mtlite evaluate: entries of your own belong into another file.\n"


class HubResult(NamedTuple):
    """An entry, in the Hub's words."""

    dataset: dict[str, str]  # its id, and the task_id
    value: float
    notes: str


def write_hub_results(run: Run, result: Result) -> None:
    """Write BLEU on every test set that lies on the Hub, nothing if none does; RunError if that cannot be."""
    if entries := [entry._asdict() for entry in hub_results(run, result)]:
        path = run.path / HUB_RESULTS
        try:
            path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise RunError(f"cannot make {path.parent} ({error.strerror}): allow writing there") from None
        if path.parent.is_symlink():
            raise RunError(f"{path.parent} leads out of the run: remove that link")
        write_atomically(path, (_NOTE + str(yaml_dump(entries, sort_keys=False))).encode())


def hub_results(run: Run, result: Result) -> Iterator[HubResult]:
    """An entry a test set; the task is the split, since a score of another split is another result."""
    for test, scores in result.tests.items():
        corpus = corpus_of(run, test)
        if corpus and (name := hub_name(corpus)):
            notes = f"BLEU, {scores.sentences} sentences, {scores.bleu.signature}"
            yield HubResult({"id": name, "task_id": corpus.split or "default"}, scores.bleu.score, notes)
