"""Feeds damaged and hostile files of every kind to what reads them.

Only two outcomes are right: a right result, or an error of the project in one line, within ten seconds of processor
time and two gigabytes over what the program has before. Each kind is one entry in `KINDS`. An input depends on its kind
and its number alone: `python tests/fuzz_files.py --kinds record --first 17 --inputs 1` makes it again.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import csv
import functools
import gzip
import io
import json
import lzma
import multiprocessing
import os
import random
import resource
import shutil
import struct
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

MOST_SECONDS = 10.0
MOST_BYTES = 2 << 30
OUTCOMES = ("right result", "project error", "fault")
_HANGS = 120.0  # seconds without an answer: longer than `MOST_SECONDS`, since other processes may want the processor

ODD: list[Any] = [
    *["", " ", "\ud800", "x" * 3_000_000, "\x00", "\x1b[2J", "=1+1", "a\nb", "..", "../x", "/dev/zero", "NaN", "1e999"],
    *[-1, 0, 1, 0.5, -0.0, 2**31, 2**63, 10**400, float("nan"), float("inf"), None, True, [], {}, [[]], {"": None}],
    *[["x"] * 10_000, [0] * 100_000, {str(number): number for number in range(10_000)}],
]
BYTES = [
    b"\xff",
    b"\x00",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\n",
    b"\r",
    b"\t",
    b",",
    b'"',
    b"{",
    b"[" * 5000,
]
BYTES += [
    b"9" * 400,
    b"-",
    b"1e999",
    b"NaN",
    b"Infinity",
    b"null",
    b'"\\ud800"',
    b"x" * 2_000_000,
    b"&a [*a, *a]",
    b"\x1f\x8b",
]


class Mutator:
    """Changes bytes and plain values at random."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def content(self, content: bytes) -> bytes:
        """Flip, cut, swap, insert, repeat."""
        data = bytearray(content)
        for _ in range(self.random.randint(1, 4)):
            at, to = sorted(self.random.randrange(len(data) + 1) for _ in range(2))
            to = min(to, at + self.random.choice([1, 8, 100, 10**9]))
            match self.random.randrange(6):
                case 0 if at < len(data):
                    data[at] ^= 1 << self.random.randrange(8)
                case 1:
                    del data[at:to]
                case 2:
                    data = data[:at]
                case 3:
                    data[at:at] = self.random.choice(BYTES)
                case 4:
                    data[at:to] = data[at:to] * self.random.choice([2, 3, 1000 if to - at < 1000 else 2])
                case 5:
                    data[at:to] = data[at:to][::-1]
        return bytes(data)

    def values(self, values: Any) -> Any:
        """Retype, drop, add, nest, enlarge, swap: one or two places in plain values, at any depth."""
        values = [copy.deepcopy(values)]
        for _ in range(self.random.choice([1, 1, 1, 2])):
            place, key = self._place(values)
            value = place[key]
            match self.random.randrange(7):
                case 0 | 1:
                    place[key] = self.random.choice(ODD)
                case 2:
                    for _ in range(self.random.choice([1, 15, 400])):
                        value = {"a": value} if self.random.random() < 0.5 else [value]
                    place[key] = value
                case 3:
                    # What was enlarged before is doubled: the program's memory is measured, not this one's.
                    times = self.random.choice(
                        [2, 1000 if isinstance(value, str | list) and len(value) < 10_000 else 2]
                    )
                    place[key] = value * times if isinstance(value, str | list) else [value]
                case 4 if isinstance(place, dict):
                    del place[key]
                case 5 if isinstance(place, dict):
                    place[self.random.choice(["x", "\ud800", "", "a" * 100_000, key])] = value
                case _:
                    other, there = self._place(values)
                    place[key], other[there] = copy.deepcopy(other[there]), copy.deepcopy(value)
        return values[0]

    def _place(self, values: list[Any]) -> tuple[Any, Any]:
        place, key = values, 0
        while place[key] and isinstance(place[key], dict | list) and self.random.random() < 0.85:
            place = place[key]
            key = self.random.choice(list(place) if isinstance(place, dict) else range(len(place)))
        return place, key

    def json(self, content: bytes) -> bytes:
        """JSON with other values."""
        return json.dumps(self.values(json.loads(content)), ensure_ascii=self.random.random() < 0.9).encode(
            errors="surrogatepass"
        )


def mutated_json(mutator: Mutator, content: bytes) -> bytes:
    return mutator.json(content)


def mutated_lines(mutator: Mutator, content: bytes) -> bytes:
    """Lines of JSON, of which one has other values, or stands elsewhere."""
    lines = content.splitlines()
    at = mutator.random.randrange(len(lines))
    if mutator.random.random() < 0.2:
        lines.insert(mutator.random.randrange(len(lines)), lines.pop(at))
    else:
        lines[at] = mutator.json(lines[at])
    return b"\n".join(lines) + b"\n"


def mutated_yaml(mutator: Mutator, content: bytes) -> bytes:
    """YAML with other values, or odd YAML in it."""
    import yaml

    if mutator.random.random() < 0.7:
        return mutator.json(json.dumps(yaml.safe_load(content)).encode())  # which is YAML, too
    odd = ["!!python/object/apply:os.system [true]", "&a [*a]", "{a: 1, a: 2}", "? [1]", "~", ".nan", "0x7f", "'", "%X"]
    odd += [
        "[" * 500,
        "- - -",
        "!!binary x",
        "<<: {a: 1}",
        "9" * 5000,
        "2026-11-23",
        "\t",
        "!!set {a}",
        "1:30:00",
        "a:" * 999,
    ]
    lines = content.decode().splitlines()
    at = mutator.random.randrange(len(lines))
    lines[at] = f"{lines[at].partition(':')[0]}: {mutator.random.choice(odd)}"
    return "\n".join(lines).encode()


def mutated_xz(mutator: Mutator, content: bytes) -> bytes:
    inside = mutated_lines(mutator, lzma.decompress(content))
    if mutator.random.random() < 0.02:
        inside += mutator.random.choice([b" ", b"[", b"[],", b"{}\n"]) * (1 << 23)
    return lzma.compress(inside, preset=1)


def mutated_gzip(mutator: Mutator, content: bytes) -> bytes:
    inside = mutator.content(gzip.decompress(content))
    if mutator.random.random() < 0.02:
        inside += mutator.random.choice([b"\n", b"\0" * 99 + b"\n"]) * (1 << 22)
    return gzip.compress(inside, 1)


def mutated_safetensors(mutator: Mutator, content: bytes) -> bytes:
    """Other values in the header; or other arrays under a right checksum."""
    import numpy as np

    from mtlite.storage.tensors import load_arrays, save_arrays

    size = struct.unpack_from("<Q", content)[0]
    if mutator.random.random() < 0.6:
        header = mutator.json(content[8 : 8 + size])
        claimed = len(header) if mutator.random.random() < 0.8 else mutator.random.choice([0, 2**31, 2**63, size])
        return struct.pack("<Q", claimed) + header + content[8 + size :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.safetensors"
        path.write_bytes(content)
        arrays, facts = load_arrays(path)
        name = mutator.random.choice(sorted(arrays))
        array = arrays.pop(name)
        odd = [
            array.astype(np.float64),
            array[None],
            array.reshape(-1)[:-1],
            array * np.nan,
            np.zeros((0, 3), np.float32),
        ]
        arrays[mutator.random.choice([name, "x", "weights/x"])] = np.array(
            mutator.random.choice([*odd, odd[0] * 1e300])
        )
        with np.errstate(all="ignore"), contextlib.suppress(ValueError):
            save_arrays(path, arrays, mutator.values(facts) if mutator.random.random() < 0.5 else facts)
        return path.read_bytes()


def mutated_tokenizer(mutator: Mutator, content: bytes) -> bytes:
    """A SentencePiece model with other pieces or other options."""
    from sentencepiece.sentencepiece_model_pb2 import ModelProto

    model = ModelProto.FromString(content)
    for _ in range(mutator.random.randint(1, 3)):
        piece = mutator.random.choice(model.pieces)
        match mutator.random.randrange(7):
            case 0:
                piece.piece = mutator.random.choice(["", "a", "▁", "x" * 100_000, "\n", "</s>", model.pieces[-1].piece])
            case 1:
                piece.score = mutator.random.choice([float("nan"), float("inf"), -1e38, 0])
            case 2:
                piece.type = mutator.random.randint(1, 6)
            case 3:
                model.pieces.remove(piece)
            case 4:
                model.trainer_spec.pad_id = mutator.random.choice([-1, 1, 10**6])
            case 5:
                model.trainer_spec.model_type = mutator.random.randint(1, 4)
            case 6:
                model.normalizer_spec.precompiled_charsmap = mutator.content(model.normalizer_spec.precompiled_charsmap)
    return bytes(model.SerializeToString())


def mutated_columns(mutator: Mutator) -> Any:
    """An Arrow table of sentences in which one column is of another type, or broken."""
    import pyarrow as pa

    sentences = ["eins", "zwei", "", "東京"] * 3
    good = pa.array(sentences)
    _, offsets, text = good.buffers()
    wild = struct.pack("<13i", 0, *(mutator.random.randrange(42) for _ in range(11)), 42)  # not in their order
    structs = pa.array([{"de": each} for each in sentences])
    odd = [
        *[
            pa.array(range(12)),
            pa.nulls(12),
            pa.array([*sentences[1:], None]),
            pa.array([sentences] * 12),
            structs,
            good,
        ],
        *[good.cast(kind) for kind in ("binary", "large_string", "string_view")],
        *[good.dictionary_encode(), pa.array([b"\xff\xfe"] * 12).view("string"), pa.array(["x" * 1_000_001] * 12)],
        pa.Array.from_buffers(pa.string(), 12, [None, pa.py_buffer(wild), text]),
        pa.Array.from_buffers(pa.string(), 12, [None, offsets, pa.py_buffer(b"\xff" * text.size)]),
        pa.DictionaryArray.from_arrays(pa.array([9, 0, -1] * 4), pa.array(["a"]), safe=False),
        pa.array(["a" * 1_000_000]).dictionary_encode().take(pa.array([0] * 12)),
    ]
    names = mutator.random.choice([["de", "en"], ["source", "target"], ["de", "de"], ["x", "en"], ["\x00", "en"]])
    columns = [mutator.random.choice(odd), mutator.random.choice([good, *odd])]
    if mutator.random.random() < 0.2:
        return pa.table({"translation": pa.StructArray.from_arrays(columns, ["de", "en"])})
    return pa.Table.from_arrays(columns, names)


def mutated_parquet(mutator: Mutator, content: bytes) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    options: dict[str, Any] = {
        "compression": mutator.random.choice(["none", "snappy", "gzip", "zstd", "lz4", "brotli"]),
        "data_page_version": mutator.random.choice(["1.0", "2.0"]),
        "use_dictionary": mutator.random.random() < 0.5,
    }
    table = mutated_columns(mutator)
    with contextlib.suppress(pa.ArrowException):  # what Arrow itself does not write
        if mutator.random.random() < 0.1:
            table = table.take(pa.array([0, 1] * mutator.random.choice([1000, 300_000])))
        pq.write_table(table, file, **options)
    return mutator.content(file.getvalue()) if mutator.random.random() < 0.3 else file.getvalue()


def mutated_arrow(mutator: Mutator, content: bytes) -> bytes:
    import pyarrow as pa

    file = io.BytesIO()
    with contextlib.suppress(pa.ArrowException):
        table = mutated_columns(mutator)
        options = pa.ipc.IpcWriteOptions(compression=mutator.random.choice([None, None, "zstd", "lz4"]))
        with pa.ipc.new_stream(file, table.schema, options=options) as writer:
            writer.write_table(table)
    return file.getvalue()


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Args:
        file: its path in the material, a run directory with other files beside it.
        read: reads it, given the folder of the material and the file; false for a wrong result.
        mutate: makes another content of its structure, or None; bytes are changed for every kind.
        weight: how often it comes, in comparison with others.
    """

    file: str
    read: Callable[[Path, Path], bool]
    mutate: Callable[[Mutator, bytes], bytes] | None = None
    weight: int = 10


def read_a_recipe(_: Path, path: Path) -> bool:
    from mtlite.config.recipe import config_from, read_config

    config = read_config(path)
    return repr(config_from(config.to_dict(), "again")) == repr(config)


def read_ablation(_: Path, path: Path) -> bool:
    from mtlite.ablation.options import AblationConfig
    from mtlite.config.read import plain, read_as
    from mtlite.config.recipe import read_recipe

    values = read_recipe(path).get("ablation")
    ablation = read_as(AblationConfig, values, "ablation", text=True)
    return bool(ablation.topologies) and read_as(AblationConfig, plain(ablation), "again") == ablation


def read_run(run: Path, _: Path) -> bool:
    """All of a run that a comparison needs."""
    from mtlite.comparison.outcome import outcome_of
    from mtlite.storage.run_directory import Run
    from mtlite.translation.loading import load_tokenizers, topology_config

    opened = Run.open(run)
    config, tokenizers, outcome = topology_config(opened), load_tokenizers(opened), outcome_of(opened)
    sides = [opened.read_side(f"{test}.source") for test in opened.facts.tests]
    counts = [len(output.hypotheses) for output in next(iter(outcome.outputs.values())).values()]
    return len(tokenizers.source) == config.source_vocabulary and list(map(len, sides)) == counts


def read_weights(run: Path, _: Path) -> bool:
    from mtlite.translation.loading import load_model

    model = load_model(run)
    return bool(model.weights)


def read_state(run: Path, _: Path) -> bool:
    from mtlite.storage.checkpoint import load_state

    state = load_state(run)[0]
    return state is None or bool(state.arrays)


def read_log(_: Path, path: Path) -> bool:
    from mtlite.storage.training_log import read_training_log

    return isinstance(read_training_log(path), list)


def read_tokenizer(_: Path, path: Path) -> bool:
    from mtlite.data.tokenizer import Tokenizer

    tokenizer = Tokenizer.read(path)
    (ids,) = tokenizer.encode(["one two 東京"])
    tokenizer.sample(["one two"], 0.1, 1)
    return bool(tokenizer.kind) and "\n" not in tokenizer.decode([ids])[0] and len(tokenizer.pieces(ids)) == len(ids)


def are_pairs(pairs: Iterable[tuple[str | None, str | None]]) -> bool:
    return all(isinstance(side, str | None) and (side or "").encode() is not None for pair in pairs for side in pair)


def read_text(folder: Path, path: Path) -> bool:
    from mtlite.data.readers import read_parallel_text

    return are_pairs(read_parallel_text(str(path), str(folder / "text.en")))


def read_pairs(_: Path, path: Path) -> bool:
    from mtlite.config.options import CorpusConfig
    from mtlite.data.cache import pairs_of
    from mtlite.data.columns import Columns, Side
    from mtlite.data.pairs import check_location, load_pairs

    columns = Columns(Side("source", language="de"), Side("target", language="en"))
    config = CorpusConfig(pairs=str(path if path.parent.name != "saved" else path.parent))
    check_location(config, "data.train")
    return are_pairs(pairs_of(load_pairs(config, columns, "data.train", "train")))


def read_record(_: Path, path: Path) -> bool:
    from mtlite.ablation.record import Record
    from mtlite.report.gather import gather

    record = Record(path)
    if record.header is None:
        return True
    systems = gather(record.header, record.outcomes(record.header))[0]
    return all(system.runs for system in systems)


def read_report(folder: Path, path: Path) -> bool:
    from mtlite.ablation.ablate import recorded_ablation
    from mtlite.ablation.record import Record
    from mtlite.report.report import report

    finished = recorded_ablation(Record(path))
    shutil.rmtree(folder / "report", ignore_errors=True)
    report(finished.header, finished.outcomes, finished.failures, folder / "report")
    return (folder / "report" / "report.html").is_file()


def read_outcome(_: Path, path: Path) -> bool:
    from mtlite.ablation.cell import read_outcome

    outcome = read_outcome(path.parent)
    return outcome is None or bool(outcome.curve and outcome.best)


def read_header(_: Path, path: Path) -> bool:
    from mtlite.ablation.header import Header
    from mtlite.storage.run_directory import Run

    return bool(Run(path.parent).read_json(path.name, Header).experiment)


def read_arrays(_: Path, path: Path) -> bool:
    from mtlite.storage.tensors import load_arrays

    arrays, facts = load_arrays(path)
    return all(array.nbytes < MOST_BYTES for array in arrays.values()) and isinstance(facts, dict)


def read_translations(folder: Path, path: Path) -> bool:
    from mtlite.report.side_by_side import compare

    other = folder / "text.en"
    return "BLEU" in repr(compare([str(path), str(other)], reference=str(other), language="de"))


@functools.cache
def made_up_server() -> Any:
    """A server whose model answers in capitals."""
    from starlette.testclient import TestClient

    from mtlite.serve.app import Service, make_app
    from mtlite.serve.detection import Detector

    def in_capitals(sentences: list[str]) -> list[Any]:
        return [SimpleNamespace(texts=[each.upper(), each], truncated=len(each) > 1000) for each in sentences]

    detector = Detector({"en": ["one two three"], "de": ["eins zwei drei"]})
    return TestClient(make_app(Service({("en", "de"): in_capitals}, detector, lambda: "a page")))


def is_answered(path: Path, kind: str) -> bool:
    """Whether a server answers a body; the error of one that it refuses is raised."""
    from mtlite.errors import MtliteError

    if not path.is_file():
        raise MtliteError("only a file holds a body")
    answer = made_up_server().post("/translate", content=path.read_bytes(), headers={"Content-Type": kind})
    if 400 <= answer.status_code < 500:
        raise MtliteError(answer.json()["error"])
    return answer.status_code == 200 and set(answer.json()) >= {"translatedText"}


def read_request(_: Path, path: Path) -> bool:
    return is_answered(path, "application/json")


def read_form(_: Path, path: Path) -> bool:
    return is_answered(path, "application/x-www-form-urlencoded")


def read_parts(_: Path, path: Path) -> bool:
    return is_answered(path, "multipart/form-data; boundary=x")


KINDS = {
    "recipe": Kind("config.yaml", read_a_recipe, mutated_yaml),
    "ablation recipe": Kind("ablation.yaml", read_ablation, mutated_yaml),
    "resolved.yaml": Kind("resolved.yaml", read_run, mutated_yaml, 3),
    "run.json": Kind("run.json", read_run, mutated_json, 3),
    "result.json": Kind("result.json", read_run, mutated_json, 3),
    "training log": Kind("training-log.jsonl", read_log, mutated_lines),
    "training log of a run": Kind("training-log.jsonl", read_run, mutated_lines, 3),
    "hypotheses": Kind("hypotheses.txt", read_run, None, 3),
    "test set of a run": Kind("data/test.source", read_run, None, 3),
    "references of a run": Kind("data/test.target", read_run, None, 3),
    "weights": Kind("best.safetensors", read_weights, mutated_safetensors, 1),
    "last state": Kind("last.safetensors", read_state, mutated_safetensors),
    "state before": Kind("previous.safetensors", read_state, mutated_safetensors, 3),
    "tokenizer": Kind("source.model", read_tokenizer, mutated_tokenizer),
    "tokenizer of a run": Kind("source.model", read_run, mutated_tokenizer, 3),
    "text": Kind("text.de", read_text),
    "gzipped text": Kind("text.de.gz", read_text, mutated_gzip),
    "tsv": Kind("pairs.tsv", read_pairs, None, 2),
    "gzipped tsv": Kind("pairs.tsv.gz", read_pairs, mutated_gzip, 2),
    "csv": Kind("pairs.csv", read_pairs, None, 2),
    "jsonl": Kind("pairs.jsonl", read_pairs, mutated_lines, 2),
    "parquet": Kind("pairs.parquet", read_pairs, mutated_parquet, 5),
    "saved table": Kind("saved/data-00000-of-00001.arrow", read_pairs, mutated_arrow, 5),
    "saved state": Kind("saved/state.json", read_pairs, mutated_json, 2),
    "saved facts": Kind("saved/dataset_info.json", read_pairs, mutated_json, 2),
    "record": Kind("record.jsonl.xz", read_record, mutated_xz, 3),
    "report of a record": Kind("small.jsonl.xz", read_report, mutated_xz, 0),
    "outcome of a cell": Kind("outcome.json", read_outcome, mutated_json, 5),
    "header of an ablation": Kind("experiment.json", read_header, mutated_json),
    "arrays": Kind("arrays.safetensors", read_arrays, mutated_safetensors, 3),
    "translations": Kind("text.de", read_translations, None, 1),
    "body of a request": Kind("request.json", read_request, mutated_json),
    "form of a request": Kind("request.form", read_form),
    "parts of a request": Kind("request.parts", read_parts),
}
"""Every kind of file that is read. `weight` is small where reading takes long."""


def train_briefly(folder: Path) -> None:
    """Make a finished run of a model that has learned nothing."""
    from rich.console import Console
    from samples import number_pairs, write_pairs

    from mtlite.config.recipe import config_from
    from mtlite.training.train import train

    pairs = number_pairs(76, seed=1)
    parts = {"train": pairs[:60], "dev": pairs[60:68], "test": pairs[68:]}
    corpus = folder.with_name("corpus")
    corpus.mkdir()
    values = {
        "data": {name: write_pairs(corpus, name, part) for name, part in parts.items()},
        "tokenizer": {"vocabulary_size": 60},
        "model": {"embedding_size": 8, "units": 8, "layers": 1},
        "training": {"max_updates": 4, "save_every": 2, "batch_tokens": 120, "tensorboard": False},
        "search": {"beam_size": 1},
    }
    train(config_from(values, "small"), folder, console=Console(file=io.StringIO()))


def make_material(run: Path) -> None:
    """Write a whole file of every kind beside those of a finished run."""
    import datasets
    import numpy as np
    import yaml
    from made_up import made_up
    from samples import number_pairs

    from mtlite.ablation.record import Record
    from mtlite.config.read import plain
    from mtlite.storage.tensors import save_arrays

    pairs = number_pairs(76, seed=1)
    de, en = (["", *side] for side in zip(*pairs, strict=True))
    for name, lines in {"text.de": de, "text.en": en, "pairs.tsv": map("\t".join, zip(de, en, strict=True))}.items():
        (run / name).write_text("".join(f"{line}\n" for line in lines))
    rows = [{"de": source, "en": target} for source, target in zip(de, en, strict=True)]
    (run / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open(run / "pairs.csv", "w", newline="") as file:
        csv.writer(file).writerows([["de", "en"], *map(dict.values, rows)])
    for name in ("text.de", "pairs.tsv"):
        (run / f"{name}.gz").write_bytes(gzip.compress((run / name).read_bytes()))
    datasets.Dataset.from_list(rows).to_parquet(run / "pairs.parquet")
    datasets.Dataset.from_list(rows).save_to_disk(run / "saved")
    save_arrays(run / "arrays.safetensors", {"a": np.arange(50)}, {"key": "x"})
    for name, seeds in {"record": [1, 2], "small": [1]}.items():
        header, outcomes = made_up(seeds=seeds, beam=4)
        record = Record(run / f"{name}.jsonl.xz")
        record.add_header(header)
        for cell, outcome in outcomes.items():
            record.add(header, cell, outcome)
    (run / "experiment.json").write_text(json.dumps(plain(header)))
    (run / "outcome.json").write_text(json.dumps(plain(outcomes["attention-seed-1"])))
    request = {"q": ["one. Two", "\u00e4"], "source": "auto", "target": "de", "alternatives": 1, "format": "text"}
    (run / "request.json").write_text(json.dumps(request))
    form = {**request, "q": "one & two", "source": "en"}
    (run / "request.form").write_text(urlencode(form))
    parts = (f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in form.items())
    (run / "request.parts").write_bytes("".join([*parts, "--x--\r\n"]).encode())
    ablation = {"topologies": ["attention", "peek"], "seeds": [1, 2], "grid": {"model.units": [8, 16]}, "beam": 4}
    recipe = yaml.safe_load((run / "config.yaml").read_bytes())
    (run / "ablation.yaml").write_text(yaml.safe_dump({**recipe, "ablation": ablation}))


def special(path: Path, mutator: Mutator) -> None:
    """Something under the name of a file that is none."""
    match mutator.random.randrange(5):
        case 0:
            os.mkfifo(path)
        case 1:
            path.mkdir()
        case 2:
            path.symlink_to("/dev/zero")
        case 3:
            path.symlink_to(path.parent)
        case 4:
            path.symlink_to("nowhere")


def put(kind: Kind, original: bytes, path: Path, mutator: Mutator) -> None:
    """Put one damaged file in place."""
    path.unlink(missing_ok=True)
    if mutator.random.random() < 0.03:
        special(path, mutator)
        return
    content = original
    structured = kind.mutate is not None and mutator.random.random() < 0.6
    if structured and kind.mutate:
        content = kind.mutate(mutator, original)
    if not structured or mutator.random.random() < 0.2:
        content = mutator.content(content)
    path.write_bytes(content)


def outcome(kind: Kind, folder: Path, path: Path) -> tuple[str, str]:
    """What reading gives, and what is wrong with it."""
    from mtlite.errors import MtliteError

    try:
        right = kind.read(folder, path)
        return ("right result", "") if right else ("fault", "a wrong result")
    except MtliteError as error:
        lines = str(error).splitlines()
        if len(lines) > 1 or len(str(error)) > 20_000:
            return "fault", f"an error of {len(lines)} lines, {len(str(error))} characters: {str(error)[:500]}"
        return "project error", ""
    except Exception:  # noqa: BLE001 - that is what is looked for
        return "fault", traceback.format_exc()[-3000:]


def work(answers: Connection, home: Path, names: Sequence[tuple[str, int]]) -> None:
    """Read one input after another, in a process whose memory is limited; say before each which it is."""
    import datasets

    datasets.disable_progress_bars()
    datasets.config.HF_DATASETS_CACHE = home / "datasets"
    folder = home / "copy"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(home / "material", folder)
    for kind in {name: KINDS[name] for name, _ in names}.values():  # what is imported once counts for the base
        outcome(kind, folder, folder / kind.file)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES, resource.RLIM_INFINITY))
    for name, number in names:
        kind = KINDS[name]
        path, whole = folder / kind.file, home / "material" / kind.file
        answers.send(("begin", name, number))
        put(kind, whole.read_bytes(), path, Mutator(f"{name} {number}"))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.process_time()
        found, detail = outcome(kind, folder, path)
        seconds = time.process_time() - start
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
        if seconds > MOST_SECONDS:
            found, detail = "fault", f"{seconds:.1f} seconds"
        answers.send(("end", found, detail, seconds, grown))
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
        for leftover in folder.glob("*.damaged"):
            leftover.unlink()
        for name in ("last", "previous"):  # which a damaged one was exchanged for
            shutil.copyfile(home / "material" / f"{name}.safetensors", folder / f"{name}.safetensors")
        shutil.copyfile(whole, path)
    answers.send(("done",))


@dataclass
class Results:
    """Counts of outcomes by kind, and all faults."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    seconds: tuple[float, str] = (0.0, "")  # of the slowest
    grown: tuple[int, str] = (0, "")  # bytes by which one input raised the most memory that was used

    def add(self, name: str, number: int, found: str, detail: str, seconds: float = 0.0, grown: int = 0) -> None:
        self.outcomes.setdefault(name, Counter())[found] += 1
        if found == "fault":
            self.faults.append(f"{name} {number}: {detail}")
        self.seconds = max(self.seconds, (seconds, f"{name} {number}"))
        self.grown = max(self.grown, (grown, f"{name} {number}"))

    def total(self, found: str) -> int:
        return sum(counts[found] for counts in self.outcomes.values())


def fuzz(home: Path, names: Sequence[tuple[str, int]], until: float = float("inf")) -> Results:
    """Feed inputs, given by kind and number, to a worker; a new one takes over where one ends, hangs or grows."""
    results, names = Results(), list(names)
    if not (home / "material").exists():
        train_briefly(home / "material")
    if not (home / "material" / "ablation.yaml").exists():
        make_material(home / "material")
    while names and time.time() < until:
        fault = _from_one_worker(home, names, until, results)
        if fault:
            results.add(*names.pop(0), "fault", fault)
    return results


def _from_one_worker(home: Path, names: list[tuple[str, int]], until: float, results: Results) -> str:
    """Move what a worker has done from the inputs to the results; say how it ended if that was while it read."""
    context = multiprocessing.get_context("spawn")
    answers, theirs = context.Pipe(duplex=False)
    worker = context.Process(target=work, args=(theirs, home, names), daemon=True)
    worker.start()
    theirs.close()
    reads = False
    try:
        while answers.poll(_HANGS if reads else None):
            match answers.recv():
                case ("begin", _, _):
                    reads = True
                case ("end", found, detail, seconds, grown):
                    results.add(*names.pop(0), found, detail, seconds, grown)
                    reads = False
                    if time.time() > until:
                        return ""
                case ("done",):
                    return ""
        return f"no answer in {_HANGS:.0f} seconds"
    except EOFError:
        worker.join()
        if not reads:
            raise RuntimeError(f"the worker ended by itself with {worker.exitcode}") from None
        return f"the process ended with {worker.exitcode}"
    finally:
        worker.kill()


def inputs(kinds: Sequence[str], first: int, count: int) -> list[tuple[str, int]]:
    """Kinds and numbers, mixed, each kind by its weight."""
    weights = [max(KINDS[name].weight, 0 if len(kinds) > 1 else 1) for name in kinds]
    drawn = random.Random(first).choices(kinds, weights, k=count)
    numbers = Counter[str]()
    for name in drawn:
        numbers[name] += 1
    left = {name: iter(range(first, first + number)) for name, number in numbers.items()}
    return [(name, next(left[name])) for name in drawn]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=1, help="number of the first input of each kind")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--minutes", type=float, default=float("inf"), help="end after so long")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        until = time.time() + 60 * given.minutes
        results = fuzz(Path(folder), inputs(given.kinds, given.first, given.inputs), until)
    for name, counts in results.outcomes.items():
        print(f"{name:24}", *(f"{found} {counts[found]:6,}" for found in OUTCOMES))
    total = sum(map(Counter.total, results.outcomes.values()))
    print(f"{total:,} inputs:", *(f"{found} {results.total(found):,}" for found in OUTCOMES))
    print(f"longest time: {results.seconds[0]:.1f} s ({results.seconds[1]})")
    print(f"most memory: {results.grown[0] >> 20:,} MB over the base ({results.grown[1]})")
    print(*results.faults[:20], sep="\n")
    if results.faults:
        raise SystemExit(f"{len(results.faults)} faults")


if __name__ == "__main__":
    main()
