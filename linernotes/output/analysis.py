"""Statistics, for people: bar charts of shares, and tables of what is over-represented."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from linernotes.output import terminal
from linernotes.output.tables import table
from mappings.cards import PRESENCE_IS_NO_PROOF
from queries import FACETS, Stats, Total
from queries.analysis.overlap import Estimate, Overlap, Shared, share
from queries.analysis.overlap import Progress as Told
from queries.analysis.stats import Comparison, Counts, percent
from queries.analysis.stats_requests import MAX_CANDIDATES
from queries.text import MAX_WORDS

_QUIET, _BOLD = "dim", "bold"
_VALUES = 12


def show_stats(answer: Stats, console: Console) -> None:
    """Print totals, shares, and what is over-represented."""
    for part in _parts(answer, bars=console.is_terminal):
        terminal.show(part, console)


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


def _comparison(comparison: Comparison, *, bars: bool) -> Iterator[RenderableType]:
    yield Text(f"\n{comparison.kind}s over-represented in {comparison.dataset}", style=_BOLD)
    if not comparison.rows:
        yield Text("  none for certain", style=_QUIET)
        return
    yield Text("  at least so many times as often as in the rest; tracks here, in the rest; p", style=_QUIET)
    yield table(
        (
            (str(row.value), row.low, (f"{row.low:,.1f} ×", f"{row.count:,}", f"{row.rest:,}", _p(row.p)))
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


_QUIET, _BOLD = "dim", "bold"


@contextmanager
def progress(console: Console, unit: str = "tracks") -> Iterator[Told]:
    """Give what is told how far it is: a bar with the time left on a terminal, a line now and then elsewhere."""
    if not console.is_terminal:
        yield _Lines(console, unit)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def told(kind: str, done: int, total: int) -> None:
            if kind not in tasks:
                tasks[kind] = bar.add_task(kind.replace("_", " "))
            bar.update(tasks[kind], completed=min(done, total), total=total)

        yield told


class _Lines:
    def __init__(self, console: Console, unit: str) -> None:
        self._console, self._unit, self._said = console, unit, time.monotonic()

    def __call__(self, kind: str, done: int, total: int) -> None:
        if time.monotonic() >= self._said + terminal.LINE_EVERY_S:
            self._said = time.monotonic()
            terminal.show(Text(f"{kind.replace('_', ' ')}: {done:,} of {total:,} {self._unit}"), self._console)


def show_overlap(answer: Overlap, console: Console) -> None:
    """Print tracks and recordings, pairs, and how many data sets recordings are in."""
    for part in _overlap_parts(answer, bars=console.is_terminal):
        terminal.show(part, console)


def _overlap_parts(answer: Overlap, *, bars: bool) -> Iterator[RenderableType]:
    total = answer.recordings.total
    tracks = f"{answer.tracks.value:,} track{'s' * (answer.tracks.value != 1)}"
    yield Text(f"{tracks}, {number(total)} recordings in {answer.took_ms / 1000:.1f} s", style=_BOLD)
    yield from _kind("recordings", answer.recordings, bars=bars)
    if answer.videos:
        yield from _kind("YouTube videos", answer.videos, bars=bars)
    if not answer.exact:
        yield Text(
            "\nNumbers with ± are estimated from tracks drawn at random; 95 times of 100 what is true lies within. "
            "Count with --exact."
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
    yield table(
        ((name, float(own[name].value), _row(shared, name, own[name])) for name in names),
        bars=bars,
    )
    if len(names) < 2:
        return
    yield Text(f"{what} in two data sets, with their share of each", style=_BOLD)
    yield table((_pair(shared, one, other) for one, other in combinations(names, 2)), bars=bars)
    yield Text(f"{what} by the number of data sets that they are in", style=_BOLD)
    counted = [(at, shared.in_exactly(at)) for at in range(1, len(names) + 1)]
    yield table(((f"{at}", float(found.value), (number(found),)) for at, found in counted), bars=bars)


def _row(shared: Shared, name: str, own: Estimate) -> tuple[str, ...]:
    without = f"{shared.without[name]:,} without" if shared.without[name] else ""
    return (number(own), f"of {shared.tracks[name]:,} tracks", without)


def _pair(shared: Shared, one: str, other: str) -> tuple[str, float, tuple[str, ...]]:
    both = shared.of(one, other)
    shares = tuple(f"{share(both, shared.of(name)) or 0:.2f} %" for name in (one, other))
    return f"{one} & {other}", float(both.value), (number(both), *shares)
