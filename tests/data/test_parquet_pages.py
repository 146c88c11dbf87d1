"""Page headers of Parquet files, against what Arrow itself says of them."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mtlite.data.parquet_pages import pages

SENTENCES = [f"sentence {number} {'x' * (number % 50)}" for number in range(5000)]


def written(folder: Path, **options: object) -> Path:
    path = folder / "a.parquet"
    table = pa.table({"de": SENTENCES, "en": SENTENCES[::-1], "id": list(range(5000))})
    pq.write_table(table, path, **options)
    return path


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "brotli", "lz4"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_dictionary": False, "data_page_size": 1000},
        {"row_group_size": 700, "data_page_version": "2.0", "write_page_index": True},
        {"write_page_checksum": True, "write_statistics": True, "data_page_size": 500},
    ],
)
def test_the_sizes_of_all_pages_add_up(tmp_path: Path, compression: str, options: dict[str, object]) -> None:
    path = written(tmp_path, compression=compression, **options)
    with open(path, "rb") as content, pq.ParquetFile(content) as file:
        found = list(pages(content, file.metadata, {"de", "en"}))
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    chunks = [group.column(number) for group in groups for number in (0, 1)]
    for size, total in (("compressed", "total_compressed_size"), ("uncompressed", "total_uncompressed_size")):
        in_pages = sum(getattr(page, size) for page in found)
        headers = sum(getattr(chunk, total) for chunk in chunks) - in_pages
        assert 10 * len(found) < headers < 200 * len(found)


@pytest.mark.parametrize("at", range(4, 60, 7))
def test_a_damaged_header_is_an_error_or_another_size(tmp_path: Path, at: int) -> None:
    path = written(tmp_path)
    with open(path, "rb") as content, pq.ParquetFile(content) as file:
        metadata = file.metadata
    broken = bytearray(path.read_bytes())
    broken[at:] = b"\xff" * (len(broken) - at)
    (tmp_path / "b").write_bytes(broken)
    with open(tmp_path / "b", "rb") as content, pytest.raises(ValueError, match="page"):
        list(pages(content, metadata, {"de", "en"}))


def test_a_header_that_does_not_end_is_refused() -> None:
    from mtlite.data.parquet_pages import _page

    for header in (b"\x1c" * 50, b"\x15", b"\x15\x02\x15", b"\x19\xfc\xff\xff\xff\xff\x0f", b"\x1b\x01", b"\x00"):
        with pytest.raises(ValueError, match="page"):
            _page(io.BufferedReader(io.BytesIO(header)))  # type: ignore[arg-type]
