"""The most that is accepted from a file: a broken or hostile one ends in an error, not in a full memory.

The numbers are here, and so is the only way in which files are opened: a pipe, a socket or a device has no size and may
never end.
"""

from __future__ import annotations

import errno
import io
import os
import re
import stat
from pathlib import Path

MAX_LINE_BYTES = 1 << 20
"""One line or cell: no sentence has a million bytes, and tokenizing one takes a hundred times its size in memory."""

MAX_EXPANSION = 200
"""Decompressed bytes per compressed byte of gzip, xz and Parquet: text reaches 3 to 10, a decompression bomb 1000."""

FREE_EXPANSION_BYTES = 4 << 20
"""Decompressed bytes before that ratio counts: a small file of one repeated line is no attack."""

MAX_PAGE_BYTES = 256 << 20
"""One page of a Parquet file, decompressed: it is read whole. Writers make pages of 1 to 100 MB."""

MAX_BATCH_BYTES = 128 << 20
"""What a batch of rows of a Parquet file may hold at most, if each row is as long as the longest page."""

MAX_DECOMPRESSOR_BYTES = 100 << 20
"""What a decompressor may need itself: xz of the highest level needs 65 MB."""

MAX_DEPTH = 20
"""Nesting of plain values: an ablation record nests eight deep, and whoever looks into them recurses once a level."""

MAX_TEXT = 1 << 20
"""Characters of one text among plain values: as in `MAX_LINE_BYTES`."""

MAX_SMALL_FILE_BYTES = 16 << 20
"""A file of facts about a corpus, such as those of `save_to_disk`."""

MAX_DOCUMENT_BYTES = 64 << 20
"""One line of JSON, such as a cell in a record: that of 1,000 sentences has 0.4 MB. Python takes twenty times it."""

MAX_RECORD_BYTES = 512 << 20
"""A record, decompressed: the one of 36 trainings with three test sets has 13 MB."""

MAX_LOG_BYTES = 64 << 20
"""A training log: a line for every report, of 200 bytes."""

MAX_YAML_BYTES = 1 << 16
"""One recipe: a page of options has a few kilobytes, and the parser takes seconds for a megabyte."""

MAX_VOCABULARY = 1_000_000
"""Pieces in a vocabulary: larger ones are word lists, whose embeddings alone would fill the memory."""

MAX_TENSOR_BYTES = 4 << 30
"""One stored array of weights: a million pieces of a thousand numbers, the largest vocabulary that is accepted."""

MAX_JSON_BYTES = 1 << 20
"""The facts of a run: a page."""

MAX_TOKENIZER_BYTES = 128 << 20
"""One SentencePiece model: a hundred bytes for each piece of the largest vocabulary that is accepted."""

MAX_SIDE_BYTES = 1 << 30
"""One side of a test set in a run directory: it is read whole."""

MAX_HYPOTHESIS_TOKENS = 1 << 14
"""Where a search ends, whatever the run says about the length of its outputs."""

MAX_SLOPE = 4
"""Output tokens for each source token in a length rule: a training tries no more."""

MAX_INTERCEPT = 1 << 10
"""Output tokens in a length rule whatever the source: by default, cleaning leaves 1,000 characters a side."""

MAX_POSITIONS = 1 << 13
"""Output positions of a topology that has the same number for every source: those of the two rules above."""

MAX_SPREAD = 1 << 8
"""Output positions for each source token in `ctc`."""

MAX_TER_WORDS = 100
"""Words of a sentence up to which TER looks for shifts: with twice as many, a sentence can take ten seconds."""

MAX_COUNT = 2**31 - 1
"""A count of words or edits: the sums over a test set fit into 64 bits."""

MAX_ARRAYS_BYTES = 16 << 30
"""One file of arrays, where its size does not follow from a configuration."""

MAX_LINES_BYTES = 1 << 30
"""The hypotheses of a run: they are read whole."""

MAX_CARD_BYTES = 1 << 20
"""The card of a run: a page or two, and what its user wrote around it."""

MAX_REQUEST_BYTES = 1 << 20
"""The body of a request to `mtlite serve`: a book has as much."""

MAX_REQUEST_SENTENCES = 2_000
"""Of all texts of a request: a minute of work for two cores."""

MAX_SENTENCE_CHARACTERS = 20_000
"""Of a sentence that waits to be translated: by default, a search takes 1,024 pieces of 16 characters at most."""

MAX_WAITING_SENTENCES = 10_000
"""Of all requests that wait: several minutes of work, longer than a client waits."""

TEST_SET_NAME = re.compile(r"\w[\w.-]{0,99}")
"""The name of a test set: it is part of the names of files."""


def open_file(path: str | Path) -> io.BufferedReader:
    """Open a file to read its bytes; raise OSError for what is none, such as a pipe, at once."""
    try:
        # Opening a pipe would wait for somebody to write into it.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError as error:  # a path with a null byte
        raise OSError(errno.EINVAL, str(error), str(path)) from None
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return open(handle, "rb")
    folder = stat.S_ISDIR(os.fstat(handle).st_mode)
    os.close(handle)
    raise OSError(errno.EINVAL, "it is a folder" if folder else "it is a pipe or a device, not a file", str(path))


def read_file(path: str | Path, most_bytes: int) -> bytes:
    """Read a file whole; raise OSError for a larger one, before memory is taken."""
    with open_file(path) as file:
        if (size := os.fstat(file.fileno()).st_size) > most_bytes:
            raise OSError(errno.EFBIG, f"it has {size:,} bytes: expected at most {most_bytes:,}", str(path))
        return file.read(size + 1)


def most_expanded(compressed: int) -> int:
    """The most bytes that so many compressed ones may become."""
    return max(FREE_EXPANSION_BYTES, MAX_EXPANSION * compressed)
