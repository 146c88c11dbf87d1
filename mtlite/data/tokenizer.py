"""Text to ids and back, with SentencePiece (Kudo & Richardson 2018)."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import sentencepiece

from mtlite.data.ids import BOS, EOS, NO_CHARACTER, PAD, UNK
from mtlite.data.subword_sampling import SAMPLERS, Sampler
from mtlite.errors import RunError
from mtlite.limits import MAX_TOKENIZER_BYTES, MAX_VOCABULARY, read_file
from mtlite.storage.files import write_atomically
from mtlite.storage.run_directory import TOKENIZERS

_SPECIAL = {PAD, UNK, BOS, EOS}


class Tokenizer:
    """The SentencePiece model of one side: the bytes of a `.model` file, with pad, unk, bos, eos at ids 0, 1, 2, 3."""

    def __init__(self, model: bytes) -> None:
        self.model = model
        self._sampler: Sampler | None = None
        self.processor = sentencepiece.SentencePieceProcessor()
        try:
            self.processor.LoadFromSerializedProto(model)
        except RuntimeError as error:
            raise RunError(f"not a SentencePiece model ({reason_of(error)}): give a .model file") from None
        ids = self.processor.pad_id(), self.processor.unk_id(), self.processor.bos_id(), self.processor.eos_id()
        if ids != (PAD, UNK, BOS, EOS):
            raise RunError(
                f"expected a SentencePiece model with pad, unk, bos, eos at {(PAD, UNK, BOS, EOS)}, received {ids}: "
                "train it with --pad_id=0 --unk_id=1 --bos_id=2 --eos_id=3"
            )
        if len(self) > MAX_VOCABULARY:
            most = f"{MAX_VOCABULARY:,} pieces in a SentencePiece model"
            raise RunError(f"expected at most {most}, received {len(self):,}")
        try:
            scores = [self.processor.get_score(id) for id in range(len(self)) if self.processor.id_to_piece(id)]
        except UnicodeDecodeError:
            scores = [math.nan]
        if not all(map(math.isfinite, scores)):
            raise RunError("the SentencePiece model is damaged: expected pieces in UTF-8 with finite scores")

    @classmethod
    def read(cls, path: Path) -> Tokenizer:
        """Read a `.model` file."""
        try:
            return cls(read_file(path, MAX_TOKENIZER_BYTES))
        except OSError as error:
            raise RunError(f"cannot read SentencePiece model {path} ({error.strerror}): give a .model file") from None
        except RunError as error:
            raise RunError(f"{path}: {error}") from None

    def __len__(self) -> int:
        return self.processor.vocab_size()  # type: ignore[no-any-return]

    @property
    def sha256(self) -> str:
        """Fingerprint of the model."""
        return hashlib.sha256(self.model).hexdigest()

    def encode(self, lines: list[str]) -> list[list[int]]:
        """Encode each line as ids, with `</s>` at the end."""
        return [[*ids, EOS] for ids in self.processor.encode(lines)]

    def unknown(self, line: str) -> list[str]:
        """The parts of a line for which there is no piece."""
        pieces = self.processor.encode(line, out_type=str)
        return [piece for piece in pieces if self.processor.piece_to_id(piece) == UNK]

    def sample(self, lines: list[str], amount: float, seed: int) -> list[list[int]]:
        """Encode each line in a segmentation drawn at random: `amount` is what `tokenizer.sampling` says."""
        if self._sampler is None or self._sampler.amount != amount:
            self._sampler = SAMPLERS[self.kind](self.processor, amount)
        return [[*ids, EOS] for ids in self._sampler(lines, seed)]

    @property
    def kind(self) -> str:
        """How text is segmented: unigram, bpe, word or char."""
        # Its runtime comes with TensorFlow.
        from sentencepiece.sentencepiece_model_pb2 import ModelProto, TrainerSpec

        return str(TrainerSpec.ModelType.Name(ModelProto.FromString(self.model).trainer_spec.model_type)).lower()

    @property
    def byte_fallback(self) -> bool:
        """Whether it spells characters without a piece as bytes."""
        return any(self.processor.is_byte(id) for id in range(len(self)))

    def decode(self, sequences: list[list[int]]) -> list[str]:
        """Decode ids to one line each: special pieces are left out, line feeds and carriage returns become spaces."""
        texts = self.processor.decode([[id for id in ids if id not in _SPECIAL] for ids in sequences])
        return [text.replace("\r", " ").replace("\n", " ") for text in texts]

    def pieces(self, ids: list[int]) -> list[str]:
        """The pieces behind ids, for people."""
        return [self.processor.id_to_piece(id).replace(NO_CHARACTER, "") for id in ids]


@dataclass(frozen=True)
class Tokenizers:
    """Both sides' tokenizers. The source's applies rules to what it reads, the target's does not."""

    source: Tokenizer
    target: Tokenizer

    @cached_property
    def joint(self) -> bool:
        """Whether both have the same pieces."""
        sides = self.source, self.target
        source, target = (side.pieces(list(range(len(side)))) for side in sides)
        return source == target

    @property
    def vocabulary_size(self) -> int:
        """Pieces of the larger vocabulary."""
        return max(len(self.source), len(self.target))

    def save(self, folder: Path) -> None:
        """Write the models into a run directory."""
        for name, tokenizer in zip(TOKENIZERS, (self.source, self.target), strict=True):
            write_atomically(folder / name, tokenizer.model)

    @classmethod
    def load(cls, folder: Path) -> Tokenizers:
        """Read what `save` wrote."""
        if missing := [name for name in TOKENIZERS if not (folder / name).is_file()]:
            raise RunError(f"{folder} has no tokenizer ({', '.join(missing)} not found): give a folder made by train")
        return cls.read(*(folder / name for name in TOKENIZERS))

    @classmethod
    def read(cls, source: Path, target: Path) -> Tokenizers:
        """Read the models in two files, or in one that serves both sides."""
        first = Tokenizer.read(source)
        return cls(first, first if source == target else Tokenizer.read(target))


def reason_of(error: Exception) -> str:
    """Return what SentencePiece says, without the line of its source."""
    return re.sub(r"^\w+: \S+\(\d+\) \[.*?\] ?", "", " ".join(str(error).split())).strip() or "no reason given"
