"""Translate one line in PyTorch, beam 5, from the start of a process: `python -m contenders.first_line RUN < line`."""

from __future__ import annotations

import sys
from pathlib import Path

from contenders.torch_search import TorchTranslation
from mtlite.data.tokenizer import Tokenizers


def main(run: str) -> None:
    """Print the translation."""
    tokenizers = Tokenizers.load(Path(run))
    lines = tokenizers.source.encode([sys.stdin.readline().strip()])
    print(tokenizers.target.decode(TorchTranslation(run, 5, "float32", 0).translate([lines])[1])[0])


if __name__ == "__main__":
    main(sys.argv[1])
