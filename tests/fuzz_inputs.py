"""Feeds generated inputs to everything behind the readers: recipes, cleaning, tokenizers, runs, standard input.

Only two outcomes are right: a right result, or one of the project's errors. Anything else is a bug. Run it with
`python tests/fuzz_inputs.py --inputs 40000 --seed 1`; `tests/data/fuzz_readers.py` does the same for the readers.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from samples import NUMBERS, number_pairs, write_pairs

from mtlite.config.options import CleaningConfig, Config
from mtlite.config.recipe import config_from, options, read_config
from mtlite.data.cleaning import clean
from mtlite.data.corpus import Corpus
from mtlite.data.ids import UNK
from mtlite.data.lines import read_lines
from mtlite.data.tokenizer import Tokenizer
from mtlite.errors import MtliteError
from mtlite.storage.checkpoint import load_state
from mtlite.storage.run_directory import LOG, Run
from mtlite.storage.tensors import load_arrays
from mtlite.storage.training_log import read_training_log
from mtlite.translation.loading import load_tokenizers, topology_config
from mtlite.translation.result import read_result

ODD = [
    "",
    " ",
    "NA",
    "007",
    "\ufeff",
    "\u2028",
    "\x85",
    "\x00",
    "\x1c",
    "\u200b",
    "\u202e",
    "🦊",
    "ß",
    "東京",
    "e\u0301",
]
ODD += ["سلام", "⁇", "▁", "</s>", "<s>", "<unk>", "<0x0A>", "\t", "\r", "\x0b"]
YAML = [
    "!!python/object/apply:os.system [true]",
    "&a [*a]",
    "{a: 1, a: 2}",
    "? [1]",
    "~",
    ".nan",
    ".inf",
    "1e999",
    "0x7f",
]
YAML += [
    "2026-11-23",
    "[" * 500,
    "- - - -",
    "!!binary x",
    "*none",
    "<<: {a: 1}",
    "'",
    '"',
    "%YAML 9.9",
    "\t",
    "true",
    "-1",
]
BYTES = [b"\xff", b"\x00", b"\xc3", b"\n", b"{", b"}", b"\x80\x81", b"9" * 40, b'"', b"null"]


class Fuzzer:
    """Counts outcomes and collects bugs.

    Args:
        folder: for files.
        run: a small finished run with attention.
        seed: of everything that is generated.
    """

    def __init__(self, folder: Path, run: Path, seed: int) -> None:
        from mtlite.translation.translator import Translator

        self.folder, self.run = folder, run
        self.random = random.Random(seed)
        self.outcomes: Counter[str] = Counter()
        self.bugs: list[str] = []
        self.tokenizer = Tokenizer((run / "target.model").read_bytes())
        self.translator = Translator.load(run)
        self.recipe = (run / "config.yaml").read_bytes()
        self.copy = folder / "run"
        shutil.copytree(run, self.copy)

    def check(self, what: str, attempt: Callable[[], bool]) -> None:
        """Do something; it is right if it gives true or raises an error of the project."""
        try:
            right = attempt()
        except MtliteError as error:
            single = len(str(error).splitlines()) <= 1
            self.outcomes["project error" if single else "other"] += 1
            if not single:
                self.bugs.append(f"{what}: an error of several lines: {error}")
        except Exception:  # noqa: BLE001 - that is what is looked for
            self.outcomes["other"] += 1
            self.bugs.append(f"{what}: {traceback.format_exc()}")
        else:
            self.outcomes["right result" if right else "other"] += 1
            if not right:
                self.bugs.append(f"{what}: a wrong result")

    def text(self) -> str:
        """A line."""
        words = self.random.choices([*NUMBERS, *NUMBERS.values(), *ODD], k=self.random.randint(0, 9))
        return self.random.choice(["", " ", "  "]).join(words).replace("\n", "")

    def spoilt(self, content: bytes) -> bytes:
        """Bytes with a few changes."""
        data = bytearray(content)
        for _ in range(self.random.randint(1, 4)):
            at = self.random.randrange(len(data) + 1)
            kind = self.random.randrange(4)
            if kind == 0:
                data[at : at + self.random.randint(1, 30)] = b""
            elif kind == 1:
                data[at:at] = self.random.choice(BYTES)
            elif kind == 2 and at < len(data):
                data[at] ^= 1 << self.random.randrange(8)
            else:
                data = data[: max(at, 1)]
        return bytes(data)

    def with_another_value(self, content: bytes) -> bytes:
        """JSON or YAML in which one value, at any depth, is another."""
        place = values = yaml.safe_load(content)
        while True:
            key = self.random.choice(list(place) if isinstance(place, dict) else range(len(place)))
            if not (place[key] and isinstance(place[key], dict | list)) or self.random.random() < 0.2:
                break
            place = place[key]
        place[key] = self.random.choice([*ODD, -1, 0, 1, 0.5, 2**70, None, True, [1], [], {"a": 1}, {}, float("nan")])
        return json.dumps(values).encode()

    def any_recipe(self) -> None:
        """Random values for real options, odd YAML, or a valid recipe with changed bytes."""
        kind = self.random.randrange(3)
        if kind == 0:
            content = self.spoilt(self.recipe)
        elif kind == 1:
            values: dict[str, Any] = {}
            for option in self.random.sample(list(options()), 3):
                place = values
                *sections, last = option.name.split(".")
                for section in sections:
                    place = place.setdefault(section, {})
                place[last] = self.random.choice([*ODD, -1, 0, 1, 0.5, 2**70, None, True, [1], {"a": 1}, float("nan")])
            content = yaml.safe_dump(values, allow_unicode=True).encode()
        else:
            section = self.random.choice(["data", "model", "training", "search", "x", ""])
            content = f"{section}:\n  units: {self.random.choice(YAML)}\n{self.random.choice(YAML)}\n".encode()
        path = self.folder / "recipe.yaml"
        path.write_bytes(content)

        def attempt() -> bool:
            config = read_config(path)
            again = config_from(config.to_dict(), "again")
            return isinstance(config, Config) and repr(again) == repr(config)

        self.check(f"recipe {content!r}", attempt)

    def any_line(self) -> None:
        """What a tokenizer gives back is what it was given."""
        line = self.text()

        def attempt() -> bool:
            ids = self.tokenizer.encode([line])[0]
            back = self.tokenizer.decode([ids])[0]
            # SentencePiece writes a space as ▁, and cannot tell the two apart.
            expected = line.replace("\r", " ").replace("▁", " ")
            return "\n" not in back and "\r" not in back and (UNK in ids or back == expected)

        self.check(f"line {line!r}", attempt)

    def any_tokenizer(self) -> None:
        """A damaged SentencePiece model is refused, or works."""
        content = self.spoilt((self.run / "source.model").read_bytes())
        self.check(f"tokenizer of {len(content)} bytes", lambda: bool(Tokenizer(content).encode(["one two"])))

    def any_corpus(self) -> None:
        """What cleaning keeps is a part of what it was given, in the same order."""
        pairs = [(self.text(), self.text()) for _ in range(self.random.randint(1, 8))]
        rows = [dict(zip(("source", "target"), pair, strict=True)) for pair in pairs]
        train = datasets.Dataset.from_list(rows)
        held_out = datasets.Dataset.from_list(rows[:1])
        corpus = Corpus(train, held_out, {"test": held_out}, "en", "de", ())
        flags = {name: self.random.random() < 0.5 for name in ("empty", "overlap", "duplicates", "identical", "script")}
        config = replace(CleaningConfig(), **flags, max_length_ratio=self.random.choice([0.0, 1.0, 3.0]),
                         max_characters=self.random.choice([0, 1, 20, 1000]))  # fmt: skip

        def attempt() -> bool:
            cleaned, report = clean(corpus, config)
            kept = list(zip(cleaned.train["source"], cleaned.train["target"], strict=True))
            order = iter(pairs)
            return all(pair in order for pair in kept) and len(kept) == report.after

        self.check(f"cleaning {config} {pairs}", attempt)

    def any_run(self) -> None:
        """A run with one altered file is refused, or what it says is of the right kind."""
        typed = ["run.json", "resolved.yaml", "result.json"]
        other = ["source.model", "best.safetensors", "last.safetensors", LOG, "data/test.source"]
        name = self.random.choice(typed + other)
        original = (self.run / name).read_bytes()
        content = self.spoilt(original)
        if name in typed and self.random.random() < 0.5:
            content = self.with_another_value(original)
        (self.copy / name).write_bytes(content)

        def attempt() -> bool:
            run = Run.open(self.copy)
            tokenizers = load_tokenizers(run)
            config = topology_config(run)
            arrays, _ = load_arrays(run.path / "best.safetensors")
            load_state(run.path)
            read_training_log(run.path / LOG)
            result = read_result(run)
            lines = run.read_side("test.source")
            sizes = len(tokenizers.source) == config.source_vocabulary
            return sizes and bool(arrays and lines) and sorted(result.tests) == sorted(run.facts.tests)

        self.check(f"run with altered {name}: {content[:200]!r}", attempt)
        (self.copy / name).write_bytes(original)

    def any_input(self) -> None:
        """As many translations as lines, without a line end in them; or an error after all lines before it."""
        lines = [self.text().encode() for _ in range(self.random.randint(0, 12))]
        if self.random.random() < 0.3 and lines:
            lines[self.random.randrange(len(lines))] += self.random.choice(BYTES[:3])
        content = b"\n".join(lines) + self.random.choice([b"", b"\n"])
        path = self.folder / "input.txt"
        path.write_bytes(content)

        def attempt() -> bool:
            given = list(read_lines(path))
            text = content.decode("utf-8").removeprefix("\ufeff")
            expected = text.removesuffix("\n").count("\n") + 1 if text else 0
            found = self.translator(given)
            return len(found) == len(given) == expected and not any(set("\n\r") & set(text) for text in found)

        self.check(f"input {content!r}", attempt)


def fuzz(folder: Path, run: Path, inputs: int, seed: int) -> Fuzzer:
    """Feed a number of inputs."""
    fuzzer = Fuzzer(folder, run, seed)
    quick = [fuzzer.any_recipe, fuzzer.any_line, fuzzer.any_run, fuzzer.any_tokenizer]
    for number in range(inputs):
        if number % 20 == 19:
            fuzzer.any_corpus()
        elif number % 20 == 9:
            fuzzer.any_input()
        else:
            quick[number % len(quick)]()
    return fuzzer


def small_run(folder: Path) -> Path:
    """Train for a moment."""
    from rich.console import Console

    from mtlite.training.train import train

    pairs = number_pairs(76, seed=1)
    parts = {"train": pairs[:60], "dev": pairs[60:68], "test": pairs[68:]}
    values = {
        "data": {name: write_pairs(folder, name, part) for name, part in parts.items()},
        "tokenizer": {"vocabulary_size": 60},
        "model": {"embedding_size": 8, "units": 8, "layers": 1},
        "training": {"max_updates": 4, "batch_tokens": 120, "tensorboard": False},
        "search": {"beam_size": 1},
    }
    run = train(config_from(values, "small"), folder / "trained", console=Console(file=io.StringIO()))
    return Run(run.path).path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fuzzer = fuzz(folder, small_run(folder), arguments.inputs, arguments.seed)
    print(*fuzzer.bugs[:10], sep="\n")
    for outcome in ("right result", "project error", "other"):
        print(f"{outcome}: {fuzzer.outcomes[outcome]}")
    if fuzzer.bugs:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
