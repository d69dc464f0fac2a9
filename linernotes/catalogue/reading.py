"""A catalogue as a file: found, decoded, its columns recognised, and its rows read one at a time."""

import io
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TextIO

from linernotes.catalogue import encoding, records
from linernotes.catalogue.encoding import Written
from linernotes.catalogue.records import Record
from mappings.errors import InputError
from queries.catalogue import CatalogueRow, find_columns, parse_row
from queries.catalogue.row import ARTIST, PLATFORMS, TITLE, URL

DELIMITERS = (",", ";", "\t", "|")
_TELLS = re.compile(r"^sep=(.)\s*$", re.IGNORECASE)
_STDIN = Path("-")


@dataclass(frozen=True)
class Catalogue:
    """A file whose columns are known: where it lies, its name, how it is written, and where each column stands."""

    path: Path
    name: str
    written: Written
    delimiter: str
    header: tuple[str, ...]
    columns: dict[str, int]

    @property
    def unused(self) -> tuple[str, ...]:
        """Return the headers that mean nothing here."""
        used = set(self.columns.values())
        return tuple(name for place, name in enumerate(self.header) if place not in used and name)

    def questions(self) -> Iterator[CatalogueRow]:
        """Yield the rows, from 1; what can't be read says why."""
        for number, record in enumerate(self._records(), 1):
            yield self._question(number, record)

    def size(self, most: int) -> int:
        """Return the number of rows, `most` + 1 if there are more."""
        return sum(1 for _ in islice(self._records(), most + 1))

    def _records(self) -> Iterator[Record]:
        with _text(self.path, self.written) as stream:
            rows = records.read(stream, self.delimiter, self.name)
            first = next(rows, None)
            if first and _TELLS.match(self.delimiter.join(first.fields)):
                next(rows, None)
            yield from rows

    def _question(self, number: int, record: Record) -> CatalogueRow:
        cells = {column: record.fields[at] for column, at in self.columns.items() if at < len(record.fields)}
        wrong = (
            record.wrong
            or self._ragged(record.fields)
            or ("bytes that are no text" if encoding.broken("".join(cells.values())) else "")
        )
        asked = parse_row(number, cells)
        return replace(asked, unreadable=wrong) if wrong else asked

    def _ragged(self, fields: list[str]) -> str:
        """Return what is wrong with the number of fields; blank ones too many do no harm."""
        wanted, there = len(self.header), len(fields)
        if there < wanted or any(field.strip() for field in fields[wanted:]):
            return f"{there} fields where the header has {wanted}"
        return ""


@contextmanager
def opened(path: Path, name: str | None = None) -> Iterator[Catalogue]:
    """Give the catalogue in a file, or on standard input (`-`), which is kept in a temporary file meanwhile.

    `name` is what people call the file, where that isn't what it is called here.
    Raises InputError for what is no catalogue, in one sentence.
    """
    try:
        if path != _STDIN:
            yield _catalogue(path, name or path.name)
            return
        with tempfile.NamedTemporaryFile(prefix="linernotes-") as spool:
            shutil.copyfileobj(sys.stdin.buffer, spool)
            spool.flush()
            yield _catalogue(Path(spool.name), "standard input")
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder.", "Give the path of a CSV file.") from error
    except FileNotFoundError as error:
        raise InputError(
            f"There is no file {path}.", "Give the path of a CSV file, or - for standard input."
        ) from error
    except PermissionError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.", "Give a file that you may read.") from error


def _catalogue(path: Path, name: str) -> Catalogue:
    written = encoding.of(path, name)
    with _text(path, written) as stream:
        first = stream.readline(records.LONGEST_LINE)
        told = _TELLS.match(first)
        if not told:
            stream.seek(0)
        start = stream.read(records.LONGEST_LINE)
    tried = [told[1]] if told else list(DELIMITERS)
    headers = {mark: _header(start, mark, name) for mark in tried}
    delimiter = max(tried, key=lambda mark: (len(find_columns(headers[mark])), len(headers[mark])))
    header = headers[delimiter]
    columns = find_columns(header)
    if not {ARTIST, TITLE} <= set(columns) and not columns.keys() & {URL, *PLATFORMS}:
        raise InputError(_lacking(name, header, columns))
    return Catalogue(path, name, written, delimiter, tuple(header), columns)


def _header(start: str, delimiter: str, name: str) -> list[str]:
    first = next(records.read(io.StringIO(start, newline=""), delimiter, name), Record([]))
    return [" ".join(field.split()) for field in first.fields]


def _lacking(name: str, header: list[str], columns: dict[str, int]) -> str:
    missing = " and ".join(column for column in (ARTIST, TITLE) if column not in columns)
    found = ", ".join(cell[:40] or "(blank)" for cell in header[:12]) + (", …" if len(header) > 12 else "")
    return (
        f"{name} has no column for {missing}: found {found or 'none'}; needed are artist and title, "
        "or a column of ids (url, youtube, spotify, fma, genius)."
    )


def _text(path: Path, written: Written) -> TextIO:
    return path.open(encoding=written.encoding, errors=written.errors, newline="")
