"""Facets for people: values with their counts, as small bars."""

from collections.abc import Iterator, Mapping, Sequence

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from linernotes.report.plain import visible
from queries import Bucket, FacetCount

_SHOWN = 8
"""Values listed of a facet, and those that were asked for; `--json` has them all."""

_IN_ORDER = ("year", "decade", "duration")
"""Facets in the order of time, which are few enough to list them whole."""

_BAR = 5
_VALUE_WIDTH = 24
_COLUMN = 38
"""Cells of a facet: two stand side by side on a terminal of 80."""

_EIGHTHS = " ▏▎▍▌▋▊▉█"

_PLAIN, _SELECTED, _EXCLUDED = (" ", ""), ("✓", "bold yellow"), ("✗", "red")
"""Mark and style of a value that the request doesn't name, wants, or excludes."""


def columns(facets: Mapping[str, FacetCount], width: int) -> RenderableType:
    """Return all facets side by side, as many as fit."""
    tables = [_table(name, facet, bars=width >= _COLUMN) for name, facet in facets.items()]
    return Columns(tables, width=_COLUMN, padding=(0, 2)) if width >= 2 * _COLUMN + 2 else Group(*tables)


def listed(values: Sequence[Bucket]) -> Table:
    """Return all values of a page, one under the other."""
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True, width=_BAR)
    most = max((bucket.count for bucket in values), default=0)
    for bucket in values:
        table.add_row(*_row(bucket, most))
    return table


def _table(name: str, facet: FacetCount, *, bars: bool) -> Table:
    title = Text(name.replace("_", " "), style="bold")
    table = Table(title=title, title_justify="left", box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(max_width=_VALUE_WIDTH, overflow="ellipsis", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    if bars:
        table.add_column(no_wrap=True, width=_BAR)
    rows = _decades(facet.buckets) if name == "year" else facet.buckets
    listed = (
        rows if name in _IN_ORDER else tuple(b for n, b in enumerate(rows) if n < _SHOWN or b.selected or b.excluded)
    )
    most = max((bucket.count for bucket in listed), default=0)
    for bucket in listed:
        table.add_row(*_row(bucket, most)[: len(table.columns)])
    for row in _rest(facet, sum(bucket.count for bucket in rows) - sum(bucket.count for bucket in listed)):
        table.add_row(*row)
    return table


def _row(bucket: Bucket, most: int) -> tuple[Text, Text, Text]:
    mark, style = _EXCLUDED if bucket.excluded else _SELECTED if bucket.selected else _PLAIN
    value = str(bucket.value).lower() if isinstance(bucket.value, bool) else visible(bucket.value)
    name = Text(f"{mark} {value}", style=style)
    return name, Text(f"{bucket.count:,}", style=style), Text(_bar(bucket.count, most), style="cyan")


def _bar(count: int, most: int) -> str:
    """Return a bar of up to `_BAR` cells, in eighths, and never empty for what is there.

    >>> _bar(1, 1000), _bar(3, 4)
    ('▏', '███▊')
    """
    eighths = max(round(count / most * _BAR * 8), 1) if count else 0
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _rest(facet: FacetCount, hidden: int) -> Iterator[tuple[Text, Text]]:
    """Yield what the listed values leave out."""
    if others := hidden + facet.other:
        about = "" if facet.exact else "about "
        yield Text(f"  … of {about}{facet.distinct:,} values", style="dim"), Text(f"{others:,}", style="dim")
    if facet.missing:
        yield Text("  (none)", style="dim"), Text(f"{facet.missing:,}", style="dim")


def _decades(years: tuple[Bucket, ...]) -> tuple[Bucket, ...]:
    """Return the years by decade: a track has one year at most, so their counts add up."""
    decades: dict[int, list[Bucket]] = {}
    for bucket in years:
        decades.setdefault(int(bucket.value) // 10 * 10, []).append(bucket)
    return tuple(
        Bucket(
            f"{decade}s",
            sum(year.count for year in within),
            any(year.selected for year in within),
            all(year.excluded for year in within),
        )
        for decade, within in decades.items()
    )
