import random

import pytest
from samples import number_pairs

from mtlite.config.resolve import ResolvedTokenizer
from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.data.tokenizer import Tokenizers
from mtlite.data.tokenizer_training import train_tokenizer, train_tokenizers
from mtlite.errors import DataError

PAIRS = number_pairs(60, seed=1)
GERMAN = [target for _, target in PAIRS]
KINDS = ["unigram", "bpe", "word", "char"]


class TestTraining:
    @pytest.mark.parametrize("kind", KINDS)
    def test_the_same_text_gives_the_same_bytes(self, kind):
        models = [train_tokenizer(iter(GERMAN), kind, 50, False)[0] for _ in range(2)]
        assert models[0].model == models[1].model
        assert models[0].sha256 == models[1].sha256

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_vocabulary_too_large_is_reduced(self, kind):
        tokenizer, message = train_tokenizer(GERMAN, kind, 5000, byte_fallback=False)
        assert 10 < len(tokenizer) < 1000
        assert message == f"vocabulary reduced from 5,000 to {len(tokenizer)} pieces: the text has not more"

    @pytest.mark.parametrize("kind", ["unigram", "bpe"])
    def test_a_vocabulary_too_small_for_the_characters_is_raised(self, kind):
        tokenizer, message = train_tokenizer(GERMAN, kind, 40, byte_fallback=True)
        assert message == (
            f"vocabulary raised from 40 to {len(tokenizer)} pieces: the characters of the text need so many"
        )
        assert tokenizer.decode(tokenizer.encode(GERMAN)) == GERMAN

    def test_a_vocabulary_that_fits_needs_no_message(self):
        tokenizer, message = train_tokenizer(GERMAN, "unigram", 30, byte_fallback=False)
        assert len(tokenizer) == 30
        assert message is None

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize(
        "lines", [["x"], ["x"] * 25, ["\0"], ["\u2585"], ["\u2581"], ["a" * 20_000], ["漢字", "仮名"], ["<s> </s>"]]
    )
    def test_odd_text_ends_in_a_tokenizer_or_in_a_clear_error(self, kind, lines):
        try:
            tokenizer, _ = train_tokenizer(lines, kind, 1000, byte_fallback=False)
        except DataError as error:
            assert "SentencePiece cannot learn 1,000 pieces" in str(error)  # noqa: PT017 - either is right
            assert "\n" not in str(error)  # noqa: PT017
        else:
            assert len(tokenizer.encode(lines)) == len(lines)

    @pytest.mark.parametrize("lines", [[], [""], [" ", "\t"]])
    def test_no_text(self, lines):
        with pytest.raises(DataError, match="received only empty lines"):
            train_tokenizer(lines, "unigram", 60, byte_fallback=False)

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("byte_fallback", [False, True])
    def test_names_of_special_pieces_in_a_text_are_text(self, kind, byte_fallback):
        drawn = random.Random(1).choices(["<s>", "</s>", "<unk>", "<pad>", "<0x41>", "a<s>b", "eins"], k=400)
        text = [" ".join(drawn[start : start + 4]) for start in range(0, 400, 4)]
        tokenizer, _ = train_tokenizer(text, kind, 320, byte_fallback)
        encoded = tokenizer.encode(text)
        assert {PAD, UNK, BOS, EOS} & {id for ids in encoded for id in ids[:-1]} == set()
        assert tokenizer.decode(encoded) == text
        assert tokenizer.pieces([PAD, UNK, BOS, EOS]) == ["<pad>", "<unk>", "<s>", "</s>"]
        if kind == "unigram":
            assert tokenizer.decode(tokenizer.sample(text, 0.1, seed=1)) == text


class TestBothSides:
    def test_joint(self, tmp_path):
        tokenizers, messages = train_tokenizers(ResolvedTokenizer(vocabulary_size=40), iter(PAIRS))
        assert tokenizers.joint
        assert messages == []
        assert all(UNK not in ids for ids in tokenizers.source.encode([line for pair in PAIRS for line in pair]))
        tokenizers.save(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["source.model", "target.model"]
        assert Tokenizers.load(tmp_path).joint

    @pytest.mark.parametrize("joint", [True, False])
    def test_the_source_is_normalised_and_the_target_is_not(self, joint):
        options = ResolvedTokenizer(joint=joint, vocabulary_size=60)
        tokenizers, _ = train_tokenizers(options, [(f"\ufb01 {one}", f"\ufb01  {two}") for one, two in PAIRS])
        source, target = tokenizers.source, tokenizers.target
        assert source.decode(source.encode(["\ufb01  one"])) == ["fi one"]
        assert target.decode(target.encode(["\ufb01  eins"])) == ["\ufb01  eins"]

    def test_separate(self, tmp_path):
        tokenizers, messages = train_tokenizers(ResolvedTokenizer(joint=False, vocabulary_size=5000), iter(PAIRS))
        assert not tokenizers.joint
        assert [message.split()[0] for message in messages] == ["source", "target"]
        assert UNK in tokenizers.source.encode(["fünf"])[0]
        tokenizers.save(tmp_path)
        loaded = Tokenizers.load(tmp_path)
        assert (loaded.source.model, loaded.target.model) == (tokenizers.source.model, tokenizers.target.model)
