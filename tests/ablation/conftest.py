"""A made-up ablation: systems that make more or fewer mistakes, without a training."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mtlite.ablation.cells import Cell, cells_of, tuning_cells_of
from mtlite.ablation.experiment import fingerprint
from mtlite.ablation.options import AblationConfig
from mtlite.comparison.outcome import Outcome
from mtlite.comparison.packing import pack, pack_json, pack_numbers, pack_statistics
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


@pytest.fixture(scope="session")
def made_up() -> Callable[..., tuple[dict[str, Any], dict[str, Outcome]]]:
    """`made_up(topologies=[…], seeds=[…])`: a header and the outcomes of all cells."""

    def make(mistakes: dict[str, float] | None = None, **options: Any) -> tuple[dict[str, Any], dict[str, Outcome]]:
        ablation = AblationConfig(**{"topologies": ["attention", "peek"], "seeds": [1, 2], **options})
        ablation.baseline = ablation.baseline or ablation.topologies[0]
        tests = ["test", "test-new"]
        shared = {"training.learning_rate": 0.01, "the training pairs": "a" * 64}
        sides = {f"{test}.{side}": pack_json(references(test)) for test in tests for side in ("source", "target")}
        header = {
            "experiment": fingerprint(shared),
            "shared": shared,
            "name": "made-up.yaml",
            "recipe": {"training": {"learning_rate": 0.01}},
            "ablation": ablation.to_dict(),
            "pair": [12, 14],
            "tests": tests,
            "sides": sides,
            "frequencies": pack_json({word: 10 + number for number, word in enumerate(WORDS)}),
            "source_language": "en",
            "target_language": "de",
        }
        rates = mistakes or {name: 0.1 + 0.07 * at for at, name in enumerate(ablation.topologies)}
        cells = [*cells_of(ablation), *tuning_cells_of(ablation)]
        return header, {cell.name: outcome_of(cell, ablation, tests, rates[cell.system.topology]) for cell in cells}

    return make


def outcome_of(cell: Cell, ablation: AblationConfig, tests: list[str], mistakes: float) -> Outcome:
    outputs: dict[str, Any] = {}
    searches = {"greedy": 0.0, "beam": -0.02} if ablation.beam else {"greedy": 0.0}
    if cell.tried is not None:  # only its dev scores are looked at
        searches = {}
    for search, gain in searches.items():
        outputs[search] = {}
        for test in tests:
            hypotheses = translate(references(test), mistakes + gain + 0.004 * cell.seed, cell.seed)
            statistics = sentence_statistics(hypotheses, references(test), "de")
            packed = {"hypotheses": pack_json(hypotheses), "statistics": pack_statistics(statistics)}
            outputs[search][test] = {**packed, "seconds": 0.5 + mistakes}
    final = 100 * (1 - mistakes) ** 2 + sum(map(float, (cell.tried or {}).values()))
    curve = [[update, 5.0 - update / 30, final * (1 - 2 ** (-update / 6))] for update in range(10, UPDATES + 1, 10)]
    weights = np.full((2, 3), 1 / 3, "<f4")
    attention = [{"source": ["▁a", "b<", "</s>"], "target": ["▁c", "</s>"], "weights": pack(weights.tobytes())}]
    # Each system has no position for the last piece of the first sentences, the worse the more of them.
    pieces = np.array([len(line.split()) for line in references("test")])
    beyond = (np.arange(SENTENCES) < 50 * mistakes).astype(int)
    found = {"nll": (pieces - beyond) * mistakes * cell.seed, "pieces": pieces - beyond, "unreachable": beyond}
    likelihood = {test: {name: pack_numbers(numbers) for name, numbers in found.items()} for test in tests}
    return Outcome(
        {
            "config": {"training.precision": "float32", "seed": cell.seed, "model.topology": cell.system.topology},
            "facts": {
                "parameters": 1000 + 77 * len(cell.system.topology),
                "threads": 1,
                "packages": {"sacrebleu": "2.6.0", "tensorflow": "2.21.0"},
                "machine": {"system": "Linux", "machine": "x86_64", "python": "3.11"},
                "training_fingerprint": "a" * 64,
            },
            "search": {"beam_size": 1},
            "curve": curve,
            "training_seconds": 10.0 + 100 * mistakes,
            "flops_per_pair": 123_456_789,
            "attention": attention if cell.system.topology == "attention" else [],
            "outputs": outputs,
            "likelihood": likelihood if outputs else {},
        }
    )
