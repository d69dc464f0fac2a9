"""Workbooks (.xlsx): the first sheet read as a CSV, and a report written as one; neither has formulas.

A workbook is a zip of XML. What it says it unpacks to is bounded before anything is read, and no member unpacks to more
than it says (`zipfile`). Rows and columns are bounded too: a cell may claim to stand anywhere. The library is imported
when a workbook is read or written, as few checks need it.
"""

import csv
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Any

import polars as pl

from linernotes.export import writers
from linernotes.output.terminal import visible
from mappings.errors import InputError

MAGIC = b"PK\x03\x04"
MEMBER = "xl/workbook.xml"
"""What makes a zip file a workbook."""

MAX_UNPACKED = 100_000_000
"""Bytes of all members together. A hundred thousand rows of a usual catalogue have 30 MB."""

MAX_MEMBERS = 1_000
MAX_ROWS, MAX_COLUMNS = 1_048_576, 256
"""Rows that a sheet can have, and columns that are read of it."""

MAX_CELL = 32_767
"""Characters that a cell can have."""

_BLOCK = 1 << 16
_HINT = "Save it as CSV (UTF-8) and check that."


def is_workbook(path: Path) -> bool:
    """Tell whether a file is a workbook."""
    with path.open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            return False
        try:
            with zipfile.ZipFile(stream) as archive:
                return MEMBER in archive.namelist()
        except (zipfile.BadZipFile, OSError, ValueError):
            return False


@contextmanager
def as_csv(path: Path, name: str) -> Iterator[Path]:
    """Give the first sheet as a CSV in UTF-8, gone afterwards; of a formula the value that was stored with it.

    Raises InputError for a workbook that is too large or damaged.
    """
    with tempfile.NamedTemporaryFile("w", prefix="linernotes-", encoding="utf-8", newline="") as file:
        try:
            _check_size(path, name)
            with path.open("rb") as stream:  # by its name, the library would refuse what isn't called .xlsx
                _write_csv(stream, name, file)
        except InputError:
            raise
        except Exception as error:  # whatever a damaged file makes the library raise: it is the file that is wrong
            raise InputError(f"{name} can't be read as a workbook.", _HINT) from error
        file.flush()
        yield Path(file.name)


def _check_size(path: Path, name: str) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    size = sum(member.file_size for member in members)
    if size > MAX_UNPACKED or len(members) > MAX_MEMBERS:
        limit = MAX_UNPACKED // 1_000_000
        raise InputError(f"{name} unpacks to more than {limit} MB.", f"Remove what isn't the catalogue. {_HINT}")


def _write_csv(stream: IO[bytes], name: str, file: Any) -> None:
    import openpyxl

    book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    try:
        if not book.worksheets:
            raise InputError(f"{name} has no sheet with rows.", _HINT)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size may be wrong
        writer, width = csv.writer(file), 0
        for row in sheet.iter_rows(max_row=MAX_ROWS, max_col=MAX_COLUMNS, values_only=True):
            cells = [_text(value) for value in row]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                # The header says how many columns there are; what a sheet leaves out at the end is blank.
                width = width or len(cells)
                writer.writerow(cells + [""] * (width - len(cells)))
    finally:
        book.close()


def _text(value: object) -> str:
    r"""Return a cell as text on one line.

    >>> _text(None), _text(1999.0), _text("Sigur\nRós"), _text(True)
    ('', '1999', 'Sigur Rós', 'true')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value)[:MAX_CELL].split())


def workbook(rows: Iterable[Sequence[object]], schema: pl.Schema, facts: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """Yield a workbook: a sheet of rows with the guard of a CSV (`writers.safe`), and one of facts about them."""
    with tempfile.TemporaryFile(prefix="linernotes-") as file:
        _write_workbook(rows, schema, facts, file)
        file.seek(0)
        yield from iter(partial(file.read, _BLOCK), b"")


def _write_workbook(
    rows: Iterable[Sequence[object]], schema: pl.Schema, facts: Iterable[tuple[str, str]], file: IO[bytes]
) -> None:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    try:
        sheet = book.create_sheet("rows")
        sheet.freeze_panes = "A2"
        guarded = (line for frame in writers.frames(rows, schema) for line in writers.safe(frame).iter_rows())
        for number, line in enumerate(chain([tuple(schema)], guarded), 1):
            if number > MAX_ROWS:
                raise InputError("The report has more rows than a sheet can have.", "Take CSV or NDJSON.")
            sheet.append([_cell(value) for value in line])
        about = book.create_sheet("about")
        frame = pl.DataFrame(list(facts), schema={"name": pl.String, "value": pl.String}, orient="row")
        for name, value in writers.safe(frame).iter_rows():
            about.append([_cell(name), _cell(value)])
        book.save(file)
    finally:
        book.close()


def _cell(value: object) -> object:
    """Return a value as a cell can have it: no control characters, not too long. None begins with `=` any more."""
    return visible(value)[:MAX_CELL] if isinstance(value, str) else value
