"""Folders of `save_to_disk`: what it writes is accepted, what a stranger may put there is not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import datasets
import pyarrow as pa
import pytest

from mtlite.config.options import CorpusConfig
from mtlite.data.columns import Columns, Side
from mtlite.data.pairs import load_pairs
from mtlite.data.saved_folder import check_saved_folder
from mtlite.errors import DataError

COLUMNS = {"de": ["eins", "zwei"] * 50, "en": ["one", "two"] * 50}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    datasets.disable_progress_bars()
    data = datasets.Dataset.from_dict(COLUMNS)
    datasets.DatasetDict({"train": data, "test": data}).save_to_disk(tmp_path / "saved", num_shards={"train": 2})
    return tmp_path / "saved"


def the_table(folder: Path) -> Path:
    return next((folder / "test").glob("*.arrow"))


def rewrite(path: Path, **options: str) -> None:
    write(path, pa.table(COLUMNS), pa.ipc.IpcWriteOptions(**options))


def dictionary(path: Path, compression: str) -> None:
    table = pa.table({name: pa.array(values).dictionary_encode() for name, values in COLUMNS.items()})
    write(path, table, pa.ipc.IpcWriteOptions(compression=compression))


def write(path: Path, table: pa.Table, options: pa.ipc.IpcWriteOptions) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema, options=options) as writer:
        writer.write_table(table)


def link_out(path: Path) -> None:
    path.rename(path.parents[2] / "elsewhere")
    path.symlink_to(path.parents[2] / "elsewhere")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def zeros(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def elsewhere(path: Path) -> None:
    state = path.with_name("state.json")
    facts = json.loads(state.read_text())
    facts["_data_files"] = [{"filename": f"../train/{path.name}"}]
    state.write_text(json.dumps(facts))


def facts(name: str, value: object) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        state = path.with_name("state.json")
        state.write_text(json.dumps({**json.loads(state.read_text()), name: value}))

    return change


def large_facts(path: Path) -> None:
    with open(path.with_name("state.json"), "ab") as file:
        file.truncate(1 << 35)


def deep_facts(path: Path) -> None:
    path.with_name("dataset_info.json").write_text("[" * 100_000)


def test_what_was_saved_is_accepted(folder: Path) -> None:
    check_saved_folder(folder)
    rewrite(the_table(folder))
    check_saved_folder(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (link_out, "a link out of the folder"),
        (pipe, "is no file"),
        (zeros, "a link out of the folder"),
        (elsewhere, "parts in the same folder"),
        (large_facts, "expected at most"),
        (deep_facts, "is damaged"),
        (lambda path: path.with_name("state.json").write_text("[1]"), "names and values"),
        (facts("_data_files", 3), "_data_files"),
        (facts("_fingerprint", None), "_fingerprint"),
        (facts("_format_columns", [["de"]]), "_format_columns"),
        (facts("_format_columns", {"a": [{"a": 1}] * 5000}), "_format_columns"),
        (facts("_format_kwargs", []), "_format_kwargs"),
        (facts("_format_type", {}), "_format_type"),
        (facts("_output_all_columns", [False]), "_output_all_columns"),
        (facts("_split", 1), "_split"),
        (lambda path: rewrite(path, compression="zstd"), "is compressed"),
        (lambda path: rewrite(path, compression="lz4"), "is compressed"),
        (lambda path: dictionary(path, "zstd"), "is compressed"),
        (lambda path: path.write_bytes(path.read_bytes()[:100]), "is damaged"),
    ],
)
def test_what_was_not_saved_is_refused(folder: Path, change: Callable[[Path], None], said: str) -> None:
    change(the_table(folder))
    with pytest.raises(DataError, match=said) as error:
        check_saved_folder(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])  # `datasets` casts the second one when it opens it
def test_a_column_whose_offsets_lead_out_of_its_text(folder: Path, kind: pa.DataType) -> None:
    good = pa.array(COLUMNS["de"], kind)
    offsets = good.buffers()[1]
    path = the_table(folder)
    write(path, pa.table({"de": good, "en": good}), pa.ipc.IpcWriteOptions())
    broken = path.read_bytes().replace(offsets.to_pybytes()[8:40], b"\xff\xff\xff\x7f" * 8)
    assert broken != path.read_bytes()
    path.write_bytes(broken)
    columns = Columns(Side("source", language="de"), Side("target", language="en"))
    with pytest.raises(DataError, match="is damaged") as error:
        load_pairs(CorpusConfig(pairs=str(folder), split="test"), columns, "data.train", None)
    assert "\n" not in str(error.value)
