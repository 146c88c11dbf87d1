import pytest
from samples import number_pairs

from mtlite.config.resolve import ResolvedTokenizer
from mtlite.data.ids import UNK
from mtlite.data.tokenizer import Tokenizers
from mtlite.data.tokenizer_training import train_tokenizer, train_tokenizers
from mtlite.errors import DataError

PAIRS = number_pairs(60, seed=1)
GERMAN = [target for _, target in PAIRS]
KINDS = ["unigram", "bpe", "word", "char"]


class TestTraining:
    @pytest.mark.parametrize("kind", KINDS)
    def test_the_same_text_gives_the_same_bytes(self, kind):
        models = [train_tokenizer(iter(GERMAN), kind, 50, False, identity=True)[0] for _ in range(2)]
        assert models[0].model == models[1].model
        assert models[0].sha256 == models[1].sha256

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_vocabulary_too_large_is_reduced(self, kind):
        tokenizer, message = train_tokenizer(GERMAN, kind, 5000, byte_fallback=False, identity=True)
        assert 10 < len(tokenizer) < 1000
        assert message == f"vocabulary reduced from 5,000 to {len(tokenizer)} pieces: the text has not more"

    @pytest.mark.parametrize("kind", ["unigram", "bpe"])
    def test_a_vocabulary_too_small_for_the_characters_is_raised(self, kind):
        tokenizer, message = train_tokenizer(GERMAN, kind, 40, byte_fallback=True, identity=True)
        assert message == (
            f"vocabulary raised from 40 to {len(tokenizer)} pieces: the characters of the text need so many"
        )
        assert tokenizer.decode(tokenizer.encode(GERMAN)) == GERMAN

    def test_a_vocabulary_that_fits_needs_no_message(self):
        tokenizer, message = train_tokenizer(GERMAN, "unigram", 30, byte_fallback=False, identity=True)
        assert len(tokenizer) == 30
        assert message is None

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize(
        "lines", [["x"], ["x"] * 25, ["\0"], ["\u2585"], ["\u2581"], ["a" * 20_000], ["漢字", "仮名"], ["<s> </s>"]]
    )
    def test_odd_text_ends_in_a_tokenizer_or_in_a_clear_error(self, kind, lines):
        try:
            tokenizer, _ = train_tokenizer(lines, kind, 1000, byte_fallback=False, identity=True)
        except DataError as error:
            assert "SentencePiece cannot learn 1,000 pieces" in str(error)  # noqa: PT017 - either is right
            assert "\n" not in str(error)  # noqa: PT017
        else:
            assert len(tokenizer.encode(lines)) == len(lines)

    @pytest.mark.parametrize("lines", [[], [""], [" ", "\t"]])
    def test_no_text(self, lines):
        with pytest.raises(DataError, match="received only empty lines"):
            train_tokenizer(lines, "unigram", 60, byte_fallback=False, identity=True)

    def test_the_source_is_normalised_and_the_target_is_not(self):
        text = [f"ﬁ {line}" for line in GERMAN]
        source, _ = train_tokenizer(text, "unigram", 60, byte_fallback=False, identity=False)
        assert source.decode(source.encode(["ﬁ  eins"])) == ["fi eins"]


class TestBothSides:
    def test_joint(self, tmp_path):
        tokenizers, messages = train_tokenizers(ResolvedTokenizer(vocabulary_size=40), iter(PAIRS))
        assert tokenizers.joint
        assert messages == []
        assert all(UNK not in ids for ids in tokenizers.source.encode([line for pair in PAIRS for line in pair]))
        tokenizers.save(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["tokenizer.model"]
        assert Tokenizers.load(tmp_path).joint

    def test_separate(self, tmp_path):
        tokenizers, messages = train_tokenizers(ResolvedTokenizer(joint=False, vocabulary_size=5000), iter(PAIRS))
        assert not tokenizers.joint
        assert [message.split()[0] for message in messages] == ["source", "target"]
        assert UNK in tokenizers.source.encode(["fünf"])[0]
        tokenizers.save(tmp_path)
        loaded = Tokenizers.load(tmp_path)
        assert (loaded.source.model, loaded.target.model) == (tokenizers.source.model, tokenizers.target.model)
