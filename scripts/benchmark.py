"""Measure training and translation on this machine, beside its limit and beside other ways to write the same model.

    python scripts/benchmark.py --pairs corpora/multi30k --run runs/multi30k-en-de-1
    python scripts/benchmark.py ... --peers --json benchmark.json --picture benchmark.png

Ratios come first: absolute figures move with the machine. Every contender has a process of its own, with the threads
that it would have alone; they are asked in turn, round by round, and one figure is the median of its rounds. For
translation every search and batch size has processes of its own, so that peak memory is theirs, too. `--peers` adds the
model in PyTorch (pip install -e ".[peers]"), in four ways: as it is, with memory kept by the C library, with two lanes,
and with both. The fastest of them is the one to compare with. With the extra onnx, exported graphs are asked, too, in
float32 and int8. `--parts accounting` says where the time of mtlite goes, by TensorFlow's own trace. Let nothing else
run meanwhile.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from itertools import islice, product
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmark_tables import (
    EVERYTHING,
    ONNX_START,
    OUR_START,
    PLAIN,
    PRECISIONS,
    PRODUCTS,
    PYTORCH_START,
    Figures,
    Row,
    accounting_table,
    draw,
    place,
    start_table,
    training_notes,
    training_table,
    translation_table,
)
from contenders.ours import OurTraining, OurTranslation
from contenders.process import Contender
from contenders.sizes import Sizes
from contenders.variants import KEEPS_MEMORY, KEPT, PYTORCH

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
BATCH_SIZES: tuple[int | str, ...] = (1, EVERYTHING)
PARTS = ("training", "translation", "start", "accounting")
ONNX = ("onnx", "onnxruntime")
PICTURES = (".png", ".svg", ".pdf")


def main() -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", help="a finished run, for translation and start; with --peers, one with attention")
    parser.add_argument("--pairs", help="a folder as corpora/multi30k.py makes it (default: the Hub's Multi30k)")
    parser.add_argument("--parts", nargs="+", choices=PARTS, help="(default: all; training only without --run)")
    parser.add_argument("--peers", action="store_true", help="also PyTorch, in four ways")
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
        if part in ("translation", "start") and not options.run:
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
    figures = Figures(f"{platform.machine()}, {multiprocessing.cpu_count()} processors")
    if "training" in options.parts:
        prepared = prepare(reference_config(options.pairs), lambda line: None)
        measure_training(figures, prepared, options)
        print(f"{training_table(figures)}\n\n{training_notes(figures)}", flush=True)
        if options.picture:
            draw(figures.training, options.picture)
    if "translation" in options.parts:
        figures.translation = measure_translation(options)
        print("\n" + translation_table(figures.translation), flush=True)
    if "start" in options.parts:
        figures.start = measure_starts(options.run, options.rounds, options.peers)
        print("\n" + start_table(figures.start), flush=True)
    if "accounting" in options.parts:
        figures.accounting = measure_accounting(options)
        print("\n" + accounting_table(figures.accounting), flush=True)
    if options.json:
        figures.write(Path(options.json))


def reference_config(pairs: str | None) -> Config:
    """Multi30k en→de, cut as the figures of the field are: 6,000 joint pieces, 4,000 tokens a batch."""
    config = read_config(RECIPE)
    return replace(
        config,
        data=replace(config.data, train=[CorpusConfig(pairs=pairs)]) if pairs else config.data,
        tokenizer=replace(config.tokenizer, vocabulary_size=PIECES, sampling=0.0),
        training=replace(config.training, batch_tokens=BATCH_TOKENS),
    )


class Made(NamedTuple):
    """How to start a contender."""

    make: Callable[..., Any]
    arguments: tuple[Any, ...]
    environment: Mapping[str, str] = MappingProxyType({})


@contextmanager
def contenders(makers: dict[str, Made]) -> Iterator[dict[str, Contender]]:
    """By name, a process each; all end together."""
    started: dict[str, Contender] = {}
    try:
        for name, made in makers.items():
            started[name] = Contender(name, made.make, *made.arguments, environment=made.environment)
        yield started
    finally:
        for each in started.values():
            each.close()


def training_contenders(
    sizes: Sizes, lengths: np.ndarray, precision: str, options: argparse.Namespace
) -> dict[str, Made]:
    """Those of one precision; plain Keras is one of float32."""
    from contenders.keras_model import PlainKeras

    ours = sizes, lengths, precision, options.threads
    makers = {
        f"mtlite, {precision}": Made(OurTraining, ours),
        f"mtlite, {KEPT}, {precision}": Made(OurTraining, ours, KEEPS_MEMORY),
        f"mtlite with keras.layers.LSTM, {precision}": Made(OurTraining, (*ours, True)),
    }
    if precision in PLAIN:
        makers[PLAIN] = Made(PlainKeras, (sizes, options.threads))
    if options.peers:
        from contenders.torch_model import TorchTraining

        for each in PYTORCH:
            arguments = sizes, precision, options.threads, each.lanes
            makers[each.named(precision)] = Made(TorchTraining, arguments, each.environment)
    return makers


def measure_training(figures: Figures, prepared: Prepared, options: argparse.Namespace) -> None:
    """Note source plus target tokens a second, padding not counted, the ceilings of the same rounds, and operations.

    All contenders of a precision are asked in turn; those of both would not fit into memory together.
    """
    warm_up, batches = batches_of(prepared, options.batches)
    sizes = Sizes(len(prepared.tokenizers.target), 256, 512, 2, dropout=0.3, label_smoothing=0.1)
    tokens = sum(int((side != PAD).sum()) for batch in batches for side in batch)
    average = [round(float(length)) for length in prepared.lengths[:, :2].mean(axis=0)]
    products = []
    for precision in PRECISIONS:
        makers = training_contenders(sizes, prepared.lengths, precision, options)
        rows, limit, alone = {name: Row(name) for name in makers}, Row(precision), Row(f"{PRODUCTS}, {precision}")
        with contenders(makers) as started:
            mine = started[f"mtlite, {precision}"]
            figures.mflop_per_token = mine.ask("flops", *average) / sum(average) / 1e6
            for contender in started.values():
                contender.ask("train", warm_up)
            for turn in range(options.rounds):
                print(f"training in {precision}: round {turn + 1} of {options.rounds}", file=sys.stderr, flush=True)
                limit.rates.append(mine.ask("ceiling"))
                for name, contender in started.items():
                    rows[name].rates.append(tokens / contender.ask("train", batches))
            for name, contender in started.items():
                rows[name].facts["peak_memory_mb"] = contender.peak_memory()
            for _ in range(options.rounds):  # after that: their factors would count as memory of training
                alone.rates.append(tokens / sum(mine.ask("products", batch) for batch in batches))
        figures.training += rows.values()
        figures.ceilings.append(limit)
        products.append(alone)
    figures.training += products


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


def measure_translation(options: argparse.Namespace) -> list[Row]:
    """Sentences a second for the test set of a run, by search and batch size."""
    sources = sources_of(options.run)
    found = []
    for beam, size, precision in product((1, 5), BATCH_SIZES, PRECISIONS):
        with contenders(translation_contenders(beam, size, precision, options)) as started:
            found += translation_rows(started, sources, options.rounds, beam, size)
    compare_outputs(found)
    return found


def translation_contenders(beam: int, size: int | str, precision: str, options: argparse.Namespace) -> dict[str, Made]:
    """Those of one search. One sentence at a time has no use for lanes, nor for memory that is kept."""
    ours = options.run, beam, precision, options.threads
    makers = {f"mtlite, {precision}": Made(OurTranslation, ours)}
    if size == EVERYTHING:
        makers[f"mtlite, {KEPT}, {precision}"] = Made(OurTranslation, ours, KEEPS_MEMORY)
    if precision == "float32" and all(map(find_spec, ONNX)):
        from contenders.onnx_search import WEIGHTS, OnnxTranslation

        for name, weights in WEIGHTS.items():
            makers[name] = Made(OnnxTranslation, (options.run, beam, weights, options.threads))
    if options.peers:
        from contenders.torch_search import TorchTranslation

        for each in PYTORCH if size == EVERYTHING else PYTORCH[:1]:
            makers[each.named(precision)] = Made(TorchTranslation, (*ours, each.lanes), each.environment)
    return makers


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
        row.facts["outputs"] = outputs[name]
        row.facts["tokens_per_sentence"] = sum(map(len, outputs[name])) / sentences
        row.facts["peak_memory_mb"] = started[name].peak_memory()
    return list(rows.values())


def measure_accounting(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Seconds by kind of operation of an update, and of the translation of a test set if there is a run."""
    prepared = prepare(reference_config(options.pairs), lambda line: None)
    warm_up, batches = batches_of(prepared, options.batches)
    sizes = Sizes(len(prepared.tokenizers.target), 256, 512, 2, dropout=0.3, label_smoothing=0.1)
    found = {}
    for precision in PRECISIONS:
        made: dict[str, tuple[Made, Any, Any]] = {}
        ours = Made(OurTraining, (sizes, prepared.lengths, precision, options.threads))
        made[f"training, {precision}"] = ours, "train", (warm_up, batches)
        if options.run:
            sources = sources_of(options.run)
            for beam in (1, 5):
                each = Made(OurTranslation, (options.run, beam, precision, options.threads))
                made[f"translation, beam {beam}, {precision}"] = each, "translate_all", (sources, sources)
        for name, (maker, method, (first, given)) in made.items():
            with contenders({name: maker}) as started:
                started[name].ask(method, first)
                found[name] = started[name].ask("accounting", given)
    return found


def compare_outputs(rows: list[Row]) -> None:
    """Put the share of hypotheses that are those of mtlite in float32 into the place of the hypotheses themselves."""
    outputs = [row.facts.pop("outputs") for row in rows]
    right = {place(row): ids for row, ids in zip(rows, outputs, strict=True) if row.name == "mtlite, float32"}
    for row, ids in zip(rows, outputs, strict=True):
        row.facts["same"] = sum(a == b for a, b in zip(ids, right[place(row)], strict=True)) / len(ids)


def measure_starts(run: str, rounds: int, peers: bool) -> list[Row]:
    """Starts a second of whole commands: what one waits for before anything happens."""
    commands = {
        "mtlite --help": ["-m", "mtlite", "--help"],
        "import tensorflow": ["-c", "import tensorflow"],
        OUR_START: ["-m", "mtlite", "translate", run, "--engine", "tensorflow"],
    }
    if all(map(find_spec, ONNX)):
        commands[ONNX_START] = ["-m", "mtlite", "translate", run, "--engine", "onnx"]
    if peers:
        commands[PYTORCH_START] = ["-m", "contenders.first_line", run]
    rows = {name: Row(name) for name in commands}
    # This mtlite, and not another one that may be installed.
    here = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "scripts")])}
    for turn in range(rounds + 1):
        for name, arguments in commands.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *arguments], input=b"A dog.\n", capture_output=True, check=True, env=here)
            if turn:
                rows[name].rates.append(1 / (time.perf_counter() - start))
    return list(rows.values())


if __name__ == "__main__":
    raise SystemExit(main())
