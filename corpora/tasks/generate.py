"""Write ten small corpora with a known answer: ``python corpora/tasks/generate.py [--seed N] [--output DIR]``.

Each task asks for something else of a wiring. A symbol is a word, so that a word tokenizer gives each one an id of its
own. Training sources have 2 to 10 symbols; those of `test` have as many and are not in training; those of `test-long`
have 11 to 20. `spell` is different: see there.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

HERE = Path(__file__).parent
SEED = 1
SIZES = {"train": 20_000, "dev": 300, "test": 500}
TEST_LONG = 500
LENGTHS = (2, 10)
LONG_LENGTHS = (11, 20)

Pair = tuple[list[str], list[str]]
Splits = dict[str, list[Pair]]

WORDS = list("abcdefghijkl")
CODE = dict(zip(WORDS, [letter.upper() for letter in "gkbeialhcdfj"], strict=True))
KINDS = {word: ("one", "two", "three", "four")[number % 4] for number, word in enumerate(WORDS)}
DIGITS = list("0123456789")
UNITS = ["oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen"]
TEENS += ["sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
LEXICON = 500


def symbols(draw: random.Random, length: int) -> list[str]:
    """Random words."""
    return draw.choices(WORDS, k=length)


def copy(draw: random.Random, length: int) -> Pair:
    """The same words again."""
    source = symbols(draw, length)
    return source, source


def cipher(draw: random.Random, length: int) -> Pair:
    """Each word replaced by its own code word."""
    source = symbols(draw, length)
    return source, [CODE[word] for word in source]


def reverse(draw: random.Random, length: int) -> Pair:
    """The last word first."""
    source = symbols(draw, length)
    return source, source[::-1]


def turn(size: int, draw: random.Random, length: int) -> Pair:
    """The words in groups of `size`, each group turned round: with 1 it is `copy`, with as many as there are `reverse`.

    A dial for reordering: words move by at most `size` − 1 places.
    """
    source = symbols(draw, length)
    groups = [source[start : start + size] for start in range(0, length, size)]
    return source, [word for group in groups for word in reversed(group)]


def classify(draw: random.Random, length: int) -> Pair:
    """A sentence in, one word out: the kind of its last word."""
    source = symbols(draw, length)
    return source, [KINDS[source[-1]]]


def spoken(digits: str) -> list[str]:
    """Digits in pairs, as somebody reads out a telephone number, the unit before the ten: 4 7 is seven and forty."""
    words = []
    for start in range(0, len(digits), 2):
        pair = digits[start : start + 2]
        if len(pair) == 1:
            words.append(UNITS[int(pair)])
        elif pair[0] == "1":
            words.append(TEENS[int(pair[1])])
        elif pair[0] == "0":
            words += ["oh", UNITS[int(pair[1])]]
        elif pair[1] == "0":
            words.append(TENS[int(pair[0])])
        else:
            words += [UNITS[int(pair[1])], "and", TENS[int(pair[0])]]
    return words


def expand(draw: random.Random, length: int) -> Pair:
    """Digits to number words: the output is longer than the input."""
    digits = draw.choices(DIGITS, k=length)
    return digits, spoken("".join(digits))


def shrink(draw: random.Random, length: int) -> Pair:
    """Number words to digits: the input is longer than the output. Lengths are those of the words."""
    while True:
        digits = draw.choices(DIGITS, k=draw.randint(1, length))
        words = spoken("".join(digits))
        if len(words) == length:
            return words, digits


def drawn(pair: Callable[[random.Random, int], Pair], draw: random.Random) -> Splits:
    """All splits of a task; no source stands in two of them, or twice in one.

    Args:
        pair: draws a pair whose source has so many symbols.
        draw: of everything.
    """
    seen: set[str] = set()

    def fill(size: int, lengths: tuple[int, int]) -> list[Pair]:
        found: list[Pair] = []
        while len(found) < size:
            source, target = pair(draw, draw.randint(*lengths))
            if " ".join(source) not in seen:
                seen.add(" ".join(source))
                found.append((source, target))
        return found

    pool = fill(sum(SIZES.values()), LENGTHS)
    draw.shuffle(pool)  # the few short sources are drawn first
    splits, start = {}, 0
    for name, size in SIZES.items():
        splits[name] = pool[start : start + size]
        start += size
    return {**splits, "test-long": fill(TEST_LONG, LONG_LENGTHS)}


def spell(draw: random.Random) -> Splits:
    """One word in, its letters out.

    A word is one symbol, and nothing but training tells how it is spelt: the tests ask for words of training again.
    `test-long` asks for two of them, with 11 to 20 letters together.
    """
    words: dict[str, list[str]] = {}
    while len(words) < LEXICON:
        letters = symbols(draw, draw.randint(*LENGTHS))
        words.setdefault("".join(letters).upper(), letters)
    pairs = [([word], letters) for word, letters in words.items()]
    train = pairs * (SIZES["train"] // LEXICON)
    draw.shuffle(train)
    long: list[Pair] = []
    while len(long) < TEST_LONG:
        (first, its), (second, others) = draw.sample(pairs, 2)
        if LONG_LENGTHS[0] <= len(its + others) <= LONG_LENGTHS[1]:
            long.append((first + second, its + others))
    return {
        "train": train,
        "dev": draw.sample(pairs, SIZES["dev"]),
        "test": draw.sample(pairs, SIZES["test"]),
        "test-long": long,
    }


TASKS: dict[str, Callable[[random.Random], Splits]] = {
    "copy": partial(drawn, copy),
    "cipher": partial(drawn, cipher),
    "reverse": partial(drawn, reverse),
    **{f"turn-{size}": partial(drawn, partial(turn, size)) for size in (2, 3, 5)},
    "spell": spell,
    "classify": partial(drawn, classify),
    "expand": partial(drawn, expand),
    "shrink": partial(drawn, shrink),
}


def main() -> None:
    """Read the command line and write all splits of all tasks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the draw (default: {SEED})")
    parser.add_argument("--output", type=Path, default=HERE, help="folder to write to (default: beside this file)")
    options = parser.parse_args()
    for name, task in TASKS.items():
        folder = options.output / name
        folder.mkdir(parents=True, exist_ok=True)
        for split, pairs in task(random.Random(f"{name} {options.seed}")).items():
            for side, lines in zip(("source", "target"), zip(*pairs, strict=True), strict=True):
                text = "".join(" ".join(line) + "\n" for line in lines)
                (folder / f"{split}.{side}").write_bytes(text.encode("utf-8"))


if __name__ == "__main__":
    main()
