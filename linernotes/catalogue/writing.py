"""A report as a file: CSV for a spreadsheet, NDJSON for a program, HTML for a person."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, Any

import orjson
import polars as pl

from linernotes.catalogue import page
from linernotes.catalogue.provenance import Provenance
from linernotes.catalogue.spool import Spool
from linernotes.export import cells, place
from mappings.errors import InputError

Json = Mapping[str, Any]

_ROW = ("row", "artist", "title", "album", "year", "verdict", "reason", "duplicate_of", "matches_total", "exact")
_MATCH = (
    "id", "dataset", "title", "artists", "album", "year", "match", "verdict", "reason", "url", "revision",
    "source_file", "source_row",
)  # fmt: skip
COLUMNS: Mapping[str, Any] = {
    **dict.fromkeys(_ROW, pl.String),
    **dict.fromkeys((f"match_{name}" for name in _MATCH), pl.String),
}
"""Columns of the CSV: a row of the catalogue, then one of its matches; a row with five matches has five lines."""

_LINES = 5_000
"""Lines that are made safe at a time."""


def target(out: Path) -> place.Place:
    """Return where a report goes; raises InputError for a kind or a place that can't be written."""
    kind = out.suffix.lower()
    if kind not in WRITERS:
        raise InputError(f"{out} is no kind of report.", f"End it in {', '.join(WRITERS)}.")
    if out.is_dir() or not out.parent.is_dir():
        raise InputError(f"{out} can't be written: its folder is missing, or it is one.", "Give the path of a file.")
    return place.Place(out, kind)


def write(to: place.Place, kept: Spool, summary: Json, provenance: Provenance) -> None:
    """Write a report, whole or not at all. Raises InputError when the disk is full or the folder can't be used."""
    with place.opened(to) as stream:
        WRITERS[to.kind](stream, kept, summary, provenance)


def last_line(summary: Json, provenance: Provenance) -> bytes:
    """Return the last line of a check's NDJSON."""
    return orjson.dumps({"summary": summary, "report": provenance.as_json()})


def _ndjson(stream: IO[bytes], kept: Spool, summary: Json, provenance: Provenance) -> None:
    for line in kept.lines():
        stream.write(line.encode() + b"\n")
    stream.write(last_line(summary, provenance) + b"\n")


def _csv(stream: IO[bytes], kept: Spool, _summary: Json, _provenance: Provenance) -> None:
    lines = (line for row in kept.rows() for line in _lines(row))
    stream.write(",".join(COLUMNS).encode() + b"\n")
    while batch := list(islice(lines, _LINES)):
        safe = cells.safe(pl.DataFrame(batch, schema=COLUMNS, orient="row"))
        stream.write(safe.write_csv(include_header=False).encode())


def _lines(row: Json) -> Iterator[list[str | None]]:
    own = [_text(row.get(name)) for name in _ROW]
    matches: Iterable[Json] = row["matches"] or [{}]
    for match in matches:
        yield own + [_text(match.get(name)) for name in _MATCH]


def _text(value: object) -> str | None:
    if isinstance(value, list):
        return cells.BETWEEN.join(map(str, value))
    return value if isinstance(value, str) or value is None else str(value).lower()


WRITERS: Mapping[str, Callable[[IO[bytes], Spool, Json, Provenance], None]] = {
    ".html": page.write,
    ".csv": _csv,
    ".ndjson": _ndjson,
}
"""Kind of file to what writes it."""
