"""Workbooks (.xlsx): the first sheet read as a CSV, and a report written as one; neither has formulas.

A workbook is read by a process of its own (`worksheet`), with bounds of rows, time, memory and disk that end it. The
library is imported when a workbook is read or written, as few checks need it.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO

import polars as pl

from linernotes.catalogue import worksheet
from linernotes.catalogue.worksheet import MAX_CELL, MAX_UNPACKED, Exit
from linernotes.export import writers
from linernotes.output.terminal import visible
from mappings.errors import InputError

MAGIC = b"PK\x03\x04"
"""What a zip file begins with, so a workbook too."""

MAX_ROWS = 1_048_576
"""Rows that a sheet can have."""

_BLOCK = 1 << 16
_HINT = "Save it as CSV (UTF-8) and check that."


@dataclass(frozen=True)
class Bounds:
    """What reading a workbook may take: rows, seconds of CPU, bytes of memory."""

    rows: int = MAX_ROWS
    seconds: int = 300
    memory: int = 2_000_000_000


def is_zip(path: Path) -> bool:
    """Tell whether a file looks like a zip file: a workbook, or no catalogue."""
    with path.open("rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC


@contextmanager
def as_csv(path: Path, name: str, bounds: Bounds) -> Iterator[Path]:
    """Give the first sheet as a CSV in UTF-8, gone afterwards; of a formula the value that was stored with it.

    Raises InputError for a workbook that is too large or damaged, or what is none.
    """
    with tempfile.NamedTemporaryFile(prefix="linernotes-") as file:
        arguments = map(str, (path, bounds.rows, bounds.seconds, bounds.memory))
        program = [sys.executable, "-P", "-X", "utf8", worksheet.__file__, *arguments]
        code = subprocess.run(
            program, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.DEVNULL, check=False
        ).returncode
        if code:
            raise _error(code, name, bounds)
        yield Path(file.name)


def _error(code: int, name: str, bounds: Bounds) -> InputError:
    """Return the error for an exit code; a negative one is the signal that the system ended it with."""
    if code == Exit.NO_WORKBOOK:
        return InputError(f"{name} is no CSV but a zip file or a spreadsheet that isn't .xlsx.", _HINT)
    if code == Exit.NO_SHEET:
        return InputError(f"{name} has no sheet with rows.", _HINT)
    if code == Exit.TOO_LARGE:
        limit = MAX_UNPACKED // 1_000_000
        return InputError(f"{name} unpacks to more than {limit} MB.", f"Remove what isn't the catalogue. {_HINT}")
    if code == Exit.TOO_MANY_ROWS:
        return InputError(f"The sheet of {name} goes on below row {bounds.rows:,}.", "Split it.")
    if code == Exit.TOO_COSTLY or code < 0:
        return InputError(f"{name} takes too much time or memory to be read as a workbook.", _HINT)
    return InputError(f"{name} can't be read as a workbook.", _HINT)


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
