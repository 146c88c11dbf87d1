"""Print the tables of ``corpora/README.md``: ``python corpora/village/describe.py``."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from generate import SEED, Corpus, Entry
from grammar.chooser import Chooser
from grammar.constructions import sentence_pair

SAMPLE = 200_000


def words(text: str) -> list[str]:
    """Return the words of a sentence, in lower case and without punctuation."""
    return re.findall(r"[\w'-]+", text.lower())


def print_sizes(splits: dict[str, list[Entry]]) -> None:
    """Print sentences, words and distinct words of every split."""
    print("| split | sentences | English words | German words | distinct en | distinct de |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, entries in splits.items():
        english = [word for entry in entries for word in words(entry.pair.english)]
        german = [word for entry in entries for word in words(entry.pair.german)]
        sizes = [len(entries), len(english), len(german), len(set(english)), len(set(german))]
        print(f"| `{name}` | " + " | ".join(f"{size:,}" for size in sizes) + " |")


def print_constructions(train: list[Entry]) -> None:
    """Print every construction with its count in train and one of its shortest sentences."""
    counts = Counter(name for entry in train for name in entry.constructions)
    print("\n| construction | in train | English | German |\n|---|---:|---|---|")
    for name, count in sorted(counts.items()):
        fitting = [entry for entry in train if name in entry.constructions and entry.length >= 5]
        pair = min(fitting, key=lambda entry: (len(entry.constructions), entry.length)).pair
        print(f"| {name} | {count:,} | {pair.english} | {pair.german} |")


def print_ambiguity() -> None:
    """Print how many sentences of a large sample have several translations, either way."""
    choose = Chooser(SEED + 1)
    german_of: defaultdict[str, set[str]] = defaultdict(set)
    english_of: defaultdict[str, set[str]] = defaultdict(set)
    for _ in range(SAMPLE):
        pair = sentence_pair(choose)
        german_of[pair.english].add(pair.german)
        english_of[pair.german].add(pair.english)
    for language, other in (("English", german_of), ("German", english_of)):
        several = [text for text, translations in other.items() if len(translations) > 1]
        print(f"\n{language}: {len(several)} of {len(other)} sentences with several translations")
        for text in several[:10]:
            print(f"  {text} {sorted(other[text])}")


def main() -> None:
    """Build the corpus and print its tables."""
    corpus = Corpus(SEED)
    corpus.fill()
    print_sizes(corpus.splits)
    print_constructions(corpus.splits["train"])
    print_ambiguity()


if __name__ == "__main__":
    main()
