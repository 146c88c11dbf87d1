"""The tasks have a right answer that follows from the source alone; only `spell` asks for what training has shown."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys

import pytest
from samples import ROOT

SCRIPT = ROOT / "corpora" / "tasks" / "generate.py"
SPEC = importlib.util.spec_from_file_location("generate_tasks", SCRIPT)
assert SPEC is not None
assert SPEC.loader is not None
generate = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(generate)

ANSWERS = {
    "copy": lambda source: source,
    "cipher": lambda source: [generate.CODE[word] for word in source],
    "reverse": lambda source: list(reversed(source)),
    "turn-2": lambda source: [word for at in range(0, len(source), 2) for word in source[at : at + 2][::-1]],
    "turn-5": lambda source: [*source[4::-1], *source[9:4:-1], *source[14:9:-1], *source[:14:-1]],
    "classify": lambda source: [generate.KINDS[source[-1]]],
    "expand": lambda source: generate.spoken("".join(source)),
}


@pytest.fixture(scope="module")
def splits():
    return {name: task(random.Random(f"{name} 1")) for name, task in generate.TASKS.items()}


def test_sizes_and_lengths(splits):
    for name, task in splits.items():
        assert {split: len(pairs) for split, pairs in task.items()} == {**generate.SIZES, "test-long": 500}
        if name != "spell":
            for split, pairs in task.items():
                low, high = generate.LONG_LENGTHS if split == "test-long" else generate.LENGTHS
                assert {len(source) for source, _ in pairs} <= set(range(low, high + 1))


@pytest.mark.parametrize("name", ANSWERS)
def test_every_target_is_the_answer(name, splits):
    for pairs in splits[name].values():
        assert all(target == ANSWERS[name](source) for source, target in pairs)


def test_shrink_undoes_spoken(splits):
    for pairs in splits["shrink"].values():
        assert all(generate.spoken("".join(target)) == source for source, target in pairs)


def test_code_words_are_a_permutation():
    assert sorted(word.lower() for word in generate.CODE.values()) == generate.WORDS


@pytest.mark.parametrize("name", [name for name in generate.TASKS if name != "spell"])
def test_no_source_stands_in_two_splits(name, splits):
    sources = [" ".join(source) for pairs in splits[name].values() for source, _ in pairs]
    assert len(set(sources)) == len(sources)


def test_spell_asks_for_words_of_training_and_for_two_of_them(splits):
    spelling = {source[0]: target for source, target in splits["spell"]["train"]}
    assert len(spelling) == generate.LEXICON
    for split, pairs in splits["spell"].items():
        for source, target in pairs:
            assert len(source) == (2 if split == "test-long" else 1)
            assert target == [letter for word in source for letter in spelling[word]]


def test_a_symbol_is_one_id(splits, tmp_path):
    from mtlite.config.resolve import ResolvedTokenizer
    from mtlite.data.tokenizer_training import train_tokenizers

    for task in splits.values():
        lines = [(" ".join(source), " ".join(target)) for source, target in task["train"]]
        tokenizers, _ = train_tokenizers(ResolvedTokenizer(kind="word", vocabulary_size=600), lines)
        for source, target in [*task["test"], *task["test-long"]]:
            for tokenizer, side in ((tokenizers.source, source), (tokenizers.target, target)):
                ids = tokenizer.encode([" ".join(side)])[0]
                assert len(ids) == len(side) + 1
                assert 1 not in ids


def test_the_command_writes_the_same_bytes_again(tmp_path):
    for folder in ("a", "b"):
        command = [sys.executable, str(SCRIPT), "--output", str(tmp_path / folder)]
        subprocess.run(command, check=True)
    files = sorted((tmp_path / "a").rglob("*.*"))
    assert len(files) == len(generate.TASKS) * 8
    for file in files:
        assert file.read_bytes() == (tmp_path / "b" / file.relative_to(tmp_path / "a")).read_bytes()
