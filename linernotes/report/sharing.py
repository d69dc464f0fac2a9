"""What data sets share, for people."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from linernotes.report import plain
from linernotes.report.bars import table
from mappings.cards import PRESENCE_IS_NO_PROOF
from queries.analysis.overlap import Estimate, Overlap, Shared, share
from queries.analysis.overlap import Progress as Told

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
        if time.monotonic() >= self._said + plain.LINE_EVERY_S:
            self._said = time.monotonic()
            plain.show(Text(f"{kind.replace('_', ' ')}: {done:,} of {total:,} {self._unit}"), self._console)


def show(answer: Overlap, console: Console) -> None:
    """Print tracks and recordings, pairs, and how many data sets recordings are in."""
    for part in _parts(answer, bars=console.is_terminal):
        plain.show(part, console)


def _parts(answer: Overlap, *, bars: bool) -> Iterator[RenderableType]:
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


def number(found: Estimate) -> str:
    """Return a number with what it may be off.

    >>> number(Estimate(1200, 1200, 1200)), number(Estimate(1200, 1150, 1260))
    ('1,200', '1,200 ± 60')
    """
    off = max(found.high - found.value, found.value - found.low)
    return f"{found.value:,}" if found.exact else f"{found.value:,} ± {off:,}"


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
