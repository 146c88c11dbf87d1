"""`storage/run_files.py`: every file of a run has a size that it may have at most."""

from __future__ import annotations

from mtlite.limits import MAX_JSON_BYTES, MAX_SIDE_BYTES
from mtlite.storage.run_files import FACTS, MOST_BYTES, most_bytes_of


def test_a_file_has_its_own_limit_and_all_others_one_of_a_test_set(tiny_run):
    assert most_bytes_of(FACTS) == MAX_JSON_BYTES
    assert most_bytes_of("data/test.source") == MAX_SIDE_BYTES
    names = {path.name for path in tiny_run.iterdir() if path.is_file()}
    assert names - {".lock", ".lock.holder"} <= set(MOST_BYTES)
