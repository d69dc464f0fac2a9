"""Tables in a terminal: names and numbers, with bars; without bars where a program reads them."""

from collections.abc import Collection, Iterable, Sequence

from rich.table import Table
from rich.text import Text

from linernotes.output.terminal import visible
from queries import Total

_WIDTH = 20
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def counted(number: int | Total, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "track"), counted(Total(1_200, exact=False), "track")
    ('1 track', 'about 1,200 tracks')
    """
    value, about = (number, "") if isinstance(number, int) else (number.value, "" if number.exact else "about ")
    return f"{about}{value:,} {noun}{'s' * (value != 1)}"


def bar(count: float, most: float, width: int = _WIDTH) -> str:
    """Return a bar of up to `width` cells, in eighths, and never empty for what is there.

    >>> bar(1, 1000, 5), bar(3, 4, 5), bar(0, 4, 5)
    ('▏', '███▊', '')
    """
    eighths = max(round(count / most * width * 8), 1) if count and most else 0
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def grid(rows: Iterable[Sequence[str | Text]], *headers: str, right: Collection[int] = (), wrapped: int = 0) -> Table:
    """Return rows below each other; columns of numbers are set right, and one column is wrapped if there is no room."""
    listed = list(rows)
    made = Table(box=None, show_header=bool(headers), header_style="bold", padding=(0, 2, 0, 0))
    for number in range(max(map(len, [headers, *listed]))):
        made.add_column(
            headers[number] if headers else "",
            justify="right" if number in right else "left",
            no_wrap=number != wrapped,
            overflow="fold",
        )
    for row in listed:
        made.add_row(*row)
    return made


def bar_table(rows: Iterable[tuple[str, float, tuple[str, ...]]], *, bars: bool) -> Table:
    """Return rows of a name, a number that the bar shows, and further cells."""
    listed = list(rows)
    most = max((number for _, number, _ in listed), default=0)
    width = max((len(cells) for _, _, cells in listed), default=0)
    drawn = ((Text(bar(number, most), style="cyan"),) if bars else () for _, number, _ in listed)
    padded = ((f"  {visible(name)}", *cells, *[""] * (width - len(cells))) for name, _, cells in listed)
    return grid(((*row, *end) for row, end in zip(padded, drawn, strict=True)), right=range(1, width + 1))
