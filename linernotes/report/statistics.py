"""Statistics, for people: bar charts of shares, and tables of what is over-represented."""

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.text import Text

from linernotes.report import plain
from linernotes.report.bars import table
from mappings.cards import PRESENCE_IS_NO_PROOF
from queries import FACETS, Stats, Total
from queries.analysis.stats import Comparison, Counts, percent
from queries.analysis.stats_requests import MAX_CANDIDATES
from queries.text import MAX_WORDS

_QUIET, _BOLD = "dim", "bold"
_VALUES = 12


def show(answer: Stats, console: Console) -> None:
    """Print totals, shares, and what is over-represented."""
    for part in _parts(answer, bars=console.is_terminal):
        plain.show(part, console)


def _parts(answer: Stats, *, bars: bool) -> Iterator[RenderableType]:
    recordings, artists = _about(answer.recordings), _about(answer.artists)
    number = f"{answer.all.tracks:,} track{'s' * (answer.all.tracks != 1)}"
    yield Text(f"{number}, {recordings} recordings, {artists} artists in {answer.took_ms} ms", style=_BOLD)
    if answer.text_truncated:
        yield Text(f"The text is long: only its first words are asked, {MAX_WORDS} at most.")
    if not answer.all.tracks:
        return
    yield Text("\ndata set", style=_BOLD)
    yield table(
        ((one.name, float(one.tracks), _share(one.tracks, answer.all.tracks)) for one in answer.datasets), bars=bars
    )
    for name in answer.all.facets:
        yield from _facet(name, answer, bars=bars)
    for comparison in answer.comparisons:
        yield from _comparison(comparison, bars=bars)
    yield Text(f"\n{PRESENCE_IS_NO_PROOF}", style=_QUIET)


def _about(total: Total) -> str:
    return f"{'' if total.exact else 'about '}{total.value:,}"


def _share(count: int, of: int) -> tuple[str, str]:
    return f"{count:,}", f"{percent(count, of):.1f} %"


def _facet(name: str, answer: Stats, *, bars: bool) -> Iterator[RenderableType]:
    """Yield the shares of one facet, beside those of the rest where there is one."""
    counts, rest = answer.all.facets[name], answer.rest
    against = f", and of the rest ({rest.tracks:,} tracks)" if rest and rest.tracks else ""
    yield Text(f"\n{name.replace('_', ' ')}: tracks, share{against}", style=_BOLD)
    yield table(_rows(name, counts, answer), bars=bars)


def _rows(name: str, counts: Counts, answer: Stats) -> Iterator[tuple[str, float, tuple[str, ...]]]:
    in_order = FACETS[name].by_value
    ordered = sorted(counts.values.items(), key=lambda pair: (0 if in_order else -pair[1], pair[0]))
    shown = ordered if in_order else ordered[:_VALUES]
    for value, count in shown:
        label = f"{value}s" if name == "decade" else str(value)
        yield label, float(count), _cells(name, count, answer, value)
    if left := ordered[len(shown) :]:
        total = sum(count for _, count in left)
        yield f"{len(left):,} others", float(total), _share(total, answer.all.tracks)
    if counts.missing:
        yield "(none)", float(counts.missing), _cells(name, counts.missing, answer, None)


def _cells(name: str, count: int, answer: Stats, value: str | int | None) -> tuple[str, ...]:
    own = _share(count, answer.all.tracks)
    if not answer.rest or not answer.rest.tracks:
        return own
    held = answer.rest.facets.get(name)
    other = 0 if held is None else held.missing if value is None else held.values.get(value, 0)
    return (*own, f"{percent(other, answer.rest.tracks):.1f} %")


def _comparison(found: Comparison, *, bars: bool) -> Iterator[RenderableType]:
    yield Text(f"\n{found.kind}s over-represented in {found.dataset}", style=_BOLD)
    if not found.rows:
        yield Text("  none for certain", style=_QUIET)
        return
    yield Text("  at least so many times as often as in the rest; tracks here, in the rest; p", style=_QUIET)
    yield table(
        (
            (str(row.value), row.low, (f"{row.low:,.1f} ×", f"{row.count:,}", f"{row.rest:,}", _p(row.p)))
            for row in found.rows
        ),
        bars=bars,
    )
    part = f"; of the {found.offered:,} with the most tracks" if found.offered >= MAX_CANDIDATES else ""
    yield Text(f"  corrected for {found.compared:,} comparisons{part}", style=_QUIET)


def _p(value: float) -> str:
    """Return p as it is written.

    >>> _p(1e-300), _p(0.0012)
    ('p < 1e-299', 'p 0.0012')
    """
    return "p < 1e-299" if value < 1e-299 else f"p {value:.2g}"
