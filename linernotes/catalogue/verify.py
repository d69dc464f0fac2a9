"""Does a report still hold? What it asked is asked again, and compared row by row."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from linernotes.catalogue.report import BEGIN, END
from linernotes.catalogue.run import FORMAT, DataSet
from mappings.errors import InputError
from queries import catalogue
from queries.catalogue import CatalogueRow, RowResult, row_from_json

Json = Mapping[str, Any]

_KINDS = (".html", ".htm", ".ndjson", ".jsonl", ".json")


@dataclass(frozen=True)
class Report:
    """A report that can be read again: its path, and what it says of itself."""

    path: Path
    provenance: Json
    summary: Json

    def rows(self) -> Iterator[Json]:
        """Yield its rows; raises InputError for a damaged one."""
        for line in _lines(self.path):
            if b'"summary"' not in line[:12]:
                yield _json(line, self.path)

    def questions(self) -> Iterator[CatalogueRow]:
        """Yield what each row asked."""
        for row in self.rows():
            yield self._question(row)

    def _question(self, row: Json) -> CatalogueRow:
        try:
            unreadable = row["reason"] if row["verdict"] == catalogue.Verdict.UNREADABLE else ""
            return row_from_json({**row, "unreadable": unreadable})
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(self.path) from error


@dataclass(frozen=True)
class Change:
    """A row that is answered otherwise now: its verdict then and now, matches that came and that went."""

    row: int
    artist: str
    title: str
    was: str
    now: str
    came: tuple[str, ...]
    went: tuple[str, ...]
    total_was: int
    total_now: int


@dataclass(frozen=True)
class Moved:
    """A data set whose generation is another now; None where it isn't loaded."""

    dataset: str
    was: str | None
    now: str | None


def opened(path: Path) -> Report:
    """Return a report; raises InputError in one sentence for what is none, or can't be asked again."""
    if path.suffix.lower() == ".csv":
        raise InputError(
            f"{path.name} can't be verified: a CSV doesn't say which generations were asked.",
            "Verify the .html or .ndjson report of the same check.",
        )
    if path.suffix.lower() not in _KINDS:
        raise InputError(f"{path.name} is no report.", "Give the .html or .ndjson that `linernotes check --out` wrote.")
    try:
        last = b""
        for line in _lines(path):
            last = line
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.", "Give the path of a report.") from error
    end = _json(last, path)
    if not isinstance(end, dict) or not {"summary", "report"} <= set(end):
        raise _damaged(path)
    if end["report"].get("format", 0) > FORMAT:
        raise InputError(f"{path.name} was written by a newer linernotes.", "Verify it with that.")
    return Report(path, end["report"], end["summary"])


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the rows of a report as JSON, then its summary and what it says of itself as one object."""
    with path.open("rb") as stream:
        if path.suffix.lower() not in (".html", ".htm"):
            yield from (line for line in stream if line.strip())
            return
        begin = BEGIN.encode()
        if not any(line.startswith(begin) for line in stream):
            return
        report = next(stream, b"").rstrip(b"\n").removesuffix(b',"rows":[').removeprefix(b'{"report":')
        for line in stream:
            if line.startswith(END.encode()):
                return
            if line.startswith(b'],"summary":'):
                summary = line.rstrip(b"\n").removeprefix(b'],"summary":').removesuffix(b"}")
                yield b'{"summary":' + summary + b',"report":' + report + b"}"
            else:
                yield line.removeprefix(b",")


def _json(line: bytes, path: Path) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> InputError:
    hint = "Give the .html or .ndjson that `linernotes check --out` wrote, as it was written."
    return InputError(f"{path.name} is no report, or is damaged.", hint)


def moved(report: Report, now: Iterable[DataSet]) -> list[Moved]:
    """Return the data sets whose generation changed since."""
    before = {each["id"]: str(each["generation"]) for each in report.provenance["datasets"]}
    after = {each.id: each.generation for each in now}
    names = sorted(before.keys() | after.keys())
    return [Moved(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)]


def changes(report: Report, answers: Iterable[RowResult]) -> Iterator[Change | None]:
    """Yield for each row what changed, None where nothing did."""
    for was, answer in zip(report.rows(), answers, strict=True):
        yield change(was, answer.as_json())


def change(was: Json, now: Json) -> Change | None:
    """Return what changed between two answers to a row.

    A track counts as another when its verdict is: one that was likely and is found now came and went.
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
        was=was["verdict"],
        now=now["verdict"],
        came=tuple(sorted(each for each, _ in after - before)),
        went=tuple(sorted(each for each, _ in before - after)),
        total_was=totals[0],
        total_now=totals[1],
    )
