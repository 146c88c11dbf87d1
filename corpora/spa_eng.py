"""Make a folder from the English and Spanish sentences of the tutorials of TensorFlow and Keras.

    python corpora/spa_eng.py FOLDER

FOLDER has spa.txt, gzipped or not, out of the tutorials' spa-eng.zip (from Tatoeba, by way of ManyThings; CC-BY 2.0
FR): English and Spanish, between tabs. The folder is written to corpora/spa-eng; it is not part of this project. 2,000
English sentences are drawn for dev and 2,000 for test. All translations of a sentence are in one set: where it has
several, they are its references.
"""

from __future__ import annotations

import random
from pathlib import Path

from folders import SEED, Splits, columns_of, main

HELD_OUT = 2000  # English sentences of each


def read(folder: Path) -> dict[str, Splits]:
    """The three splits."""
    pairs = columns_of(folder, "spa.txt", "en", "es")
    sentences = list(dict.fromkeys(pairs["en"]))
    drawn = random.Random(SEED).sample(sentences, 2 * HELD_OUT)
    split_of = {
        **dict.fromkeys(sentences, "train"),
        **dict.fromkeys(drawn[:HELD_OUT], "validation"),
        **dict.fromkeys(drawn[HELD_OUT:], "test"),
    }
    splits: Splits = {split: {"en": [], "es": []} for split in ("train", "validation", "test")}
    for english, spanish in zip(pairs["en"], pairs["es"], strict=True):
        columns = splits[split_of[english]]
        columns["en"].append(english)
        columns["es"].append(spanish)
    return {"": splits}


if __name__ == "__main__":
    main(__doc__, "spa-eng", read)
