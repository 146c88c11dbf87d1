import numpy as np
import pytest
import tensorflow as tf
from samples import number_pairs
from tiny import make_model, values

from mtlite.config.options import SearchConfig
from mtlite.config.resolve import ResolvedTokenizer
from mtlite.data.ids import EOS
from mtlite.data.tokenizer_training import train_tokenizers
from mtlite.training.validation import Validation

PAIRS = number_pairs(12, seed=4)
SOURCES, TARGETS = map(list, zip(*PAIRS, strict=True))


@pytest.fixture(scope="module")
def tokenizers():
    return train_tokenizers(ResolvedTokenizer(kind="char", vocabulary_size=60), iter(PAIRS))[0]


@pytest.fixture(scope="module")
def model(tokenizers):
    return make_model(vocabulary=len(tokenizers.source), dropout=0.5)


def validation(model, tokenizers, batch_tokens=100, **search):
    return Validation(model, tokenizers, (SOURCES, TARGETS), "de", SearchConfig(**search), batch_tokens)


def test_the_loss_is_per_target_piece_whatever_the_batches(model, tokenizers):
    total = pieces = 0.0
    for source, target in zip(tokenizers.source.encode(SOURCES), tokenizers.target.encode(TARGETS), strict=True):
        logp = tf.nn.log_softmax(model((tf.constant([source]), tf.constant([target]))))[0].numpy()
        total -= logp[np.arange(len(target)), target].sum()
        pieces += len(target)
    for batch_tokens in (1, 100, 10_000):
        assert validation(model, tokenizers, batch_tokens).loss() == pytest.approx(total / pieces, rel=1e-5)


def test_pieces_that_a_topology_has_no_position_for_are_counted(tokenizers):
    model = make_model(vocabulary=len(tokenizers.source), topology="aligned")
    lengths = [[len(ids) for ids in side.encode(lines)] for side, lines in zip(
        (tokenizers.source, tokenizers.target), (SOURCES, TARGETS), strict=True)]  # fmt: skip
    beyond = sum(max(0, target - source) for source, target in zip(*lengths, strict=True))
    assert 0 < beyond < sum(lengths[1])
    assert validation(model, tokenizers).unreachable() == pytest.approx(beyond / sum(lengths[1]))


def test_bleu_is_that_of_the_decoded_hypotheses(model, tokenizers, monkeypatch):
    scored = validation(model, tokenizers)
    perfect = [type("Found", (), {"ids": [ids[:-1]]}) for ids in tokenizers.target.encode(TARGETS)]
    monkeypatch.setattr(scored.searcher, "batch", lambda _, rows: [perfect[row] for row in rows])
    assert scored.bleu() == pytest.approx(100.0)
    monkeypatch.setattr(scored.searcher, "batch", lambda _, rows: [perfect[-row] for row in rows])
    assert scored.bleu() < 50.0


def test_scoring_changes_nothing_and_repeats_itself(model, tokenizers):
    before = values(model)
    scored = validation(model, tokenizers)
    assert (scored.loss(), scored.bleu()) == (scored.loss(), scored.bleu())
    assert all((a == b).all() for a, b in zip(values(model), before, strict=True))


def test_long_sources_are_cut_as_in_translation(model, tokenizers):
    for ids, whole in zip(
        validation(model, tokenizers, max_source_tokens=9).source_ids, tokenizers.source.encode(SOURCES), strict=True
    ):
        assert ids == (whole if len(whole) <= 9 else [*whole[:8], EOS])
