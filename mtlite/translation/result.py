"""The scores of a finished run, and the files of its hypotheses."""

from __future__ import annotations

from dataclasses import dataclass

from mtlite.config.options import SearchConfig
from mtlite.config.read import Count
from mtlite.errors import DamagedError
from mtlite.evaluation.scores import Scores
from mtlite.storage.run_directory import RESULT, Run


@dataclass(frozen=True, kw_only=True, repr=False)
class StoredScores(Scores):
    """The scores of a test set, as a run keeps them."""

    sha256: str  # of the references
    hypotheses: str | None = None  # the sha256 of their file; None in runs that ended before it was kept
    truncated_sources: Count  # longer than search accepts
    seconds: float  # of translating


@dataclass(frozen=True)
class Result:
    """The scores of a run: `result.json`."""

    search: SearchConfig
    tests: dict[str, StoredScores]


def read_result(run: Run) -> Result:
    """Read the scores of a run; raise RunError if it is not finished, or damaged."""
    result = run.read_json(RESULT, Result)
    if sorted(result.tests) != sorted(run.facts.tests):
        raise DamagedError(f"{run.path / RESULT} is damaged: expected scores of {', '.join(run.facts.tests)}")
    return result


def hypotheses_file(test: str, search: str = "") -> str:
    """Where a run keeps the translations of a test set; `search` names a second search."""
    return ".".join(["hypotheses", *filter(None, [search, "" if test == "test" else test]), "txt"])
