"""How far a transfer is, on stderr: a bar on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

Advance = Callable[[int], None]
# Seconds between two lines where there is no terminal: often enough to see that it lives.
PAUSE = 5.0


@dataclass
class _Lines:
    """Says a line when the last one is some seconds old."""

    total: int
    report: Callable[[str], None]
    done: int = 0
    started: float = field(default_factory=time.monotonic)
    said: float = field(default_factory=time.monotonic)

    def advance(self, count: int) -> None:
        self.done += count
        now = time.monotonic()
        if now - self.said >= PAUSE:
            self.said = now
            rate = self.done / (now - self.started) / 1e6
            self.report(f"{self.done / 1e6:.0f} of {self.total / 1e6:.0f} MB, {rate:.1f} MB/s")


@contextmanager
def metered(total: int, report: Callable[[str], None], console: Console | None = None) -> Iterator[Advance]:
    """Show how much of `total` bytes is done; the body calls what it is given with the bytes just done."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(total, report).advance
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task("Elasticsearch", total=total)
        yield lambda count: progress.advance(task, count)
