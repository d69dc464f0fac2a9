"""Rows of names and numbers with bars, on a terminal; without bars where a program reads them."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from linernotes.report.plain import visible

_WIDTH = 20
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(count: float, most: float, width: int = _WIDTH) -> str:
    """Return a bar of up to `width` cells, in eighths, and never empty for what is there.

    >>> bar(1, 1000, 5), bar(3, 4, 5), bar(0, 4, 5)
    ('▏', '███▊', '')
    """
    eighths = max(round(count / most * width * 8), 1) if count and most else 0
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def table(rows: Iterable[tuple[str, float, tuple[str, ...]]], *, bars: bool) -> Table:
    """Return rows of a name, a number that the bar shows, and further cells, set right."""
    listed = list(rows)
    found = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    found.add_column(overflow="fold")  # it gives way where there is little room: numbers stay whole
    for _ in range(max((len(cells) for _, _, cells in listed), default=0)):
        found.add_column(justify="right", no_wrap=True)
    if bars:
        found.add_column(no_wrap=True)
    most = max((number for _, number, _ in listed), default=0)
    for name, number, cells in listed:
        drawn = [Text(bar(number, most), style="cyan")] if bars else []
        found.add_row(Text(f"  {visible(name)}"), *cells, *drawn)
    return found
