"""Make a folder with the splits of Multi30k (Elliott et al. 2016) from its text files, for the recipes.

    python corpora/multi30k.py FOLDER

FOLDER is one with train, val and test_2016_flickr in en, de and fr, one sentence a line, gzipped or not, as they
come from github.com/multi30k/dataset. The folder is written to corpora/multi30k; it is not part of this project.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import datasets

from mtlite.data.lines import read_lines
from mtlite.errors import MtliteError

SPLITS = {"train": "train", "validation": "val", "test": "test_2016_flickr"}
LANGUAGES = ("en", "de", "fr")


def read_split(folder: Path, name: str) -> datasets.Dataset:
    """One split with a column per language that is there."""
    columns: dict[str, list[str]] = {}
    for language in LANGUAGES:
        for path in (folder / f"{name}.{language}.gz", folder / f"{name}.{language}"):
            if path.exists():
                columns[language] = list(read_lines(path))
                break
    if len(columns) < 2 or len({len(lines) for lines in columns.values()}) != 1:
        counts = {language: len(lines) for language, lines in columns.items()}
        raise MtliteError(f"{folder}: expected {name} in two languages or more, line by line; found lines {counts}")
    return datasets.Dataset.from_dict(columns)


def main() -> None:
    """Read the files, write the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, help="folder with the text files")
    parser.add_argument("--output", type=Path, default=Path("corpora/multi30k"), help="new folder to write")
    options = parser.parse_args()
    if options.output.exists():
        parser.error(f"{options.output} exists: give another --output")
    try:
        splits = {split: read_split(options.files, name) for split, name in SPLITS.items()}
    except MtliteError as error:
        parser.error(str(error))
    datasets.disable_progress_bars()
    datasets.DatasetDict(splits).save_to_disk(options.output)
    print(", ".join(f"{split}: {len(rows):,}" for split, rows in splits.items()))


if __name__ == "__main__":
    main()
