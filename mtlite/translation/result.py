"""What a finished run keeps of its translations: scores, and where the hypotheses are."""

from __future__ import annotations

from dataclasses import dataclass

from mtlite.config.options import SearchConfig
from mtlite.config.read import Count
from mtlite.errors import DamagedError
from mtlite.evaluation.scores import Scores
from mtlite.storage.run_directory import RESULT, Run


@dataclass(frozen=True, kw_only=True)
class StoredScores(Scores):
    """The scores of a test set, as a run keeps them.

    Args:
        sha256: Of the references.
        truncated_sources: Sources that were longer than search accepts.
        seconds: Of translating.
    """

    sha256: str
    truncated_sources: Count
    seconds: float


@dataclass(frozen=True)
class Result:
    """The scores of a run: `result.json`."""

    search: SearchConfig
    tests: dict[str, StoredScores]


def read_result(run: Run) -> Result:
    """The scores of a finished run."""
    result = run.read_json(RESULT, Result)
    if sorted(result.tests) != sorted(run.facts.tests):
        raise DamagedError(f"{run.path / RESULT} is damaged: expected scores of {', '.join(run.facts.tests)}")
    return result


def hypotheses_file(test: str, search: str = "") -> str:
    """Where a run keeps the translations of a test set; `search` names a second search."""
    return ".".join(["hypotheses", *filter(None, [search, "" if test == "test" else test]), "txt"])
