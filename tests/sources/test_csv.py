"""CSV: every record once, in order, wherever the cuts are; damaged ones are named, and cost only themselves."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.readers import csv_reader
from indexer.readers.csv_reader import CsvReader
from indexer.records import SOURCE_ROW, RawBatch, SourceFile
from mappings.errors import InputError

HEADER = b"id,name,note\n"


def reader(path: Path, content: bytes, block: int = 1 << 20) -> CsvReader:
    path.write_bytes(content)
    return CsvReader(SourceFile(path, path.name), ("id", "name", "note"), block=block)


def read_all(source: CsvReader) -> tuple[list[tuple[object, ...]], list[tuple[int, str]], int]:
    """Return rows with their numbers, (row, reason) of the rejected ones, and how many were skipped."""
    batches: list[RawBatch] = []
    next_row = 1
    for chunk in source.chunks():
        batch = source.read(chunk)
        assert chunk.first_row == next_row
        assert chunk.rows == batch.frame.height + len(batch.rejections) + batch.skipped
        next_row += chunk.rows
        batches.append(batch)
    rows = [row for batch in batches for row in batch.frame.rows()]
    rejected = [(entry.row, entry.reason) for batch in batches for entry in batch.rejections]
    return rows, rejected, sum(batch.skipped for batch in batches)


cells = st.text(st.sampled_from('ab ,"\n\r€;'), max_size=8)
tables = st.lists(st.lists(cells, min_size=3, max_size=3), max_size=30)


@settings(max_examples=200, deadline=None)
@given(tables, st.integers(1, 200), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_every_record_comes_once_in_order_for_any_block_size(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], block: int, ending: str, quoted: bool, bom: bool
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    if not quoted:  # a carriage return at the end of a bare cell is part of the line's end
        table = [[cell.replace("\r", "") for cell in record] for record in table]
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=ending, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL).writerows(table)
    content = (b"\xef\xbb\xbf" if bom else b"") + HEADER.replace(b"\n", ending.encode()) + out.getvalue().encode()
    rows, rejected, skipped = read_all(reader(path, content, block))
    assert [row[:3] for row in rows] == [tuple(cell or None for cell in record) for record in table]
    assert [row[3] for row in rows] == list(range(1, len(table) + 1))
    assert (rejected, skipped) == ([], 0)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 100))
def test_any_bytes_are_accounted_for_and_any_cut_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, block: int
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    found = read_all(reader(path, HEADER + content, block))
    assert found == read_all(reader(path, HEADER + content))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["a", ",", '"', "\n", "\r\n"]), max_size=120).map("".join), st.integers(1, 60))
@example('\n,,""a""', 1)  # Polars takes this for a cell, once it stands in a chunk of its own
def test_stray_quotation_marks_are_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, content: str, block: int
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    found = read_all(reader(path, HEADER + content.encode(), block))
    assert found == read_all(reader(path, HEADER + content.encode()))


def test_a_cut_off_last_row_is_rejected_and_the_others_come_through(tmp_path: Path) -> None:
    rows, rejected, _ = read_all(reader(tmp_path / "a.csv", HEADER + b'1,a,b\n2,c,"d\nd"\n3,e'))
    assert [row[0] for row in rows] == ["1", "2"]
    assert rejected == [(3, "2 cells instead of 3: cut off, or a comma too many")]


def test_a_row_cut_off_inside_a_quoted_cell_is_one_rejection(tmp_path: Path) -> None:
    rows, rejected, _ = read_all(reader(tmp_path / "a.csv", HEADER + b'1,a,b\n2,c,"several\nlines\nand no end'))
    assert [row[0] for row in rows] == ["1"]
    assert rejected == [(2, "a quotation mark is missing, or the row is cut off")]


def test_a_carriage_return_in_a_bare_cell_is_one_rejection(tmp_path: Path) -> None:
    rows, rejected, _ = read_all(reader(tmp_path / "a.csv", HEADER + b'1,a\rb,c\n2,"a\rb",c\n'))
    assert rows == [("2", "a\rb", "c", 2)]
    assert [row for row, _ in rejected] == [1]


def test_a_missing_mark_costs_one_row_not_those_after_it(tmp_path: Path) -> None:
    rows, rejected, _ = read_all(reader(tmp_path / "a.csv", HEADER + b'1,a,b\n2,"c,d\n3,e,f\n4,"g",h\n'))
    assert [row[0] for row in rows] == ["1", "3", "4"]
    assert [row[3] for row in rows] == [1, 3, 4]
    assert [row for row, _ in rejected] == [2]


def test_latin_1_is_rejected_by_row(tmp_path: Path) -> None:
    rows, rejected, _ = read_all(reader(tmp_path / "a.csv", HEADER + b"1,a,b\n2,Bj\xf6rk,c\n3,d,e\n"))
    assert [row[0] for row in rows] == ["1", "3"]
    assert rejected == [(2, "not UTF-8 at byte 5 of the record")]


def test_blank_lines_are_skipped_and_numbered(tmp_path: Path) -> None:
    rows, rejected, skipped = read_all(reader(tmp_path / "a.csv", HEADER + b"1,a,b\n\n  \n2,c,d\r\n\r\n"))
    assert [(row[0], row[3]) for row in rows] == [("1", 1), ("2", 4)]
    assert (rejected, skipped) == ([], 3)


def test_nul_bytes_stay_in_their_cell(tmp_path: Path) -> None:
    rows, rejected, _ = read_all(reader(tmp_path / "a.csv", HEADER + b"1,a\x00b,c\n\x00\x00\x00\n2,d,e\n"))
    assert [(row[0], row[1]) for row in rows] == [("1", "a\0b"), ("2", "d")]
    assert [row for row, _ in rejected] == [2]


@pytest.mark.parametrize("row", [b'%d,"x",y\n', b"%d,xxx,y\n"], ids=["told by the next mark", "told by its length"])
def test_a_mark_that_is_never_closed_does_not_swallow_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: bytes
) -> None:
    monkeypatch.setattr(csv_reader, "RECORD_BYTES", 1 << 20)
    many = b"".join(row % number for number in range(2, 200_000))
    assert len(many) > 2 * csv_reader.RECORD_BYTES
    rows, rejected, _ = read_all(reader(tmp_path / "a.csv", HEADER + b'1,"open,b\n' + many, block=1 << 20))
    assert [row for row, _ in rejected] == [1]
    assert len(rows) == 200_000 - 2
    assert rows[-1][-1] == 199_999


def test_only_wanted_columns_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(HEADER + b"1,a,b\n")
    source = CsvReader(SourceFile(path, path.name), ("note", "absent"))
    assert source.read(source.chunks()[0]).frame.columns == ["note", SOURCE_ROW]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"a,b\n", "fewer than 3 header rows"),
        (b"a,b\rc,d\re,f\r", "ends its lines with CR alone"),
    ],
)
def test_files_without_rows_say_so(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        CsvReader(SourceFile(path, path.name), ("a",), header_rows=3)


def test_a_header_alone_has_no_chunks(tmp_path: Path) -> None:
    assert reader(tmp_path / "a.csv", HEADER).chunks() == []
    assert reader(tmp_path / "b.csv", HEADER.rstrip()).chunks() == []
