"""Measure training and translation on this machine, beside its limit and beside other ways to write the same model.

    python scripts/benchmark.py --pairs corpora/multi30k --run runs/multi30k-en-de-1
    python scripts/benchmark.py ... --peers --json benchmark.json --picture benchmark.png

Ratios come first: absolute figures move with the machine. Everything is measured in one process, in rounds that take
every contender in turn, and given as the median with the range over the rounds. `--peers` adds the model in PyTorch
(pip install torch). Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from peers.sizes import Sizes

from mtlite.config import Config, ModelConfig, SearchConfig
from mtlite.data.batches import Batch, Batches
from mtlite.data.ids import PAD
from mtlite.hardware import lanes, start_tensorflow
from mtlite.recipe import read_config
from mtlite.training.prepare import Prepared, prepare

RECIPE = Path(__file__).resolve().parent / "recipes" / "multi30k-en-de.yaml"
REFERENCE = ModelConfig(
    topology="attention",
    embedding_size=256,
    units=512,
    layers=2,
    bidirectional=True,
    dropout=0.3,
    embedding_dropout=0.3,
)
BATCH_TOKENS = 4000
WARM_UP = 3
SIDE = 2048

Seconds = Callable[[Sequence[Batch]], float]
"""Trains on some batches and gives the seconds."""


@dataclass
class Row:
    """A contender.

    Args:
        name: of it.
        rates: what was measured in each round, larger is faster.
    """

    name: str
    rates: list[float]

    @property
    def middle(self) -> float:
        return median(self.rates)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"name": self.name, "median": self.middle, "lowest": min(self.rates), "highest": max(self.rates)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", help="a finished run with attention, for translation (default: training only)")
    parser.add_argument("--pairs", help="a folder as corpora/multi30k.py makes it (default: the Hub's Multi30k)")
    parser.add_argument("--peers", action="store_true", help="also PyTorch")
    parser.add_argument("--rounds", type=int, default=5, help="(default: 5)")
    parser.add_argument("--batches", type=int, default=8, help="batches of a round (default: 8)")
    parser.add_argument("--threads", type=int, default=0, help="0 takes all (default: 0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw training speed into this file")
    options = parser.parse_args()
    start_tensorflow(options.threads)
    prepared = prepare(reference_config(options.pairs), lambda line: None)
    flops = flops_per_token(prepared)
    limits = {precision: Row(precision, []) for precision in ("float32", "bfloat16")}
    contenders = training_contenders(prepared, options.peers, options.threads)
    rows = measure_training(prepared, contenders, limits, options.rounds, options.batches)
    figures: dict[str, Any] = {
        "machine": f"{platform.machine()}, {multiprocessing.cpu_count()} processors",
        "ceilings": {name: row.to_dict() for name, row in limits.items()},
        "mflop_per_token": flops / 1e6,
        "training": [row.to_dict() for row in rows],
        "peak_memory_mb": peak_memory(options.pairs, options.threads),
    }
    print(training_table(rows, limits, flops, figures["peak_memory_mb"]))
    if options.run:
        translation = measure_translation(options.run, options.peers, options.rounds, options.threads)
        figures["translation"] = translation
        print("\n" + translation_table(translation))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    if options.picture:
        draw(rows, options.picture)
    return 0


def reference_config(pairs: str | None) -> Config:
    """Multi30k en→de with the sizes that figures are usually given for."""
    config = read_config(RECIPE)
    config.model = REFERENCE
    config.training.batch_tokens = BATCH_TOKENS
    config.training.max_updates, config.training.validate_every = 1000, 1000
    if pairs:
        config.data.dataset, config.data.pairs = None, pairs
    return config


def sizes_of(prepared: Prepared) -> Sizes:
    """The same for peers."""
    model, training = prepared.config.model, prepared.config.training
    return Sizes(
        vocabulary=len(prepared.tokenizers.target),
        embedding=int(model.embedding_size or 0),
        units=int(model.units or 0),
        layers=model.layers,
        dropout=float(model.dropout or 0.0),
        label_smoothing=training.label_smoothing,
    )


def build(prepared: Prepared, precision: str) -> Any:
    """Our model, untrained."""
    from mtlite.models.build import build_model
    from mtlite.models.lengths import Lengths

    return build_model(
        prepared.config.model,
        source_vocabulary=len(prepared.tokenizers.source),
        target_vocabulary=len(prepared.tokenizers.target),
        joint=prepared.tokenizers.joint,
        lengths=Lengths.fit(prepared.lengths),
        precision=precision,
    )


def flops_per_token(prepared: Prepared) -> float:
    """Operations of all matrix products of a pair of average lengths, forwards and backwards, by its tokens."""
    from mtlite.ablation.flops import training_flops

    source, target = (round(float(length)) for length in prepared.lengths[:, :2].mean(axis=0))
    smoothing = prepared.config.training.label_smoothing
    return training_flops(build(prepared, "float32"), source, target, smoothing) / (source + target)


def ceiling(precision: str) -> Callable[[], float]:
    """Gives GFLOP/s of a product of two square matrices."""
    import tensorflow as tf

    matrix = tf.cast(tf.random.normal([SIDE, SIDE]), precision)
    product = tf.function(lambda: tf.matmul(matrix, matrix))
    product()

    def measure() -> float:
        seconds = []
        for _ in range(7):
            start = time.perf_counter()
            product().numpy()
            seconds.append(time.perf_counter() - start)
        return 2 * SIDE**3 / median(seconds) / 1e9

    return measure


def ours(prepared: Prepared, precision: str, keras_layer: bool = False) -> Seconds:
    """Our training step; with `keras_layer`, every LSTM layer runs as `keras.layers.LSTM` does."""
    import tensorflow as tf

    from mtlite.training.optimizer import Adam
    from mtlite.training.step import TrainingStep

    model, training = build(prepared, precision), prepared.config.training
    optimizer = Adam(model.trainable_variables, training.clip_norm, 0.0)
    step = TrainingStep(model, optimizer, 1, training.label_smoothing, 1, tf.distribute.get_strategy(), lanes())
    update = 0

    def train(batches: Sequence[Batch]) -> float:
        nonlocal update
        start = time.perf_counter()
        for batch in batches:
            update += 1
            step([batch], 1e-3, update)
        return time.perf_counter() - start

    if keras_layer:
        with slow_layers():
            train([Batch(np.full((2, 3), 5, np.int32), np.full((2, 3), 5, np.int32))])  # the graph is made once
    return train


@contextmanager
def slow_layers() -> Iterator[None]:
    """All LSTM layers take the path of their parent."""
    from mtlite.models.lstm import LSTM

    fast = LSTM.fast
    LSTM.fast = lambda self: False  # type: ignore[method-assign]
    try:
        yield
    finally:
        LSTM.fast = fast  # type: ignore[method-assign]


def training_contenders(prepared: Prepared, peers: bool, threads: int) -> dict[str, Seconds]:
    """By name, all that are measured."""
    from peers.keras_model import PlainKeras

    sizes = sizes_of(prepared)
    contenders: dict[str, Seconds] = {
        "mtlite, bfloat16": ours(prepared, "bfloat16"),
        "mtlite, float32": ours(prepared, "float32"),
        "mtlite with keras.layers.LSTM, bfloat16": ours(prepared, "bfloat16", keras_layer=True),
        "mtlite with keras.layers.LSTM, float32": ours(prepared, "float32", keras_layer=True),
        "plain Keras, compile and fit, float32": PlainKeras(sizes).train,
    }
    if peers:
        import torch
        from peers.torch_model import TorchTraining

        torch.set_num_threads(threads or multiprocessing.cpu_count())
        contenders["PyTorch, bfloat16"] = TorchTraining(sizes, "bfloat16").train
        contenders["PyTorch, float32"] = TorchTraining(sizes, "float32").train
    return contenders


def measure_training(
    prepared: Prepared, contenders: dict[str, Seconds], limits: dict[str, Row], rounds: int, count: int
) -> list[Row]:
    """Source plus target tokens a second, padding not counted; the ceilings are measured in the same rounds."""
    encoded, tokenizers = prepared.encoded, prepared.tokenizers
    batches = list(islice(Batches(encoded, tokenizers, BATCH_TOKENS, seed=1).epoch(0), count + WARM_UP))
    warm_up, batches = batches[:WARM_UP], batches[WARM_UP:]
    tokens = sum(int((side != PAD).sum()) for batch in batches for side in batch)
    products = {precision: ceiling(precision) for precision in limits}
    rows = {name: Row(name, []) for name in contenders}
    for train in contenders.values():
        train(warm_up)
    for _ in range(rounds):
        for precision, product in products.items():
            limits[precision].rates.append(product())
        for name, train in contenders.items():
            rows[name].rates.append(tokens / train(batches))
    return list(rows.values())


def _memory(pairs: str | None, threads: int, answer: Any) -> None:
    start_tensorflow(threads)
    prepared = prepare(reference_config(pairs), lambda line: None)
    train = ours(prepared, "float32")
    train(list(islice(Batches(prepared.encoded, prepared.tokenizers, BATCH_TOKENS, seed=1).epoch(0), 20)))
    answer.put(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def peak_memory(pairs: str | None, threads: int) -> float:
    """Megabytes that a process of its own takes at most for twenty updates in float32 (Linux)."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=_memory, args=(pairs, threads, answer))
    process.start()
    megabytes = float(answer.get())
    process.join()
    return megabytes


def measure_translation(run: str, peers: bool, rounds: int, threads: int) -> list[dict[str, Any]]:
    """Sentences and tokens a second for the test set of a run, by search and batch size."""
    from mtlite.run import Run
    from mtlite.search.translator import Translator

    config = Run(Path(run)).config()
    sources_text = Run(Path(run)).read_side("test.source")
    found = []
    for beam in (1, 5):
        search = SearchConfig(**{**vars(config.search), "beam_size": beam, "nbest": 1, "sample": False})
        translators = {precision: Translator.load(run, search, threads, precision=precision)
                       for precision in ("float32", "bfloat16")}  # fmt: skip
        first = translators["float32"]
        sources = sorted(first.tokenizers.source.encode(sources_text), key=len)
        ways: dict[str, Callable[[list[list[int]]], list[list[int]]]] = {
            f"mtlite, {precision}": one_batch(each) for precision, each in translators.items()
        }
        if peers:
            ways |= torch_ways(first, config, beam)
        for size in (1, 32, 128):
            chosen = sources[:: len(sources) // 100] if size == 1 else sources
            chunks = [chosen[start : start + size] for start in range(0, len(chosen), size)]
            rows = {name: Row(name, []) for name in ways}
            outputs: dict[str, list[list[int]]] = {}
            for name, way in ways.items():
                outputs[name] = [ids for chunk in chunks for ids in way(chunk)]  # and warms up
            for _ in range(rounds):
                for name, way in ways.items():
                    start = time.perf_counter()
                    for chunk in chunks:
                        way(chunk)
                    rows[name].rates.append(len(chosen) / (time.perf_counter() - start))
            for name, row in rows.items():
                same = sum(a == b for a, b in zip(outputs[name], outputs["mtlite, float32"], strict=True))
                tokens = sum(map(len, outputs[name])) / len(chosen)
                figures = {**row.to_dict(), "tokens_per_sentence": tokens, "same": same / len(chosen)}
                found.append({"beam": beam, "batch": size, **figures})
    return found


def one_batch(translator: Any) -> Callable[[list[list[int]]], list[list[int]]]:
    """Translates ids with ours."""
    searcher = translator.searcher
    return lambda sources: [each.ids[0] for each in searcher.batch(sources, np.arange(len(sources)))]


def torch_ways(translator: Any, config: Config, beam: int) -> dict[str, Callable[[list[list[int]]], list[list[int]]]]:
    """The same model with the same weights and the same search in PyTorch."""
    import torch
    from peers.torch_model import beam_search, with_weights_of

    from mtlite.data.batches import pad

    ours = translator.models[0]
    options = ours.config
    sizes = Sizes(
        options["target_vocabulary"], options["embedding_size"], options["units"], options["layers"], 0.0, 0.0
    )
    model = with_weights_of(ours, sizes)

    def way(precision: str) -> Callable[[list[list[int]]], list[list[int]]]:
        def translate(sources: list[list[int]]) -> list[list[int]]:
            limits = translator.searcher.limits(np.array([len(ids) for ids in sources]))
            source = torch.from_numpy(pad([np.asarray(ids, np.int32) for ids in sources]).astype(np.int64))
            penalty = config.search.length_penalty
            found: list[list[int]] = beam_search(model, source, torch.from_numpy(limits), beam, penalty, precision)
            return found

        return translate

    return {f"PyTorch, {precision}": way(precision) for precision in ("float32", "bfloat16")}


def training_table(rows: list[Row], limits: dict[str, Row], flops: float, memory: float) -> str:
    """Ratios first."""
    named = {row.name: row for row in rows}
    lines = [
        "| training | × ours in the same format | tokens/s | range | share of the ceiling |",
        "|---|--:|--:|--:|--:|",
    ]
    for row in rows:
        precision = row.name.rpartition(", ")[2]
        ratio = named[f"mtlite, {precision}"].middle / row.middle
        share = row.middle * flops / 1e9 / limits[precision].middle
        spread = f"{min(row.rates):,.0f} – {max(row.rates):,.0f}"
        lines.append(f"| {row.name} | {ratio:.2f} | {row.middle:,.0f} | {spread} | {share:.0%} |")
    fastest, plain = named["mtlite, bfloat16"].middle, named["plain Keras, compile and fit, float32"].middle
    ceilings = ", ".join(f"{name} {row.middle:.0f} GFLOP/s" for name, row in limits.items())
    return "\n".join(
        [
            *lines,
            "",
            f"The default (bfloat16) is {fastest / plain:.2f} times as fast as plain Keras.",
            f"Ceilings, products of {SIDE} × {SIDE} matrices: {ceilings}. {flops / 1e6:.1f} MFLOP a token: all matrix "
            "products of an average pair, forwards and backwards.",
            f"Peak memory of training: {memory:,.0f} MB.",
        ]
    )


def translation_table(figures: list[dict[str, Any]]) -> str:
    """Sentences a second, with the ratio to ours in the same format."""
    lines = ["| translation | beam | batch | × ours | sentences/s | range | tokens/s | as ours in float32 |"]
    lines.append("|---|--:|--:|--:|--:|--:|--:|--:|")
    for row in figures:
        precision = row["name"].rpartition(", ")[2]
        mine = next(
            each
            for each in figures
            if (each["name"], each["beam"], each["batch"]) == (f"mtlite, {precision}", row["beam"], row["batch"])
        )
        speed = f"{row['median']:,.1f} | {row['lowest']:,.1f} – {row['highest']:,.1f}"
        lines.append(
            f"| {row['name']} | {row['beam']} | {row['batch']} | {mine['median'] / row['median']:.2f} | {speed} | "
            f"{row['median'] * row['tokens_per_sentence']:,.0f} | {row['same']:.1%} |"
        )
    return "\n".join(lines)


def draw(rows: list[Row], path: Path) -> None:
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
