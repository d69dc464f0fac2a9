"""Progress on standard error: bars with rate and time left on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from linernotes.output.terminal import show

LINE_EVERY_S = 15.0


class Step(Protocol):
    """Called with what is being done, how much of it is done, of how much if that is known, and what else to say."""

    def __call__(self, work: str, done: int, total: int | None = None, note: str = "", /) -> None:
        """Show it."""


@contextmanager
def progress(console: Console, unit: str) -> Iterator[Step]:
    """Give what shows progress in a unit such as "rows", until the block ends."""
    if not console.is_terminal:
        yield _Lines(console, unit)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        yield _Bars(bars, unit)


class _Rates:
    def __init__(self) -> None:
        self._began: dict[str, tuple[float, int]] = {}

    def rate(self, work: str, done: int) -> float:
        """Return how much is done in a second, since it was first heard of."""
        began, before = self._began.setdefault(work, (time.monotonic(), done))
        return (done - before) / max(time.monotonic() - began, 1e-6)


class _Bars:
    def __init__(self, bars: Progress, unit: str) -> None:
        self._bars, self._unit, self._rates, self._tasks = bars, unit, _Rates(), dict[str, TaskID]()

    def __call__(self, work: str, done: int, total: int | None = None, note: str = "", /) -> None:
        if work not in self._tasks:
            self._tasks[work] = self._bars.add_task(work, total=total)
        rate = f"{self._rates.rate(work, done):,.0f} {self._unit} a second"
        description = ", ".join(filter(None, (f"{work}: {rate}", note)))
        is_open = total is None or done < total or len(self._tasks) == 1
        self._bars.update(self._tasks[work], completed=done, total=total, description=description, visible=is_open)


class _Lines:
    def __init__(self, console: Console, unit: str) -> None:
        self._console, self._unit, self._rates, self._printed = console, unit, _Rates(), time.monotonic()

    def __call__(self, work: str, done: int, total: int | None = None, note: str = "", /) -> None:
        rate = self._rates.rate(work, done)
        if time.monotonic() < self._printed + LINE_EVERY_S:
            return
        self._printed = time.monotonic()
        of = "" if total is None else f" of {total:,}"
        left = f"{(total - done) / rate:,.0f} s left" if total is not None and rate else ""
        line = ", ".join(filter(None, (f"{work}: {done:,}{of} {self._unit}", f"{rate:,.0f} a second", left, note)))
        show(Text(line), self._console)
