"""The names of the files of a run, and how large each may be."""

from __future__ import annotations

from mtlite.limits import (
    MAX_ARRAYS_BYTES,
    MAX_CARD_BYTES,
    MAX_JSON_BYTES,
    MAX_LINES_BYTES,
    MAX_LOG_BYTES,
    MAX_SIDE_BYTES,
    MAX_TOKENIZER_BYTES,
    MAX_YAML_BYTES,
)

FACTS, RESOLVED, CONFIG, RESULT, LOG = "run.json", "resolved.yaml", "config.yaml", "result.json", "training-log.jsonl"
START, CARD = "start.safetensors", "README.md"
TOKENIZERS = ("source.model", "target.model")  # also where both sides have the same pieces: only the source has rules
MOST_BYTES = {
    **dict.fromkeys((FACTS, RESULT), MAX_JSON_BYTES),
    **dict.fromkeys((CONFIG, RESOLVED), MAX_YAML_BYTES),
    LOG: MAX_LOG_BYTES,
    CARD: MAX_CARD_BYTES,
    "hypotheses.txt": MAX_LINES_BYTES,
    **dict.fromkeys(TOKENIZERS, MAX_TOKENIZER_BYTES),
    **dict.fromkeys((START, "best.safetensors", "last.safetensors", "previous.safetensors"), MAX_ARRAYS_BYTES),
}
"""By name, the bytes of a file at most, and that it is a file."""


def most_bytes_of(name: str) -> int:
    """The size of a file of a run, at most."""
    return MOST_BYTES.get(name, MAX_SIDE_BYTES)
