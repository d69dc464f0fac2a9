"""Tracks by year as bars: where each stands, and where it leads."""

from collections.abc import Iterable
from dataclasses import dataclass

from linernotes.web.asked import Asked
from linernotes.web.pages import links
from queries import Bucket

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


def draw(asked: Asked, buckets: Iterable[Bucket]) -> Histogram | None:
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
            asked,
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


def _bar(asked: Asked, bucket: Bucket, x: float, most: int, *, on: bool) -> Bar:
    year = int(bucket.value)
    height = round(max(bucket.count / most * HEIGHT, _LEAST if bucket.count else 0), 1)
    href = links.search(asked.having("year", str(year)))
    return Bar(year, bucket.count, round(x, 2), round(HEIGHT - height, 1), height, href, on)
