import datasets
import pytest

from mtlite.config.options import CleaningConfig
from mtlite.data.cache import pairs_of
from mtlite.data.cleaning import clean, fold_case
from mtlite.data.corpus import Corpus
from mtlite.errors import DataError

pytestmark = pytest.mark.usefixtures("cache")

Pairs = list[tuple[str, str]]

KEPT = "They are kept: data.cleaning.overlap leaves out a pair only where both sides are the same."


def dataset(pairs: Pairs) -> datasets.Dataset:
    return datasets.Dataset.from_dict({"source": [pair[0] for pair in pairs], "target": [pair[1] for pair in pairs]})


def corpus(train: Pairs, dev: Pairs = (("d", "d"),), test: Pairs = (("t", "t"),)) -> Corpus:  # type: ignore[assignment]
    return Corpus(
        dataset(train), dataset(dev), {"test": dataset(test), "further": dataset([("f", "f")])}, None, None, ()
    )


OFF = CleaningConfig(empty=False, max_characters=0, overlap=False)


@pytest.mark.parametrize(
    ("option", "value", "kept", "removed"),
    [
        ("empty", True, [("a", "b"), (".", ".")], [("", "b"), ("a", " \u3000\t"), ("", "")]),
        ("max_characters", 3, [("aaa", "b"), ("äöü", "b")], [("aaaa", "b"), ("a", "bbbb")]),
        ("overlap", True, [("d", "t"), ("D", "D"), ("a", "b")], [("d", "d"), ("t", "t"), ("f", "f")]),
        ("max_length_ratio", 2.0, [("aa", "b"), ("a", "bb"), ("", "")], [("aaa", "b"), ("a", "bbb"), ("a", "")]),
        ("duplicates", True, [("a", "b"), ("a", "c"), ("ab", "c"), ("a", "bc")], [("a", "b"), ("ab", "c")]),
        ("identical", True, [("a", "A"), ("a", "a ")], [("a", "a"), ("", "")]),
        (
            "script",
            True,
            [("Haus", "дом"), ("Haus (дом)", "дом"), ("123", "!"), ("", ""), ("ＨＡＵＳ", "дом")],
            [("дом", "дом"), ("Haus", "house"), ("東京", "дом")],
        ),
    ],
)
def test_every_rule(option, value, kept, removed):
    config = CleaningConfig(**{**vars(OFF), option: value})
    cleaned, report = clean(corpus(kept + removed), config)
    assert list(pairs_of(cleaned.train)) == kept
    assert report.removed == {option: len(removed)}
    assert (report.before, report.after) == (len(kept + removed), len(kept))


def test_rules_that_are_off_remove_nothing():
    pairs = [("", ""), ("a" * 5000, "b"), ("d", "d"), ("d", "d"), ("東京", "ß")]
    cleaned, report = clean(corpus(pairs), OFF)
    assert list(pairs_of(cleaned.train)) == pairs
    assert report.removed == {}
    assert not any(report.warnings.values())


def test_a_pair_counts_under_the_first_rule():
    config = CleaningConfig(max_characters=3, max_length_ratio=2, duplicates=True, identical=True, script=True)
    train = [
        ("", ""),
        ("", ""),
        ("aaaa", "aaaa"),
        ("d", "d"),
        ("d", "d"),
        ("a", "bbb"),
        ("a", "b"),
        ("a", "b"),
        ("x", "x"),
    ]
    cleaned, report = clean(corpus(train), config)
    assert list(pairs_of(cleaned.train)) == [("a", "b")]
    assert report.removed == {
        "empty": 2,
        "max_characters": 1,
        "overlap": 2,
        "max_length_ratio": 1,
        "duplicates": 1,
        "identical": 1,
        "script": 0,
    }
    assert list(report.removed) == [name for name in vars(config) if name in report.removed]


def test_shared_sides_are_warned_of_but_kept():
    train = [("Straße", "x"), ("ＳＴＲＡＳＳＥ", "y"), ("a", "STREET"), ("Straße", "street"), ("b", "c")]
    cleaned, report = clean(corpus(train, dev=[("straße", "Street")]), CleaningConfig())
    assert list(pairs_of(cleaned.train)) == train
    assert list(report.warnings.values()) == [3, 2]
    assert report.lines() == [
        "5 of 5 training pairs kept.",
        f"Warning: 3 training pairs have a source that is also in a dev or test set. {KEPT}",
        f"Warning: 2 training pairs have a target that is also in a dev or test set. {KEPT}",
    ]


def test_dev_and_test_sets_are_left_alone():
    before = corpus([("a", "b"), ("", "b")], dev=[("", ""), ("x", "x")], test=[("", "y" * 5000)])
    after, report = clean(before, CleaningConfig(identical=True, duplicates=True))
    assert after.dev is before.dev
    assert after.tests is before.tests
    assert report.lines() == ["1 of 2 training pairs kept.", "Left out: 1 (an empty side)."]


def test_large_sets_stay_in_order_and_contiguous():
    train = [(f"a {number}" if number % 3 else "", f"b {number}") for number in range(5000)]
    cleaned, _ = clean(corpus(train), CleaningConfig())
    assert list(pairs_of(cleaned.train)) == [pair for pair in train if pair[0]]
    assert cleaned.train._indices is None
    assert clean(corpus(train), CleaningConfig())[0].train.cache_files == cleaned.train.cache_files


def test_nothing_left_is_an_error():
    with pytest.raises(DataError, match=r"cleaning left no training pair: Left out: 2 \(an empty side\)"):
        clean(corpus([("", "a"), ("b", "")]), CleaningConfig())


def test_fold_case():
    assert fold_case("ＳＴＲＡẞＥ ﬁ") == fold_case("strasse FI")
