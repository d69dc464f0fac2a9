"""Rows of a name, a number and a bar: what artist pages, statistics and lists of values are made of."""

from collections.abc import Iterable
from dataclasses import dataclass

from linernotes.web.pages import names
from linernotes.web.pages.names import Part


@dataclass(frozen=True)
class Row:
    """One row: its name, where that leads if it does, its number, how long the bar is (0 to 100), and further cells."""

    label: tuple[Part, ...]
    href: str | None
    count: int
    length: float
    cells: tuple[str, ...] = ()
    exclude: str | None = None
    state: str = ""


@dataclass(frozen=True)
class Chart:
    """Rows under a heading; `note` says what is left out, `columns` are the headings of name, number and cells."""

    id: str
    heading: str
    rows: tuple[Row, ...]
    note: str = ""
    columns: tuple[str, ...] = ("Value", "Tracks")


def length(count: float, most: float) -> float:
    """Return how long a bar is, of 100, and never nothing for what is there.

    >>> length(1, 4), length(1, 100_000), length(0, 4), length(0, 0)
    (25.0, 0.5, 0.0, 0.0)
    """
    return max(round(100 * count / most, 1), 0.5) if count and most else 0.0


Given = tuple[str, str | None, int, tuple[str, ...]]
"""A name as it is, where it leads, its number, further cells."""


def rows(given: Iterable[Given], most: float | None = None) -> tuple[Row, ...]:
    """Return rows whose bars are compared with the longest one, or with `most`."""
    listed = list(given)
    longest = most if most is not None else max((count for _, _, count, _ in listed), default=0)
    return tuple(
        Row(names.parts(name), href, count, length(count, longest), cells) for name, href, count, cells in listed
    )
