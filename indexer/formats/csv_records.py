"""Where records of a CSV text end: fast where it is well formed, exact where it is not.

A newline ends a record unless it is inside quotation marks, and whether it is inside is the parity of the marks
before it: so their places are enough, for text in which marks stand only around cells. Other text is gone through
record by record, and both ways agree wherever both apply.
"""

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

RECORD_BYTES = 1 << 20
"""No record is longer: a quoted cell that goes on for longer was never closed. The longest record of the 682 real
FMA rows, those with artists' biographies, has 6 KB."""

_CELL = rb'(?:"(?:[^"]++|"")*+"|[^",\n][^,\n]*+|)'
_RECORD = re.compile(rb"%s(?:,%s)*+\r?(?:\n|\Z)" % (_CELL, _CELL))
_SPLIT = re.compile(r'(?:^|,)("((?:[^"]|"")*)"(?=,|\Z)|[^,]*)')

Places = npt.NDArray[np.intp]
"""Where something stands, as offsets in ascending order."""


def well_formed_end(buffer: bytes, last: bool) -> tuple[int, int | None]:
    r"""Return the end of the last whole record and the number of records, None where quotation marks stray.

    >>> well_formed_end(b'1,"a\nb"\n2,c\n3,"d', last=False)
    (12, 2)
    >>> well_formed_end(b'1,6" record\n2,b\n', last=True)
    (0, None)
    """
    marks, newlines = _places(buffer, b'"'), _places(buffer, b"\n")
    if last:
        stray = len(marks) % 2 == 1 or _strays(buffer, marks)
        return (0, None) if stray else (len(buffer), _outside(marks, newlines).size + (not buffer.endswith(b"\n")))
    ends = _outside(marks, newlines)
    if not ends.size:
        return 0, (None if len(buffer) > RECORD_BYTES else 0)
    end = int(ends[-1]) + 1
    stray = _strays(buffer, marks[: np.searchsorted(marks, end)])
    return (0, None) if stray or len(buffer) - end > RECORD_BYTES else (end, ends.size)


def count_records(buffer: bytes, cells: int, last: bool) -> tuple[int, int]:
    """Return the end of the last record that can't look different with more bytes, and the number of records.

    Raises nothing: text that isn't CSV at all is one damaged record after the other.
    """
    end = rows = 0
    for record in whole_records(buffer, cells):
        if not last and end + len(record) + RECORD_BYTES > len(buffer):
            break
        end, rows = end + len(record), rows + 1
    return end, rows


def whole_records(data: bytes, cells: int) -> Iterator[bytes]:
    """Yield the records with their line ends; what is damaged comes as one piece, up to the next good record."""
    start = 0
    while start < len(data):
        found = _RECORD.match(data, start)
        end = found.end() if found else _next_good(data, start, cells)
        yield data[start:end]
        start = end


def cells_of(record: bytes, cells: int) -> list[str] | str:
    """Return a record's cells, [] for a blank line, or the reason why it can't be read."""
    if not record.strip():
        return []
    try:
        text = record.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start + 1} of the record"
    if not _RECORD.fullmatch(record):
        return "a quotation mark is missing, or the row is cut off"
    found = split_cells(text)
    return found if len(found) == cells else f"{len(found)} cells instead of {cells}: cut off, or a comma too many"


def _next_good(data: bytes, start: int, cells: int) -> int:
    """Return where, after a damaged record, the next line begins that is a whole record; else the end."""
    line = data.find(b"\n", start) + 1
    while 0 < line < len(data):
        found = _RECORD.match(data, line)
        if found and _count(found[0]) == cells:
            return line
        line = data.find(b"\n", line) + 1
    return len(data)


def _count(record: bytes) -> int:
    """Return the number of cells of a record that `_RECORD` matches."""
    return len(split_cells(record.decode("latin-1")))


def split_cells(record: str) -> list[str]:
    """Return the cells of a record that `_RECORD` matches; marks inside a bare cell are part of it."""
    line = record.removesuffix("\n").removesuffix("\r")
    return [found[1] if found[2] is None else found[2].replace('""', '"') for found in _SPLIT.finditer(line)]


def _places(buffer: bytes, byte: bytes) -> Places:
    return np.flatnonzero(np.frombuffer(buffer, np.uint8) == ord(byte))


def _outside(marks: Places, newlines: Places) -> Places:
    """Return the newlines that an even number of quotation marks stands before."""
    outside: Places = newlines[np.searchsorted(marks, newlines) % 2 == 0]
    return outside


def _strays(buffer: bytes, marks: Places) -> bool:
    """Tell whether a quotation mark opens or closes elsewhere than at a cell's edge; `marks` are an even number."""
    # The text's beginning and end are edges; so is the mark beside a mark, as the two stand for one inside of a cell.
    around = np.frombuffer(b"\n%s\n\n" % buffer, np.uint8)
    opening, closing = marks[::2], marks[1::2]
    before, after, then = around[opening], around[closing + 2], around[closing + 3]
    ended = _any_of(after, b',\n"') | ((after == ord("\r")) & (then == ord("\n")))
    return not bool(_any_of(before, b',\n"').all() and ended.all())


def _any_of(found: npt.NDArray[np.uint8], wanted: bytes) -> npt.NDArray[np.bool_]:
    return np.isin(found, np.frombuffer(wanted, np.uint8))
