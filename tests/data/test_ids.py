import pytest

from mtlite.data.ids import BOS, EOS, PAD, UNK, truncate


def test_the_special_ids_come_first():
    assert (PAD, UNK, BOS, EOS) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("ids", "most", "expected"),
    [
        ([7, 8, EOS], 3, [7, 8, EOS]),
        ([7, 8, EOS], 9, [7, 8, EOS]),
        ([7, 8, 9, EOS], 3, [7, 8, EOS]),
        ([7, 8, 9, EOS], 1, [EOS]),
        ([EOS], 1, [EOS]),
    ],
)
def test_a_truncated_sentence_still_ends(ids, most, expected):
    before = list(ids)
    assert truncate(ids, most) == expected
    assert ids == before
