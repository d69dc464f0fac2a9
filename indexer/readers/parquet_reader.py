"""Parquet: row groups, decoded one at a time, read in chunks.

How many rows each group has is the one thing of a footer that Polars doesn't tell. A footer is Thrift's compact
protocol. Sources: parquet-format's README.md ("File format") and parquet.thrift (FileMetaData.row_groups is field 4,
RowGroup.num_rows is field 3); Thrift's doc/specs/thrift-compact-protocol.md.
"""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from indexer.readers.files import Text, open_bytes
from indexer.records import SOURCE_ROW, Chunk, RawBatch, SourceFile
from mappings.errors import InputError

CHUNK_ROWS = 50_000
"""Rows in a chunk: some 30 ms of CPU go before the first row of each (0.6 microseconds a row here), and encoded they
are about 30 MB."""


_MAGIC = b"PAR1"
_ROW_GROUPS = 4
_NUM_ROWS = 3

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)


@dataclass(frozen=True)
class _Window:
    """Neighbouring row groups that are decoded together: small ones are joined up to a chunk's size."""

    offset: int
    rows: int


class ParquetReader:
    """Reads some columns, with their types as published; arrays of a fixed length are lists, bytes are text.

    Memory is bounded by one window: a row group, or several small ones. It stays in memory until another one is
    needed, so that its chunks, read one after the other, decode it once.
    """

    def __init__(
        self, file: SourceFile, columns: Sequence[str], rows: int = CHUNK_ROWS, opened: Text | None = None
    ) -> None:
        """Read the footer (`opened`: of a file that is open); raises InputError when it can't be read or is cut off."""
        self.file = file
        self._bytes = opened or open_bytes(file)
        groups = row_groups(self._bytes.path, file.name)
        published = _types(self._bytes.path, file.name)
        self.types = {name: _readable(dtype) for name, dtype in published.items()}
        self.columns = list(self.types)
        self._selected = [
            _converted(name, published[name], self.types[name]) for name in columns if name in self.columns
        ]
        self._rows = rows
        self._windows = _windows(groups, rows)
        self._lock = threading.Lock()
        self._decoded: tuple[_Window, pl.DataFrame] | None = None

    def seen_columns(self) -> list[str]:
        """Return the columns of the file."""
        return self.columns

    def chunks(self) -> list[Chunk]:
        """Return chunks of up to `rows` rows; none goes beyond its window."""
        pieces = [
            (offset, min(self._rows, window.offset + window.rows - offset))
            for window in self._windows
            for offset in range(window.offset, window.offset + window.rows, self._rows)
        ]
        return [Chunk(number, offset, rows, offset + 1, rows) for number, (offset, rows) in enumerate(pieces)]

    def head(self, rows: int) -> RawBatch:
        """Return the first rows."""
        window = next(iter(self._windows), _Window(0, 0))
        frame = self._decode(_Window(0, min(rows, window.rows)))
        return RawBatch(frame.with_row_index(SOURCE_ROW, 1).cast({SOURCE_ROW: pl.Int64}))

    def read(self, chunk: Chunk) -> RawBatch:
        """Return the chunk's rows; raises InputError when the file's pages are damaged."""
        window = next(w for w in self._windows if w.offset <= chunk.offset < w.offset + w.rows)
        with self._lock:
            if self._decoded is None or self._decoded[0] != window:
                self._decoded = None  # free the one before the next is decoded
                self._decoded = (window, self._decode(window))
            frame = self._decoded[1].slice(chunk.offset - window.offset, chunk.length)
            if chunk.offset + chunk.length == window.offset + window.rows:
                self._decoded = None  # its last chunk: a reader that is done with its file holds nothing
        rows = pl.int_range(chunk.first_row, chunk.first_row + frame.height, dtype=pl.Int64, eager=True)
        return RawBatch(frame.with_columns(rows.alias(SOURCE_ROW)))

    def _decode(self, window: _Window) -> pl.DataFrame:
        try:
            lazy = pl.scan_parquet(self._bytes.path, glob=False).select(self._selected)
            frame = lazy.slice(window.offset, window.rows).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            message = f"{self.file.name} is damaged at rows {window.offset + 1} to {window.offset + window.rows}"
            raise InputError(f"{message} ({_first_line(error)}).", "Download it again.") from error
        if frame.height != window.rows:
            raise InputError(f"{self.file.name} holds fewer rows than it says.", "Download it again.")
        return frame


def _windows(groups: Sequence[int], rows: int) -> list[_Window]:
    windows: list[_Window] = []
    offset = 0
    for group in groups:
        if windows and windows[-1].rows + group <= rows:
            windows[-1] = _Window(windows[-1].offset, windows[-1].rows + group)
        elif group:
            windows.append(_Window(offset, group))
        offset += group
    return windows


def _types(path: Path, name: str) -> dict[str, pl.DataType]:
    try:
        return dict(pl.read_parquet_schema(path))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{name} is no Parquet file ({_first_line(error)}).", "Download it again.") from error


def _readable(dtype: pl.DataType) -> pl.DataType:
    """Return the type in which values of a published type are handed over."""
    if isinstance(dtype, pl.List | pl.Array):
        return pl.List(_readable(dtype.inner))  # type: ignore[arg-type]  # a type of a file is no class
    if isinstance(dtype, pl.Struct):
        return pl.Struct({field.name: _readable(field.dtype) for field in dtype.fields})  # type: ignore[arg-type]
    return pl.String() if isinstance(dtype, pl.Binary) else dtype


def _converted(name: str, published: pl.DataType, dtype: pl.DataType) -> pl.Expr:
    def convert(values: pl.Series) -> pl.Series:
        try:
            return values.cast(dtype)
        except pl.exceptions.PolarsError:  # bytes that are no UTF-8
            return pl.Series(values.name, [_decoded(value) for value in values.to_list()], dtype)

    return pl.col(name) if published == dtype else pl.col(name).map_batches(convert, dtype, is_elementwise=True)


def _decoded(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {name: _decoded(member) for name, member in value.items()}
    return [_decoded(item) for item in value] if isinstance(value, list) else value


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["unreadable"])[0].rstrip(".")


def row_groups(path: Path, name: str) -> list[int]:
    """Return the number of rows of each row group; raises InputError for a file that is cut off or isn't Parquet."""
    footer = _footer(path, name)
    try:
        metadata = _Compact(footer).struct()
        return [int(group[_NUM_ROWS]) for group in metadata.get(_ROW_GROUPS, [])]
    except (IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{name} has a damaged footer.", "Download it again.") from error


def _footer(path: Path, name: str) -> bytes:
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        if not size:
            raise InputError(f"{name} is empty.", "Download it again.")
        stream.seek(0)
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise InputError(f"{name} is no Parquet file.", "Check that this is the right file.")
        stream.seek(max(size - 8, 0))
        ending = stream.read(8)
        length = int.from_bytes(ending[:4], "little")
        if ending[4:] != _MAGIC or length > size - 12:
            raise InputError(f"{name} is cut off: its footer is missing.", "Download it again.")
        stream.seek(size - 8 - length)
        return stream.read(length)


@dataclass
class _Compact:
    """Reads Thrift's compact protocol: structs become dicts from field number to value."""

    data: bytes
    at: int = 0

    def struct(self) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            kind = head & 15
            fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind)
        return fields

    def _value(self, kind: int) -> Any:
        if kind in (_TRUE, _FALSE, _BYTE):  # inside a list a boolean takes a byte
            return self._byte()
        if kind in (_I16, _I32, _I64):
            return self._zigzag()
        if kind == _STRUCT:
            return self.struct()
        if kind in (_LIST, _SET):
            return self._list()
        if kind == _MAP:
            return self._map()
        return self._bytes(8 if kind == _DOUBLE else self._varint())

    def _list(self) -> list[Any]:
        head = self._byte()
        size = head >> 4 if head >> 4 < 15 else self._varint()
        return [self._value(head & 15) for _ in range(size)]

    def _map(self) -> list[tuple[Any, Any]]:
        size = self._varint()
        kinds = self._byte() if size else 0
        return [(self._value(kinds >> 4), self._value(kinds & 15)) for _ in range(size)]

    def _byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def _bytes(self, length: int) -> bytes:
        self.at += length
        if self.at > len(self.data):
            raise IndexError("the footer ends too early")
        return self.data[self.at - length : self.at]

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 128:
            value |= (byte & 127) << shift
            shift += 7
        return value | byte << shift

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
