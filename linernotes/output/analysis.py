"""Results of `stats` and `overlap`: shares as bars, what is over-represented, what is shared."""

from collections.abc import Iterator
from itertools import combinations

from rich.console import Console, RenderableType
from rich.text import Text

from linernotes.output import terminal
from linernotes.output.search import TRUNCATED, value_label
from linernotes.output.tables import bar_table, counted
from mappings.cards import PRESENCE_IS_NO_PROOF
from queries import FACETS, Stats
from queries.analysis.comparisons import Comparison, percent
from queries.analysis.estimates import Estimate, share
from queries.analysis.overlap import Overlap, Shared
from queries.analysis.stats import MAX_CANDIDATES, Counts

_QUIET, _BOLD = "dim", "bold"
_VALUES = 12


def show_stats(answer: Stats, console: Console) -> None:
    """Print totals, shares, and what is over-represented."""
    for part in _parts(answer, bars=console.is_terminal):
        terminal.show(part, console)


def _parts(answer: Stats, *, bars: bool) -> Iterator[RenderableType]:
    numbers = ((answer.all.tracks, "track"), (answer.recordings, "recording"), (answer.artists, "artist"))
    yield Text(f"{', '.join(counted(*each) for each in numbers)} in {answer.took_ms} ms", style=_BOLD)
    if answer.text_truncated:
        yield Text(TRUNCATED)
    if not answer.all.tracks:
        return
    yield Text("\ndata set", style=_BOLD)
    yield bar_table(
        ((one.name, float(one.tracks), _share(one.tracks, answer.all.tracks)) for one in answer.datasets), bars=bars
    )
    for name in answer.all.facets:
        yield from _facet(name, answer, bars=bars)
    for comparison in answer.comparisons:
        yield from _comparison(comparison, bars=bars)
    yield Text(f"\n{PRESENCE_IS_NO_PROOF}", style=_QUIET)


def _share(count: int, of: int) -> tuple[str, str]:
    return f"{count:,}", f"{percent(count, of):.1f} %"


def _facet(name: str, answer: Stats, *, bars: bool) -> Iterator[RenderableType]:
    """Yield the shares of one facet, beside those of the rest where there is one."""
    counts, rest = answer.all.facets[name], answer.rest
    against = f", and of the rest ({rest.tracks:,} tracks)" if rest and rest.tracks else ""
    yield Text(f"\n{name.replace('_', ' ')}: tracks, share{against}", style=_BOLD)
    yield bar_table(_rows(name, counts, answer), bars=bars)


def _rows(name: str, counts: Counts, answer: Stats) -> Iterator[tuple[str, float, tuple[str, ...]]]:
    in_order = FACETS[name].by_value
    ordered = sorted(counts.values.items(), key=lambda pair: (0 if in_order else -pair[1], pair[0]))
    shown = ordered if in_order else ordered[:_VALUES]
    for value, count in shown:
        yield value_label(name, value), float(count), _cells(name, count, answer, value)
    if left := ordered[len(shown) :]:
        total = sum(count for _, count in left)
        yield f"{len(left):,} others", float(total), _share(total, answer.all.tracks)
    if counts.missing:
        yield "(none)", float(counts.missing), _cells(name, counts.missing, answer, None)


def _cells(name: str, count: int, answer: Stats, value: str | int | None) -> tuple[str, ...]:
    own = _share(count, answer.all.tracks)
    if not answer.rest or not answer.rest.tracks:
        return own
    rest = answer.rest.facets.get(name)
    other = 0 if rest is None else rest.missing if value is None else rest.values.get(value, 0)
    return (*own, f"{percent(other, answer.rest.tracks):.1f} %")


def _comparison(comparison: Comparison, *, bars: bool) -> Iterator[RenderableType]:
    yield Text(f"\n{comparison.kind}s over-represented in {comparison.dataset}", style=_BOLD)
    if not comparison.rows:
        yield Text("  none beyond chance", style=_QUIET)
        return
    yield Text(
        "  at least so many times as frequent as in the rest; tracks here and in the rest; p value", style=_QUIET
    )
    yield bar_table(
        (
            (
                str(row.value),
                row.ratio_low,
                (f"{row.ratio_low:,.1f} ×", f"{row.count:,}", f"{row.rest_count:,}", _p(row.p_value)),
            )
            for row in comparison.rows
        ),
        bars=bars,
    )
    part = f"; of the {comparison.offered:,} with the most tracks" if comparison.offered >= MAX_CANDIDATES else ""
    yield Text(f"  corrected for {comparison.compared:,} comparisons{part}", style=_QUIET)


def _p(value: float) -> str:
    """Return p as it is written.

    >>> _p(1e-300), _p(0.0012)
    ('p < 1e-299', 'p 0.0012')
    """
    return "p < 1e-299" if value < 1e-299 else f"p {value:.2g}"


def show_overlap(answer: Overlap, console: Console) -> None:
    """Print tracks and recordings, pairs, and how many data sets recordings are in."""
    for part in _overlap_parts(answer, bars=console.is_terminal):
        terminal.show(part, console)


def _overlap_parts(answer: Overlap, *, bars: bool) -> Iterator[RenderableType]:
    total = answer.recordings.total
    yield Text(
        f"{counted(answer.tracks, 'track')}, {number(total)} recordings in {answer.took_ms / 1000:.1f} s", style=_BOLD
    )
    yield from _kind("recordings", answer.recordings, bars=bars)
    if answer.videos:
        yield from _kind("YouTube videos", answer.videos, bars=bars)
    if not answer.exact:
        yield Text(
            "\nNumbers with ± are estimated from a random sample of tracks (95 % confidence interval). "
            "--exact counts them all."
        )
    yield Text(f"\n{PRESENCE_IS_NO_PROOF}", style=_QUIET)


def number(estimate: Estimate) -> str:
    """Return a number with what it may be off.

    >>> number(Estimate(1200, 1200, 1200)), number(Estimate(1200, 1150, 1260))
    ('1,200', '1,200 ± 60')
    """
    off = max(estimate.high - estimate.value, estimate.value - estimate.low)
    return f"{estimate.value:,}" if estimate.exact else f"{estimate.value:,} ± {off:,}"


def _kind(what: str, shared: Shared, *, bars: bool) -> Iterator[RenderableType]:
    names = shared.patterns.datasets
    if not names:
        return
    own = {name: shared.of(name) for name in names}
    yield Text(f"\n{what} in each data set", style=_BOLD)
    yield bar_table(
        ((name, float(own[name].value), _row(shared, name, own[name])) for name in names),
        bars=bars,
    )
    if len(names) < 2:
        return
    yield Text(f"{what} in both of two data sets, and their share of each", style=_BOLD)
    yield bar_table((_pair(shared, one, other) for one, other in combinations(names, 2)), bars=bars)
    yield Text(f"{what} by number of data sets", style=_BOLD)
    by_number = [(at, shared.in_exactly(at)) for at in range(1, len(names) + 1)]
    yield bar_table(((f"{at}", float(each.value), (number(each),)) for at, each in by_number), bars=bars)


def _row(shared: Shared, name: str, own: Estimate) -> tuple[str, ...]:
    without = f"{shared.without[name]:,} without" if shared.without[name] else ""
    return (number(own), f"of {shared.tracks[name]:,} tracks", without)


def _pair(shared: Shared, one: str, other: str) -> tuple[str, float, tuple[str, ...]]:
    both = shared.of(one, other)
    shares = tuple(f"{share(both, shared.of(name)) or 0:.2f} %" for name in (one, other))
    return f"{one} & {other}", float(both.value), (number(both), *shares)
