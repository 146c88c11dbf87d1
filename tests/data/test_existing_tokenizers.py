from typing import Any

import pytest
from samples import GERMAN

from mtlite.config.options import TokenizerConfig
from mtlite.data.existing_tokenizers import existing_tokenizers
from mtlite.data.tokenizer import Tokenizers
from mtlite.data.tokenizer_training import train_tokenizer
from mtlite.errors import RunError, UsageError

KINDS = ["unigram", "bpe", "word", "char"]


def existing(**options: Any) -> tuple[Tokenizers, TokenizerConfig]:
    found = existing_tokenizers(TokenizerConfig(**options))
    assert found
    return found


@pytest.fixture
def models(tmp_path, plain, bytewise):
    """Paths of a small model, and of a larger one that spells bytes."""
    for name, tokenizer in {"plain": plain, "bytewise": bytewise}.items():
        (tmp_path / f"{name}.model").write_bytes(tokenizer.model)
    return {"source_model": str(tmp_path / "plain.model"), "target_model": str(tmp_path / "bytewise.model")}


def test_none():
    assert existing_tokenizers(TokenizerConfig()) is None


def test_one_for_both_sides(models, bytewise):
    tokenizers, config = existing(model=models["target_model"])
    assert tokenizers.source.model == tokenizers.target.model == bytewise.model
    assert (config.vocabulary_size, config.byte_fallback, config.joint) == (len(bytewise), True, True)


def test_one_for_each_side(models, plain, bytewise):
    tokenizers, config = existing(**models)
    assert (tokenizers.source.model, tokenizers.target.model) == (plain.model, bytewise.model)
    assert (config.vocabulary_size, config.byte_fallback, config.joint) == (len(bytewise), False, False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("byte_fallback", [False, True])
def test_what_a_model_is_may_be_asked_for_and_is_known(tmp_path, kind, byte_fallback):
    model = train_tokenizer(GERMAN, kind, 320, byte_fallback)[0]
    (tmp_path / "a.model").write_bytes(model.model)
    _, found = existing(model=str(tmp_path / "a.model"))
    assert (found.kind, found.vocabulary_size) == (kind, len(model))
    assert found.byte_fallback is (byte_fallback and kind in ("unigram", "bpe"))
    assert existing(**vars(found))[1] == found


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("kind", "bpe", r"tokenizer\.kind: expected unigram as in .*plain\.model, received bpe: leave it out"),
        ("vocabulary_size", 50, r"tokenizer\.vocabulary_size: expected \d+ as in .*plain\.model, received 50"),
        ("byte_fallback", True, r"tokenizer\.byte_fallback: expected false as in .*plain\.model, received true"),
        ("joint", False, r"tokenizer\.joint: expected true as in .*plain\.model, received false"),
    ],
)
def test_what_it_is_not_may_not_be_asked_for(models, option, value, expected):
    with pytest.raises(UsageError, match=expected):
        existing_tokenizers(TokenizerConfig(**{"model": models["source_model"], option: value}))


@pytest.mark.parametrize("side", ["source_model", "target_model"])
def test_one_side_alone(models, side):
    with pytest.raises(UsageError, match="together"):
        existing_tokenizers(TokenizerConfig(**{side: models[side]}))


@pytest.mark.parametrize("damage", [b"", b"hello", b"\0" * 50, "cut", "start"])
def test_a_file_that_is_no_model(tmp_path, plain, damage):
    path = tmp_path / "wrong.model"
    path.write_bytes({"cut": plain.model[:100], "start": plain.model[50:]}.get(damage, damage))
    with pytest.raises(RunError, match=str(path)):
        existing_tokenizers(TokenizerConfig(model=str(path)))


@pytest.mark.parametrize(
    ("kind", "sampling", "expected"),
    [
        ("word", 0.1, "expected tokenizer.kind unigram or bpe, received the word model"),
        ("char", 0.1, "expected tokenizer.kind unigram or bpe, received the char model"),
        ("bpe", 1.5, "expected a share of merges for bpe, from 0 to 1, received 1.5"),
    ],
)
def test_models_that_cannot_sample_so(kind, sampling, expected, tmp_path):
    model = tmp_path / "m.model"
    model.write_bytes(train_tokenizer(GERMAN, kind, 60, False)[0].model)
    with pytest.raises(UsageError, match=expected):
        existing_tokenizers(TokenizerConfig(model=str(model), sampling=sampling))
