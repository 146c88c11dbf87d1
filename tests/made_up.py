"""A made-up ablation: systems that make more or fewer mistakes, without a training."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from mtlite.ablation.cells import Cell, cells_of, tuning_cells_of
from mtlite.ablation.header import Header
from mtlite.ablation.options import AblationConfig
from mtlite.comparison.attention_maps import AttentionMap
from mtlite.comparison.outcome import Outcome, Output, RunFacts
from mtlite.config.options import SearchConfig
from mtlite.evaluation.likelihood import Likelihood
from mtlite.evaluation.statistics import sentence_statistics

TEXT = "ein Haus das alte Boot und wir sehen viele Katzen <im> Garten & „heute“ Abend | nicht | mehr 3,5 Kilo"
WORDS = TEXT.split()
SENTENCES = 40
UPDATES = 100


def references(test: str) -> list[str]:
    draw = random.Random(test)
    return [" ".join(draw.choices(WORDS, k=draw.randint(3, 12))) + "." for _ in range(SENTENCES)]


def translate(lines: list[str], mistakes: float, seed: int) -> list[str]:
    """The lines with some words replaced."""
    draw = random.Random(seed)

    def mistaken(word: str) -> str:
        return draw.choice(WORDS) if draw.random() < mistakes else word

    return [" ".join(map(mistaken, line.split())) for line in lines]


def made_up(
    mistakes: dict[str, float] | None = None, tests: Sequence[str] = ("test", "test-new"), **options: Any
) -> tuple[Header, dict[str, Outcome]]:
    """`made_up(topologies=[…], seeds=[…])`: a header and the outcomes of all cells."""
    ablation = AblationConfig(**{"topologies": ["attention", "peek"], "seeds": [1, 2], **options})
    header = Header(
        shared={"training.learning_rate": 0.01, "the training pairs": "a" * 64},
        name="made-up.yaml",
        recipe={"training": {"learning_rate": 0.01}},
        ablation=ablation,
        pair=(12, 14),
        tests=[*tests],
        sides={f"{test}.{side}": references(test) for test in tests for side in ("source", "target")},
        frequencies={word: 10 + number for number, word in enumerate(WORDS)},
        source_language="en",
        target_language="de",
    )
    rates = mistakes or {name: 0.1 + 0.07 * at for at, name in enumerate(ablation.topologies)}
    cells = [*cells_of(ablation), *tuning_cells_of(ablation)]
    return header, {cell.name: outcome_of(cell, ablation, [*tests], rates[cell.system.topology]) for cell in cells}


def outcome_of(cell: Cell, ablation: AblationConfig, tests: list[str], mistakes: float) -> Outcome:
    final = 100 * (1 - mistakes) ** 2 + sum(map(float, (cell.tried or {}).values()))
    weights = np.full((2, 3), 1 / 3, np.float32)
    attention = [AttentionMap(["▁a", "b<", "</s>"], ["▁c", "</s>"], weights)]
    # Each system has no position for the last piece of the first sentences, the worse the more of them.
    pieces = np.array([len(line.split()) for line in references("test")])
    beyond = (np.arange(SENTENCES) < 50 * mistakes).astype(int)
    found = [(pieces - beyond) * mistakes * cell.seed, pieces - beyond, beyond]
    reported = cell.tried is None  # of the others, only dev scores are looked at
    return Outcome(
        config={
            **{"training.precision": "float32", "training.learning_rate": 0.01, "seed": cell.seed},
            "model.topology": cell.system.topology,
        },
        facts=RunFacts(
            parameters=1000 + 77 * len(cell.system.topology),
            threads=1,
            training_pairs=100,
            training_fingerprint="a" * 64,
            source_tokenizer="b" * 64,
            target_tokenizer="b" * 64,
            source_vocabulary=30,
            target_vocabulary=30,
            source_language="en",
            target_language="de",
            sides={f"{test}.{side}": "c" * 64 for test in tests for side in ("source", "target")},
            tests=tests,
            packages={"sacrebleu": "2.6.0", "tensorflow": "2.21.0"},
            machine={"system": "Linux", "machine": "x86_64", "python": "3.11"},
            unreachable=0.0,
        ),
        search=SearchConfig(beam_size=1),
        curve=[(update, 5.0 - update / 30, final * (1 - 2 ** (-update / 6))) for update in range(10, UPDATES + 1, 10)],
        training_seconds=10.0 + 100 * mistakes,
        tokens=26_000,
        flops_per_pair=123_456_789,
        attention=attention if cell.system.topology == "attention" else [],
        outputs=outputs_of(cell, ablation, tests, mistakes) if reported else {},
        likelihood={test: Likelihood(*(each.astype(np.float32) for each in found)) for test in tests if reported},
    )


def outputs_of(cell: Cell, ablation: AblationConfig, tests: list[str], mistakes: float) -> dict[str, dict[str, Output]]:
    outputs: dict[str, dict[str, Output]] = {}
    for search, gain in ({"greedy": 0.0, "beam": -0.02} if ablation.beam else {"greedy": 0.0}).items():
        outputs[search] = {}
        for test in tests:
            hypotheses = translate(references(test), mistakes + gain + 0.004 * cell.seed, cell.seed)
            statistics = sentence_statistics(hypotheses, references(test), "de")
            outputs[search][test] = Output(hypotheses, statistics, 0.5 + mistakes)
    return outputs
