"""Differences, updates and watched artists: for people, and as the rows of `--json`."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from indexer.cluster.watchlist import Name, Watched, lines
from indexer.maintenance.reindex import Reindexed
from indexer.update.compare import Difference, Example
from indexer.update.context import Strategy
from indexer.update.update import Updated
from linernotes.report.generations import gates_table
from linernotes.report.plain import show, visible

_KINDS = ("added", "changed", "removed")


def row(done: Updated) -> dict[str, Any]:
    """Return the contract's JSON of an update."""
    difference = done.difference
    return {
        "dataset": done.dataset,
        "from": done.from_,
        "to": done.to,
        **{name: getattr(difference, name) for name in (*_KINDS, "unchanged")},
        "way": done.way.name,
        "why": done.way.why,
        "gates": [asdict(gate) for gate in done.gates],
        "alias_moved": done.alias_moved,
        "fields": dict(difference.fields),
        "fields_looked_at": difference.looked_at,
        "examples": {kind: [asdict(entry) for entry in some] for kind, some in difference.examples.items()},
        **asdict(done.totals),
        "watched": [asdict(entry) for entry in done.watched],
        "seconds": done.seconds,
    }


def reindexed(done: Reindexed) -> dict[str, Any]:
    """Return the JSON of a reindex."""
    told = asdict(done)
    return {"dataset": told.pop("dataset"), "from": told.pop("from_"), **told}


def show_difference(difference: Difference, way: Strategy, console: Console) -> None:
    """Print what the new release would change, before anything is done."""
    for part in _difference(difference, way):
        show(part, console)


def _difference(difference: Difference, way: Strategy) -> Iterator[RenderableType]:
    counts = Table(box=None, show_header=False, pad_edge=False)
    counts.add_column()
    counts.add_column(justify="right")
    for kind in (*_KINDS, "unchanged"):
        counts.add_row(kind, f"{getattr(difference, kind):,}")
    yield counts
    if difference.fields:
        fields = ", ".join(f"{name} {count:,}" for name, count in difference.fields.items())
        yield Text(f"Fields changed in {_looked_at(difference)}: {fields}.")
    for kind in _KINDS:
        yield from (_example(kind, entry) for entry in difference.examples.get(kind, ()))
    yield Text(f"Way: {way.name}, for {way.why}.")


def _looked_at(difference: Difference) -> str:
    if difference.looked_at == difference.changed:
        return "the changed tracks"
    return f"the first {difference.looked_at:,} of {difference.changed:,} changed tracks"


def _example(kind: str, entry: Example) -> Text:
    names = ", ".join(map(visible, entry.artists))
    fields = f" ({', '.join(entry.fields)})" if entry.fields else ""
    return Text(f"  {kind:<8} {visible(entry.id)}  {visible(entry.title or '?')}, {names or '?'}{fields}")


def show_updated(done: Updated, console: Console) -> None:
    """Print how an update ended."""
    if done.gates:
        console.print(gates_table(done.gates, swapped=True))
    show_watched(done.watched, console)
    show(Text(_ending(done)), console)


def _ending(done: Updated) -> str:
    if done.to is None:
        return "Nothing was changed: --dry-run stops here."
    if not done.alias_moved:
        return f"{done.to} is in service already; nothing was changed."
    return f"{done.dataset}: from {done.from_} to {done.to}, {done.totals.indexed:,} tracks, {_cost(done)}."


def _cost(done: Updated) -> str:
    return f"{done.seconds:.1f} s, {done.peak_rss_mb:,.0f} MB of memory at most"


def show_reindexed(done: Reindexed, console: Console) -> None:
    """Print how a reindex ended."""
    if done.gates:
        console.print(gates_table(done.gates, swapped=True))
    show_watched(done.watched, console)
    if done.alias_moved:
        show(Text(f"{done.dataset}: from {done.from_} to {done.to}, {done.documents:,} tracks."), console)
    else:
        show(Text(f"{done.to} has today's fields and analysis already; nothing was changed."), console)


def show_watched(found: Sequence[Watched], console: Console) -> None:
    """Print which watched artists gained or lost tracks."""
    for line in lines(found):
        show(Text(f"watched  {visible(line)}"), console)


def show_names(names: Sequence[Name], console: Console) -> None:
    """Print the watched artists."""
    if not names:
        show(Text('Nobody is watched. Begin with: linernotes watch add "Artist"'), console)
    for entry in names:
        show(Text(f"{visible(entry.name)}  (since {entry.at[:10]})"), console)
