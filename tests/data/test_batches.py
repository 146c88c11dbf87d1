import itertools
import threading

import datasets
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import ROOT, number_pairs

from mtlite.config.resolve import ResolvedTokenizer
from mtlite.data import batches as module
from mtlite.data.batches import Batch, Batches, Position, Prefetched, group_by_length, pad
from mtlite.data.encoding import encode_pairs, length_table
from mtlite.data.tokenizer_training import train_tokenizers

PAIRS = number_pairs(100, seed=3)


@pytest.fixture(scope="module")
def tokenizers():
    return train_tokenizers(ResolvedTokenizer(vocabulary_size=60), PAIRS)[0]


@pytest.fixture(scope="module")
def encoded(tokenizers):
    sources, targets = zip(*PAIRS, strict=True)
    return encode_pairs(datasets.Dataset.from_dict({"source": sources, "target": targets}), tokenizers)


@pytest.fixture(params=["one pool", "several pools"])
def pools(request, monkeypatch):
    """A corpus of a hundred pairs as one pool, or as many small ones with a last block that is not full."""
    if request.param == "several pools":
        monkeypatch.setattr(module, "_BLOCK", 7)
        monkeypatch.setattr(module, "_POOL", 4)


def equal(a: Batch, b: Batch) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def rows(side: np.ndarray) -> list[list[int]]:
    return [[token for token in row if token] for row in side.tolist()]


@pytest.mark.usefixtures("pools")
class TestBatches:
    @pytest.mark.parametrize("sampling", [0.0, 0.3])
    def test_the_order_is_a_function_of_seed_and_epoch(self, encoded, tokenizers, sampling):
        def epoch(seed, number):
            return list(Batches(encoded, tokenizers, 100, seed, sampling).epoch(number))

        first = epoch(1, 0)
        assert all(equal(a, b) for a, b in zip(first, epoch(1, 0), strict=True))
        for other in (epoch(2, 0), epoch(1, 1)):
            assert not all(equal(a, b) for a, b in zip(first, other, strict=False))

    @pytest.mark.parametrize("epoch", [0, 1, 5])
    def test_every_pair_once_an_epoch(self, encoded, tokenizers, epoch):
        found = [
            pair
            for batch in Batches(encoded, tokenizers, 100, 1).epoch(epoch)
            for pair in zip(rows(batch.source), rows(batch.target), strict=True)
        ]
        expected = list(zip(encoded["source_ids"], encoded["target_ids"], strict=True))
        assert sorted(found) == sorted(expected)

    def test_sampling_changes_the_pieces_and_not_the_text(self, encoded, tokenizers):
        batches = Batches(encoded, tokenizers, 100, 1, sampling=0.3)
        epochs = [
            [ids for batch in batches.epoch(number) for ids in zip(rows(batch.source), rows(batch.target), strict=True)]
            for number in range(2)
        ]
        assert sorted(epochs[0]) != sorted(epochs[1])
        for epoch in epochs:
            texts = zip(*(tokenizers.source.decode(list(side)) for side in zip(*epoch, strict=True)), strict=True)
            assert sorted(texts) == sorted(PAIRS)

    @pytest.mark.parametrize("sampling", [0.0, 0.3])
    def test_every_position_can_be_resumed(self, encoded, tokenizers, sampling):
        batches = Batches(encoded, tokenizers, 200, 1, sampling)
        length = sum(1 for _ in batches.epoch(0)) + sum(1 for _ in batches.epoch(1)) + 2
        undisturbed = list(itertools.islice(batches.from_position(Position(0, 0)), length))
        assert {position.epoch for position, _ in undisturbed} == {0, 1, 2}
        for done in range(1, length):
            anew = Batches(encoded, tokenizers, 200, 1, sampling)
            resumed = list(itertools.islice(anew.from_position(undisturbed[done - 1][0]), length - done))
            for (position, batch), (expected, same) in zip(resumed, undisturbed[done:], strict=True):
                assert position == expected
                assert equal(batch, same)

    @pytest.mark.parametrize("budget", [2, 20, 100, 10_000])
    def test_no_batch_is_larger_than_allowed(self, encoded, tokenizers, budget):
        for batch in Batches(encoded, tokenizers, budget, 1).epoch(0):
            assert batch.source.size + batch.target.size <= budget or len(batch.source) == 1


def test_only_one_pool_is_in_memory(encoded, tokenizers, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 5)
    monkeypatch.setattr(module, "_POOL", 2)
    sizes = []
    real = Batches._pool

    def counted(*arguments):
        pool = real(*arguments)
        sizes.append(len(pool[0].offsets) - 1)
        return pool

    monkeypatch.setattr(Batches, "_pool", counted)
    epoch = Batches(encoded, tokenizers, 100, 1).epoch(0)
    next(epoch)
    assert sizes == [10]
    assert len(list(epoch)) > 0
    assert sizes == [10] * 10


def test_little_is_padding_on_a_real_corpus():
    sides = [
        (ROOT / "corpora" / "village" / f"train.{language}").read_text("utf-8").split("\n")[:-1]
        for language in ("en", "de")
    ]
    pairs = datasets.Dataset.from_dict(dict(zip(("source", "target"), sides, strict=True)))
    sample = zip(*(side[:3000] for side in sides), strict=True)
    tokenizers = train_tokenizers(ResolvedTokenizer(vocabulary_size=2000), sample)[0]
    encoded = encode_pairs(pairs, tokenizers)
    used = int(length_table(encoded)[:, :2].sum())
    padded = sum(batch.source.size + batch.target.size for batch in Batches(encoded, tokenizers, 4000, 1).epoch(0))
    assert 1 - used / padded <= 0.06


class TestGroups:
    @settings(deadline=None, derandomize=True, max_examples=100)
    @given(
        st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=60),
        st.integers(2, 200),
        st.integers(0, 10),
    )
    def test_every_pair_once_and_no_batch_too_large(self, lengths, budget, seed):
        source, target = np.array(lengths).T
        groups = group_by_length(source, target, budget, np.random.default_rng(seed))
        assert sorted(np.concatenate(groups).tolist()) == list(range(len(lengths)))
        for group in groups:
            assert len(group) * (source[group].max() + target[group].max()) <= budget or len(group) == 1

    def test_pad(self):
        padded = pad([np.array([5, 6, 3], np.int32), np.array([3], np.int32)])
        assert padded.dtype == np.int32
        assert padded.tolist() == [[5, 6, 3], [3, 0, 0]]


def numbered(count):
    for number in range(count):
        yield Position(0, number + 1), Batch(np.full((1, 1), number), np.zeros((1, 1)))


class TestPrefetched:
    def test_the_same_batches_in_the_same_order(self):
        source = Prefetched(numbered(50), depth=3)
        assert [next(source)[0].batch for _ in range(50)] == list(range(1, 51))
        with pytest.raises(StopIteration):
            next(source)
        source.close()

    def test_an_error_comes_after_the_batches_before_it_and_stays(self):
        def broken():
            yield from numbered(2)
            raise OSError("the disk is gone")

        source = Prefetched(broken())
        assert [next(source)[0].batch for _ in range(2)] == [1, 2]
        for _ in range(2):
            with pytest.raises(OSError, match="the disk is gone"):
                next(source)
        source.close()

    def test_no_more_is_prepared_than_asked_for(self):
        made = []
        reached = threading.Event()

        def counted():
            for number, item in enumerate(numbered(100)):
                made.append(number)
                if len(made) == 3:
                    reached.set()
                yield item

        source = Prefetched(counted(), depth=3)
        assert reached.wait(60)
        source.close()
        assert len(made) == 3

    def test_closing_ends_the_thread(self):
        before = threading.active_count()
        for count in (0, 1, 100):
            source = Prefetched(numbered(count), depth=1)
            source.close()
        assert threading.active_count() == before
