import io
import json
import os
import subprocess
import sys

import pytest
import sentencepiece
from hypothesis import example, given, settings
from hypothesis import strategies as st
from samples import GERMAN, ROOT

from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.data.tokenizer import Tokenizer, Tokenizers
from mtlite.data.tokenizer_training import train_tokenizer
from mtlite.errors import RunError

KINDS = ["unigram", "bpe", "word", "char"]
fixed = settings(deadline=None, derandomize=True, max_examples=200)

# What cannot come back: line ends become spaces, and U+2581 is the sign that SentencePiece writes for a space.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\u2581"), max_size=60)

DRAW = """
import json, pathlib, sys
from mtlite.data.tokenizer import Tokenizer
print(json.dumps(Tokenizer(pathlib.Path(sys.argv[1]).read_bytes()).sample(["eins zwei drei"] * 20, 0.1, 7)))
"""


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
        tokenizer, _ = train_tokenizer(rare, kind, 500, byte_fallback)
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
        tokenizer, _ = train_tokenizer(GERMAN, kind, 60, byte_fallback=False)
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


class TestFiles:
    def test_a_file_that_cannot_be_read(self, tmp_path):
        for path in (tmp_path, tmp_path / "missing.model"):
            with pytest.raises(RunError, match=f"cannot read SentencePiece model {path}"):
                Tokenizer.read(path)

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
