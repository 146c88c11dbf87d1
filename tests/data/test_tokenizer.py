import copy
import io
import json
import os
import subprocess
import sys

import pytest
import sentencepiece
from hypothesis import example, given, settings
from hypothesis import strategies as st
from samples import ROOT, number_pairs

from mtlite.config.options import TokenizerConfig
from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.data.tokenizer import (
    Tokenizer,
    Tokenizers,
    given_tokenizers,
    make_tokenizers,
    read_tokenizer,
    train_tokenizer,
)
from mtlite.errors import DataError, RunError, UsageError
from mtlite.limits import MAX_VOCABULARY

PAIRS = number_pairs(60, seed=1)
GERMAN = [target for _, target in PAIRS]
KINDS = ["unigram", "bpe", "word", "char"]
fixed = settings(deadline=None, derandomize=True, max_examples=200)

# What cannot come back: line ends become spaces, and U+2581 is the sign that SentencePiece writes for a space.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\u2581"), max_size=60)

DRAW = """
import json, pathlib, sys
from mtlite.data.tokenizer import Tokenizer
print(json.dumps(Tokenizer(pathlib.Path(sys.argv[1]).read_bytes()).sample(["eins zwei drei"] * 20, 0.1, 7)))
"""


@pytest.fixture(scope="module")
def bytewise():
    return train_tokenizer(GERMAN, "unigram", 320, byte_fallback=True, identity=True)[0]


@pytest.fixture(scope="module")
def plain():
    return train_tokenizer(GERMAN, "unigram", 60, byte_fallback=False, identity=True)[0]


class TestRoundTrip:
    @fixed
    @example("  two  spaces ")
    @example("\0")
    @example("<s></s><unk><pad><0x0A>")
    @example(" ⁇ ")
    @example("a\u2028b\x85c\x0bd\x0ce\te")
    @example("e\u0301 é ﬁ Å ①")
    @given(TEXT)
    def test_any_text_with_byte_fallback(self, bytewise, text):
        assert bytewise.decode(bytewise.encode([text])) == [text]

    @fixed
    @given(TEXT, st.integers(0, 2**31))
    def test_any_sampled_segmentation(self, bytewise, text, seed):
        assert bytewise.decode(bytewise.sample([text], 0.1, seed)) == [text]

    @fixed
    @given(st.text(sorted(set("".join(GERMAN))), max_size=60))
    def test_any_text_of_known_characters_without_byte_fallback(self, plain, text):
        assert plain.decode(plain.encode([text])) == [text]

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("byte_fallback", [False, True])
    def test_the_text_that_it_was_trained_on(self, kind, byte_fallback):
        rare = [*GERMAN * 20, "Zum Übermaß: 3½ x^2"]  # characters that occur once in thousands
        tokenizer, _ = train_tokenizer(rare, kind, 500, byte_fallback, identity=True)
        assert tokenizer.decode(tokenizer.encode(rare)) == rare

    @fixed
    @given(st.lists(st.integers(0, 279), max_size=30))
    @example([4 + ord("\n"), 4 + ord("\r")])  # the pieces of bytes follow the four special ones
    @example([UNK, 200, UNK])
    def test_no_ids_decode_to_several_lines_or_unknown_marks(self, bytewise, ids):
        (text,) = bytewise.decode([ids])
        assert "\n" not in text
        assert "\r" not in text
        assert " ⁇ " not in text

    def test_line_ends_decode_to_spaces(self, bytewise):
        assert bytewise.decode(bytewise.encode(["a\nb\rc\r\nd"])) == ["a b c  d"]


class TestIds:
    @pytest.mark.parametrize("kind", KINDS)
    def test_the_special_pieces_come_first(self, kind):
        tokenizer, _ = train_tokenizer(GERMAN, kind, 60, byte_fallback=False, identity=True)
        assert tokenizer.pieces([PAD, UNK, BOS, EOS]) == ["<pad>", "<unk>", "<s>", "</s>"]

    def test_every_line_ends_and_nothing_else_is_special(self, plain):
        for ids in plain.encode([*GERMAN, ""]):
            assert ids[-1] == EOS
            assert not {PAD, UNK, BOS, EOS} & set(ids[:-1])

    def test_special_ids_are_left_out_of_text(self, plain):
        ids = plain.encode(["eins zwei"])[0]
        assert plain.decode([[BOS, *ids, PAD, UNK, PAD], [], [PAD]]) == ["eins zwei", "", ""]

    def test_an_unknown_character(self, plain):
        assert UNK in plain.encode(["eins X"])[0]
        assert plain.decode(plain.encode(["eins X"])) == ["eins "]


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

    def test_a_vocabulary_beyond_the_limit_is_refused(self):
        with pytest.raises(UsageError, match="vocabulary_size: expected at most 1,000,000 pieces, received 1,000,001"):
            train_tokenizer(GERMAN, "bpe", MAX_VOCABULARY + 1, byte_fallback=False, identity=True)

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


class TestSampling:
    def test_a_function_of_the_seed(self, bytewise):
        first, again, other = (bytewise.sample(GERMAN, 0.1, seed) for seed in (7, 7, 8))
        assert first == again
        assert first != other
        assert first != bytewise.encode(GERMAN)

    def test_not_of_what_was_drawn_before_or_by_whom(self, bytewise):
        expected = bytewise.sample(GERMAN, 0.1, 7)
        other = Tokenizer(bytewise.model)
        other.sample(GERMAN * 3, 0.5, 1)
        assert other.sample(GERMAN, 0.1, 7) == expected

    def test_nor_of_the_process(self, bytewise, tmp_path):
        (tmp_path / "m.model").write_bytes(bytewise.model)
        command = [sys.executable, "-c", DRAW, str(tmp_path / "m.model")]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        drawn = [subprocess.run(command, capture_output=True, check=True, env=environment).stdout for _ in range(2)]
        assert drawn[0] == drawn[1]
        assert json.loads(drawn[0]) == bytewise.sample(["eins zwei drei"] * 20, 0.1, 7)

    @pytest.mark.parametrize("kind", ["bpe", "word", "char"])
    def test_kinds_without_probabilities_are_refused(self, kind, tmp_path):
        with pytest.raises(UsageError, match=rf"expected tokenizer\.kind unigram, received {kind}"):
            given_tokenizers(TokenizerConfig(kind=kind, sampling=0.1))
        model = tmp_path / "m.model"
        model.write_bytes(train_tokenizer(GERMAN, kind, 60, False, True)[0].model)
        with pytest.raises(UsageError, match="expected a unigram model"):
            given_tokenizers(TokenizerConfig(model=str(model), sampling=0.1))


class TestMakeTokenizers:
    def test_joint(self, tmp_path):
        tokenizers, messages = make_tokenizers(TokenizerConfig(), iter(PAIRS), 40)
        assert tokenizers.joint
        assert messages == []
        assert all(UNK not in ids for ids in tokenizers.source.encode([line for pair in PAIRS for line in pair]))
        tokenizers.save(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["tokenizer.model"]
        assert Tokenizers.load(tmp_path).joint

    def test_separate(self, tmp_path):
        tokenizers, messages = make_tokenizers(TokenizerConfig(joint=False), iter(PAIRS), 5000)
        assert not tokenizers.joint
        assert [message.split()[0] for message in messages] == ["source", "target"]
        assert UNK in tokenizers.source.encode(["fünf"])[0]
        tokenizers.save(tmp_path)
        loaded = Tokenizers.load(tmp_path)
        assert (loaded.source.model, loaded.target.model) == (tokenizers.source.model, tokenizers.target.model)


class TestGivenTokenizers:
    @pytest.fixture
    def models(self, tmp_path, plain, bytewise):
        """Paths of a small model, and of a larger one that spells bytes."""
        for name, tokenizer in {"plain": plain, "bytewise": bytewise}.items():
            (tmp_path / f"{name}.model").write_bytes(tokenizer.model)
        return {"source_model": str(tmp_path / "plain.model"), "target_model": str(tmp_path / "bytewise.model")}

    def test_none(self):
        assert given_tokenizers(TokenizerConfig()) is None

    def test_one_for_both_sides(self, models, bytewise):
        tokenizers, config = given_tokenizers(TokenizerConfig(model=models["target_model"]))
        assert tokenizers.source.model == tokenizers.target.model == bytewise.model
        assert (config.vocabulary_size, config.byte_fallback, config.joint) == (len(bytewise), True, True)

    def test_one_for_each_side(self, models, plain, bytewise):
        tokenizers, config = given_tokenizers(TokenizerConfig(**models))
        assert (tokenizers.source.model, tokenizers.target.model) == (plain.model, bytewise.model)
        assert (config.vocabulary_size, config.byte_fallback, config.joint) == (len(bytewise), False, False)

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("byte_fallback", [False, True])
    def test_what_a_model_is_may_be_asked_for_and_is_known(self, tmp_path, kind, byte_fallback):
        model = train_tokenizer(GERMAN, kind, 320, byte_fallback, identity=True)[0]
        (tmp_path / "a.model").write_bytes(model.model)
        _, found = given_tokenizers(TokenizerConfig(model=str(tmp_path / "a.model")))
        assert (found.kind, found.vocabulary_size) == (kind, len(model))
        assert found.byte_fallback is (byte_fallback and kind in ("unigram", "bpe"))
        assert given_tokenizers(found)[1] == found

    @pytest.mark.parametrize(
        ("option", "value", "expected"),
        [
            ("kind", "bpe", r"tokenizer\.kind: expected unigram as in .*plain\.model, received bpe: leave it out"),
            ("vocabulary_size", 50, r"tokenizer\.vocabulary_size: expected \d+ as in .*plain\.model, received 50"),
            ("byte_fallback", True, r"tokenizer\.byte_fallback: expected false as in .*plain\.model, received true"),
            ("joint", False, r"tokenizer\.joint: expected true as in .*plain\.model, received false"),
        ],
    )
    def test_what_it_is_not_may_not_be_asked_for(self, models, option, value, expected):
        with pytest.raises(UsageError, match=expected):
            given_tokenizers(TokenizerConfig(**{"model": models["source_model"], option: value}))

    @pytest.mark.parametrize("kind", ["word", "char"])
    def test_bytes_in_whole_words_or_characters_are_refused(self, kind):
        with pytest.raises(
            UsageError, match=rf"byte_fallback: expected tokenizer\.kind unigram or bpe, received {kind}"
        ):
            given_tokenizers(TokenizerConfig(kind=kind, byte_fallback=True))

    @pytest.mark.parametrize("side", ["source_model", "target_model"])
    def test_one_side_alone(self, models, side):
        with pytest.raises(UsageError, match="together"):
            given_tokenizers(TokenizerConfig(**{side: models[side]}))

    @pytest.mark.parametrize("damage", [b"", b"hello", b"\0" * 50, "cut", "start"])
    def test_a_file_that_is_no_model(self, tmp_path, plain, damage):
        path = tmp_path / "wrong.model"
        path.write_bytes({"cut": plain.model[:100], "start": plain.model[50:]}.get(damage, damage))
        with pytest.raises(RunError, match=str(path)):
            given_tokenizers(TokenizerConfig(model=str(path)))

    def test_a_file_that_cannot_be_read(self, tmp_path):
        for path in (tmp_path, tmp_path / "missing.model"):
            with pytest.raises(RunError, match=f"cannot read SentencePiece model {path}"):
                read_tokenizer(path)

    def test_other_special_ids_are_refused(self, tmp_path):
        writer = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(GERMAN), model_writer=writer, vocab_size=30, minloglevel=2
        )
        with pytest.raises(RunError, match=r"at \(0, 1, 2, 3\), received \(-1, 0, 1, 2\)"):
            Tokenizer(writer.getvalue())

    def test_a_model_beyond_the_limit_is_refused(self, plain, monkeypatch):
        monkeypatch.setattr("mtlite.data.tokenizer.MAX_VOCABULARY", len(plain) - 1)
        with pytest.raises(
            RunError, match=f"expected at most {len(plain) - 1} pieces in a SentencePiece model, received {len(plain)}"
        ):
            Tokenizer(plain.model)

    def test_a_run_without_tokenizer(self, tmp_path):
        with pytest.raises(RunError, match=r"source\.model, target\.model not found"):
            Tokenizers.load(tmp_path)

    def test_the_configuration_is_not_changed(self):
        config = TokenizerConfig()
        before = copy.deepcopy(config)
        make_tokenizers(config, iter(PAIRS), 70)
        assert config == before
