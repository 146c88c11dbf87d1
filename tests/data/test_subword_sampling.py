import io
import math
from collections import Counter

import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import GERMAN

from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.data.subword_sampling import MergeSampler, UnigramSampler
from mtlite.data.tokenizer_training import train_tokenizer


@pytest.fixture(scope="module", params=[True, False], ids=["bytes", "unknown"])
def processor(request):
    return train_tokenizer(GERMAN, "unigram", 320, byte_fallback=request.param)[0].processor


@pytest.fixture(scope="module", params=[True, False], ids=["bytes", "unknown"])
def merging(request):
    return train_tokenizer(GERMAN, "bpe", 320, byte_fallback=request.param)[0].processor


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0])
def test_the_distribution_is_that_of_kudo(processor, alpha):
    """Against all segmentations of a word, as SentencePiece lists them."""
    every = processor.nbest_encode("sieben", nbest_size=512)
    weights = [math.exp(alpha * sum(processor.get_score(id) for id in ids)) for ids in every]
    expected = {tuple(ids): weight / sum(weights) for ids, weight in zip(every, weights, strict=True)}
    draws = 4000
    found = Counter(map(tuple, UnigramSampler(processor, alpha)(["sieben"] * draws, seed=1)))
    assert set(found) <= set(expected)
    for ids, share in expected.items():
        assert abs(found[ids] / draws - share) < 5 * math.sqrt(share / draws) + 1e-3
    assert len(found) > 1 or max(expected.values()) > 0.99


def test_a_large_alpha_draws_the_best(processor):
    assert UnigramSampler(processor, 100.0)(GERMAN, seed=1) == processor.encode(GERMAN)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.text("einszwd XYß \u2581\t", max_size=20), st.integers(0, 1000))
def test_unknown_characters_are_written_as_sentencepiece_writes_them(processor, text, seed):
    drawn, best = UnigramSampler(processor, 100.0)([text], seed)[0], processor.encode(text)
    assert drawn.count(UNK) == best.count(UNK)
    assert processor.decode(drawn) == processor.decode(best)


def test_pieces_that_go_on_after_a_space():
    writer = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["eins zwei", "eins zwei drei", "zwei drei"] * 5),
        model_writer=writer,
        vocab_size=16,
        split_by_whitespace=False,
        pad_id=PAD,
        unk_id=UNK,
        bos_id=BOS,
        eos_id=EOS,
        minloglevel=2,
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=writer.getvalue())
    best = processor.encode("eins zwei drei")
    assert any("\u2581" in processor.id_to_piece(id)[1:] for id in best)
    assert UnigramSampler(processor, 100.0)(["eins zwei drei"], seed=1) == [best]


def test_no_more_words_are_remembered_than_allowed(processor, monkeypatch):
    monkeypatch.setattr("mtlite.data.subword_sampling._CACHED_WORDS", 3)
    sampler = UnigramSampler(processor, 0.1)
    sampler(GERMAN, seed=1)
    assert sampler.lattice.cache_info().currsize == 3


def test_empty_lines(processor):
    assert UnigramSampler(processor, 0.1)([""], seed=1) == [[]]


def test_with_every_merge_the_best_of_bpe(merging):
    assert MergeSampler(merging, 0.0)(GERMAN, seed=1) == merging.encode(GERMAN)


def test_without_merges_the_characters(merging):
    (ids,) = MergeSampler(merging, 1.0)(["sieben"], seed=1)
    assert [merging.id_to_piece(id) for id in ids] == list("\u2581sieben")


@pytest.mark.parametrize("dropout", [0.1, 0.5])
def test_the_distribution_is_that_of_provilkov(merging, dropout):
    """Against the tree of all decisions: a merge is made if it is kept and all better ones are left out."""
    expected = Counter[tuple[int, ...]]()

    def follow(parts, probability):
        at_each = [(at, merging.piece_to_id(parts[at] + parts[at + 1])) for at in range(len(parts) - 1)]
        best_first = sorted((-merging.get_score(id), at) for at, id in at_each if id != UNK)
        for _, at in best_first:
            follow([*parts[:at], parts[at] + parts[at + 1], *parts[at + 2 :]], probability * (1 - dropout))
            probability *= dropout
        expected[tuple(map(merging.piece_to_id, parts))] += probability

    follow(tuple("\u2581sieben"), 1.0)
    draws = 4000
    found = Counter(map(tuple, MergeSampler(merging, dropout)(["sieben"] * draws, seed=1)))
    assert set(found) <= set(expected)
    assert len(found) > 1
    for ids, share in expected.items():
        assert abs(found[ids] / draws - share) < 5 * math.sqrt(share / draws) + 1e-3


def test_merges_of_unknown_characters(merging):
    drawn, best = (
        MergeSampler(merging, 0.0)(["Xeins\u00df\u00dfzwei"], seed=1)[0],
        merging.encode("Xeins\u00df\u00dfzwei"),
    )
    assert drawn == best
