"""Train the model of TensorFlow's tutorial on its own file, and score it on the sets that the recipe has.

    python corpora/spa_eng.py FOLDER
    python scripts/tutorial.py corpora/spa-eng

It writes lower case without accents. So it is scored twice: as it is, against the references as they are, and against
references in its own spelling. Other translations of the test set (--hypotheses) are scored in both ways, too.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import datasets
import sacrebleu

from mtlite.data.further_references import join_repeated
from mtlite.data.lines import read_lines

AT_ONCE = 256  # sentences that are translated together


def main() -> None:
    """Train, translate, score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="written by corpora/spa_eng.py")
    parser.add_argument("--epochs", type=int, default=100, help="at most (default: %(default)s)")
    parser.add_argument("--hypotheses", type=Path, help="translations of the test set to score instead of training")
    options = parser.parse_args()
    splits = datasets.load_from_disk(options.folder)
    sources, references = test_set(splits["test"])
    if options.hypotheses:
        report(str(options.hypotheses), list(read_lines(options.hypotheses)), references)
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from contenders.tutorial import Words, train

    train_set, dev = splits["train"], splits["validation"]
    begin = time.monotonic()
    english, spanish = Words(train_set["en"]), Words(train_set["es"])
    sides = [(english.encode(each["en"]), spanish.encode(each["es"])) for each in (train_set, dev)]
    model = train(*sides[0], sides[1], options.epochs)
    print(f"trained in {(time.monotonic() - begin) / 60:.1f} minutes, {model.count_params():,} weights")
    hypotheses: list[str] = []
    for start in range(0, len(sources), AT_ONCE):
        hypotheses += model.translate(english.encode(sources[start : start + AT_ONCE]), spanish)
    report("tutorial", hypotheses, references)


def test_set(pairs: datasets.Dataset) -> tuple[list[str], list[list[str]]]:
    """Each source once, with all of its translations."""
    pairs = pairs.rename_columns({"en": "source", "es": "target"})
    first, further = join_repeated(pairs, [[]] * len(pairs))
    return list(first["source"]), [[target, *others] for target, others in zip(first["target"], further, strict=True)]


def report(name: str, hypotheses: list[str], references: list[list[str]]) -> None:
    """Print BLEU as it is, and in the tutorial's spelling."""
    from contenders.tutorial import standardized

    most = max(map(len, references))
    streams = [[each[at] if at < len(each) else None for each in references] for at in range(most)]
    raw = sacrebleu.corpus_bleu(hypotheses, streams).score
    plain = [[line and standardized(line) for line in stream] for stream in streams]
    same = sacrebleu.corpus_bleu(list(map(standardized, hypotheses)), plain, tokenize="none", force=True).score
    print(f"{name}: BLEU {raw:.2f} as it is, {same:.2f} in lower case without accents ({len(hypotheses):,} sentences)")


if __name__ == "__main__":
    main()
