"""A check for people: progress while it runs, the sums, a bar for each data set, the first rows that weren't found."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from linernotes.catalogue.verify import Change, Moved
from linernotes.output import terminal
from linernotes.output.terminal import visible
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF
from queries.catalogue import CatalogueRow, RowResult, Tally

_EVERY_S = 5.0
_BAR = 30
_STYLES = {"found": "green", "likely": "yellow", "not_found": "dim", "unreadable": "red"}


@contextmanager
def progress(console: Console, what: str) -> Iterator[Any]:
    """Give a function that is called for each row: a bar on a terminal, otherwise a line now and then."""
    began = time.monotonic()
    if console.is_terminal:
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
        with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
            task = bar.add_task(what, total=None, rate="")

            def step(rows: int) -> None:
                if rows % 50 == 0:
                    bar.update(task, completed=rows, rate=f"{rows / (time.monotonic() - began):,.0f} rows/s")

            yield step
        return
    told = began

    def line(rows: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= _EVERY_S:
            told = now
            console.print(f"{what}: {rows:,} rows, {rows / (now - began):,.0f} a second", highlight=False)

    yield line


def show(tally: Tally, missed: Sequence[RowResult], unreadable: Sequence[RowResult], console: Console) -> None:
    """Print the sums of a check."""
    for part in _parts(tally.as_json(), missed, unreadable):
        terminal.show(part, console)


def _parts(
    summary: Mapping[str, Any], missed: Sequence[RowResult], unreadable: Sequence[RowResult]
) -> Iterator[Text | Table]:
    if not summary["rows"]:
        yield Text("The catalogue has no rows: nothing was asked.", style="bold")
        return
    yield Text(
        f"{summary['coverage_percent']} % of {summary['songs']:,} songs are in a data set, found or likely "
        f"({summary['found_percent']} % found)",
        style="bold",
    )
    counts = Text()
    for name, style in _STYLES.items():
        counts.append(f"{name.replace('_', ' ')} ", style="dim").append(f"{summary[name]:,}   ", style=style)
    yield counts.append(f"of {summary['rows']:,} rows", style="dim")
    if summary["duplicates"]:
        yield Text(f"Rows that repeat an earlier one, and don't count towards coverage: {summary['duplicates']:,}.")
    if not summary["exact"]:
        yield Text("Some rows have more candidates than could be read: their numbers are lower bounds.")
    yield _datasets(summary)
    yield from _rows("Not found, the first:", missed)
    yield from _rows("Unreadable, the first:", unreadable)
    yield Text(f"\n{PRESENCE_IS_NO_PROOF}", style="dim")


def _datasets(summary: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("data set", "", "coverage", "found", "likely", "tracks"):
        table.add_column(column, justify="left" if column in ("data set", "") else "right")
    songs = max(summary["songs"], 1)
    for dataset, counts in summary["by_dataset"].items():
        found, likely = (round(_BAR * counts[name] / songs) for name in ("found", "likely"))
        bar = Text("█" * found, style="green").append("▒" * likely, style="yellow")
        numbers = (f"{counts[name]:,}" for name in ("found", "likely", "tracks"))
        name = CARDS[dataset].name if dataset in CARDS else dataset
        table.add_row(name, bar, f"{counts['coverage_percent']} %", *numbers)
    return table


def _rows(heading: str, rows: Sequence[RowResult]) -> Iterator[Text]:
    if rows:
        yield Text(f"\n{heading}")
    for row in rows:
        asked = row.row
        yield (Text(f"{asked.number:>7}  ").append(_named(asked)).append(f"  {visible(row.reason)}", style="dim"))


def _named(asked: CatalogueRow) -> str:
    """Return what a row is called: its names, or its ids where it has none."""
    ids = ", ".join(f"{each.kind} {each.value}" for each in asked.identifiers)
    return visible(f"{asked.artist or '?'} – {asked.title or '?'}" if asked.artist or asked.title else ids or "(blank)")


def show_verified(
    report: str, rows: int, changed: int, some: Sequence[Change], moved: Sequence[Moved], console: Console
) -> None:
    """Print what changed since a report was written."""
    for each in moved:
        terminal.show(
            Text(f"{each.dataset}: asked was {each.was or 'nothing'}, now it is {each.now or 'not loaded'}."), console
        )
    for change in some:
        terminal.show(_change(change), console)
    if changed > len(some):
        terminal.show(Text(f"... and {changed - len(some):,} more; --json lists all."), console)
    held = "still holds: no row is answered otherwise" if not changed else f"no longer holds: {changed:,} rows changed"
    terminal.show(Text(f"{visible(report)} {held} ({rows:,} rows asked again).", style="bold"), console)


def _change(change: Change) -> Text:
    line = Text(f"{change.row:>7}  {visible(change.artist)} – {visible(change.title)}: ")
    line.append(f"{change.was} → {change.now}" if change.was != change.now else change.now)
    for sign, ids in (("+", change.came), ("-", change.went)):
        line.append("".join(f" {sign}{visible(each)}" for each in ids[:5]), style="dim")
    if change.total_was != change.total_now:
        line.append(f" ({change.total_was:,} → {change.total_now:,} tracks)", style="dim")
    return line
