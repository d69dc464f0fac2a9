"""Progress of a load: a bar for each file and one for the whole on a terminal, a line now and then elsewhere."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from indexer.cluster.progress import Progress
from indexer.load.load import LoadResult
from linernotes.output.terminal import LINE_EVERY_S

BARS_AT_MOST = 8
REFRESH_S = 0.25


@contextmanager
def shown(progress: Progress, console: Console, *, counts: bool = True) -> Iterator[None]:
    """Show what a load counts, or its notes alone, on standard error, until the block ends."""
    done = threading.Event()
    show = (_bars if console.is_terminal else _lines) if counts else _notes
    thread = threading.Thread(target=show, args=(progress, console, done), name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _notes(progress: Progress, console: Console, done: threading.Event) -> None:
    while not done.wait(REFRESH_S):
        _say_notes(progress, console)
    _say_notes(progress, console)


def _lines(progress: Progress, console: Console, done: threading.Event) -> None:
    waited = 0.0
    while not done.wait(REFRESH_S):
        _say_notes(progress, console)
        waited += REFRESH_S
        if waited >= LINE_EVERY_S:
            waited = 0.0
            console.print(status(progress), markup=False, highlight=False, soft_wrap=True)
    _say_notes(progress, console)


def _say_notes(progress: Progress, console: Console) -> None:
    for sentence in progress.take_notes():
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def status(progress: Progress) -> str:
    """Return one line: how far, how fast, how long still, retries and rejected records."""
    done, rows = sum(file.done for file in progress.files), sum(file.rows for file in progress.files)
    rate = progress.totals.read / max(progress.seconds, 1e-6)
    left = f"{(rows - done) / rate:,.0f} s left" if rate else "starting"
    return (
        f"{progress.state}: {done:,} of {rows:,} records, {rate:,.0f} a second, {left}, "
        f"{progress.retries} retries, {progress.totals.rejected} rejected"
    )


def _bars(progress: Progress, console: Console, done: threading.Event) -> None:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        total = bars.add_task("all files")
        by_file: dict[int, TaskID] = {}
        while not done.wait(REFRESH_S):
            _say_notes(progress, bars.console)
            _update(bars, progress, total, by_file)
    _say_notes(progress, console)


def _update(bars: Bars, progress: Progress, total: TaskID, by_file: dict[int, TaskID]) -> None:
    """Bring the bars up to date; only files that are being read have one, so that 26 files fit on a screen."""
    rows, done = sum(file.rows for file in progress.files), sum(file.done for file in progress.files)
    bars.update(total, total=rows, completed=done, description=status(progress))
    for number, file in enumerate(progress.files):
        finished = file.done >= file.rows
        if number in by_file:
            bars.update(by_file[number], completed=file.done, visible=not finished)
        elif not finished and len(progress.files) > 1 and len(by_file) < BARS_AT_MOST:
            by_file[number] = bars.add_task(file.name, total=file.rows, completed=file.done)


def summary(result: LoadResult) -> Group:
    """Return the result as a small table, and another of what was normalised, the most frequent first."""
    name = Text(result.generation, style="italic", overflow="fold")  # a title would break at the table's width
    return Group(name, _counts(result), *([_changes(result)] if result.changed else []))


def _changes(result: LoadResult) -> Table:
    table = Table(title="\nwhat was normalised", show_header=False, title_justify="left", box=None)
    for rule, count in sorted(result.changed.items(), key=lambda entry: (-entry[1], entry[0])):
        table.add_row(rule, f"{count:,}")
    return table


def _counts(result: LoadResult) -> Table:
    table = Table(show_header=False, box=None)
    for name in ("read", "indexed", "duplicates", "skipped", "rejected"):
        table.add_row(name, f"{getattr(result, name):,}", end_section=name == "rejected")
    table.add_row("seconds", f"{result.seconds:,.1f}")
    table.add_row("records a second", f"{result.records_per_second:,.0f}")
    table.add_row("requests in flight", f"{result.senders} at the end")
    table.add_row("peak memory", f"{result.peak_rss_mb:,.0f} MB")
    return table
