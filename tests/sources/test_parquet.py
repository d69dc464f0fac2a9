"""Parquet: every row once, in order; a row group is decoded once; cut-off files are told in one sentence."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.readers import parquet_reader
from indexer.readers.parquet_reader import ParquetReader, row_groups
from indexer.records import SOURCE_ROW, SourceFile
from mappings.errors import InputError


def written(path: Path, rows: int, group: int) -> SourceFile:
    content = {"id": range(rows), "names": [["a", None]] * rows}
    schema = pl.Schema({"id": pl.Int64(), "names": pl.List(pl.String)})
    pl.DataFrame(content, schema=schema).write_parquet(path, row_group_size=group)
    return SourceFile(path, path.name)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.integers(1, 30), st.integers(1, 40))
def test_every_row_comes_once_in_order_for_any_sizes(
    tmp_path_factory: pytest.TempPathFactory, rows: int, group: int, stretch_rows: int
) -> None:
    file = written(tmp_path_factory.mktemp("parquet") / "a.parquet", rows, group)
    reader = ParquetReader(file, ("id",), stretch_rows)
    batches = [(chunk, reader.read(chunk)) for chunk in reader.chunks()]
    assert all(chunk.rows == batch.frame.height <= stretch_rows for chunk, batch in batches)
    found = [row for _, batch in batches for row in batch.frame.rows()]
    assert found == [(number, number + 1) for number in range(rows)]


def test_rows_of_row_groups_are_read_from_the_footer(tmp_path: Path) -> None:
    file = written(tmp_path / "a.parquet", 1_000, 300)
    assert sum(row_groups(file.path, file.name)) == 1_000
    assert len(row_groups(file.path, file.name)) > 1


def test_a_row_group_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    decode = ParquetReader._decode

    def counted(self: ParquetReader, window: Any) -> pl.DataFrame:
        decoded.append(window.offset)
        return decode(self, window)

    monkeypatch.setattr(ParquetReader, "_decode", counted)
    reader = ParquetReader(written(tmp_path / "a.parquet", 1_000, 500), ("id",), rows=100)
    for chunk in reader.chunks():
        reader.read(chunk)
    assert decoded == [0, 500]


def test_small_row_groups_are_joined(tmp_path: Path) -> None:
    reader = ParquetReader(written(tmp_path / "a.parquet", 1_000, 50), ("id",), rows=400)
    assert max(chunk.rows for chunk in reader.chunks()) > 300


def test_chunks_can_be_read_in_any_order(tmp_path: Path) -> None:
    reader = ParquetReader(written(tmp_path / "a.parquet", 300, 100), ("id",), rows=50)
    rows = [reader.read(chunk).frame[SOURCE_ROW][0] for chunk in reversed(reader.chunks())]
    assert rows == [251, 201, 151, 101, 51, 1]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_cut_off_file_is_one_sentence(tmp_path: Path, share: float) -> None:
    file = written(tmp_path / "a.parquet", 1_000, 300)
    content = file.path.read_bytes()
    file.path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=r"a\.parquet is cut off"):
        ParquetReader(file, ("id",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"id,name\n1,2\n", "is no Parquet file"),
        (b"PAR1", "is cut off"),
        (b"PAR1" + b"\xff" * 20 + (16).to_bytes(4, "little") + b"PAR1", "damaged footer|is no Parquet file"),
    ],
)
def test_what_is_no_parquet_says_so(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(InputError, match=message):
        ParquetReader(SourceFile(tmp_path / "a.parquet", "a.parquet"), ("id",))


def test_damaged_pages_are_one_sentence(tmp_path: Path) -> None:
    file = written(tmp_path / "a.parquet", 5_000, 1_000)
    content = bytearray(file.path.read_bytes())
    content[200:2_000] = b"\xff" * 1_800
    file.path.write_bytes(content)
    reader = ParquetReader(file, ("id", "names"), rows=1_000)
    with pytest.raises(InputError, match=r"a\.parquet is damaged at rows 1 to"):
        for chunk in reader.chunks():
            reader.read(chunk)


def test_only_wanted_columns_are_read(tmp_path: Path) -> None:
    reader = ParquetReader(written(tmp_path / "a.parquet", 10, 10), ("names", "absent"))
    assert reader.read(reader.chunks()[0]).frame.columns == ["names", SOURCE_ROW]
    assert parquet_reader.CHUNK_ROWS >= 10
