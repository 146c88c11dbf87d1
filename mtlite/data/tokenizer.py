"""Text to ids and back, with SentencePiece (Kudo & Richardson 2018)."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sentencepiece

from mtlite.config import TokenizerConfig
from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.errors import DataError, RunError, UsageError

_TOO_LARGE = re.compile(r"Vocabulary size too high.*<= (\d+)")
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
        self.processor = sentencepiece.SentencePieceProcessor()
        try:
            self.processor.LoadFromSerializedProto(model)
        except RuntimeError as error:
            raise RunError(f"not a SentencePiece model ({error}): give a .model file") from None
        ids = self.processor.pad_id(), self.processor.unk_id(), self.processor.bos_id(), self.processor.eos_id()
        if ids != (PAD, UNK, BOS, EOS):
            raise RunError(
                f"expected a SentencePiece model with pad, unk, bos, eos at {(PAD, UNK, BOS, EOS)}, received {ids}: "
                "train it with --pad_id=0 --unk_id=1 --bos_id=2 --eos_id=3"
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
        sentencepiece.set_random_generator_seed(seed)
        drawn = self.processor.encode(lines, enable_sampling=True, alpha=alpha, nbest_size=-1, num_threads=1)
        return [[*ids, EOS] for ids in drawn]

    def decode(self, sequences: list[list[int]]) -> list[str]:
        """Ids as text on one line each: special pieces are left out, newlines (from bytes) become spaces."""
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

    def save(self, folder: Path) -> None:
        """Write the model or the models into a run directory."""
        if self.joint:
            (folder / "tokenizer.model").write_bytes(self.source.model)
        else:
            (folder / "source.model").write_bytes(self.source.model)
            (folder / "target.model").write_bytes(self.target.model)

    @classmethod
    def load(cls, folder: Path) -> Tokenizers:
        """Read what `save` wrote."""
        joint = folder / "tokenizer.model"
        names = [joint, joint] if joint.exists() else [folder / "source.model", folder / "target.model"]
        missing = [name.name for name in names if not name.is_file()]
        if missing:
            raise RunError(f"{folder} has no tokenizer ({', '.join(missing)} not found): give a folder made by train")
        source = Tokenizer(names[0].read_bytes())
        return cls(source, source if joint.exists() else Tokenizer(names[1].read_bytes()))


def train_tokenizer(
    lines: Iterable[str], kind: str, vocabulary_size: int, byte_fallback: bool, identity: bool
) -> tuple[Tokenizer, str | None]:
    """Train a SentencePiece model.

    Args:
        lines: text.
        kind: unigram, bpe, word or char.
        vocabulary_size: pieces, at most.
        byte_fallback: spell unknown characters as bytes.
        identity: keep every character as it is, so that decode(encode(x)) = x; else SentencePiece's NFKC.

    Returns:
        The tokenizer, and a message where the vocabulary had to be smaller than asked for.

    Raises:
        DataError: if the text is empty or has too little in it.
    """
    text = [line for line in lines if line.strip()]
    if not text:
        raise DataError("expected text to train a tokenizer on, received only empty lines")
    longest = max(len(line.encode()) for line in text)
    asked, message = vocabulary_size, None
    while True:
        writer = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(text),
                model_writer=writer,
                model_type=kind,
                vocab_size=vocabulary_size,
                hard_vocab_limit=kind in ("unigram", "bpe"),
                byte_fallback=byte_fallback and kind in ("unigram", "bpe"),
                character_coverage=0.9995 if kind in ("unigram", "bpe") else 1.0,
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
            break
        except RuntimeError as error:
            smaller = _TOO_LARGE.search(str(error))
            if smaller is None or int(smaller[1]) >= vocabulary_size:
                raise DataError(
                    f"SentencePiece cannot train a {kind} model of {vocabulary_size} pieces on {len(text)} lines: "
                    f"{str(error).splitlines()[-1]}: give more text or another tokenizer.vocabulary_size"
                ) from None
            vocabulary_size = int(smaller[1])
            message = f"vocabulary reduced from {asked:,} to {vocabulary_size:,} pieces: the text has not more"
    return Tokenizer(writer.getvalue()), message


def make_tokenizers(
    config: TokenizerConfig, pairs: Iterator[tuple[str, str]], vocabulary_size: int
) -> tuple[Tokenizers, list[str]]:
    """The tokenizers of a run: existing models, or new ones trained on a sample of the training pairs.

    Args:
        config: what was asked for.
        pairs: source and target of the sample.
        vocabulary_size: pieces per vocabulary.

    Returns:
        Tokenizers, and messages for the user.
    """
    given = [config.source_model or config.model, config.target_model or config.model]
    if any(given) and not all(given):
        raise UsageError("expected tokenizer.source_model and tokenizer.target_model together (or tokenizer.model)")
    if all(given):
        models = []
        for path in given:
            if not Path(str(path)).is_file():
                raise DataError(f"SentencePiece model {path} not found")
            models.append(Tokenizer(Path(str(path)).read_bytes()))
        source, target = models
        return Tokenizers(source, source if given[0] == given[1] else target), []
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
