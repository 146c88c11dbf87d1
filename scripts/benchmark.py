"""Measure training and translation on this machine, beside its limit and beside other ways to write the same model.

    python scripts/benchmark.py --pairs corpora/multi30k --run runs/multi30k-en-de-1
    python scripts/benchmark.py ... --peers --json benchmark.json --picture benchmark.png

Ratios come first: absolute figures move with the machine. Every contender has a process of its own, with the threads
that it would have alone; they are asked in turn, round by round, and one figure is the median of its rounds. For
translation every search and batch size has processes of its own, so that peak memory is theirs, too. `--peers` adds the
model in PyTorch (pip install -e ".[peers]"). Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from itertools import islice, product
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from contenders.ours import SIDE, OurTraining, OurTranslation
from contenders.process import Contender
from contenders.sizes import Sizes

from mtlite.commands.parsing import new_file
from mtlite.config.options import Config, CorpusConfig
from mtlite.config.recipe import read_config
from mtlite.data.batches import Batch, Batches
from mtlite.data.ids import PAD
from mtlite.data.prepare import Prepared, prepare
from mtlite.errors import MtliteError, UsageError
from mtlite.storage.run_directory import Run
from mtlite.translation.loading import open_runs

ROOT = Path(__file__).resolve().parents[1]
RECIPE = ROOT / "scripts" / "recipes" / "multi30k-en-de.yaml"
PIECES, BATCH_TOKENS, WARM_UP = 6000, 4000, 3
EVERYTHING = "all"
BATCH_SIZES: tuple[int | str, ...] = (1, 32, 128, EVERYTHING)
PARTS = ("training", "translation", "start")
PICTURES = (".png", ".svg", ".pdf")
PRODUCTS = "the matrix products of mtlite, nothing else"
PLAIN = "plain Keras, compile and fit, float32"


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
        lowest, highest = min(self.rates), max(self.rates)
        return {"name": self.name, **self.facts, "median": self.middle, "lowest": lowest, "highest": highest}


def main() -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", help="a finished run, for translation and start; with --peers, one with attention")
    parser.add_argument("--pairs", help="a folder as corpora/multi30k.py makes it (default: the Hub's Multi30k)")
    parser.add_argument("--parts", nargs="+", choices=PARTS, help="(default: all; training only without --run)")
    parser.add_argument("--peers", action="store_true", help="also PyTorch")
    parser.add_argument("--rounds", type=int, default=5, help="(default: 5)")
    parser.add_argument("--batches", type=int, default=8, help="batches of a round (default: 8)")
    parser.add_argument("--threads", type=int, default=0, help="0 takes all (default: 0)")
    parser.add_argument("--json", metavar="FILE", help="write all figures to this file, a new one")
    parser.add_argument("--picture", metavar="FILE", help="draw training speed into this file, a new one")
    options = parser.parse_args()
    options.parts = options.parts or (PARTS if options.run else ("training",))
    try:
        check(options)
        measure(options)
    except MtliteError as error:
        print(f"benchmark.py: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def check(options: argparse.Namespace) -> None:
    """Refuse what cannot be measured before anything is.

    Raises:
        UsageError: if an option has no value that makes sense, or lacks another one.
        RunError: if the run cannot translate.
    """
    check_numbers(options)
    for part in options.parts:
        if part != "training" and not options.run:
            raise UsageError(f"--parts {part}: expected a finished run, received none: add --run")
    if options.pairs and not Path(options.pairs).is_dir():
        raise UsageError(f"--pairs {options.pairs} is not a folder: give one that corpora/multi30k.py has made")
    check_outputs(options)
    if options.peers and find_spec("torch") is None:
        raise UsageError('--peers needs PyTorch, which is not installed: pip install -e ".[peers]"')
    if options.run:
        sources_of(options.run)
        if options.peers and "translation" in options.parts:
            Sizes.of(Run.open(options.run))


def check_numbers(options: argparse.Namespace) -> None:
    """Refuse numbers that are too small."""
    for name, least in {"rounds": 1, "batches": 1, "threads": 0}.items():
        if (value := getattr(options, name)) < least:
            raise UsageError(f"--{name}: expected at least {least}, received {value}")


def check_outputs(options: argparse.Namespace) -> None:
    """Refuse files that cannot be written, or have nothing to show."""
    if options.json:
        new_file(options.json, "--json")
    if options.picture:
        if "training" not in options.parts:
            raise UsageError("--picture shows training, which is not measured: add it to --parts")
        if new_file(options.picture, "--picture").suffix not in PICTURES:
            raise UsageError(f"--picture {options.picture}: expected a name that ends in {', '.join(PICTURES)}")


def measure(options: argparse.Namespace) -> None:
    """Every part in turn; its table is printed as soon as it is there."""
    figures: dict[str, Any] = {"machine": f"{platform.machine()}, {multiprocessing.cpu_count()} processors"}
    if "training" in options.parts:
        prepared = prepare(reference_config(options.pairs), lambda line: None)
        rows, limits, flops = measure_training(
            prepared, options.peers, options.threads, options.rounds, options.batches
        )
        figures["ceilings"] = {name: row.to_dict() for name, row in limits.items()}
        figures |= {"mflop_per_token": flops / 1e6, "training": [row.to_dict() for row in rows]}
        print(training_table(rows, limits, flops), flush=True)
        if options.picture:
            draw(rows, options.picture)
    if "translation" in options.parts:
        translations = measure_translation(options.run, options.peers, options.rounds, options.threads)
        figures["translation"] = [row.to_dict() for row in translations]
        print("\n" + translation_table(translations), flush=True)
    if "start" in options.parts:
        starts = measure_starts(options.run, options.rounds)
        figures["start"] = [row.to_dict() for row in starts]
        print("\n" + start_table(starts), flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")


def reference_config(pairs: str | None) -> Config:
    """Multi30k en→de, cut as the figures of the field are: 6,000 joint pieces, 4,000 tokens a batch."""
    config = read_config(RECIPE)
    return replace(
        config,
        data=replace(config.data, train=[CorpusConfig(pairs=pairs)]) if pairs else config.data,
        tokenizer=replace(config.tokenizer, vocabulary_size=PIECES, sampling=0.0),
        training=replace(config.training, batch_tokens=BATCH_TOKENS),
    )


@contextmanager
def contenders(makers: dict[str, tuple[Any, ...]]) -> Iterator[dict[str, Contender]]:
    """By name, a process each; all end together."""
    started: dict[str, Contender] = {}
    try:
        for name, (make, *arguments) in makers.items():
            started[name] = Contender(name, make, *arguments)
        yield started
    finally:
        for each in started.values():
            each.close()


def measure_training(
    prepared: Prepared, peers: bool, threads: int, rounds: int, count: int
) -> tuple[list[Row], dict[str, Row], float]:
    """Source plus target tokens a second, padding not counted.

    Returns:
        A row for every contender, the ceilings measured in the same rounds, and operations per token.
    """
    warm_up, batches = batches_of(prepared, count)
    from contenders.keras_model import PlainKeras

    sizes = Sizes(len(prepared.tokenizers.target), 256, 512, 2, dropout=0.3, label_smoothing=0.1)
    lengths = prepared.lengths
    makers: dict[str, tuple[Any, ...]] = {}
    for precision in ("bfloat16", "float32"):
        makers[f"mtlite, {precision}"] = OurTraining, sizes, lengths, precision, threads
        makers[f"mtlite with keras.layers.LSTM, {precision}"] = OurTraining, sizes, lengths, precision, threads, True
    makers[PLAIN] = PlainKeras, sizes, threads
    if peers:
        from contenders.torch_model import TorchTraining

        makers |= {f"PyTorch, {precision}": (TorchTraining, sizes, precision, threads)
                   for precision in ("bfloat16", "float32")}  # fmt: skip
    tokens = sum(int((side != PAD).sum()) for batch in batches for side in batch)
    limits = {precision: Row(precision) for precision in ("float32", "bfloat16")}
    products = {precision: Row(f"{PRODUCTS}, {precision}") for precision in limits}
    rows = {name: Row(name) for name in makers}
    with contenders(makers) as started:
        ours = {precision: started[f"mtlite, {precision}"] for precision in limits}
        average = [round(float(length)) for length in lengths[:, :2].mean(axis=0)]
        flops = ours["float32"].ask("flops", *average) / sum(average)
        for contender in started.values():
            contender.ask("train", warm_up)
        for turn in range(rounds):
            print(f"training: round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
            for precision, contender in ours.items():
                limits[precision].rates.append(contender.ask("ceiling"))
            for name, contender in started.items():
                rows[name].rates.append(tokens / contender.ask("train", batches))
        for name, contender in started.items():
            rows[name].facts["peak_memory_mb"] = contender.peak_memory()
        for _ in range(rounds):  # after that: their factors would count as memory of training
            for precision, contender in ours.items():
                alone = sum(contender.ask("products", batch) for batch in batches)
                products[precision].rates.append(tokens / alone)
    return [*rows.values(), *products.values()], limits, flops


def batches_of(prepared: Prepared, count: int) -> tuple[list[Batch], list[Batch]]:
    """Those that warm up, and those of a round: the same for all.

    Raises:
        UsageError: if the corpus has not as many.
    """
    every = Batches(prepared.encoded, prepared.tokenizers, BATCH_TOKENS, seed=1).epoch(0)
    batches = list(islice(every, WARM_UP + count))
    if len(batches) < WARM_UP + count:
        raise UsageError(
            f"--batches {count}: the corpus has {len(batches)} batches, {WARM_UP} of them to warm up: give a smaller "
            "number, or a larger corpus"
        )
    return batches[:WARM_UP], batches[WARM_UP:]


def measure_translation(run: str, peers: bool, rounds: int, threads: int) -> list[Row]:
    """Sentences a second for the test set of a run, by search and batch size."""
    sources = sources_of(run)
    found = []
    for beam, size in product((1, 5), BATCH_SIZES):
        makers: dict[str, tuple[Any, ...]] = {}
        for precision in ("bfloat16", "float32"):
            makers[f"mtlite, {precision}"] = OurTranslation, run, beam, precision, threads
            if peers and isinstance(size, int):  # it has no way of its own to cut a set into batches
                from contenders.torch_model import TorchTranslation

                makers[f"PyTorch, {precision}"] = TorchTranslation, run, beam, precision, threads
        with contenders(makers) as started:
            found += translation_rows(started, sources, rounds, beam, size)
    return found


def sources_of(run: str) -> list[list[int]]:
    """The test sentences of a run as ids, short ones first."""
    (opened,), tokenizers = open_runs([run])
    return sorted(tokenizers.source.encode(opened.read_side("test.source")), key=len)


def translation_rows(
    started: dict[str, Contender], sources: list[list[int]], rounds: int, beam: int, batch: int | str
) -> list[Row]:
    """Every contender in turn, round by round, after one that warms up; one at a time, a sample of the sentences."""
    given: list[Any] = sources
    method, sentences = "translate_all", len(sources)
    if isinstance(batch, int):
        chosen = sources[:: max(1, len(sources) // 100)] if batch == 1 else sources
        given = [chosen[start : start + batch] for start in range(0, len(chosen), batch)]
        method, sentences = "translate", len(chosen)
    rows = {name: Row(name, facts={"beam": beam, "batch": batch}) for name in started}
    outputs = {name: contender.ask(method, given)[1] for name, contender in started.items()}
    for turn in range(rounds):
        place = f"beam {beam}, batch {batch}, round {turn + 1} of {rounds}"
        print(f"translation: {place}", file=sys.stderr, flush=True)
        for name, contender in started.items():
            rows[name].rates.append(sentences / contender.ask(method, given)[0])
    for name, row in rows.items():
        same = sum(a == b for a, b in zip(outputs[name], outputs["mtlite, float32"], strict=True))
        row.facts["tokens_per_sentence"] = sum(map(len, outputs[name])) / sentences
        row.facts["same"] = same / sentences
        row.facts["peak_memory_mb"] = started[name].peak_memory()
    return list(rows.values())


def measure_starts(run: str, rounds: int) -> list[Row]:
    """Starts a second of whole commands: what one waits for before anything happens."""
    commands = {
        "mtlite --help": ["-m", "mtlite", "--help"],
        "import tensorflow": ["-c", "import tensorflow"],
        "mtlite translate, one line": ["-m", "mtlite", "translate", run, "--engine", "tensorflow"],
    }
    rows = {name: Row(name) for name in commands}
    here = {**os.environ, "PYTHONPATH": str(ROOT)}  # this mtlite, and not another one that may be installed
    for turn in range(rounds + 1):
        for name, arguments in commands.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *arguments], input=b"A dog.\n", capture_output=True, check=True, env=here)
            if turn:
                rows[name].rates.append(1 / (time.perf_counter() - start))
    return list(rows.values())


def training_table(rows: list[Row], limits: dict[str, Row], flops: float) -> str:
    """Ratios first."""
    named = {row.name: row for row in rows}
    lines = [
        "| training | speed of mtlite against it | tokens/s | range | share of the ceiling | peak memory |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        ratio = named[f"mtlite, {row.precision}"].middle / row.middle
        share = row.middle * flops / 1e9 / limits[row.precision].middle
        lines.append(f"| {row.name} | {ratio:.2f} × | {row.middle:,.0f} | {row.spread} | {share:.0%} | {row.memory} |")
    ceilings = ", ".join(f"{name} {row.middle:.0f} ({row.spread})" for name, row in limits.items())
    return "\n".join(
        [
            *lines,
            "",
            f"bfloat16 against plain Keras: {named['mtlite, bfloat16'].middle / named[PLAIN].middle:.2f} ×.",
            f"Ceilings in GFLOP/s, products of {SIDE} × {SIDE} matrices side by side: {ceilings}. {flops / 1e6:.1f} "
            "MFLOP a token: all matrix products of an average pair, forwards and backwards.",
        ]
    )


def translation_table(rows: list[Row]) -> str:
    """Ratios to the same search of ours in the same format first."""
    lines = [
        "| translation | beam | batch | speed of mtlite against it | sentences/s | range | tokens/s written | "
        "same as mtlite, float32 | peak memory |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        place = row.facts["beam"], row.facts["batch"]
        mine = next(each for each in rows if each.name == f"mtlite, {row.precision}"
                    and (each.facts["beam"], each.facts["batch"]) == place)  # fmt: skip
        tokens = row.middle * row.facts["tokens_per_sentence"]
        lines.append(
            f"| {row.name} | {place[0]} | {place[1]} | {mine.middle / row.middle:.2f} × | {row.middle:,.1f} | "
            f"{row.spread} | {tokens:,.0f} | {row.facts['same']:.1%} | {row.memory} |"
        )
    return "\n".join(lines)


def start_table(rows: list[Row]) -> str:
    """Seconds of whole commands."""
    lines = ["| command | seconds | range |", "|---|--:|--:|"]
    for row in rows:
        lines.append(f"| {row.name} | {1 / row.middle:.2f} | {1 / max(row.rates):.2f} – {1 / min(row.rates):.2f} |")
    return "\n".join(lines)


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


if __name__ == "__main__":
    raise SystemExit(main())
