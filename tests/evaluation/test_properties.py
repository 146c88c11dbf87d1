"""What sentences are sorted by."""

from __future__ import annotations

from mtlite.evaluation.properties import sentence_properties, whole_percent


def test_shares_in_whole_percent() -> None:
    assert [whole_percent(share) for share in (0, 1e-3, 0.07, 0.1, 1)] == [0, 1, 7, 10, 100]


def test_each_sentence_has_its_properties() -> None:
    sources, references = ["c c c", "a b", "a", "b", ""], ["C C C.", "Y X", "X", "Y", ""]
    found = sentence_properties(sources, references, "en", "de", {"X": 7, "Y": 3, ".": 9})
    assert found.source_length == [3, 2, 1, 1, 0]
    assert found.frequencies == [[0, 0, 0, 9], [3, 7], [7], [3], []]
    assert found.rarest_word == [0, 3, 7, 3, None]
    assert found.reordering == [0, 100, None, None, None]
    in_references = sentence_properties(sources, references, None, "de")
    assert in_references.frequencies == [[3, 3, 3, 1], [2, 2], [2], [2], []]
