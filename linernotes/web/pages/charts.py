"""Rows of a name, a number and a bar: what artist pages, statistics and lists of values are made of."""

from collections.abc import Iterable
from dataclasses import dataclass

from linernotes.web.pages import links, names
from linernotes.web.pages.names import Part
from linernotes.web.query_params import Asked
from queries import Bucket


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


WIDTH, HEIGHT = 240, 64
"""Units of the drawing; a unit is a pixel in the narrow column of facets."""

_LEAST = 1.5
"""Height of a bar that has a track at all, so that one in a thousand is seen."""

_FEWEST_YEARS = 12
"""Years that the axis has at least: a single year shouldn't fill the whole drawing."""

_GAP = 0.15
"""Part of a year's room that stays empty between bars."""


@dataclass(frozen=True)
class Bar:
    """One year: its tracks, its box in the drawing, the page of its tracks, and whether it is in what was chosen."""

    year: int
    count: int
    x: float
    y: float
    height: float
    href: str
    on: bool


@dataclass(frozen=True)
class Histogram:
    """All years between two, which are the ends of the axis; bars only where tracks are."""

    first: int
    last: int
    bar_width: float
    bars: tuple[Bar, ...]
    most: int


def draw(params: Asked, buckets: Iterable[Bucket]) -> Histogram | None:
    """Return the histogram of the facet `year`; None where no track has a year.

    >>> found = draw(Asked(), [Bucket(1994, 4, False), Bucket(2005, 1, False)])
    >>> found.first, found.last, [(bar.x, bar.height) for bar in found.bars]
    (1994, 2005, [(1.5, 64.0), (221.5, 16.0)])
    """
    counts = sorted((int(bucket.value), bucket) for bucket in buckets if bucket.count or bucket.selected)
    if not counts:
        return None
    first, last = _ends(counts[0][0], counts[-1][0])
    most = max(bucket.count for _, bucket in counts) or 1
    step = WIDTH / (last - first + 1)
    some = any(bucket.selected for _, bucket in counts)
    bars = tuple(
        _bar(
            params,
            bucket,
            (year - first + _GAP / 2) * step,
            most,
            on=not bucket.excluded and (bucket.selected or not some),
        )
        for year, bucket in counts
    )
    return Histogram(first, last, round(step * (1 - _GAP), 2), bars, most)


def _ends(first: int, last: int) -> tuple[int, int]:
    lacking = max(_FEWEST_YEARS - (last - first + 1), 0)
    return first - lacking // 2, last + (lacking - lacking // 2)


def _bar(params: Asked, bucket: Bucket, x: float, most: int, *, on: bool) -> Bar:
    year = int(bucket.value)
    height = round(max(bucket.count / most * HEIGHT, _LEAST if bucket.count else 0), 1)
    href = links.search(params.having("year", str(year)))
    return Bar(year, bucket.count, round(x, 2), round(HEIGHT - height, 1), height, href, on)
