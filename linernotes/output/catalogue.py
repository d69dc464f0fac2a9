"""Results of `check` and `verify`: the sums, a bar for each data set, the first rows that weren't found; changes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from linernotes import cards
from linernotes.catalogue.verify import Change, GenerationChange
from linernotes.output import terminal
from linernotes.output.tables import grid
from linernotes.output.terminal import visible
from mappings.cards import PRESENCE_IS_NO_PROOF
from queries.catalogue import CatalogueRow, RowResult, Tally

_BAR = 30
_STYLES = {"found": "green", "likely": "yellow", "not_found": "dim", "unreadable": "red"}


def show_check(tally: Tally, missed: Sequence[RowResult], unreadable: Sequence[RowResult], console: Console) -> None:
    """Print the sums of a check."""
    for part in _parts(tally.as_json(), missed, unreadable):
        terminal.show(part, console)


def _parts(
    summary: Mapping[str, Any], missed: Sequence[RowResult], unreadable: Sequence[RowResult]
) -> Iterator[Text | Table]:
    if not summary["rows"]:
        yield Text("The catalogue has no rows: there was nothing to check.", style="bold")
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
        yield Text(f"{summary['duplicates']:,} rows repeat an earlier one and don't count towards coverage.")
    if not summary["exact"]:
        yield Text("Some rows have more candidates than could be read: their numbers of tracks are lower bounds.")
    yield _datasets(summary)
    yield from _rows("The first that were not found:", missed)
    yield from _rows("The first that are unreadable:", unreadable)
    yield Text(f"\n{PRESENCE_IS_NO_PROOF}", style="dim")


def _datasets(summary: Mapping[str, Any]) -> Table:
    rows = (_dataset(dataset, counts, max(summary["songs"], 1)) for dataset, counts in summary["by_dataset"].items())
    return grid(rows, "data set", "", "coverage", "found", "likely", "tracks", right=range(2, 6))


def _dataset(dataset: str, counts: Mapping[str, Any], songs: int) -> tuple[str | Text, ...]:
    found, likely = (round(_BAR * counts[name] / songs) for name in ("found", "likely"))
    bar = Text("█" * found, style="green").append("▒" * likely, style="yellow")
    name = cards.name_of(dataset)
    return (
        name,
        bar,
        f"{counts['coverage_percent']} %",
        *(f"{counts[each]:,}" for each in ("found", "likely", "tracks")),
    )


def _rows(heading: str, rows: Sequence[RowResult]) -> Iterator[Text]:
    if rows:
        yield Text(f"\n{heading}")
    for row in rows:
        yield (Text(f"{row.row.number:>7}  ").append(_named(row.row)).append(f"  {visible(row.reason)}", style="dim"))


def _named(row: CatalogueRow) -> str:
    """Return what a row is called: its names, or its ids where it has none."""
    ids = ", ".join(f"{each.kind} {each.value}" for each in row.identifiers)
    return visible(f"{row.artist or '?'} – {row.title or '?'}" if row.artist or row.title else ids or "(blank)")


def show_verified(
    report: str,
    rows: int,
    changed: int,
    some: Sequence[Change],
    generations: Sequence[GenerationChange],
    console: Console,
) -> None:
    """Print what changed since a report was written."""
    for each in generations:
        terminal.show(
            Text(f"{each.dataset}: was {each.before or 'not loaded'}, is now {each.after or 'not loaded'}."), console
        )
    for change in some:
        terminal.show(_change(change), console)
    if changed > len(some):
        terminal.show(Text(f"... and {changed - len(some):,} more; --json lists all."), console)
    verdict = f"no longer holds: {changed:,} rows changed" if changed else "still holds: no row changed"
    terminal.show(Text(f"{visible(report)} {verdict} ({rows:,} rows checked again).", style="bold"), console)


def _change(change: Change) -> Text:
    line = Text(f"{change.row:>7}  {visible(change.artist)} – {visible(change.title)}: ")
    line.append(f"{change.before} → {change.after}" if change.before != change.after else change.after)
    for sign, ids in (("+", change.added), ("-", change.removed)):
        line.append("".join(f" {sign}{visible(each)}" for each in ids[:5]), style="dim")
    if change.total_before != change.total_after:
        line.append(f" ({change.total_before:,} → {change.total_after:,} tracks)", style="dim")
    return line
