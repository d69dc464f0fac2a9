"""Reports: results are spooled to disk, as a report begins with the sums, and written as CSV, NDJSON or HTML."""

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import IO, Any

import orjson
import polars as pl
from markupsafe import Markup

from linernotes import cards, i18n
from linernotes.catalogue import reasons
from linernotes.catalogue.run import Provenance
from linernotes.catalogue.workbook import workbook
from linernotes.export import writers
from linernotes.i18n import gettext, ngettext
from linernotes.output import templates
from linernotes.output.terminal import visible, web_address
from mappings.cards import PRESENCE_IS_NO_PROOF
from queries.catalogue import Kind

Json = Mapping[str, Any]


class Spool:
    """Rows as JSON, a line each, in a temporary file."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def add(self, line: bytes) -> None:
        """Add a row's JSON."""
        self._stream.write(line + b"\n")

    def lines(self) -> Iterator[str]:
        """Yield the JSON of each row, from the first; one reader at a time."""
        self._stream.flush()
        self._stream.seek(0)
        for line in self._stream:
            yield line.decode().rstrip("\n")

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield each row, from the first; one reader at a time."""
        for line in self.lines():
            yield orjson.loads(line)


@contextmanager
def open_spool() -> Iterator[Spool]:
    """Give a spool that is gone afterwards."""
    with tempfile.TemporaryFile(prefix="linernotes-") as stream:
        yield Spool(stream)


BEGIN = '<script type="application/json" id="linernotes-report">'
END = "</script>"

VERDICTS = ("found", "likely", "not_found", "unreadable")

_PIECES = 200
"""Pieces of the template that are yielded at a time."""

_ESCAPED = re.compile(r"[<>&\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Letters that end an element, a line, or turn the direction of what is shown."""


def embedded(json: str) -> Markup:
    r"""Return JSON that can't end the element that it stands in; it says the same.

    >>> embedded('{"title": "</script><b>"}')
    Markup('{"title": "\\u003c/script\\u003e\\u003cb\\u003e"}')
    """
    # Marked as safe on purpose: what could be markup has just been escaped, as JSON does it.
    return Markup(_ESCAPED.sub(lambda letter: f"\\u{ord(letter[0]):04x}", json))  # noqa: S704


def _facts(summary: Json, provenance: Provenance) -> Iterator[tuple[str, str]]:
    """Yield what the second sheet of a workbook says."""
    yield gettext("File"), provenance.file
    yield "SHA-256", provenance.sha256
    yield gettext("Checked at"), provenance.checked_at
    yield gettext("Program"), provenance.program
    yield gettext("Coverage"), f"{summary['coverage_percent']} %"
    for each in provenance.datasets:
        yield each.name, f"{each.generation}, {each.revision or gettext('unknown')}"
        for file in each.files:
            yield f"{each.name}: {file.get('name', '')}", f"SHA-256 {file.get('sha256') or gettext('unknown')}"
    yield gettext("Note"), gettext(PRESENCE_IS_NO_PROOF)


def render_page(spool: Spool, summary: Mapping[str, Any], provenance: Provenance) -> Iterator[bytes]:
    """Yield the HTML report, row by row."""
    page = _template().stream(
        report=provenance.as_json(),
        summary=summary,
        shares=shares(summary),
        cards=cards.known(),
        kinds={kind.name: kind.value for kind in Kind},
        verdict=cards.verdict_of_check(summary, provenance.synthetic),
        rows=spool.rows,
        lines=spool.lines,
        no_proof=gettext(PRESENCE_IS_NO_PROOF),
    )
    page.enable_buffering(_PIECES)
    for text in page:
        yield text.encode()


def shares(summary: Mapping[str, Any]) -> list[tuple[str, int, float, float]]:
    """Return each verdict with its number, where its part of the bar begins, and how long it is, in per cent."""
    rows, at, parts = max(summary["rows"], 1), 0.0, []
    for verdict in VERDICTS:
        width = 100 * summary[verdict] / rows
        parts.append((verdict, summary[verdict], round(at, 3), round(width, 3)))
        at += width
    return parts


@cache
def _template() -> Any:
    environment = templates.environment("linernotes.catalogue", ".")
    environment.filters |= {
        "translated": i18n.lookup,
        "reason": reasons.translated,
        "visible": visible,
        "address": web_address,
        "embedded": embedded,
        "json": lambda value: orjson.dumps(value).decode(),
        "thousands": i18n.number,
    }
    environment.globals["tracks"] = lambda count: ngettext("%(count)s track", "%(count)s tracks", count)
    return environment.get_template("report.html.jinja")


_ROW = ("row", "artist", "title", "album", "year", "verdict", "reason", "duplicate_of", "matches_total", "exact")
_MATCH = (
    "id", "dataset", "title", "artists", "album", "year", "match", "verdict", "reason", "url", "revision",
    "source_file", "source_row",
)  # fmt: skip
COLUMNS = pl.Schema(dict.fromkeys((*_ROW, *(f"match_{name}" for name in _MATCH)), pl.String))
"""Columns of the CSV: a row of the catalogue, then one of its matches; a row with five matches has five lines."""


def last_line(summary: Json, provenance: Provenance) -> bytes:
    """Return the last line of a check's NDJSON."""
    return orjson.dumps({"summary": summary, "report": provenance.as_json()})


def _ndjson(spool: Spool, summary: Json, provenance: Provenance) -> Iterator[bytes]:
    for line in spool.lines():
        yield line.encode() + b"\n"
    yield last_line(summary, provenance) + b"\n"


def _csv(spool: Spool, _summary: Json, _provenance: Provenance) -> Iterator[bytes]:
    return writers.csv_rows((line for row in spool.rows() for line in _lines(row)), COLUMNS)


def _xlsx(spool: Spool, summary: Json, provenance: Provenance) -> Iterator[bytes]:
    rows = (line for row in spool.rows() for line in _lines(row))
    return workbook(rows, COLUMNS, _facts(summary, provenance))


def _lines(row: Json) -> Iterator[list[str | None]]:
    own = [_text(row.get(name)) for name in _ROW]
    matches: Iterable[Json] = row["matches"] or [{}]
    for match in matches:
        yield own + [_text(match.get(name)) for name in _MATCH]


def _text(value: object) -> str | None:
    if isinstance(value, list):
        return writers.BETWEEN.join(map(str, value))
    return value if isinstance(value, str) or value is None else str(value).lower()


FORMATS: Mapping[str, Callable[[Spool, Json, Provenance], Iterator[bytes]]] = {
    ".html": render_page,
    ".csv": _csv,
    ".xlsx": _xlsx,
    ".ndjson": _ndjson,
}
"""Suffix of a report to what generates it."""
