"""The HTML report: one file that needs nothing else, made for reading, printing and passing on."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from linernotes.catalogue.provenance import Provenance
from linernotes.catalogue.spool import Spool
from linernotes.report.plain import visible, web_address
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF
from queries.catalogue import Kind

BEGIN = '<script type="application/json" id="linernotes-report">'
END = "</script>"

VERDICTS = ("found", "likely", "not_found", "unreadable")

_PIECES = 200
"""Pieces of the template that are written at a time."""

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def embedded(json: str) -> Markup:
    r"""Return JSON that can't end the element that it stands in; it says the same.

    >>> embedded('{"title": "</script><b>"}')
    Markup('{"title": "\\u003c/script\\u003e\\u003cb\\u003e"}')
    """
    # Marked as safe on purpose: what could be markup has just been escaped, as JSON does it.
    return Markup("".join(_ESCAPES.get(letter, letter) for letter in json))  # noqa: S704


def write(stream: IO[bytes], kept: Spool, summary: Mapping[str, Any], provenance: Provenance) -> None:
    """Write the page, row by row."""
    page = _template().stream(
        asked=provenance.as_json(),
        summary=summary,
        shares=shares(summary),
        cards=CARDS,
        kinds={kind.name: kind.value for kind in Kind},
        rows=kept.rows,
        lines=kept.lines,
        no_proof=PRESENCE_IS_NO_PROOF,
    )
    page.enable_buffering(_PIECES)
    page.dump(stream, encoding="utf-8")


def shares(summary: Mapping[str, Any]) -> list[tuple[str, int, float, float]]:
    """Return each verdict with its number, where its part of the bar begins, and how long it is, in per cent."""
    rows, at, found = max(summary["rows"], 1), 0.0, []
    for verdict in VERDICTS:
        width = 100 * summary[verdict] / rows
        found.append((verdict, summary[verdict], round(at, 3), round(width, 3)))
        at += width
    return found


def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("linernotes.catalogue", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "visible": visible,
        "address": web_address,
        "embedded": embedded,
        "json": lambda value: orjson.dumps(value).decode(),
        "thousands": lambda number: f"{number:,}",
    }
    return environment.get_template("report.html.jinja")
