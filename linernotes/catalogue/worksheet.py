"""Writes the first sheet of a workbook as CSV to standard output, in a process of its own that the system bounds.

python worksheet.py WORKBOOK ROWS CPU_SECONDS MEMORY_BYTES

A workbook of a few kilobytes can take any memory, time and disk: styles and shared strings are trees, and a cell may
repeat a text of 32,767 letters by its number. The exit code says what is wrong. It imports nothing of ours: each upload
of a workbook starts it.
"""

import csv
import errno
import os
import resource
import sys
import zipfile
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import Any

MEMBER = "xl/workbook.xml"
"""What makes a zip file a workbook."""

MAX_UNPACKED = 100_000_000
"""Bytes of all members together, and of the CSV. A hundred thousand rows of a usual catalogue have 30 MB."""

MAX_MEMBERS, MAX_COLUMNS = 1_000, 256

MAX_CELL = 32_767
"""Characters that a cell can have."""


class Exit(IntEnum):
    """Exit codes; any other is that of a damaged workbook, or of a signal."""

    OK = 0
    NO_WORKBOOK = 10
    NO_SHEET = 11
    TOO_LARGE = 12
    TOO_MANY_ROWS = 13
    TOO_COSTLY = 14


def write_csv(path: str, max_rows: int) -> Exit:
    """Write the first sheet; of a formula the value that was stored with it."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        return Exit.NO_WORKBOOK
    if MEMBER not in (member.filename for member in members):
        return Exit.NO_WORKBOOK
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
        return Exit.TOO_LARGE
    import openpyxl

    with Path(path).open("rb") as stream:  # by its name, the library would refuse what isn't called .xlsx
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        if not book.worksheets:
            return Exit.NO_SHEET
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size may be wrong
        writer, width = csv.writer(sys.stdout), 0
        for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), 1):
            if number > max_rows:
                return Exit.TOO_MANY_ROWS
            cells = [_text(value) for value in row]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                # The header says how many columns there are; what a sheet leaves out at the end is blank.
                width = width or len(cells)
                writer.writerow(cells + [""] * (width - len(cells)))
    sys.stdout.flush()
    return Exit.OK


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


def main(path: str, max_rows: str, seconds: str, memory: str) -> Exit:
    """Bound this process, and write the sheet; return the exit code."""
    modules: dict[str, Any] = sys.modules
    modules["numpy"] = None  # openpyxl takes it where it is there, which costs time and address space
    for kind, limit in (
        (resource.RLIMIT_CPU, int(seconds)),
        (resource.RLIMIT_AS, int(memory)),
        (resource.RLIMIT_FSIZE, MAX_UNPACKED),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # a lower one is set already, or the system has none
            resource.setrlimit(kind, (limit, limit))
    try:
        return write_csv(path, int(max_rows))
    except MemoryError:
        return Exit.TOO_COSTLY
    except OSError as error:
        if error.errno == errno.EFBIG:
            return Exit.TOO_LARGE
        raise


if __name__ == "__main__":
    os._exit(main(*sys.argv[1:]))  # what is left in the buffers of a file that is full can't be written
