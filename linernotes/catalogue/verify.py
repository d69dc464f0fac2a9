"""Does a report still hold? Its rows are checked again, and compared."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from linernotes.catalogue.csv_file import MAX_HEADERS, shorten
from linernotes.catalogue.report import BEGIN, END
from linernotes.catalogue.run import FORMAT, DataSet
from linernotes.output.files import input_file
from mappings.errors import InputError
from queries import catalogue
from queries.catalogue import SYNONYMS, CatalogueRow, RowResult, row_from_json

Json = Mapping[str, Any]

_START = 1 << 16
"""Bytes that tell a report from a catalogue: more than two names have."""

_MAX_NUMBER = 2**53
"""No row or year is larger; larger numbers can't be written as JSON."""

_MAX_DATASETS = 1_000
_LONGEST_LINE = 1 << 21
"""Bytes of a line; a row that matches everything has 30 kB, and JSON takes many times its size in memory."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Report:
    """A report that can be read again: its path, what it is called, and the generation of each data set then."""

    path: Path
    name: str
    generations: Mapping[str, str]
    described: Json

    def describe(self) -> dict[str, Any]:
        """Return what the report says of the catalogue: a report of checking it again says the same."""
        return dict(self.described)

    def size(self, most: int) -> int:
        """Return the number of rows, `most` + 1 if there are more."""
        return sum(1 for _ in islice(self.rows(), most + 1))

    def rows(self) -> Iterator[Json]:
        """Yield its rows; raises InputError for a damaged one."""
        for line in _lines(self.path, self.name):
            if not line.startswith(b'{"summary"'):
                yield _json(line, self.name)

    def catalogue_rows(self) -> Iterator[CatalogueRow]:
        """Yield the rows of the catalogue that it is about."""
        for row in self.rows():
            yield self._catalogue_row(row)

    def _catalogue_row(self, row: Json) -> CatalogueRow:
        try:
            unreadable = row["reason"] if row["verdict"] == catalogue.Verdict.UNREADABLE else ""
            given = row_from_json({**row, "unreadable": unreadable})
            if not 0 < given.number < _MAX_NUMBER or abs(given.year or 0) >= _MAX_NUMBER:
                raise _damaged(self.name)
            return given
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(self.name) from error


@dataclass(frozen=True)
class Change:
    """A row whose answer changed: its verdict before and after, matches added and removed."""

    row: int
    artist: str
    title: str
    before: str
    after: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    total_before: int
    total_after: int


@dataclass(frozen=True)
class GenerationChange:
    """A data set with another generation than before; None where it wasn't or isn't loaded."""

    dataset: str
    before: str | None
    after: str | None


@contextmanager
def open_report(path: Path, called: str | None = None) -> Iterator[Report]:
    """Give a report, or what is one on standard input (`-`); `called` as for `open_catalogue`.

    Raises InputError in one sentence for what is none, or can't be asked again.
    """
    if path.suffix.lower() == ".csv":
        raise InputError(
            f"{path.name} can't be verified: a CSV doesn't say which generations were asked.",
            "Verify the .html or .ndjson report of the same check.",
        )
    with input_file(path, "a report", called) as (source, name):
        yield _report(source, name)


def _report(path: Path, name: str) -> Report:
    last = b""
    for line in _lines(path, name):
        last = line
    end = _json(last, name)
    try:
        version = int(end["report"].get("format", 0))
        datasets = end["report"]["datasets"][:_MAX_DATASETS]
        generations = {shorten(str(each["id"])): shorten(str(each["generation"])) for each in datasets}
        described = _described(end["report"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(name) from error
    if version > FORMAT:
        raise InputError(f"{name} was written by a newer linernotes.", "Verify it with that.")
    return Report(path, name, generations, described)


def _described(report: Json) -> dict[str, Any]:
    """Return what a report says of its catalogue, long texts shortened.

    Raises KeyError, TypeError, ValueError or AttributeError for a damaged one.
    """
    texts = {name: shorten(str(report[name])) for name in ("file", "sha256", "encoding", "delimiter")}
    if not _SHA256.fullmatch(texts["sha256"]):
        raise ValueError("no SHA-256")
    columns = {str(column): shorten(str(header)) for column, header in report["columns"].items() if column in SYNONYMS}
    return texts | {"columns": columns, "unused": tuple(shorten(str(each)) for each in report["unused"][:MAX_HEADERS])}


def is_report(path: Path) -> bool:
    """Tell whether a file looks like a report that can be read again: HTML or NDJSON, which no catalogue begins as."""
    with path.open("rb") as stream:
        start = stream.read(_START).lstrip()
    is_row = start.startswith(b'{"row":') and b'"verdict":' in start  # a catalogue may have a property `row` too
    return is_row or start[:64].lower().startswith((b"<!doctype html", b'{"summary":'))


def _lines(path: Path, name: str) -> Iterator[bytes]:
    """Yield the rows of a report as JSON, then its summary and what it says of itself as one object.

    Raises InputError for a line that is too long.
    """
    with path.open("rb") as stream:
        lines = _bounded_lines(stream, name)
        if not stream.peek(1).startswith(b"<"):
            yield from (line for line in lines if line.strip())
            return
        begin = BEGIN.encode()
        if not any(line.startswith(begin) for line in lines):
            return
        report = next(lines, b"").rstrip(b"\n").removesuffix(b',"rows":[').removeprefix(b'{"report":')
        for line in lines:
            if line.startswith(END.encode()):
                return
            if line.startswith(b'],"summary":'):
                summary = line.rstrip(b"\n").removeprefix(b'],"summary":').removesuffix(b"}")
                yield b'{"summary":' + summary + b',"report":' + report + b"}"
            else:
                yield line.removeprefix(b",")


def _bounded_lines(stream: BinaryIO, name: str) -> Iterator[bytes]:
    while line := stream.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise _damaged(name)
        yield line


def _json(line: bytes, name: str) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _damaged(name) from error


def _damaged(name: str) -> InputError:
    hint = "Give the .html or .ndjson that `linernotes check --out` wrote, as it was written."
    return InputError(f"{name} is no report, or is damaged.", hint)


def generation_changes(report: Report, datasets: Iterable[DataSet]) -> list[GenerationChange]:
    """Return the data sets whose generation changed since."""
    before, after = report.generations, {each.id: each.generation for each in datasets}
    return [
        GenerationChange(name, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def changes(report: Report, answers: Iterable[RowResult]) -> Iterator[Change | None]:
    """Yield for each row what changed, None where nothing did."""
    for was, answer in zip(report.rows(), answers, strict=True):
        yield change_of(report.name, was, answer)


def change_of(name: str, was: Json, answer: RowResult) -> Change | None:
    """Return what changed in one row of a report; raises InputError where the report is damaged."""
    try:
        catalogue.Verdict(was["verdict"])
        if not isinstance(was["matches_total"], int):
            raise _damaged(name)
        return change(was, answer.as_json())
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(name) from error


def change(was: Json, now: Json) -> Change | None:
    """Return what changed between two answers to a row.

    A track whose verdict changed, such as from likely to found, counts as removed and added.
    """
    before = {(match["id"], match["verdict"]) for match in was["matches"]}
    after = {(match["id"], match["verdict"]) for match in now["matches"]}
    totals = was["matches_total"], now["matches_total"]
    if was["verdict"] == now["verdict"] and before == after and totals[0] == totals[1]:
        return None
    return Change(
        row=now["row"],
        artist=now["artist"],
        title=now["title"],
        before=was["verdict"],
        after=now["verdict"],
        added=tuple(sorted(each for each, _ in after - before)),
        removed=tuple(sorted(each for each, _ in before - after)),
        total_before=totals[0],
        total_after=totals[1],
    )
