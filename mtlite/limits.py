"""The most that is accepted from a file: a broken or hostile one ends in an error, not in a full memory."""

import re

MAX_LINE_BYTES = 1 << 20
"""One line or cell: no sentence has a million bytes, and tokenizing one takes a hundred times its size in memory."""

MAX_GZIP_RATIO = 200
"""Decompressed bytes per compressed byte: text reaches 3 to 10, a decompression bomb 1000."""

GZIP_RATIO_FREE_BYTES = 4 << 20
"""Decompressed bytes before that ratio counts: a small file of one repeated line is no attack."""

MAX_YAML_BYTES = 1 << 16
"""One recipe: a page of options has a few kilobytes, and the parser takes seconds for a megabyte."""

MAX_YAML_DEPTH = 20
"""Nesting of a recipe: the options nest three deep, and the parser recurses once a level."""

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

MAX_HYPOTHESIS_TOKENS = 1 << 16
"""Where a search ends, whatever the run says about the length of its outputs."""

MAX_ARRAYS_BYTES = 16 << 30
"""One file of arrays, where its size does not follow from a configuration."""

MAX_LINES_BYTES = 1 << 30
"""The metrics of a run, its hypotheses, or a record of an ablation: they are read whole."""

TEST_SET_NAME = re.compile(r"\w[\w.-]{0,99}")
"""The name of a test set: it is part of the names of files."""
