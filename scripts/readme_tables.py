"""Write the tables and the pictures of the READMEs from the records beside the recipes.

    python scripts/readme_tables.py

A table stands in a page between `<!-- table NAME -->` and `<!-- end -->`. A test compares pages and records.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import benchmark_tables as benchmark
import blank_penalty
import cost_tables as cost
import findings
import level_and_power as simulation
import scan_splits
import sweeps
from cost_model import Grid
from findings import recorded
from sweeps import DIALS
from tasks import TASKS, whole_sequence
from tasks import table as table_of_tasks
from toolkits import tables as toolkits

from mtlite.comparison.results import ComparisonFamily, make_families
from mtlite.comparison.systems import TrainedSystem
from mtlite.config.registry import TOPOLOGIES
from mtlite.evaluation.likelihood import compare_likelihood
from mtlite.report.document import Table
from mtlite.report.doubling import twice_the_updates
from mtlite.report.gather import gather, scored
from mtlite.report.tables import shows_from, spread, verdict_of

ROOT = Path(__file__).resolve().parents[1]
RECORDS = ROOT / "scripts" / "recipes"
PICTURE = ROOT / ".pictures" / "twelve.svg"
BLOCK = re.compile(r"(<!-- table ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
TEST_FILE = re.compile(r"`(tests/[\w/]+\.py)`")
BLUE, GREY = "#0072b2", "#c4c4c4"

Rows = list[list[str]]


def pages() -> list[Path]:
    """Every README, that of the project first."""
    folders = ("mtlite", "scripts", "corpora", "tests")
    return [ROOT / "README.md", *(page for folder in folders for page in sorted((ROOT / folder).rglob("README.md")))]


def filled(page: str) -> str:
    """The page with its tables, and the figures of speed in it, made anew."""
    page = BLOCK.sub(lambda block: f"{block[1]}{TABLES[block[2]](block[0])}\n{block[3]}", page)
    return benchmark.with_figures(page, figures) if (figures := speed()) else page


@cache
def speed() -> benchmark.Figures | None:
    """The recorded benchmark, if there is one."""
    return benchmark.Figures.read(benchmark.RECORD) if benchmark.RECORD.exists() else None


def of_benchmark(make: Callable[[benchmark.Figures], str]) -> Callable[[str], str]:
    """A table of it; without a record, the table stays as it is."""
    return lambda block: make(figures) if (figures := speed()) else "\n".join(block.splitlines()[1:-1])


@cache
def systems(record: str) -> dict[str, TrainedSystem]:
    """By name, its systems, best BLEU first."""
    found = findings.systems_of(record).values()
    return {system.name: system for system in sorted(found, key=bleu, reverse=True)}


@cache
def family(record: str) -> ComparisonFamily:
    """Its comparison with the baseline on the first test set, adjusted for all test sets."""
    header = recorded(record).header
    found, groups = gather(header, recorded(record).outcomes)
    return make_families(found, header.tests, groups, header.ablation.primary)[0]


def bleu(system: TrainedSystem, search: str = "greedy", test: str = "test") -> float:
    """Mean over seeds."""
    return mean(system.scores(search, test, "bleu"))


class Difference(NamedTuple):
    """The cells that say how far a system is from the baseline; empty for the baseline."""

    effect: str = ""
    sentences: str = ""
    both: str = ""
    verdict: str = ""
    shows_from: str = ""


def difference(record: str, name: str) -> Difference:
    """Of one system."""
    comparison = family(record).comparison
    pair = next((each for each in comparison.primary if each.second == name), None) if comparison else None
    if pair is None:
        return Difference()
    found = pair.differences["bleu"]
    return Difference(
        signed(found.effect, 2),
        interval(found.sentence_interval),
        interval(found.interval),
        verdict_of(pair, "bleu"),
        shows_from(pair, "bleu"),
    )


def signed(number: float, digits: int) -> str:
    """With a sign as it is printed."""
    return f"{number:+.{digits}f}".replace("-", "−")


def interval(ends: tuple[float, float] | None, digits: int = 1) -> str:
    """From one end to the other."""
    return " … ".join(signed(end, digits) for end in ends) if ends else "–"


def markdown(columns: list[str], rows: Rows, words: tuple[int, ...] = (0,)) -> str:
    """A table; columns are of numbers unless they are of words."""
    line = ["---" if at in words else "--:" for at in range(len(columns))]
    return "\n".join("| " + " | ".join(row) + " |" for row in [columns, line, *rows])


def twelve(_: str) -> str:
    """What each topology does, and how well it translates."""
    village, captions = systems("twelve-village"), systems("twelve-multi30k")
    rows = [
        [f"`{name}`", entry.reads, entry.remembers, entry.writes, f"{bleu(village[name]):.1f}",
         f"{bleu(captions[name]):.1f}"]
        for name, entry in TOPOLOGIES.items()
    ]  # fmt: skip
    return markdown(["topology", "reads", "remembers", "writes", "village", "Multi30k"], rows, (0, 1, 2, 3))


def against_baseline(record: str) -> str:
    """All systems of a record, and how far each is from the baseline; with a beam, too, if it was searched with one."""
    found, width = systems(record), recorded(record).header.ablation.beam
    rows = []
    for name, system in found.items():
        scores = spread(system.scores("greedy", "test", "bleu"))
        beam = f"{bleu(system, 'beam'):.2f}" if system.has_beam else "–"
        cells = [f"`{name}`", str(len(system.runs)), scores, *difference(record, name)]
        rows.append([*cells, beam] if width else cells)
    columns = ["topology", "seeds", "BLEU", f"Δ to `{recorded(record).header.ablation.baseline_topology}`"]
    columns += ["95% sentences", "95% sentences, seeds", "verdict", "shows from"]
    return markdown([*columns, f"BLEU, beam {width}"] if width else columns, rows, (0, 6))


def matched(record: str) -> str:
    """The same for systems whose units were chosen so that all have one number of parameters."""
    rows = []
    for name, system in systems(record).items():
        units = next(iter(system.runs.values())).config["model.units"]
        far = difference(record, name)
        scores = spread(system.scores("greedy", "test", "bleu"))
        rows.append([f"`{name}`", f"{units}", f"{system.parameters:,}", scores, far.effect, far.both, far.verdict,
                     far.shows_from])  # fmt: skip
    baseline = recorded(record).header.ablation.baseline_topology
    columns = ["topology", "units", "parameters", "BLEU", f"Δ to `{baseline}`", "95% sentences, seeds", "verdict"]
    return markdown([*columns, "shows from"], rows, (0, 6))


def beside(record: str) -> str:
    """What else is known of them."""
    found = systems(record)
    others = [test for test in recorded(record).header.tests if test != "test"]
    likelihood = compare_likelihood(
        {name: system.likelihood("test") for name, system in found.items()},
        {name: system.smoothing_floor for name, system in found.items()},
    )
    rows = [
        [
            f"`{name}`",
            *(f"{bleu(system, test=test):.1f}" for test in others),
            f"{system.lengths('greedy', 'test')[0]:.2f}",
            f"{likelihood.writable[name]:.1%}",
            f"{mean(likelihood.nll_per_piece[name].values()):.2f}",
            f"{system.parameters:,}",
            f"{system.mean('training_seconds') / 60:.1f}",
            "; ".join(system.marks),
        ]
        for name, system in found.items()
    ]
    columns = ["can write", "−log p above its floor", "parameters", "minutes", "to know"]
    return markdown(["topology", *others, "length", *columns], rows, (0, len(others) + 6))


def doubled(record: str) -> str:
    """What one seed of each system gains by twice the updates, in the words of the report."""
    blocks = twice_the_updates(recorded(record).header, recorded(record).outcomes)
    (found,) = (block for block in blocks if isinstance(block, Table))
    gains = {name: cells for name, _, _, *cells in found.rows}
    rows = [[f"`{name}`", *gains[name]] for name in systems(record) if name in gains]
    return markdown(["topology", *found.columns[3:]], rows)


def side_by_side(columns: dict[str, str]) -> str:
    """BLEU of the twelve in several records, by the heading of its column; in the order of the first one."""
    found = [systems(record) for record in columns.values()]
    rows = [[f"`{name}`", *(f"{bleu(each[name]):.1f}" for each in found)] for name in found[0]]
    return markdown(["topology", *columns], rows)


def with_itself(record: str, other: str, headings: tuple[str, str]) -> str:
    """BLEU of every system in two records, the difference, and what it reaches of the baseline in each of them."""
    first, second, pairs = systems(record), systems(other), findings.with_itself(record, other)
    baseline = recorded(record).header.ablation.baseline_topology
    rows = []
    for name in first:
        far = pairs[name].differences["bleu"]
        shares = [f"{bleu(found[name]) / bleu(found[baseline]):.0%}" for found in (first, second)]
        scores = [spread(found[name].scores("greedy", "test", "bleu")) for found in (first, second)]
        verdict = verdict_of(pairs[name], "bleu")
        rows.append([f"`{name}`", *scores, signed(far.effect, 2), interval(far.interval), verdict, *shares])
    share = f"of `{baseline}`"
    columns = ["topology", *headings, "Δ", "95% sentences, seeds", "verdict", f"{headings[0]}: {share}"]
    return markdown([*columns, f"{headings[1]}: {share}"], rows, (0, 5))


def precision(_: str) -> str:
    """The two formats of matrix products."""
    found, compared = systems("ablation-precision"), family("ablation-precision").comparison
    assert compared is not None
    (pair,) = compared.primary
    both = pair.differences["bleu"]
    rows = []
    for name in (pair.first, pair.second):
        scores, beam = spread(found[name].scores("greedy", "test", "bleu")), f"{bleu(found[name], 'beam'):.2f}"
        intervals = interval(both.sentence_interval, 2), interval(both.interval, 2)
        cells = [signed(both.effect, 2), *intervals, f"{both.adjusted_p:.2f}", str(pair.verdict)]
        rows.append([name.rpartition("=")[2], scores, *(cells if name == pair.second else [""] * 5), beam])
    columns = ["precision", "BLEU", "Δ", "95% sentences", "95% sentences, seeds", "p", "verdict", "BLEU, beam 5"]
    return markdown(columns, rows, (0, 6))


def level_and_power(_: str) -> str:
    """How often a rule shows a difference where there is none, and where there is one."""
    results = json.loads(simulation.RESULTS.read_text(encoding="utf-8"))
    return markdown(*simulation.table(results), (0, 1))


def of_cost(make: Callable[[cost.Record], cost.Table]) -> Callable[[str], str]:
    """A table of what more workers would bring."""
    return lambda _: markdown(*make(cost_record()))


@cache
def cost_record() -> cost.Record:
    """What `cost_of_workers.py` has measured."""
    return cost.read(cost.RECORD)


def dial(name: str) -> str:
    """How systems differ at each step of a dial."""
    turned = DIALS[name]
    return markdown(*findings.table(findings.along(turned, findings.records_of(turned))))


def dial_beyond_training(name: str) -> str:
    """The scores of longer sequences than in training, at each step."""
    turned = DIALS[name]
    return markdown(*sweeps.table(turned, findings.records_of(turned), "test-long"))


def by_own_metric(columns: Mapping[str, tuple[str, str]], in_print: Mapping[str, Sequence[str]]) -> str:
    """Systems by the metric of their recipe, with Δ and verdict, on several test sets, above figures in print.

    Args:
        columns: by heading, a record and one of its test sets; the systems are ordered by the first one.
        in_print: by what a row is called, a figure for each heading.
    """
    found = [judged(record, test) for record, test in columns.values()]
    rows = [[f"`{name}`", *(cell for cells in found for cell in cells[name])] for name in found[0]]
    rows += [
        [f"*{name}*", *(cell for figure in figures for cell in (figure, "", ""))] for name, figures in in_print.items()
    ]
    words = tuple(3 * at for at in range(1, len(columns) + 1))
    return markdown(["topology", *(each for name in columns for each in (name, "Δ", "verdict"))], rows, (0, *words))


def judged(record: str, test: str) -> dict[str, list[str]]:
    """By system, the best first: score, Δ to the baseline with half of its interval, and verdict."""
    header = recorded(record).header
    found, groups = gather(header, scored(header, recorded(record).outcomes, {}))
    families = make_families(found, header.tests, groups, header.ablation.primary, header.metrics)
    (family,) = (each for each in families if each.test == test)
    pairs = {pair.second: pair for pair in family.comparison.primary} if family.comparison else {}
    scores = {system.name: system.scores("greedy", test, family.metric) for system in found}
    cells = {name: [findings.cell(pair), verdict_of(pair, family.metric)] for name, pair in pairs.items()}
    order = sorted(scores, key=lambda name: -mean(scores[name]))
    return {name: [spread(scores[name]), *cells.get(name, ["", ""])] for name in order}


def scan(_: str) -> str:
    """Exact match on three splits of SCAN, above figures in print."""
    in_print = {
        whose: [f"{figures[split]:g}" for split in scan_splits.SPLITS]
        for whose, figures in scan_splits.IN_PRINT.items()
    }
    return by_own_metric({split: (f"scan/{split}", "test") for split in scan_splits.SPLITS}, in_print)


def cogs(_: str) -> str:
    """Exact match on the two test sets of COGS, above the figures of Kim & Linzen (2020)."""
    in_print = {
        "in print: LSTM with attention, reading one way": ["99", "32 ± 6"],
        "in print: LSTM with attention, reading both ways": ["99", "16 ± 8"],
        "in print: Transformer": ["96", "35 ± 6"],
    }
    return by_own_metric({test: ("cogs", test) for test in ("test", "generalisation")}, in_print)


def tasks(_: str) -> str:
    """Whole sequences that are right."""
    return table_of_tasks({task: RECORDS / "tasks" / f"{task}.jsonl.xz" for task in TASKS}, whole_sequence)


def promises(block: str) -> str:
    """Each row with the number of tests in the files that it names."""
    lines = block.splitlines()[1:-1]
    for at, line in enumerate(lines):
        if files := TEST_FILE.findall(line):
            lines[at] = re.sub(r"\| *[\d,]* *\|$", f"| {sum(map(tests_in, files)):,} |", line)
    return "\n".join(lines)


def tests_in(file: str) -> int:
    """How many functions of a file are tests."""
    return len(re.findall(r"^def test_", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE))


TABLES: dict[str, Callable[[str], str]] = {
    "twelve": twelve,
    "village": lambda _: against_baseline("twelve-village"),
    "village-longer": lambda _: side_by_side(
        {"192 units, 4,500 updates": "twelve-village", "256 units, 10,000 updates": "ablation-village"}
    ),
    "village-beside": lambda _: beside("twelve-village"),
    "multi30k": lambda _: against_baseline("twelve-multi30k"),
    "multi30k-beside": lambda _: beside("twelve-multi30k"),
    "multi30k-doubled": lambda _: doubled("twelve-multi30k"),
    "multi30k-matched": lambda _: matched("twelve-multi30k-matched"),
    "multi30k-conditions": lambda _: side_by_side(
        {
            "equal sizes": "twelve-multi30k",
            "equal parameters": "twelve-multi30k-matched",
            "distilled targets": "twelve-multi30k-distilled",
        }
    ),
    "multi30k-distilled": lambda _: with_itself(
        "twelve-multi30k", "twelve-multi30k-distilled", ("targets of the corpus", "distilled")
    ),
    "blank-penalty": lambda _: markdown(*blank_penalty.table()),
    "multi30k-longer": lambda _: side_by_side(
        {
            "192 units, 2,000 updates": "twelve-multi30k",
            "256 units, 3,000 updates": "ablation-multi30k-en-de",
            "the same, German to English": "ablation-multi30k-de-en",
        }
    ),
    "precision": precision,
    "village-by-length": lambda _: markdown(*findings.table(findings.by_length("twelve-village"))),
    "village-by-word-order": lambda _: markdown(*findings.table(findings.by_word_order("twelve-village"))),
    "multi30k-by-word-order": lambda _: markdown(*findings.table(findings.by_word_order("twelve-multi30k"))),
    "multi30k-by-length": lambda _: markdown(*findings.table(findings.by_length("twelve-multi30k"))),
    "dial-pairs": lambda _: dial("pairs"),
    "dial-units": lambda _: dial("units"),
    "dial-places": lambda _: dial("places"),
    "dial-places-long": lambda _: dial_beyond_training("places"),
    "scan": scan,
    "cogs": cogs,
    "tasks": tasks,
    "level-and-power": level_and_power,
    "cost-of-workers": of_cost(cost.workers_table),
    "cost-on-loopback": of_cost(cost.loopback_table),
    "cost-of-failures": of_cost(lambda _: cost.grid_table(Grid())),
    "speed-training": of_benchmark(benchmark.training_table),
    "speed-translation": of_benchmark(benchmark.translation_summary),
    "engines": of_benchmark(benchmark.engines_table),
    "toolkits": lambda _: markdown(*toolkits.training_table(toolkits.RECORD)),
    "toolkits-translation": lambda _: markdown(*toolkits.translation_table(toolkits.RECORD)),
    "accounting": of_benchmark(lambda figures: benchmark.accounting_table(figures.accounting)),
    "promises": promises,
}
"""By name, what makes a table; it is given the block as it stands."""


def draw(path: Path) -> None:
    """BLEU of the twelve on both corpora, each beside its wiring in one line."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    found = {
        "village: sentences of a grammar": systems("twelve-village"),
        "Multi30k: image captions": systems("twelve-multi30k"),
    }
    names = list(next(iter(found.values())))
    style: Any = {"font.size": 10, "svg.hashsalt": "mtlite", "axes.spines.top": False, "axes.spines.right": False}
    with matplotlib.rc_context(style):
        figure, grid = pyplot.subplots(1, 2, figsize=(9.6, 4.3), sharey=True, layout="constrained")
        for axes, (title, of_corpus) in zip(grid, found.items(), strict=True):
            values = [bleu(of_corpus[name]) for name in names]
            bars = axes.barh(range(len(names)), values, color=[BLUE if at == 0 else GREY for at in range(len(names))])
            axes.bar_label(bars, [f"{value:.1f}" for value in values], padding=4)
            axes.set_title(title, loc="left")
            axes.set_xlabel("BLEU, English → German")
            axes.margins(x=0.15)
            axes.tick_params(axis="y", length=0)
        grid[0].set_yticks(range(len(names)), [f"{TOPOLOGIES[name].picture}    {name}" for name in names])
        grid[0].invert_yaxis()
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


def main() -> None:
    """Write every page that changes, and the pictures."""
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if (new := filled(text)) != text:
            page.write_text(new, encoding="utf-8")
            print(page.relative_to(ROOT))
    draw(PICTURE)
    cost.draw(cost_record(), PICTURE.with_name("workers.svg"))
    findings.draw_pictures()
    toolkits.draw(toolkits.RECORD, toolkits.PICTURE)


if __name__ == "__main__":
    main()
