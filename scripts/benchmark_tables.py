"""What benchmark.py prints, draws and records, and what the READMEs say of its record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from contenders.accounting import KINDS
from contenders.ours import SIDE
from contenders.variants import KEPT, PYTORCH

RECORD = Path(__file__).resolve().parent / "benchmark.json"
EVERYTHING = "all"
PRODUCTS = "the matrix products of mtlite, nothing else"
PLAIN = "plain Keras, compile and fit, float32"
PRECISIONS = ("bfloat16", "float32")
OUR_START = "mtlite translate, one line"
ONNX_START = "mtlite translate --engine onnx, one line"
PYTORCH_START = "PyTorch, one line"


@dataclass
class Row:
    """What was measured of a contender.

    Args:
        name: of it.
        rates: one a round; larger is faster.
        facts: what else is known of it.
    """

    name: str
    rates: list[float] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def middle(self) -> float:
        return median(self.rates)

    @property
    def precision(self) -> str:
        return self.name.rpartition(", ")[2]

    @property
    def spread(self) -> str:
        return f"{min(self.rates):,.0f} – {max(self.rates):,.0f}"

    @property
    def memory(self) -> str:
        peak = self.facts.get("peak_memory_mb")
        return f"{peak:,.0f} MB" if peak else "–"

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"name": self.name, "median": self.middle, "rates": self.rates, "facts": self.facts}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Row:
        """What `to_dict` gave."""
        return cls(values["name"], values["rates"], values["facts"])


@dataclass
class Figures:
    """All that a benchmark has measured; what it has not is empty.

    Args:
        machine: where.
        mflop_per_token: operations of all matrix products in training.
        ceilings: GFLOP/s, a row a precision.
        training: tokens a second.
        translation: sentences a second, by search and batch size.
        start: whole commands a second.
        accounting: seconds by kind of operation, of all lanes together.
    """

    machine: str
    mflop_per_token: float = 0.0
    ceilings: list[Row] = field(default_factory=list)
    training: list[Row] = field(default_factory=list)
    translation: list[Row] = field(default_factory=list)
    start: list[Row] = field(default_factory=list)
    accounting: dict[str, dict[str, float]] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """As JSON."""
        plain = {
            name: [row.to_dict() for row in value] if isinstance(value, list) else value
            for name, value in vars(self).items()
        }
        path.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Figures:
        """What `write` wrote."""
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        made: dict[str, Any] = {
            name: [Row.of(row) for row in value] if isinstance(value, list) else value for name, value in values.items()
        }
        return cls(**made)

    def found(self, name: str, beam: int | None = None, batch: int | str = EVERYTHING) -> Row:
        """A row: of training, or of translation with a beam."""
        if beam is None:
            return next(row for row in (*self.ceilings, *self.training) if row.name == name)
        return next(row for row in self.translation if (row.name, *place(row)) == (name, beam, batch))

    def fastest_pytorch(self, precision: str, beam: int | None = None, batch: int | str = EVERYTHING) -> Row:
        """The peer that mtlite is compared with."""
        rows = self.training if beam is None else [row for row in self.translation if place(row) == (beam, batch)]
        peers = [row for row in rows if row.name.startswith("PyTorch") and row.precision == precision]
        return max(peers, key=lambda row: row.middle)


def place(row: Row) -> tuple[int, int | str]:
    """Beam and batch size of a row of translation."""
    return row.facts["beam"], row.facts["batch"]


def training_table(figures: Figures) -> str:
    """Ratios first."""
    lines = [
        "| training | speed of mtlite against it | tokens/s | range | share of the ceiling | peak memory |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for row in figures.training:
        ratio = figures.found(f"mtlite, {row.precision}").middle / row.middle
        share = row.middle * figures.mflop_per_token / 1e3 / figures.found(row.precision).middle
        lines.append(f"| {row.name} | {ratio:.2f} × | {row.middle:,.0f} | {row.spread} | {share:.0%} | {row.memory} |")
    return "\n".join(lines)


def training_notes(figures: Figures) -> str:
    """What the table is to be read with."""
    plain = figures.found("mtlite, bfloat16").middle / figures.found(PLAIN).middle
    ceilings = ", ".join(f"{row.name} {row.middle:.0f} ({row.spread})" for row in figures.ceilings)
    return (
        f"bfloat16 against plain Keras: {plain:.2f} ×.\n"
        f"Ceilings in GFLOP/s, products of {SIDE} × {SIDE} matrices side by side: {ceilings}. "
        f"{figures.mflop_per_token:.1f} MFLOP a token: all matrix products of an average pair, forwards and backwards."
    )


def translation_table(rows: list[Row]) -> str:
    """Ratios to the same search of ours in the same format first."""
    lines = [
        "| translation | beam | batch | speed of mtlite against it | sentences/s | range | tokens/s written | "
        "same as mtlite, float32 | peak memory |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        mine = next(each for each in rows if each.name == f"mtlite, {row.precision}" and place(each) == place(row))
        tokens = row.middle * row.facts["tokens_per_sentence"]
        lines.append(
            f"| {row.name} | {row.facts['beam']} | {row.facts['batch']} | {mine.middle / row.middle:.2f} × | "
            f"{row.middle:,.1f} | {row.spread} | {tokens:,.0f} | {row.facts['same']:.1%} | {row.memory} |"
        )
    return "\n".join(lines)


def translation_summary(figures: Figures) -> str:
    """Sentences a second of all contenders, a line a search."""
    kinds = ["mtlite", f"mtlite, {KEPT}", *(variant.named("").removesuffix(", ") for variant in PYTORCH)]
    lines = [
        f"| search | speed of mtlite against the fastest PyTorch | {' | '.join(kinds)} |",
        f"|---|--:|{'--:|' * len(kinds)}",
    ]
    for beam in (1, 5):
        for precision in PRECISIONS:
            search = "greedy" if beam == 1 else f"beam {beam}"
            cells = [f"{figures.found(f'{kind}, {precision}', beam).middle:,.0f}" for kind in kinds]
            factor = against_pytorch(figures, precision, beam)
            lines.append(f"| {search}, {precision} | {factor} × | {' | '.join(cells)} |")
    return "\n".join(lines)


def engines_table(figures: Figures) -> str:
    """What can translate, a line each: many sentences, one sentence, memory, and the first line of a whole command."""
    lines = [
        "| engine | greedy, sentences/s | beam 5 | one sentence, greedy | beam 5 | peak memory | first line | "
        "translations as in float32 |",
        f"|---|{'--:|' * 7}",
    ]
    onnx = {f"onnxruntime, {weights}float32": ONNX_START for weights in ("", "int8 weights, ")}
    starts = {"mtlite, bfloat16": OUR_START, "mtlite, float32": OUR_START, **onnx}
    engines = [(name, name, name, name, start) for name, start in starts.items()]
    for precision in PRECISIONS:
        greedy, beam = (figures.fastest_pytorch(precision, size).name for size in (1, 5))
        engines.append((f"the fastest PyTorch, {precision}", greedy, beam, f"PyTorch, {precision}", PYTORCH_START))
    for name, greedy, beam, alone, start in engines:
        rates = [f"{figures.found(row, size).middle:,.0f}" for row, size in ((greedy, 1), (beam, 5))]
        times = [f"{1000 / figures.found(alone, size, 1).middle:.0f} ms" for size in (1, 5)]
        best = figures.found(beam, 5)
        cells = [name, *rates, *times, best.memory, f"{_started(figures, start)} s", f"{best.facts['same']:.0%}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def start_table(rows: list[Row]) -> str:
    """Seconds of whole commands."""
    lines = ["| command | seconds | range |", "|---|--:|--:|"]
    for row in rows:
        lines.append(f"| {row.name} | {1 / row.middle:.2f} | {1 / max(row.rates):.2f} – {1 / min(row.rates):.2f} |")
    return "\n".join(lines)


def accounting_table(accounting: dict[str, dict[str, float]]) -> str:
    """Shares of the lanes' time."""
    lines = [f"| of all time | {' | '.join(KINDS)} |", f"|---|{'--:|' * len(KINDS)}"]
    for name, seconds in accounting.items():
        total = sum(seconds.values())
        lines.append(f"| {name} | {' | '.join(f'{seconds[kind] / total:.1%}' for kind in KINDS)} |")
    return "\n".join(lines)


def against_pytorch(figures: Figures, precision: str, beam: int | None = None) -> str:
    """How many times as fast mtlite, as it is, is as the fastest PyTorch."""
    mine = figures.found(f"mtlite, {precision}", beam).middle
    return f"{mine / figures.fastest_pytorch(precision, beam).middle:.2f}"


def against(figures: Figures, name: str, precision: str) -> str:
    """How many times as fast mtlite trains as another contender."""
    return f"{figures.found(f'mtlite, {precision}').middle / figures.found(name).middle:.2f}"


def _products(figures: Figures) -> float:
    return figures.found(f"{PRODUCTS}, float32").middle


def _one(figures: Figures, name: str, beam: int) -> str:
    return f"{1000 / figures.found(f'{name}, bfloat16', beam, 1).middle:.0f}"


def _started(figures: Figures, name: str) -> str:
    return f"{1 / next(row for row in figures.start if row.name == name).middle:.2g}"


def _same(figures: Figures, beam: int) -> str:
    return f"{figures.found('mtlite, bfloat16', beam).facts['same'] * 100:.0f}"


Figure = Callable[[Figures], str]

PHRASES: dict[str, list[Figure]] = {
    "training is {} times as fast as in plain Keras, {} times as in tuned PyTorch": [
        lambda figures: against(figures, PLAIN, "float32"),
        lambda figures: against_pytorch(figures, "float32"),
    ],
    "bfloat16, is {} times as fast as plain Keras in float32": [lambda figures: against(figures, PLAIN, "bfloat16")],
    "mtlite trains {} times as fast in bfloat16, {} times in float32": [
        lambda figures: against_pytorch(figures, "bfloat16"),
        lambda figures: against_pytorch(figures, "float32"),
    ],
    "In float32 they are {} times as fast as the fastest PyTorch": [
        lambda figures: f"{_products(figures) / figures.fastest_pytorch('float32').middle:.2f}",
    ],
    "products: {} GFLOP/s in float32, {} in bfloat16. One token takes {} MFLOP": [
        lambda figures: f"{figures.found('float32').middle:.0f}",
        lambda figures: f"{figures.found('bfloat16').middle:.0f}",
        lambda figures: f"{figures.mflop_per_token:.1f}",
    ],
    "takes {} ms with greedy search and {} ms with beam 5 once the model is loaded (PyTorch: {} and {};": [
        lambda figures: _one(figures, "mtlite", 1),
        lambda figures: _one(figures, "mtlite", 5),
        lambda figures: _one(figures, "PyTorch", 1),
        lambda figures: _one(figures, "PyTorch", 5),
    ],
    "takes {} s for one line, of which TensorFlow's import takes {} s. `mtlite --help` takes {} s": [
        lambda figures: _started(figures, OUR_START),
        lambda figures: _started(figures, "import tensorflow"),
        lambda figures: _started(figures, "mtlite --help"),
    ],
    "{}% of the hypotheses are those of float32 (beam 5: {}%)": [
        lambda figures: _same(figures, 1),
        lambda figures: _same(figures, 5),
    ],
}
"""What pages say in a sentence, and the figures in it."""


def with_figures(page: str, figures: Figures) -> str:
    """The page with the figures of every phrase in it made anew; a phrase may go over the end of a line."""
    for phrase, made in PHRASES.items():
        page = _filled(page, pattern_of(phrase), [figure(figures) for figure in made])
    return page


def pattern_of(phrase: str) -> re.Pattern[str]:
    """What finds a phrase, whatever its figures are; its groups are the words between them."""
    words = (r"\s+".join(map(re.escape, part.split(" "))) for part in phrase.split("{}"))
    return re.compile(r"\d+(?:\.\d+)?".join(f"({part})" for part in words))


def _filled(page: str, pattern: re.Pattern[str], values: Sequence[str]) -> str:
    def with_values(found: re.Match[str]) -> str:
        return "".join(word + value for word, value in zip(found.groups(), [*values, ""], strict=True))

    return pattern.sub(with_values, page)


def draw(rows: list[Row], path: str) -> None:
    """Bars of training speed, fastest first."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = sorted(rows, key=lambda row: row.middle)
    figure, axes = pyplot.subplots(figsize=(8, 0.6 + 0.45 * len(rows)), layout="constrained")
    colours = ["#0072b2" if row.name in ("mtlite, bfloat16", "mtlite, float32") else "#b0b0b0" for row in rows]
    errors = [[row.middle - min(row.rates) for row in rows], [max(row.rates) - row.middle for row in rows]]
    bars = axes.barh(
        [row.name for row in rows], [row.middle for row in rows], xerr=errors, color=colours, ecolor="#404040"
    )
    axes.bar_label(bars, [f" {row.middle:,.0f}" for row in rows], padding=4)
    axes.set_xlabel("source plus target tokens a second, training")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.15)
    figure.savefig(path, dpi=130)
