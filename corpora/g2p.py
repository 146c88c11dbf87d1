"""Make folders from task 1 of SIGMORPHON 2020 (Gorman et al. 2020): words to the phones that they are spoken with.

    python corpora/g2p.py FOLDER

FOLDER has files such as fre_train.tsv, fre_dev.tsv and fre_test.tsv, gzipped or not, as they come from
github.com/sigmorphon/2020: a word and its phones, between tabs. For each language that is there, a folder is written to
corpora/g2p; they are not part of this project. Letters have spaces between them there, as phones have: a word model
takes each one for a symbol. A letter and its accent are two, and so are the parts of a Korean syllable (Unicode's NFD):
the 11,172 syllables of Hangul are made from 67 such parts.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

from folders import Splits, columns_of, main

from mtlite.errors import MtliteError

SPLITS = {"train": "train", "validation": "dev", "test": "test"}


def read(folder: Path) -> dict[str, Splits]:
    """By language, its splits."""
    languages = sorted({path.name.partition("_")[0] for path in folder.glob("*_train.tsv*")})
    if not languages:
        raise MtliteError(f"{folder}: expected fre_train.tsv or a file of another language, found none")
    found: dict[str, Splits] = {}
    for language in languages:
        found[language] = {}
        for split, name in SPLITS.items():
            pairs = columns_of(folder, f"{language}_{name}.tsv", "source", "target")
            letters = [" ".join(unicodedata.normalize("NFD", word)) for word in pairs["source"]]
            found[language][split] = {**pairs, "source": letters}
    return found


if __name__ == "__main__":
    main(__doc__, "g2p", read)
