"""Records of a CSV, one at a time, such that one that is broken costs no other."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from mappings.errors import InputError

LONGEST_LINE = 1 << 20
_MOST_LINES = 50
"""Lines that one record may have; a quote that isn't closed by then is a mistake, not a long text."""

_OPEN = "unexpected end of data"
NEVER_CLOSED = "a quote that is never closed"


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
