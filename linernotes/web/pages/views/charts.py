"""Views of charts: tables of names, numbers and bars, and the histogram of years; and choices between pages."""

from collections.abc import Iterable
from dataclasses import dataclass

from linernotes.i18n import N_
from linernotes.web.pages import display_text, urls
from linernotes.web.pages.display_text import Part
from linernotes.web.search_params import SearchParams
from queries import Bucket


@dataclass(frozen=True)
class Choice:
    """A link to another page: label, address, whether it is the present one, and a number of tracks."""

    label: str
    href: str
    selected: bool = False
    count: int = 0


@dataclass(frozen=True)
class Row:
    """One row: name, link, number, length of the bar (0 to 100), and further cells."""

    label: tuple[Part, ...]
    href: str | None
    count: int
    length: float
    cells: tuple[str, ...] = ()
    exclude: str | None = None
    state: str = ""


@dataclass(frozen=True)
class Chart:
    """Rows under a heading; `note` says what is omitted, `columns` are the headings of name, number and cells.

    The template translates `columns`; all else is in the language of the page.
    """

    id: str
    heading: str
    rows: tuple[Row, ...]
    note: str = ""
    columns: tuple[str, ...] = (N_("Value"), N_("Tracks"))


def bar_length(count: float, most: float) -> float:
    """Return the length of a bar, of 100; it is never 0 for what is there.

    >>> bar_length(1, 4), bar_length(1, 100_000), bar_length(0, 4), bar_length(0, 0)
    (25.0, 0.5, 0.0, 0.0)
    """
    return max(round(100 * count / most, 1), 0.5) if count and most else 0.0


RowData = tuple[str, str | None, int, tuple[str, ...]]
"""Name, link, number, further cells."""


def rows(given: Iterable[RowData], most: float | None = None) -> tuple[Row, ...]:
    """Return rows whose bars are compared with the longest one, or with `most`."""
    listed = list(given)
    longest = most if most is not None else max((count for _, _, count, _ in listed), default=0)
    return tuple(
        Row(display_text.parts(name), href, count, bar_length(count, longest), cells)
        for name, href, count, cells in listed
    )


WIDTH, HEIGHT = 240, 64
"""Units of the drawing; a unit is a pixel in the narrow column of facets."""

_MIN_HEIGHT = 1.5
"""Height of the smallest bar, so that one track in a thousand is visible."""

_MIN_YEARS = 12
"""Years on the axis at least: a single year shouldn't fill the whole drawing."""

_GAP = 0.15
"""Part of a year's width that stays empty between bars."""


@dataclass(frozen=True)
class Bar:
    """One year: its tracks, its box in the drawing, the page of its tracks, and whether it is selected."""

    year: int
    count: int
    x: float
    y: float
    height: float
    href: str
    on: bool


@dataclass(frozen=True)
class Histogram:
    """The years of an axis, with bars where there are tracks."""

    first: int
    last: int
    bar_width: float
    bars: tuple[Bar, ...]
    most: int


def histogram(params: SearchParams, buckets: Iterable[Bucket]) -> Histogram | None:
    """Return the histogram of the facet `year`; None where no track has a year.

    >>> drawn = histogram(SearchParams(), [Bucket(1994, 4, False), Bucket(2005, 1, False)])
    >>> drawn.first, drawn.last, [(bar.x, bar.height) for bar in drawn.bars]
    (1994, 2005, [(1.5, 64.0), (221.5, 16.0)])
    """
    counts = sorted((int(bucket.value), bucket) for bucket in buckets if bucket.count or bucket.selected)
    if not counts:
        return None
    first, last = _ends(counts[0][0], counts[-1][0])
    most = max(bucket.count for _, bucket in counts) or 1
    step = WIDTH / (last - first + 1)
    any_selected = any(bucket.selected for _, bucket in counts)
    bars = tuple(
        _bar(
            params,
            bucket,
            (year - first + _GAP / 2) * step,
            most,
            on=not bucket.excluded and (bucket.selected or not any_selected),
        )
        for year, bucket in counts
    )
    return Histogram(first, last, round(step * (1 - _GAP), 2), bars, most)


def _ends(first: int, last: int) -> tuple[int, int]:
    missing = max(_MIN_YEARS - (last - first + 1), 0)
    return first - missing // 2, last + (missing - missing // 2)


def _bar(params: SearchParams, bucket: Bucket, x: float, most: int, *, on: bool) -> Bar:
    year = int(bucket.value)
    height = round(max(bucket.count / most * HEIGHT, _MIN_HEIGHT if bucket.count else 0), 1)
    href = urls.search(params.with_filter("year", str(year)))
    return Bar(year, bucket.count, round(x, 2), round(HEIGHT - height, 1), height, href, on)
