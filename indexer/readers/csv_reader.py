"""CSV by the standard library's strict reader: cells may hold quoted separators, quotation marks and newlines."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, zip_longest

import polars as pl

from indexer.readers.files import CHUNK_BYTES, Text, open_text
from indexer.records import SOURCE_ROW, Chunk, RawBatch, Rejection, SourceFile, rejection
from mappings.errors import InputError
from mappings.private import is_private

RECORD_BYTES = 16 << 20
"""No record is longer: a quoted cell that goes on for longer was never closed."""

_HEAD_BYTES = 1 << 20
_BATCH_ROWS = 2_000
"""Rows whose cells are Python strings at a time."""

csv.field_size_limit(RECORD_BYTES)

Header = Callable[[list[list[str]]], list[str]]
"""Makes the columns' names from the header rows."""


def joined_names(rows: list[list[str]]) -> list[str]:
    """Return names of several header rows: what stands in one column, joined with dots.

    >>> joined_names([["", "album", "album"], ["", "id", "title"], ["track_id", "", ""]])
    ['track_id', 'album.id', 'album.title']
    """
    return [".".join(cell for cell in cells if cell) for cells in zip_longest(*rows, fillvalue="")]


@dataclass(frozen=True)
class Dialect:
    """How cells are written: what stands between two, and around one (`quote`, "" for nothing)."""

    separator: str = ","
    quote: str = '"'

    def reader(self, lines: Iterable[str], *, strict: bool = False) -> Iterator[list[str]]:
        """Return the standard library's reader of some lines."""
        if self.quote:
            return csv.reader(lines, delimiter=self.separator, quotechar=self.quote, strict=strict)
        return csv.reader(lines, delimiter=self.separator, quoting=csv.QUOTE_NONE, strict=strict)


COMMAS = Dialect()


class CsvReader:
    """Reads some columns, all as strings; an empty cell is null.

    `columns` are the names of those to read. Rows are records after the header rows; a blank line counts as a row that
    is skipped. Of a damaged record nobody knows which cell is of which column: unless all columns are read, or all of
    the file's columns are `public`, only its size is stored.
    """

    def __init__(
        self,
        file: SourceFile,
        columns: Sequence[str],
        header_rows: int = 1,
        header: Header = joined_names,
        block: int | None = CHUNK_BYTES,
        dialect: Dialect = COMMAS,
        text: Text | None = None,
        *,
        public: bool = True,
    ) -> None:
        """Open the file and read its header; `block` None makes the whole file one chunk, `text` is the opened file.

        Raises InputError when the file can't be read, is empty, or has fewer lines than header rows.
        """
        self.file = file
        self._text: Text = text or open_text(file)
        self._block = block or self._text.size
        self._dialect = dialect
        rows, self._start = _head(self._text, header_rows, dialect)
        self.columns = header(rows)
        self._first_row = rows[0] if rows else []
        self._positions = [self.columns.index(name) for name in dict.fromkeys(columns) if name in self.columns]
        unknown = [] if public else [name for name in self.columns if name not in columns]
        self._storable = not unknown and not any(map(is_private, self.columns))

    def seen_columns(self) -> set[str]:
        """Return the columns' names and the cells of the first row."""
        return {*self.columns, *self._first_row}

    def chunks(self) -> list[Chunk]:
        """Return chunks that end at record ends."""
        return list(self._text.chunks(self._start, self._cut, self._block))

    def head(self, rows: int) -> RawBatch:
        """Return the first rows, as far as they lie in the file's first megabyte."""
        data = self._text.read_at(self._start, _HEAD_BYTES)
        last = self._start + len(data) >= self._text.size
        ends = [end for end, _ in islice(self._records(data, last=last), rows)]
        return self.read(Chunk(0, self._start, ends[-1] if ends else 0, 1, len(ends)))

    def read(self, chunk: Chunk) -> RawBatch:
        """Return the chunk's rows as columns of strings; damaged rows are rejected."""
        data = self._text.read_at(chunk.offset, chunk.length)
        rejected: list[Rejection] = []
        skipped = 0

        def good() -> Iterator[list[str | int]]:
            nonlocal skipped
            start = 0
            for row, (end, cells) in enumerate(self._records(data), chunk.first_row):
                if isinstance(cells, str):
                    record = data[start:end] if self._storable else f"… ({end - start} bytes)"
                    rejected.append(rejection(self.file.name, row, "unreadable", cells, record))
                elif cells:
                    yield [*[cells[index] for index in self._positions], row]
                else:
                    skipped += 1
                start = end

        schema = {self.columns[index]: pl.String() for index in self._positions} | {SOURCE_ROW: pl.Int64()}
        rows = good()
        batches = iter(lambda: list(islice(rows, _BATCH_ROWS)), [])
        frames = [pl.DataFrame(batch, schema, orient="row") for batch in batches]
        frame = pl.concat([pl.DataFrame(schema=schema), *frames], rechunk=True)
        return RawBatch(frame.with_columns(pl.col(pl.String).replace("", None)), tuple(rejected), skipped)

    def _records(self, data: bytes, *, last: bool = True) -> Iterator[tuple[int, list[str] | str]]:
        return records(data, len(self.columns), last=last, dialect=self._dialect)

    def _cut(self, buffer: bytes, last: bool) -> tuple[int, int]:
        ends = [end for end, _ in self._records(buffer, last=last)]
        return (ends[-1], len(ends)) if ends else (0, 0)


class _Lines:
    """Gives the lines of a text to a CSV reader, and knows where they are.

    `start` is where the record begins, `end` where the line last given ends. `is_utf8` is about the lines between.
    Unless the bytes are the `last` of their file, a line needs its newline; `needs_more` says that none was left.
    """

    def __init__(self, data: bytes, *, last: bool) -> None:
        self._stream = io.BytesIO(data)
        self.last = last
        self.begin(0)

    def begin(self, start: int) -> None:
        """Go to where a record begins."""
        self._stream.seek(start)
        self.start = self.end = start
        self.is_utf8 = True
        self.needs_more = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._stream.readline()
        if not line or not (self.last or line.endswith(b"\n")):
            self.needs_more = not self.last
            raise StopIteration
        self.end += len(line)
        if self.end - self.start > RECORD_BYTES:
            raise csv.Error("the record is too long")
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.is_utf8 = False
            return line.decode("utf-8", "replace")


def records(
    data: bytes, cells: int, *, last: bool = True, dialect: Dialect = COMMAS
) -> Iterator[tuple[int, list[str] | str]]:
    r"""Yield each record's end, and its cells: [] for a blank line, the reason for one that can't be read.

    What can't be taken apart ends where a line begins a record of so many `cells`. Unless the bytes are the `last` of
    their file, records at their end are left out that may look different with more bytes.

    >>> list(records(b'1,"a\nb"\n2\n3,"c', 2, last=False))
    [(8, ['1', 'a\nb']), (10, '1 cells instead of 2: cut off, or a comma too many')]
    """
    lines = _Lines(data, last=last)
    reader = dialect.reader(lines, strict=True)
    while True:
        try:
            for row in reader:
                good = len(row) == cells and lines.is_utf8
                yield lines.end, row if good else _checked(data[lines.start : lines.end], row, cells)
                lines.start, lines.is_utf8 = lines.end, True
            return
        except csv.Error:
            start = lines.start
            if (end := _next_good(data, lines, reader, cells)) is None:
                return
            yield end, _not_utf8(data[start:end]) or "a quotation mark is missing, or the row is cut off"
            lines.begin(end)


def _next_good(data: bytes, lines: _Lines, reader: Iterator[list[str]], cells: int) -> int | None:
    """Return where, after a damaged record, a line begins a good one; else the end, None if more bytes may tell."""
    line = lines.start
    while not lines.needs_more:
        line = data.find(b"\n", line) + 1
        if not 0 < line < len(data):
            return len(data) if lines.last else None
        lines.begin(line)
        with suppress(csv.Error):
            if len(next(reader, ())) == cells:
                return line
    return None


def _checked(record: bytes, row: list[str], cells: int) -> list[str] | str:
    """Return no cells for a blank line, else the reason why a record that was taken apart is no good one."""
    if not record.strip():
        return []
    return _not_utf8(record) or f"{len(row)} cells instead of {cells}: cut off, or a comma too many"


def _not_utf8(record: bytes) -> str:
    try:
        record.decode()
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start + 1} of the record"
    return ""


def _head(text: Text, rows: int, dialect: Dialect) -> tuple[list[list[str]], int]:
    """Return the header rows, and the offset of the first row after them."""
    data = text.read_at(text.start, _HEAD_BYTES)
    lines = _Lines(data, last=True)
    try:
        cells = list(islice(filter(None, dialect.reader(lines)), rows))
    except csv.Error:
        cells = []
    if len(cells) < rows and b"\r" in data and b"\n" not in data:
        raise InputError(f"{text.name} ends its lines with CR alone.", "Save it with line feeds.")
    if len(cells) < rows:
        raise InputError(f"{text.name} has fewer than {rows} header rows.", "Download it again.")
    return cells, text.start + lines.end
