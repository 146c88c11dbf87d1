"""Every topology on every task of corpora/tasks, and the table of what each wiring can do.

    python scripts/tasks.py --jobs 2

Each task is an ablation of its own in runs/tasks, recorded beside the recipe; what is recorded is not done again. A
task that fails does not stop the others: its code is that of the whole.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recipe_variants import RECIPES, ablate_each, is_stopped, parse

from mtlite.ablation.ablate import recorded_ablation
from mtlite.ablation.record import Record
from mtlite.evaluation.references import first_of

TASKS = ("copy", "cipher", "reverse", "spell", "classify", "expand", "shrink")
RECIPE = RECIPES / "tasks.yaml"
SOLVED = 0.95


def main() -> int:
    """Run the ablation of every task, and print the tables."""
    options = parse(__doc__, "tasks", "task", TASKS, "corpora/tasks/generate.py")
    code, records = ablate_each(options, lambda task: [RECIPE, *corpus_of(options.corpora / task)])
    if not is_stopped(code):
        print(f"Whole sequences that are right:\n\n{table(records, whole_sequence)}\n")
        print(f"Symbols that are right:\n\n{table(records, symbols)}")
    return code


def corpus_of(folder: Path) -> list[str]:
    """The options that name the splits of a task."""
    arguments = ["--data.source_language", "source", "--data.target_language", "target"]
    for split, side in product(("train", "dev", "test"), ("source", "target")):
        arguments += [f"--data.{split}.{side}", str(folder / f"{split}.{side}")]
    long = ", ".join(f"{side}: {folder / 'test-long'}.{side}" for side in ("source", "target"))
    return [*arguments, "--data.tests", f"{{test-long: {{{long}}}}}"]


def table(records: dict[str, Path], accuracy: Callable[[str, str], float]) -> str:
    """Mean accuracy over sentences and seeds as Markdown, a column a task: lengths 2 to 10 / 11 to 20."""
    columns: dict[str, dict[str, str]] = {}
    constant = {}
    topologies: list[str] = []
    for task, path in records.items():
        recorded = recorded_ablation(Record(path))
        topologies = recorded.header.ablation.topologies
        references = {test: first_of(recorded.header.references(test)) for test in recorded.header.tests}
        constant[task] = cell([score([common(lines)] * len(lines), lines, accuracy) for lines in references.values()])
        shares: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for outcome in recorded.outcomes.values():
            for test, output in outcome.outputs["greedy"].items():
                share = score(output.hypotheses, references[test], accuracy)
                shares[outcome.topology][test].append(share)
        columns[task] = {
            name: cell([mean(seeds) for seeds in tests.values()], tests["test"]) for name, tests in shares.items()
        }
    lines = ["| topology | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    lines += [f"| `{name}` | " + " | ".join(column.get(name, "–") for column in columns.values()) + " |"
              for name in topologies]  # fmt: skip
    lines.append("| *one constant answer* | " + " | ".join(constant.values()) + " |")
    return "\n".join(lines)


def score(hypotheses: Sequence[str], references: Sequence[str], accuracy: Callable[[str, str], float]) -> float:
    """Mean accuracy over the sentences of a test."""
    return mean(accuracy(*pair) for pair in zip(hypotheses, references, strict=True))


def common(lines: Sequence[str]) -> str:
    """The answer that is right most often."""
    return Counter(lines).most_common(1)[0][0]


def whole_sequence(hypothesis: str, reference: str) -> float:
    """1 if the answer is right from the first symbol to the last, else 0."""
    return float(hypothesis == reference)


def symbols(hypothesis: str, reference: str) -> float:
    """Share of the places at which the right symbol stands; a symbol too many or too few is a wrong one."""
    written, right = hypothesis.split(), reference.split()
    same = sum(a == b for a, b in zip(written, right, strict=False))
    return same / max(len(written), len(right))


def cell(shares: Sequence[float], seeds: Sequence[float] = (0.0,)) -> str:
    """Bold if most seeds solve the task."""
    text = " / ".join(f"{share:.0%}" for share in shares)
    return f"**{text}**" if 2 * sum(share >= SOLVED for share in seeds) > len(seeds) else text


if __name__ == "__main__":
    raise SystemExit(main())
