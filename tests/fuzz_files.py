"""Feeds generated, damaged and hostile files of every kind to what reads them.

Only two outcomes are right: a right result, or an error of the project in one line, within ten seconds of processor
time and two gigabytes over what the program has before. What is right is said by slow readers (`data/slow_readers.py`)
where there is one. Each kind is one entry in `KINDS`. An input depends on its kind and its number alone:
`python tests/fuzz_files.py --kinds record --first 17 --inputs 1` makes it again.
"""

from __future__ import annotations

import argparse
import csv
import functools
import gzip
import io
import json
import multiprocessing
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data.slow_readers import REFERENCES, decompressed, is_clear, reference_parallel
from mutations import (
    BETWEEN_SIDES,
    Mutator,
    generated_address,
    generated_csv,
    generated_jsonl,
    generated_sides,
    generated_tsv,
    gzipped,
    mutated_arrow,
    mutated_gzip,
    mutated_json,
    mutated_lines,
    mutated_parquet,
    mutated_safetensors,
    mutated_tokenizer,
    mutated_xz,
    mutated_yaml,
)

MOST_SECONDS = 10.0
MOST_BYTES = 2 << 30
OUTCOMES = ("right result", "project error", "fault")
_HANGS = 120.0  # seconds without an answer: longer than `MOST_SECONDS`, since other processes may want the processor


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Args:
        file: its path in the material, a run directory with other files beside it; `*` stands for any one folder.
        read: reads it, given the folder of the material and the file; false for a wrong result.
        mutate: makes another content of its structure, or None; bytes are changed for every kind, too.
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


def columns() -> Any:
    from mtlite.data.columns import Columns, Side

    return Columns(Side("source", language="de"), Side("target", language="en"))


def load(**location: Any) -> list[tuple[str, str]]:
    """The pairs of a corpus, by way of the cache."""
    from mtlite.config.options import CorpusConfig
    from mtlite.data.cache import pairs_of
    from mtlite.data.pairs import check_location, load_pairs

    config = CorpusConfig(**location)
    check_location(config, "data.train")
    return list(pairs_of(load_pairs(config, columns(), "data.train", "train")))


def read_pairs(_: Path, path: Path) -> bool:
    return are_pairs(load(pairs=str(path)))


def read_saved(folder: Path, path: Path) -> bool:
    """A folder of `save_to_disk`, of one set or of several."""
    return are_pairs(load(pairs=str(folder / path.relative_to(folder).parts[0])))


def read_rows(_: Path, path: Path) -> bool:
    """What the reader of a file finds is what the slow one finds, or is refused where that refuses."""
    from mtlite.data import readers
    from mtlite.errors import MtliteError

    ending = path.name.removesuffix(".gz").rpartition(".")[2]
    read = {"tsv": readers.read_tabs, "csv": readers.read_csv, "jsonl": readers.read_jsonl}[ending]
    data = path.read_bytes() if path.is_file() else None
    data = decompressed(data) if data is not None and path.suffix == ".gz" else data
    expected = None if data is None else REFERENCES[ending](data)
    try:
        found = list(read(str(path), columns()))
    except MtliteError:
        if expected is not None and data is not None and is_clear(ending, data):
            return False
        raise
    return found == expected if data is None or is_clear(ending, data) else are_pairs(found)


def read_sides(folder: Path, path: Path) -> bool:
    """Two files, of which each line belongs to the one of the other."""
    from mtlite.data.readers import read_parallel_text
    from mtlite.errors import MtliteError

    if not path.is_file():
        return are_pairs(read_parallel_text(str(path), str(path)))
    source, _, target = path.read_bytes().partition(BETWEEN_SIDES)
    files = folder / "side.de", folder / "side.en"
    for file, side in zip(files, (source, target), strict=True):
        file.write_bytes(side)
    expected = reference_parallel(source, target)
    try:
        return list(read_parallel_text(*map(str, files))) == expected
    except MtliteError:
        if expected is not None:
            return False
        raise


def read_the_cache(folder: Path, _: Path) -> bool:
    """What is in the cache is what was put there; what is damaged is made again."""
    import datasets
    import numpy as np

    from mtlite.data.cache import cached_arrays

    before = datasets.config.HF_DATASETS_CACHE
    datasets.config.HF_DATASETS_CACHE = folder / "cache"
    try:
        text = [folder / f"text.{language}" for language in ("de", "en")]
        pairs = load(source=str(text[0]), target=str(text[1]))
        arrays = cached_arrays(["arrays", "x"], lambda: {"a": np.arange(50)})
    finally:
        datasets.config.HF_DATASETS_CACHE = before
    sides = [path.read_text("utf-8").split("\n")[:-1] for path in text]
    return pairs == list(zip(*sides, strict=True)) and arrays["a"].tolist() == list(range(50))


def read_line(folder: Path, path: Path) -> bool:
    """What a tokenizer gives back is what it was given."""
    from mtlite.data.ids import UNK
    from mtlite.data.tokenizer import Tokenizer

    text = path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
    line = text.replace("\n", " ")[:1000]
    tokenizer = Tokenizer.read(folder / "target.model")
    (ids,) = tokenizer.encode([line])
    (back,) = tokenizer.decode([ids])
    # SentencePiece writes a space as ▁, and cannot tell the two apart.
    return not {*"\n\r"} & {*back} and (UNK in ids or back == line.replace("\r", " ").replace("▁", " "))


def read_for_cleaning(_: Path, path: Path) -> bool:
    """What cleaning keeps is a part of what it was given, in the same order."""
    import datasets

    from mtlite.config.options import CleaningConfig
    from mtlite.data.cleaning import clean
    from mtlite.data.corpus import Corpus

    content = path.read_bytes() if path.is_file() else b""
    lines = content.decode("utf-8", "replace").split("\n")
    pairs = [(source[:2000], target[:2000]) for source, _, target in (line.partition("\t") for line in lines[:50])]
    train = datasets.Dataset.from_dict({"source": [pair[0] for pair in pairs], "target": [pair[1] for pair in pairs]})
    held_out, draw = train.select([0]), random.Random(content)
    config = CleaningConfig(
        **{name: draw.random() < 0.5 for name in ("empty", "overlap", "duplicates", "identical", "script")},
        max_length_ratio=draw.choice([0.0, 1.0, 3.0]),
        max_characters=draw.choice([0, 20, 1000]),
    )
    cleaned, report = clean(Corpus(train, held_out, {"test": held_out}, "en", "de", ()), config)
    kept = list(zip(cleaned.train["source"], cleaned.train["target"], strict=True))
    order = iter(pairs)
    return all(pair in order for pair in kept) and len(kept) == report.after


@functools.cache
def translator(run: Path) -> Any:
    from mtlite.translation.translator import Translator

    return Translator.load(run)


def read_input(folder: Path, path: Path) -> bool:
    """As many translations as lines, without a line end in them."""
    from mtlite.data.lines import read_lines

    given = [line[:200] for line in read_lines(path)][:50]
    found = translator(folder)(given)
    return len(found) == len(given) and not any({*"\n\r"} & {*text} for text in found)


class Elements(HTMLParser):
    """Counts the elements of a page by name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.counts = Counter[str]()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] += 1


def elements_of_page(run: Path) -> Counter[str]:
    """Those of the page of a run."""
    from mtlite.page.page import Wishes, choose_runs, make_page

    return Elements(make_page(choose_runs([str(run)], {}), Wishes("int8"))).counts


@functools.cache
def elements_of_whole_page(material: Path) -> Counter[str]:
    return elements_of_page(material)


def read_page(folder: Path, _: Path) -> bool:
    """A run becomes a page with the same elements, whatever stands in the run."""
    return elements_of_page(folder) == elements_of_whole_page(folder.with_name("material"))


_READ_ADDRESSES = """
import {createInterface} from "node:readline";
const {DEFAULTS, readAddress, writeAddress} = await import("ADDRESS");
const {paragraphsOf, chosenSentence} = await import("SENTENCES");
const limits = {runs: 3, views: ["translate", "about"]};
for await (const line of createInterface({input: process.stdin})) {
  const state = {...DEFAULTS, ...readAddress(JSON.parse(line), limits)};
  paragraphsOf(state.text);
  chosenSentence(state);
  const again = {...DEFAULTS, ...readAddress(writeAddress(state), limits)};
  const kept = state.text.length > 20_000 || JSON.stringify(again) === JSON.stringify(state);
  const right = kept && Object.keys(state).every((key) => typeof state[key] === typeof DEFAULTS[key]);
  process.stdout.write(`${right}\n`);
}
"""


@functools.cache
def _node() -> subprocess.Popen[str]:
    """Node with the modules of the page, that reads an address a line; `true` is its answer to one that is right."""
    from mtlite.page.compose import FOLDER

    code = _READ_ADDRESSES
    for name in ("address", "sentences"):
        code = code.replace(name.upper(), (FOLDER / "views" / f"{name}.js").as_uri())
    command = ["node", "--input-type=module", "--eval", code]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8")


def read_address(_: Path, path: Path) -> bool:
    """What the page reads from an address that anybody may have written is written to the same address again."""
    node = _node()
    assert node.stdin
    assert node.stdout
    text = path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
    node.stdin.write(json.dumps(text) + "\n")
    node.stdin.flush()
    return node.stdout.readline() == "true\n"


def translated_with_graphs(run: Path) -> str:
    """What a run translates on onnxruntime, with graphs that are kept beside it."""
    import datasets

    from mtlite.export.engine import light_translator
    from mtlite.translation.loading import open_runs, search_of

    before = datasets.config.HF_DATASETS_CACHE
    datasets.config.HF_DATASETS_CACHE = run / "graphs"
    try:
        opened = open_runs([run])
        translator = light_translator(opened, search_of(opened.runs[0], None), "onnx", threads=1)
    finally:
        datasets.config.HF_DATASETS_CACHE = before
    assert translator
    return repr([(each.texts, each.scores) for each in translator.translate(["one two three", "nine"])])


def read_graphs(folder: Path, _: Path) -> bool:
    """An exported folder in the cache that is damaged is made again, and translates as before."""
    return translated_with_graphs(folder) == (folder / "graphs.txt").read_text()


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
    "sides": Kind("sides.txt", read_sides, generated_sides, 20),
    "rows of tsv": Kind("rows.tsv", read_rows, generated_tsv, 20),
    "rows of gzipped tsv": Kind("rows.tsv.gz", read_rows, gzipped(generated_tsv)),
    "rows of csv": Kind("rows.csv", read_rows, generated_csv, 20),
    "rows of gzipped csv": Kind("rows.csv.gz", read_rows, gzipped(generated_csv)),
    "rows of jsonl": Kind("rows.jsonl", read_rows, generated_jsonl, 20),
    "rows of gzipped jsonl": Kind("rows.jsonl.gz", read_rows, gzipped(generated_jsonl)),
    "line": Kind("line.txt", read_line, generated_tsv),
    "pairs to clean": Kind("dirty.tsv", read_for_cleaning, generated_tsv, 2),
    "input to translate": Kind("input.txt", read_input, generated_tsv, 1),
    "tsv": Kind("pairs.tsv", read_pairs, None, 2),
    "gzipped tsv": Kind("pairs.tsv.gz", read_pairs, mutated_gzip, 2),
    "csv": Kind("pairs.csv", read_pairs, None, 2),
    "jsonl": Kind("pairs.jsonl", read_pairs, mutated_lines, 2),
    "parquet": Kind("pairs.parquet", read_pairs, mutated_parquet, 5),
    "saved table": Kind("saved/data-00000-of-00001.arrow", read_saved, mutated_arrow, 5),
    "saved state": Kind("saved/state.json", read_saved, mutated_json, 2),
    "saved facts": Kind("saved/dataset_info.json", read_saved, mutated_json, 2),
    "names of several sets": Kind("several/dataset_dict.json", read_saved, mutated_json, 2),
    "table of several sets": Kind("several/train/data-00000-of-00001.arrow", read_saved, mutated_arrow, 2),
    "state of several sets": Kind("several/train/state.json", read_saved, mutated_json, 2),
    "rows in the cache": Kind("cache/mtlite/*/rows.arrow", read_the_cache, mutated_arrow, 2),
    "arrays in the cache": Kind("cache/mtlite/*/arrays.safetensors", read_the_cache, mutated_safetensors, 2),
    "facts in the cache": Kind("cache/mtlite/*/entry.json", read_the_cache, mutated_json, 2),
    "graph in the cache": Kind("graphs/mtlite/*/decoder.onnx", read_graphs, None, 2),
    "config of graphs": Kind("graphs/mtlite/*/config.json", read_graphs, mutated_json, 2),
    "program of graphs": Kind("graphs/mtlite/*/translate.py", read_graphs, None, 2),
    "tokenizer of graphs": Kind("graphs/mtlite/*/target.model", read_graphs, mutated_tokenizer, 2),
    "record": Kind("record.jsonl.xz", read_record, mutated_xz, 3),
    "report of a record": Kind("small.jsonl.xz", read_report, mutated_xz, 0),
    "outcome of a cell": Kind("outcome.json", read_outcome, mutated_json, 5),
    "header of an ablation": Kind("experiment.json", read_header, mutated_json),
    "arrays": Kind("arrays.safetensors", read_arrays, mutated_safetensors, 3),
    "translations": Kind("text.de", read_translations, None, 1),
    "body of a request": Kind("request.json", read_request, mutated_json),
    "form of a request": Kind("request.form", read_form),
    "parts of a request": Kind("request.parts", read_parts),
    "weights for a page": Kind("best.safetensors", read_page, mutated_safetensors, 1),
    "scores for a page": Kind("result.json", read_page, mutated_json, 1),
    "address of a page": Kind("address.txt", read_address, generated_address),
}
"""Every kind of file that is read. `weight` is small where reading takes long."""
LOADS_A_MODEL = {"weights", "input to translate", "weights for a page", "scores for a page"}


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
    for ending in ("tsv", "csv", "jsonl"):
        shutil.copyfile(run / f"pairs.{ending}", run / f"rows.{ending}")
    for name in ("text.de", "pairs.tsv", "rows.tsv", "rows.csv", "rows.jsonl"):
        (run / f"{name}.gz").write_bytes(gzip.compress((run / name).read_bytes()))
    (run / "sides.txt").write_bytes(BETWEEN_SIDES.join((run / f"text.{side}").read_bytes() for side in ("de", "en")))
    for copy, name in {"line.txt": "text.en", "dirty.tsv": "pairs.tsv", "input.txt": "text.en"}.items():
        shutil.copyfile(run / name, run / copy)
    (run / "address.txt").write_text("#view=about&runs=0,2&text=one+two&force=0%3A1.2")
    datasets.Dataset.from_list(rows).to_parquet(run / "pairs.parquet")
    datasets.Dataset.from_list(rows).save_to_disk(run / "saved")
    sets = {name: datasets.Dataset.from_list(rows) for name in ("train", "test")}
    datasets.DatasetDict(sets).save_to_disk(run / "several")
    save_arrays(run / "arrays.safetensors", {"a": np.arange(50)}, {"key": "x"})
    for name, seeds in {"record": [1, 2], "small": [1]}.items():
        header, outcomes = made_up(seeds=seeds, beam=4)
        record = Record(run / f"{name}.jsonl.xz")
        record.add_header(header)
        for cell, outcome in outcomes.items():
            record.add(header, cell, outcome)
    (run / "experiment.json").write_text(json.dumps(plain(header)))
    (run / "outcome.json").write_text(json.dumps(plain(outcomes["attention-seed-1"])))
    request = {"q": ["one. Two", "two \u00e4"], "source": "auto", "target": "de", "alternatives": 1, "format": "text"}
    (run / "request.json").write_text(json.dumps(request))
    form = {**request, "q": "one & two", "source": "en"}
    (run / "request.form").write_text(urlencode(form))
    parts = (f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in form.items())
    (run / "request.parts").write_bytes("".join([*parts, "--x--\r\n"]).encode())
    ablation = {"topologies": ["attention", "peek"], "seeds": [1, 2], "grid": {"model.units": [8, 16]}, "beam": 4}
    recipe = yaml.safe_load((run / "config.yaml").read_bytes())
    (run / "ablation.yaml").write_text(yaml.safe_dump({**recipe, "ablation": ablation}))
    read_the_cache(run, run)
    (run / "graphs.txt").write_text(translated_with_graphs(run))


def located(folder: Path, kind: Kind) -> Path:
    """The file of a kind."""
    return next(iter(sorted(folder.glob(kind.file))), folder / kind.file)


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
        return "project error", str(error)[:500]
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
    for name, kind in {name: KINDS[name] for name, _ in names}.items():  # what is imported once counts for the base
        found, detail = outcome(kind, folder, located(folder, kind))
        if found != "right result":
            raise RuntimeError(f"{name}: {found} for a whole file: {detail}")
    for name, number in names:
        # Over what is used now: Keras keeps a little of every model that was ever built.
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES, resource.RLIM_INFINITY))
        kind = KINDS[name]
        whole = located(home / "material", kind)
        path = folder / whole.relative_to(home / "material")
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
        path.parent.mkdir(exist_ok=True)
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
