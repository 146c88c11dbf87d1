import itertools

import datasets
import numpy as np
import pytest
from samples import number_pairs

from mtlite.config.resolve import ResolvedTokenizer
from mtlite.data.encoding import encode_pairs, length_table
from mtlite.data.tokenizer_training import train_tokenizers
from mtlite.errors import DataError
from mtlite.storage.cache import the_cache

pytestmark = pytest.mark.usefixtures("cache")

PAIRS = number_pairs(40, seed=2)


@pytest.fixture(scope="module")
def tokenizers():
    return train_tokenizers(ResolvedTokenizer(joint=False, vocabulary_size=60), PAIRS)[0]


@pytest.fixture
def pairs():
    sources, targets = zip(*PAIRS, strict=True)
    return datasets.Dataset.from_dict({"source": sources, "target": targets})


def test_ids_and_lengths(pairs, tokenizers):
    encoded = encode_pairs(pairs, tokenizers)
    assert encoded["source"][:] == pairs["source"][:]
    assert encoded["source_ids"][:] == tokenizers.source.encode(pairs["source"][:])
    assert encoded["target_ids"][:] == tokenizers.target.encode(pairs["target"][:])
    expected = [
        [len(source), len(target), sum(a == b for a, b in itertools.pairwise(target))]
        for source, target in zip(encoded["source_ids"], encoded["target_ids"], strict=True)
    ]
    lengths = length_table(encoded)
    assert lengths.dtype == np.int32
    assert lengths.tolist() == expected
    assert lengths[:, 2].any()


def test_nothing_is_written_beside_the_corpus(pairs, tokenizers, tmp_path):
    folder = tmp_path / "of the user"
    pairs.save_to_disk(str(folder))
    before = sorted(path.name for path in folder.iterdir())
    encode_pairs(datasets.load_from_disk(str(folder)), tokenizers)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert [entry.what for entry in the_cache().entries()] == ["encoded pairs"]


def test_the_same_pairs_are_encoded_once(pairs, tokenizers, monkeypatch):
    first = encode_pairs(pairs, tokenizers)
    monkeypatch.setattr("mtlite.data.encoding._encode", lambda *_, **__: pytest.fail("encoded again"))
    assert encode_pairs(pairs, tokenizers)[:] == first[:]


def test_other_pairs_or_tokenizers_are_encoded_anew(pairs, tokenizers):
    other = train_tokenizers(ResolvedTokenizer(kind="char", vocabulary_size=60), PAIRS)[0]
    assert encode_pairs(pairs, tokenizers)["source_ids"][:] != encode_pairs(pairs, other)["source_ids"][:]
    reversed_pairs = datasets.Dataset.from_dict({"source": pairs["target"][:], "target": pairs["source"][:]})
    encoded = encode_pairs(reversed_pairs, tokenizers)
    assert encoded["source_ids"][:] == tokenizers.source.encode(pairs["target"][:])


def test_a_cache_that_cannot_be_written(pairs, tokenizers, cache):
    cache.parent.mkdir(exist_ok=True)
    cache.write_text("a file in its place")
    with pytest.raises(DataError, match=r"cannot write the corpus to .*set HF_DATASETS_CACHE"):
        encode_pairs(pairs, tokenizers)
