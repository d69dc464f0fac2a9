"""Parquet: row groups, decoded one at a time, handed out in chunks."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from indexer.readers.files import open_bytes
from indexer.readers.parquet_footer import row_groups
from indexer.records import SOURCE_ROW, Chunk, RawBatch, SourceFile
from mappings.errors import InputError

CHUNK_ROWS = 50_000
"""Rows in a chunk: some 30 ms of CPU go before the first row of each (0.6 microseconds a row here), and encoded they
are about 30 MB."""


@dataclass(frozen=True)
class _Window:
    """Neighbouring row groups that are decoded together: small ones are joined up to a chunk's size."""

    offset: int
    rows: int


class ParquetReader:
    """Reads the wanted columns, with their types as published.

    Memory is bounded by one window: a row group, or several small ones. It is kept until another one is asked
    for, so that its chunks, read one after the other, decode it once.
    """

    def __init__(self, file: SourceFile, wanted: Sequence[str], rows: int = CHUNK_ROWS) -> None:
        """Read the footer; raises InputError when the file can't be read, is empty or cut off."""
        self.file = file
        self._bytes = open_bytes(file)
        groups = row_groups(self._bytes.path, file.name)
        self.columns = _columns(self._bytes.path, file.name)
        self._wanted = [name for name in wanted if name in self.columns]
        self._rows = rows
        self._windows = _windows(groups, rows)
        self._lock = threading.Lock()
        self._decoded: tuple[_Window, pl.DataFrame] | None = None

    def chunks(self) -> list[Chunk]:
        """Return chunks of up to `rows` rows; none goes beyond its window."""
        pieces = [
            (offset, min(self._rows, window.offset + window.rows - offset))
            for window in self._windows
            for offset in range(window.offset, window.offset + window.rows, self._rows)
        ]
        return [Chunk(number, offset, rows, offset + 1, rows) for number, (offset, rows) in enumerate(pieces)]

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
            lazy = pl.scan_parquet(self._bytes.path, glob=False).select(self._wanted)
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


def _columns(path: Path, name: str) -> list[str]:
    try:
        return list(pl.read_parquet_schema(path))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{name} is no Parquet file ({_first_line(error)}).", "Download it again.") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["unreadable"])[0].rstrip(".")
