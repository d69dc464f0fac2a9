"""Catalogues: encoding, delimiter and columns of a CSV, or the properties of NDJSON, are recognised, and rows read.

Of a workbook (.xlsx) the first sheet is read as a CSV.
"""

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import orjson

from linernotes.catalogue import workbook
from linernotes.catalogue.workbook import Bounds
from linernotes.i18n import N_
from linernotes.output.files import input_file
from mappings.errors import InputError
from queries.catalogue import CatalogueRow, find_columns, parse_row
from queries.catalogue.row import ARTIST, PLATFORMS, TITLE, URL

UTF8, WINDOWS = "utf-8-sig", "cp1252"
"""The first reads UTF-8 with and without a byte order mark."""

_PIECE = 1 << 20
_MARKS = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_BROKEN = re.compile("[\udc80-\udcff\ufffd]")
_UTF32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_FOREIGN = {b"%PDF": "a PDF", b"\x1f\x8b": "a gzip file"}
WIDE_BOUNDS = Bounds()
_CSV_HINT = "Save it as CSV (UTF-8) and check that."

MAX_HEADERS, MAX_TEXT = 50, 200
"""Headers without a meaning that a report names, and characters of a text in it: it is kept in memory."""


def shorten(text: str) -> str:
    """Return a text, shortened if it is very long.

    >>> len(shorten("la" * 5_000))
    200
    """
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


@dataclass(frozen=True)
class Written:
    """The encoding of a file, and the hash of the whole file."""

    encoding: str
    sha256: str

    @property
    def errors(self) -> str:
        """Return how to read bytes that aren't of the encoding, so that rows with some can be recognised."""
        return "surrogateescape" if self.encoding == UTF8 else "replace"


def broken(text: str) -> bool:
    """Say whether a text holds what was no text in the file."""
    return not text.isascii() and bool(_BROKEN.search(text))


def of(path: Path, name: str) -> Written:
    """Return how a file is written: UTF-8 or UTF-16, with or without a mark, else Windows-1252.

    A file of UTF-8 with a few bytes that aren't stays UTF-8: read as Windows-1252, all its other accents would be
    lost. Raises InputError for what is no text.
    """
    with path.open("rb") as stream:
        start = stream.read(4096)
        if not start.strip(b"\xef\xbb\xbf\xff\xfe\x00\r\n\t "):
            raise InputError(f"{name} is empty.", "It needs a header with artist and title, and a row for each song.")
        encoding = _marked(start, name)
        stream.seek(0)
        digest, seen = hashlib.sha256(), _Seen(encoding or UTF8)
        while piece := stream.read(_PIECE):
            digest.update(piece)
            seen.add(piece)
        seen.add(b"", final=True)
    if seen.nul:
        raise InputError(f"{name} is no text: it holds NUL bytes.", _CSV_HINT)
    guessed = WINDOWS if seen.broken > seen.accents else UTF8
    return Written(encoding or guessed, digest.hexdigest())


def _marked(start: bytes, name: str) -> str | None:
    """Return the encoding that the first bytes tell, None if they don't."""
    for magic, kind in _FOREIGN.items():
        if start.startswith(magic):
            raise InputError(f"{name} is no CSV but {kind}.", _CSV_HINT)
    if start.startswith(_UTF32):
        raise InputError(f"{name} is written in UTF-32.", _CSV_HINT)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    even, odd = start[::2].count(0), start[1::2].count(0)
    if even + odd > len(start) // 5:
        # A header is mostly ASCII: in UTF-16 nearly every second byte of it is NUL.
        return "utf-16-le" if not even else "utf-16-be" if not odd else None
    return None


class _Seen:
    """What has been seen of a text: NULs, characters that aren't ASCII, bytes that are none."""

    def __init__(self, encoding: str) -> None:
        self.decoder = codecs.getincrementaldecoder(encoding)(errors=Written(encoding, "").errors)
        self.nul, self.accents, self.broken = False, 0, 0

    def add(self, piece: bytes, *, final: bool = False) -> None:
        text = self.decoder.decode(piece, final)
        self.nul |= "\x00" in text
        if not text.isascii():
            broken = len(_BROKEN.findall(text))
            self.broken += broken
            self.accents += len(text) - len(text.encode("ascii", "ignore")) - broken


LONGEST_LINE = 1 << 20
_MOST_LINES = 50
"""Lines that one record may have; a quote that isn't closed by then is a mistake, not a long text."""

_OPEN = "unexpected end of data"
NEVER_CLOSED = N_("a quote that is never closed")


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of a record; `wrong` says why it can't be read."""

    fields: list[str]
    wrong: str = ""


def read(stream: TextIO, delimiter: str, name: str) -> Iterator[Record]:
    """Yield the records of a stream that keeps its line ends; blank lines are none.

    Raises InputError for a line of a million characters.
    """
    lines = _Lines(stream, name)
    while line := lines.take():
        if line.strip():
            yield _record(line, lines, delimiter)


class _Lines:
    """Lines that can be put back."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self.stream, self.name, self.back = stream, name, list[str]()

    def take(self) -> str:
        if self.back:
            return self.back.pop()
        line = self.stream.readline(LONGEST_LINE)
        if len(line) >= LONGEST_LINE:
            raise InputError(f"{self.name} has a line of more than a million characters.", "Is it a CSV?")
        return line

    def put_back(self, lines: list[str]) -> None:
        self.back += reversed(lines)


def _record(line: str, lines: _Lines, delimiter: str) -> Record:
    """Return the record that begins with a line; a quoted field may go on in the next."""
    if '"' not in line:
        return Record(line.rstrip("\r\n").split(delimiter))
    taken = [line]
    while True:
        try:
            return Record(next(csv.reader(taken, delimiter=delimiter, strict=True)))
        except csv.Error as error:
            following = lines.take() if str(error) == _OPEN and len(taken) < _MOST_LINES else ""
            is_open = str(error) == _OPEN or len(taken) > 1
        if not following:
            # It is that line alone that is wrong: those after it are read afresh.
            lines.put_back(taken[1:])
            return Record([], NEVER_CLOSED) if is_open else Record(_loosely(line, delimiter))
        taken.append(following)


def _loosely(line: str, delimiter: str) -> list[str]:
    """Return the fields of a line whose quotes don't quote, such as 12" Mix."""
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except csv.Error:
        return line.rstrip("\r\n").split(delimiter)


DELIMITERS = (",", ";", "\t", "|")
_TELLS = re.compile(r"^sep=(.)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Catalogue:
    """A file whose columns are known: where it lies, its name, how it is written, and where each column stands."""

    path: Path
    name: str
    written: Written
    delimiter: str
    header: tuple[str, ...]
    columns: dict[str, int]
    format: str = ""
    """What the file is, where that isn't a CSV."""

    def describe(self) -> dict[str, Any]:
        """Return what a report says of the file."""
        return {
            "file": self.name,
            "sha256": self.written.sha256,
            "encoding": self.format or self.written.encoding.removesuffix("-sig"),
            "delimiter": self.delimiter,
            "columns": {column: shorten(self.header[place]) for column, place in self.columns.items()},
            "unused": tuple(map(shorten, self.unused[:MAX_HEADERS])),
        }

    @property
    def unused(self) -> tuple[str, ...]:
        """Return the headers that mean nothing here."""
        used = set(self.columns.values())
        return tuple(name for place, name in enumerate(self.header) if place not in used and name)

    def rows(self) -> Iterator[CatalogueRow]:
        """Yield the rows, from 1; what can't be read says why."""
        for number, record in enumerate(self._records(), 1):
            yield self._row(number, record)

    def size(self, most: int) -> int:
        """Return the number of rows, `most` + 1 if there are more."""
        return sum(1 for _ in islice(self._records(), most + 1))

    def _records(self) -> Iterator[Record]:
        with _text(self.path, self.written) as stream:
            if self.delimiter == NDJSON:
                yield from read_objects(stream, self.header[: len(self.columns)], self.name)
                return
            rows = read(stream, self.delimiter, self.name)
            first = next(rows, None)
            if first and _TELLS.match(self.delimiter.join(first.fields)):
                next(rows, None)
            yield from rows

    def _row(self, number: int, record: Record) -> CatalogueRow:
        cells = {column: record.fields[at] for column, at in self.columns.items() if at < len(record.fields)}
        wrong = (
            record.wrong
            or self._ragged(record.fields)
            or (N_("bytes that are no text") if broken("".join(cells.values())) else "")
        )
        row = parse_row(number, cells)
        return replace(row, unreadable=wrong) if wrong else row

    def _ragged(self, fields: list[str]) -> str:
        """Return what is wrong with the number of fields; blank ones too many do no harm."""
        expected, there = len(self.columns if self.delimiter == NDJSON else self.header), len(fields)
        if there < expected or any(field.strip() for field in fields[expected:]):
            return f"{there} fields where the header has {expected}"
        return ""


NDJSON = "NDJSON"
"""Stands for the delimiter where each line is an object."""

_MAX_PROPERTIES = 1_000
_NO_OBJECT = N_("a line that is no JSON object")


def read_objects(stream: TextIO, header: Sequence[str], name: str) -> Iterator[Record]:
    """Yield the properties of each line's object in the order of a header; blank lines are none."""
    for line in _object_lines(stream, name):
        properties = _object(line)
        yield Record([_cell(properties.get(each)) for each in header]) if properties else Record([], _NO_OBJECT)


def _object_lines(stream: TextIO, name: str) -> Iterator[str]:
    lines = _Lines(stream, name)
    while line := lines.take():
        if line.strip():
            yield line


def _object(line: str) -> dict[str, Any] | None:
    try:
        content = orjson.loads(line.encode("utf-8", "surrogateescape"))
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _cell(value: object) -> str:
    """Return a property as a CSV would have it.

    >>> _cell(["Simon", "Garfunkel", ["nested"]]), _cell(None), _cell(1999)
    ('Simon, Garfunkel', '', '1999')
    """
    if isinstance(value, list):
        return ", ".join(filter(None, (_cell(each) for each in value if not isinstance(each, list))))
    return "" if value is None or isinstance(value, dict | bool) else str(value)


def _ndjson(path: Path, name: str, written: Written) -> Catalogue:
    """Return a catalogue of objects; its columns are all properties that any of them has."""
    names: dict[str, None] = {}
    with _text(path, written) as stream:
        for line in _object_lines(stream, name):
            names.update(dict.fromkeys(_object(line) or ()))
            if len(names) > _MAX_PROPERTIES:
                raise InputError(f"{name} has more than {_MAX_PROPERTIES:,} different properties.", _CSV_HINT)
    given = [*names]
    columns = find_columns(given)
    _require_columns(name, given, columns)
    # Those that mean something come first, and no others are read of each line.
    used = {given[place]: column for column, place in columns.items()}
    header = (*used, *(each for each in given if each not in used))
    return Catalogue(path, name, written, NDJSON, header, {column: n for n, column in enumerate(used.values())})


@contextmanager
def open_catalogue(path: Path, name: str | None = None, bounds: Bounds = WIDE_BOUNDS) -> Iterator[Catalogue]:
    """Give the catalogue in a file, or on standard input (`-`).

    `name` is what people call the file, where that isn't what it is called here; `bounds` are those of a workbook.
    Raises InputError for what is no catalogue, in one sentence.
    """
    with input_file(path, "a CSV file", name) as (source, called):
        if workbook.is_zip(source):
            with workbook.as_csv(source, called, bounds) as sheet, source.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
                read_as_csv = _catalogue(sheet, called)
                yield replace(read_as_csv, written=Written(UTF8, digest), format="xlsx")
        else:
            yield _catalogue(source, called)


def _catalogue(path: Path, name: str) -> Catalogue:
    written = of(path, name)
    with _text(path, written) as stream:
        first = stream.readline(LONGEST_LINE)
        match = _TELLS.match(first)
        if first.lstrip().startswith("{"):
            return _ndjson(path, name, written)
        if not match:
            stream.seek(0)
        start = stream.read(LONGEST_LINE)
    tried = [match[1]] if match else list(DELIMITERS)
    headers = {mark: _header(start, mark, name) for mark in tried}
    delimiter = max(tried, key=lambda mark: (len(find_columns(headers[mark])), len(headers[mark])))
    header = headers[delimiter]
    columns = find_columns(header)
    _require_columns(name, header, columns)
    return Catalogue(path, name, written, delimiter, tuple(header), columns)


def _require_columns(name: str, header: list[str], columns: dict[str, int]) -> None:
    if not {ARTIST, TITLE} <= set(columns) and not columns.keys() & {URL, *PLATFORMS}:
        raise InputError(_lacking(name, header, columns))


def _header(start: str, delimiter: str, name: str) -> list[str]:
    first = next(read(io.StringIO(start, newline=""), delimiter, name), Record([]))
    return [" ".join(field.split()) for field in first.fields]


def _lacking(name: str, header: list[str], columns: dict[str, int]) -> str:
    missing = " and ".join(column for column in (ARTIST, TITLE) if column not in columns)
    headers = ", ".join(cell[:40] or "(blank)" for cell in header[:12]) + (", …" if len(header) > 12 else "")
    return (
        f"{name} has no column for {missing}: found {headers or 'none'}; needed are artist and title, "
        "or a column of ids (url, youtube, spotify, fma, genius)."
    )


def _text(path: Path, written: Written) -> TextIO:
    return path.open(encoding=written.encoding, errors=written.errors, newline="")
