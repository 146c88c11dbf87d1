"""Text to ids and back, with SentencePiece (Kudo & Richardson 2018)."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sentencepiece

from mtlite.config.options import TokenizerConfig
from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.data.subword_sampling import Sampler
from mtlite.errors import DataError, RunError, UsageError
from mtlite.limits import MAX_VOCABULARY
from mtlite.storage.files import write_atomically

_TOO_LARGE = re.compile(r"Vocabulary size too high.*<= (\d+)")
_TOO_SMALL = re.compile(r"Vocabulary size is smaller than required_chars.*?\d+ vs (\d+)", re.DOTALL)
_SUBWORDS = ("unigram", "bpe")  # the kinds whose pieces are parts of words
_SPECIAL = {PAD, UNK, BOS, EOS}


class Tokenizer:
    """One side's SentencePiece model.

    Args:
        model: the bytes of a `.model` file, with pad, unk, bos and eos at ids 0, 1, 2 and 3.

    Raises:
        RunError: if it is not such a model.
    """

    def __init__(self, model: bytes) -> None:
        self.model = model
        self._sampler: Sampler | None = None
        self.processor = sentencepiece.SentencePieceProcessor()
        try:
            self.processor.LoadFromSerializedProto(model)
        except RuntimeError as error:
            raise RunError(f"not a SentencePiece model ({_reason(error)}): give a .model file") from None
        ids = self.processor.pad_id(), self.processor.unk_id(), self.processor.bos_id(), self.processor.eos_id()
        if ids != (PAD, UNK, BOS, EOS):
            raise RunError(
                f"expected a SentencePiece model with pad, unk, bos, eos at {(PAD, UNK, BOS, EOS)}, received {ids}: "
                "train it with --pad_id=0 --unk_id=1 --bos_id=2 --eos_id=3"
            )
        if len(self) > MAX_VOCABULARY:
            raise RunError(
                f"expected at most {MAX_VOCABULARY:,} pieces in a SentencePiece model, received {len(self):,}"
            )

    def __len__(self) -> int:
        return self.processor.vocab_size()  # type: ignore[no-any-return]

    @property
    def sha256(self) -> str:
        """Fingerprint of the model."""
        return hashlib.sha256(self.model).hexdigest()

    def encode(self, lines: list[str]) -> list[list[int]]:
        """Each line as ids, with `</s>` at the end."""
        return [[*ids, EOS] for ids in self.processor.encode(lines)]

    def sample(self, lines: list[str], alpha: float, seed: int) -> list[list[int]]:
        """Each line in a segmentation drawn at random (Kudo 2018); the same for the same seed.

        Args:
            lines: sentences.
            alpha: smoothness of the distribution; small values are close to uniform.
            seed: of the draw.
        """
        if self._sampler is None or self._sampler.alpha != alpha:
            self._sampler = Sampler(self.processor, alpha)
        return [[*ids, EOS] for ids in self._sampler(lines, seed)]

    @property
    def kind(self) -> str:
        """How text is cut into pieces: unigram, bpe, word or char."""
        # Its runtime comes with TensorFlow.
        from sentencepiece.sentencepiece_model_pb2 import ModelProto, TrainerSpec

        return str(TrainerSpec.ModelType.Name(ModelProto.FromString(self.model).trainer_spec.model_type)).lower()

    @property
    def byte_fallback(self) -> bool:
        """Whether it spells characters without a piece as bytes."""
        return any(self.processor.is_byte(id) for id in range(len(self)))

    @property
    def can_sample(self) -> bool:
        """Whether this is a unigram model: the only kind that gives segmentations a probability."""
        try:
            self.processor.nbest_encode("a", nbest_size=1)
        except RuntimeError:
            return False
        return True

    def decode(self, sequences: list[list[int]]) -> list[str]:
        """Ids as text on one line each: special pieces are left out, line feeds and carriage returns become spaces."""
        texts = self.processor.decode([[id for id in ids if id not in _SPECIAL] for ids in sequences])
        return [text.replace("\r", " ").replace("\n", " ") for text in texts]

    def pieces(self, ids: list[int]) -> list[str]:
        """The pieces behind ids, for pictures."""
        return [self.processor.id_to_piece(id) for id in ids]


@dataclass(frozen=True)
class Tokenizers:
    """Both sides' tokenizers; the same object twice where the vocabulary is joint."""

    source: Tokenizer
    target: Tokenizer

    @property
    def joint(self) -> bool:
        return self.source.model == self.target.model

    @property
    def vocabulary_size(self) -> int:
        """Pieces of the larger vocabulary."""
        return max(len(self.source), len(self.target))

    def save(self, folder: Path) -> None:
        """Write the model or the models into a run directory."""
        if self.joint:
            write_atomically(folder / "tokenizer.model", self.source.model)
        else:
            write_atomically(folder / "source.model", self.source.model)
            write_atomically(folder / "target.model", self.target.model)

    @classmethod
    def load(cls, folder: Path) -> Tokenizers:
        """Read what `save` wrote."""
        joint = folder / "tokenizer.model"
        names = [joint, joint] if joint.exists() else [folder / "source.model", folder / "target.model"]
        missing = [name.name for name in names if not name.is_file()]
        if missing:
            raise RunError(f"{folder} has no tokenizer ({', '.join(missing)} not found): give a folder made by train")
        source = read_tokenizer(names[0])
        return cls(source, source if joint.exists() else read_tokenizer(names[1]))


def read_tokenizer(path: Path) -> Tokenizer:
    """The SentencePiece model in a file.

    Raises:
        RunError: if it cannot be read, or is none.
    """
    try:
        return Tokenizer(path.read_bytes())
    except OSError as error:
        raise RunError(f"cannot read SentencePiece model {path} ({error.strerror}): give a .model file") from None
    except RunError as error:
        raise RunError(f"{path}: {error}") from None


def _reason(error: RuntimeError) -> str:
    """What SentencePiece says, without the place in its source."""
    return re.sub(r"^\w+: \S+\(\d+\) \[.*?\] ?", "", " ".join(str(error).split())).strip() or "no reason given"


def train_tokenizer(
    lines: Iterable[str], kind: str, vocabulary_size: int, byte_fallback: bool, identity: bool
) -> tuple[Tokenizer, str | None]:
    """Train a SentencePiece model.

    Args:
        lines: text.
        kind: unigram, bpe, word or char.
        vocabulary_size: pieces; fewer if the text has not so many, more if its characters alone are more.
        byte_fallback: spell unknown characters as bytes.
        identity: keep every character as it is, so that decode(encode(x)) = x; else SentencePiece's NFKC. What cannot
            be kept: line ends, and U+2581, by which SentencePiece marks spaces. Without byte fallback, characters that
            are not in the text are unknown, and so are NUL and U+2585, which SentencePiece never learns.

    Returns:
        The tokenizer, and a message where its vocabulary is not of the size that was asked for.

    Raises:
        UsageError: if the vocabulary is larger than any can be.
        DataError: if the text is empty or cannot be learnt.
    """
    if vocabulary_size > MAX_VOCABULARY:
        raise UsageError(
            f"tokenizer.vocabulary_size: expected at most {MAX_VOCABULARY:,} pieces, received {vocabulary_size:,}"
        )
    text = [line for line in lines if line.strip()]
    if not text:
        raise DataError("expected text to train a tokenizer on, received only empty lines")
    longest = max(len(line.encode()) for line in text)
    # A small alphabet is kept whole; of a large one, the rarest characters would crowd out the words.
    whole_alphabet = kind not in _SUBWORDS or len(set().union(*text)) <= vocabulary_size // 4
    size, tried = vocabulary_size, set()
    while True:
        tried.add(size)
        writer = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(text),
                model_writer=writer,
                model_type=kind,
                vocab_size=size,
                hard_vocab_limit=kind in _SUBWORDS,
                byte_fallback=byte_fallback and kind in _SUBWORDS,
                character_coverage=1.0 if whole_alphabet else 0.9995,
                normalization_rule_name="identity" if identity else "nmt_nfkc",
                remove_extra_whitespaces=not identity,
                max_sentence_length=max(longest, 4192),
                num_threads=16,  # part of the result: a fixed number gives the same model on every machine
                pad_id=PAD,
                unk_id=UNK,
                bos_id=BOS,
                eos_id=EOS,
                minloglevel=2,
            )
            tokenizer = Tokenizer(writer.getvalue())
            break
        except (RuntimeError, RunError) as error:
            possible = _TOO_LARGE.search(str(error)) or _TOO_SMALL.search(str(error))
            if possible is None or int(possible[1]) in tried:
                reason = _reason(error) if isinstance(error, RuntimeError) else error
                raise DataError(
                    f"SentencePiece cannot learn {vocabulary_size:,} pieces of kind {kind} from {len(text):,} lines "
                    f"({reason}): give other text, tokenizer.kind or tokenizer.vocabulary_size"
                ) from None
            size = int(possible[1])
    message = None
    if len(tokenizer) < vocabulary_size:
        message = f"vocabulary reduced from {vocabulary_size:,} to {len(tokenizer):,} pieces: the text has not more"
    elif len(tokenizer) > vocabulary_size:
        message = (
            f"vocabulary raised from {vocabulary_size:,} to {len(tokenizer):,} pieces: "
            "the characters of the text need so many"
        )
    return tokenizer, message


def given_tokenizers(config: TokenizerConfig) -> tuple[Tokenizers, TokenizerConfig] | None:
    """The existing models that are asked for: what is wrong with them is said before a corpus is read.

    Returns:
        The models, and the options with what the models are; None if tokenizers are to be trained.

    Raises:
        UsageError: if the options do not fit together, or not to the models.
        RunError: if a model cannot be used.
    """
    paths = [config.source_model or config.model, config.target_model or config.model]
    if not any(paths):
        if config.sampling and config.kind != "unigram":
            raise UsageError(
                f"tokenizer.sampling: expected tokenizer.kind unigram, received {config.kind}: leave it out"
            )
        if config.byte_fallback and config.kind not in _SUBWORDS:
            raise UsageError(
                f"tokenizer.byte_fallback: expected tokenizer.kind {' or '.join(_SUBWORDS)}, received {config.kind}: "
                "leave it out"
            )
        return None
    if not all(paths):
        raise UsageError("expected tokenizer.source_model and tokenizer.target_model together (or tokenizer.model)")
    source = read_tokenizer(Path(str(paths[0])))
    target = source if paths[0] == paths[1] else read_tokenizer(Path(str(paths[1])))
    both = Tokenizers(source, target)
    found: dict[str, set[Any]] = {
        "kind": {source.kind, target.kind},
        "vocabulary_size": {both.vocabulary_size},
        "byte_fallback": {source.byte_fallback, target.byte_fallback},
        "joint": {both.joint},
    }
    for option, values in found.items():
        asked = getattr(config, option)
        if asked != getattr(TokenizerConfig, option) and values != {asked}:
            raise UsageError(
                f"tokenizer.{option}: expected {' and '.join(sorted(str(value).lower() for value in values))} as in "
                f"{' and '.join(sorted({*map(str, paths)}))}, received {str(asked).lower()}: leave it out, or train a "
                "tokenizer"
            )
    for path, tokenizer in zip(paths, (source, target), strict=True):
        if config.sampling and not tokenizer.can_sample:
            raise UsageError(f"tokenizer.sampling: expected a unigram model, received {path}: leave it out")
    one_value = {option: values.pop() for option, values in found.items() if len(values) == 1}
    return both, dataclasses.replace(config, **one_value)


def make_tokenizers(
    config: TokenizerConfig, pairs: Iterator[tuple[str, str]], vocabulary_size: int
) -> tuple[Tokenizers, list[str]]:
    """The tokenizers of a run, trained on a sample of the training pairs.

    Args:
        config: what was asked for.
        pairs: source and target of the sample.
        vocabulary_size: pieces per vocabulary.

    Returns:
        Tokenizers, and messages for the user.

    Raises:
        DataError: if no model can be trained on the text.
    """
    sides = [list(side) for side in zip(*pairs, strict=True)] or [[], []]
    options = config.kind, vocabulary_size, config.byte_fallback
    if config.joint:
        both, message = train_tokenizer((line for side in sides for line in side), *options, identity=True)
        return Tokenizers(both, both), [message] if message else []
    source, first = train_tokenizer(sides[0], *options, identity=False)
    target, second = train_tokenizer(sides[1], *options, identity=True)
    return Tokenizers(source, target), [
        f"{side} {message}" for side, message in (("source", first), ("target", second)) if message
    ]
