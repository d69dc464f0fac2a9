"""Rows of names and numbers with bars, on a terminal; without bars where a program reads them."""

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from linernotes.output import terminal
from linernotes.output.terminal import visible
from linernotes.search_benchmark import Measured
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF, Card, Claim
from queries import Loaded

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
    source = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    source.add_column(overflow="fold")  # it gives way where there is little room: numbers stay whole
    for _ in range(max((len(cells) for _, _, cells in listed), default=0)):
        source.add_column(justify="right", no_wrap=True)
    if bars:
        source.add_column(no_wrap=True)
    most = max((number for _, number, _ in listed), default=0)
    for name, number, cells in listed:
        drawn = [Text(bar(number, most), style="cyan")] if bars else []
        source.add_row(Text(f"  {visible(name)}"), *cells, *drawn)
    return source


_LABEL = 14


def show_cards(loaded: Mapping[str, Loaded] | None, console: Console) -> None:
    """Print all cards; `loaded` is None when nobody could be asked what is loaded."""
    for card in CARDS.values():
        terminal.show(Text(f"{card.name}  ", style="bold").append(f"({card.id})", style="dim"), console)
        for label, text in _rows(card, loaded):
            terminal.show(Text(f"  {label:<{_LABEL}}", style="dim").append(visible(text), style="not dim"), console)
        terminal.show(Text(), console)
    terminal.show(Text(PRESENCE_IS_NO_PROOF, style="dim"), console)


def _rows(card: Card, loaded: Mapping[str, Loaded] | None) -> Iterator[tuple[str, str]]:
    yield "loaded", _state(card, loaded)
    yield "published", f"{card.published_count}; released {card.released}"
    yield "platform", card.platform
    yield "licence", card.licence
    yield from (("source", address) for address in card.addresses)
    if not card.used_by:
        yield "used by", "no acknowledged use is known"
    yield from (("used by", _claim(claim)) for claim in card.used_by)
    yield from (("note", note) for note in card.notes)


def _state(card: Card, loaded: Mapping[str, Loaded] | None) -> str:
    if loaded is None:
        return "not known: Elasticsearch doesn't answer"
    if card.id not in loaded:
        return f"nothing yet (linernotes load {card.id} PATH)"
    found = loaded[card.id]
    revision = f", revision {found.revision}" if found.revision else ""
    return f"{found.records:,} tracks in {found.generation.index}{revision}"


def _claim(claim: Claim) -> str:
    """Return who used a data set, who says so, and what kind of source that is."""
    address = f" {claim.address}" if claim.address else ""
    return f"{claim.user}: {claim.claim} ({claim.kind}; {claim.said_by}){address}"


_NUMBERS = ("asked", "median", "p95", "p99", "longest")


def show_timing(measured: Measured, console: Console) -> None:
    """Print the times of each kind of question, in milliseconds."""
    said = f"{measured.tracks:,} tracks, one question after the other; times in milliseconds"
    terminal.show(Text(said, style="bold"), console)
    source = Table("", box=None, padding=(0, 2, 0, 0))
    for name in _NUMBERS:
        source.add_column(name, justify="right", no_wrap=True)
    for kind, each in measured.kinds.items():
        times = (each.median, each.p95, each.p99, each.most)
        source.add_row(f"  {kind}", f"{each.n:,}", *(f"{time:,.1f}" for time in times))
    terminal.show(source, console)
    terminal.show(Text("Texts are drawn from the tracks: the same ones for the same data and --seed."), console)
