"""An export, for people: how many rows there will be, how far it is, and what was written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from linernotes.export.run import Exported, Meter
from linernotes.output.terminal import LINE_EVERY_S, show, visible
from queries import Stage
from queries.export import Scan
from queries.text import MAX_WORDS

Look = Callable[[Meter], None]


def show_count(scan: Scan, console: Console) -> None:
    """Print how many rows there will be, and what was asked otherwise than it was written."""
    show(Text(f"{_tracks(scan.count.rows)} to export."), console)
    if scan.stage is Stage.FUZZY:
        show(Text("Few exact matches; similar spellings are included."), console)
    if scan.text_truncated:
        show(Text(f"The text is long: only its first words are asked, {MAX_WORDS} at most."), console)


@contextmanager
def progress(console: Console) -> Iterator[Look]:
    """Give what shows a meter: a bar with rate and time left on a terminal, a line now and then elsewhere."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("exporting")

        def look(meter: Meter) -> None:
            bar.update(task, total=meter.rows, completed=meter.done, description=f"{meter.rate:,.0f} rows a second")

        yield look


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console, self._said = console, 0.0

    def __call__(self, meter: Meter) -> None:
        if meter.seconds >= self._said + LINE_EVERY_S:
            self._said = meter.seconds
            show(Text(status(meter)), self._console)


def status(meter: Meter) -> str:
    """Return one line: how far, how fast, how long still."""
    left = f"{(meter.rows - meter.done) / meter.rate:,.0f} s left" if meter.done else "starting"
    return f"exporting: {meter.done:,} of {meter.rows:,} rows, {meter.rate:,.0f} a second, {left}"


def show_end(exported: Exported, console: Console) -> None:
    """Print what was written, how fast, and from which generations."""
    rate = exported.rows / max(exported.seconds, 1e-6)
    show(
        Text(
            f"{_tracks(exported.rows)} written to {visible(exported.out)} ({exported.size:,} bytes) "
            f"in {exported.seconds:,.1f} s, {rate:,.0f} a second."
        ),
        console,
    )
    for name, rows in exported.generations.items():
        if rows:
            show(Text(f"  {name}: {rows:,}", style="dim"), console)


def _tracks(number: int) -> str:
    return "1 track" if number == 1 else f"{number:,} tracks"
