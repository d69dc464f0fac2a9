"""CSV as RFC 4180 has it: cells may hold quoted commas, quotation marks and newlines."""

from collections.abc import Callable, Sequence

import polars as pl

from indexer.formats.csv_records import cells_of, count_records, split_cells, well_formed_end, whole_records
from indexer.formats.inputs import Text, open_text
from indexer.formats.packed import CUT_MARK
from indexer.formats.rejecting import CUT_OFF, CUT_REASON, rejection
from indexer.formats.stretches import STRETCH_BYTES, plan
from indexer.records import SOURCE_ROW, RawBatch, Rejection, SourceFile, Stretch
from mappings.errors import InputError

_BOM = b"\xef\xbb\xbf"
_HEAD_BYTES = 1 << 20

Header = Callable[[list[list[str]]], list[str]]
"""Makes the columns' names from the header rows."""


class CsvReader:
    """Reads the wanted columns, all as strings; an empty cell is null.

    `columns` are the columns' names; `seen` are these and the cells of the first row, which tell a foreign file.
    Rows are records after the header rows; a blank line counts as a row that is skipped.
    """

    def __init__(
        self,
        file: SourceFile,
        wanted: Sequence[str],
        header_rows: int = 1,
        header: Header = lambda rows: rows[0],
        block: int | None = STRETCH_BYTES,
    ) -> None:
        """Open the file and read its header; `block` None makes the whole file one stretch.

        Raises InputError when the file can't be read, is empty, or has fewer lines than header rows.
        """
        self.file = file
        self._text: Text = open_text(file)
        self._block = block or self._text.size
        rows, self._start = _head(self._text, file.name, header_rows)
        self.columns = header(rows)
        self.seen = {*self.columns, *rows[0]}
        self._wanted = [self.columns.index(name) for name in wanted if name in self.columns]

    def stretches(self) -> list[Stretch]:
        """Return stretches that end at record ends."""
        return list(plan(self._text, self._start, self._cut, self._block))

    def read(self, stretch: Stretch) -> RawBatch:
        """Return the stretch's rows as columns of strings; damaged rows are rejected."""
        data = self._text.read_at(stretch.offset, stretch.length)
        if self._text.is_cut_in(stretch):
            return self._read_cut(data, stretch)
        return self._read_whole(data, stretch) or self._read_records(data, stretch)

    def _cut(self, buffer: bytes, last: bool) -> tuple[int, int]:
        end, rows = well_formed_end(buffer, last)
        return (end, rows) if rows is not None else count_records(buffer, len(self.columns), last)

    def _read_whole(self, data: bytes, stretch: Stretch) -> RawBatch | None:
        """Return all rows, or None when one of them isn't as it should be."""
        # Polars takes stray quotation marks for text, or not, as it likes: what they mean is decided in one place.
        if well_formed_end(data, last=True)[1] is None:
            return None
        names = [str(number) for number in range(len(self.columns))]
        # Polars fills up rows that are too short: where the last cell is empty, the exact way has to look.
        needed = sorted({*self._wanted, len(names) - 1})
        try:
            frame = pl.read_csv(
                b"".join((",".join(names).encode(), b"\n", data, b"" if data.endswith(b"\n") else b"\n")),
                columns=[names[index] for index in needed],
                schema=dict.fromkeys(names, pl.String),
                infer_schema=False,
            )
        except pl.exceptions.PolarsError:
            return None
        if frame.height != stretch.rows or frame[names[-1]].null_count():
            return None
        rows = pl.int_range(stretch.first_row, stretch.first_row + frame.height, dtype=pl.Int64, eager=True)
        wanted = [pl.col(names[index]).replace("", None).alias(self.columns[index]) for index in self._wanted]
        return RawBatch(frame.select(*wanted, rows.alias(SOURCE_ROW)))

    def _read_cut(self, data: bytes, stretch: Stretch) -> RawBatch:
        """Return the records before the cut; the one with the mark, which is the last, is rejected for that."""
        read = self._read_records(data, stretch)
        *others, last = read.rejections
        record = last.record.removesuffix(CUT_MARK.decode("utf-8", "replace"))
        cut = rejection(self.file.name, last.row, CUT_OFF, CUT_REASON, record)
        return RawBatch(read.frame, (*others, cut), read.skipped)

    def _read_records(self, data: bytes, stretch: Stretch) -> RawBatch:
        good: list[list[str | int | None]] = []
        rejected: list[Rejection] = []
        read = 0
        for read, record in enumerate(whole_records(data, len(self.columns)), 1):
            row = stretch.first_row + read - 1
            cells = cells_of(record, len(self.columns))
            if isinstance(cells, str):
                rejected.append(rejection(self.file.name, row, "unreadable", cells, record))
            elif cells:
                good.append([*(cells[index] or None for index in self._wanted), row])
        schema = {self.columns[index]: pl.String() for index in self._wanted} | {SOURCE_ROW: pl.Int64()}
        frame = pl.DataFrame(good, schema=schema, orient="row")
        return RawBatch(frame, tuple(rejected), read - len(good) - len(rejected))


def _head(text: Text, name: str, rows: int) -> tuple[list[list[str]], int]:
    """Return the header rows, and the offset of the first row after them."""
    start = len(_BOM) if text.read_at(0, len(_BOM)) == _BOM else 0
    lines = text.read_at(start, _HEAD_BYTES).split(b"\n")[:rows]
    cells = [split_cells(line.decode("utf-8", "replace")) for line in lines if line.strip()]
    if len(cells) < rows:
        raise InputError(f"{name} has fewer than {rows} header rows.", "Download it again.")
    end = start + sum(len(line) + 1 for line in lines)
    if text.cut and end > text.size:
        raise InputError(f"{name} is cut off in its header.", "Download it again.")
    return cells, min(end, text.size)
