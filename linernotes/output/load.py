"""Results of `load`, `update`, `reindex`, `rollback`, `prune`, `generations`, `history`, `watch`; and progress."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from indexer.checks import Gate
from indexer.cluster.audit_log import Event
from indexer.cluster.progress import Progress
from indexer.cluster.status import DatasetStatus, Finding, GenerationStatus
from indexer.cluster.watchlist import Name, Watched, lines
from indexer.load.load import LoadResult
from indexer.maintenance.prune import Pruned
from indexer.maintenance.reindex import Reindexed
from indexer.maintenance.rollback import Rollback
from indexer.update.strategy import Difference, Example, Strategy
from indexer.update.update import Updated
from linernotes.output import terminal
from linernotes.output.progress import Step
from linernotes.output.progress import progress as progress_display
from linernotes.output.tables import grid
from linernotes.output.terminal import show, visible

REFRESH_S = 0.25
MOST_FILES = 8
"""Files with a bar of their own."""


@contextmanager
def show_progress(progress: Progress, *, counts: bool = True) -> Iterator[None]:
    """Show what a load counts, or its notes alone, on standard error, until the block ends."""
    console, done = terminal.console(stderr=True), threading.Event()

    def watch() -> None:
        with progress_display(console, "records") as step:
            while not done.wait(REFRESH_S):
                _show_notes(progress, console)
                if counts:
                    _show_counts(progress, step, files=console.is_terminal)
        _show_notes(progress, console)

    thread = threading.Thread(target=watch, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _show_notes(progress: Progress, console: Console) -> None:
    for sentence in progress.take_notes():
        show(sentence, console)


def _show_counts(progress: Progress, step: Step, *, files: bool) -> None:
    """Show the sums, and the files that are being read: so 26 files fit on a screen."""
    done, rows = sum(file.done for file in progress.files), sum(file.rows for file in progress.files)
    state = f"{progress.state}, {progress.retries} retries, {progress.totals.rejected} rejected"
    step("all files", done, rows, state)
    if files and len(progress.files) > 1:
        for file in [file for file in progress.files if file.done > 0][-MOST_FILES:]:
            step(file.name, file.done, file.rows)


def show_loaded(result: LoadResult, console: Console) -> None:
    """Print the sums of a load, what was normalised, the most frequent first, and the checks."""
    show(Text(result.generation, style="italic"), console)
    sums = ("read", "indexed", "duplicates", "skipped", "rejected")
    rows = [(name, f"{getattr(result, name):,}") for name in sums]
    rows.append(("seconds", f"{result.seconds:,.1f}"))
    rows.append(("records a second", f"{result.records_per_second:,.0f}"))
    rows.append(("concurrent requests", f"{result.senders} at the end"))
    rows.append(("peak memory", f"{result.peak_rss_mb:,.0f} MB"))
    show(grid(rows), console)
    if result.changed:
        show(Text("\nnormalised values", style="italic"), console)
        changed = sorted(result.changed.items(), key=lambda entry: (-entry[1], entry[0]))
        show(grid((rule, f"{count:,}") for rule, count in changed), console)
    if result.gates:
        show(gates_table(result.gates, swapped=True), console)


def generation_row(view: GenerationStatus) -> dict[str, Any]:
    """Return a generation as a row of `generations --json`."""
    meta = view.meta
    return {
        "dataset": view.generation.dataset,
        "generation": view.generation.index,
        "number": view.generation.number,
        "state": view.state,
        "documents": view.seen.documents,
        "size_bytes": view.seen.size_bytes,
        "revision": meta.get("revision") or view.plan.get("revision"),
        "at": view.at or None,
        "at_work": list(view.at_work),
        "forced": meta.get("forced"),
        "failed": list(view.plan.get("failed", ())),
        "files": meta.get("files", []),
        "mapping": meta.get("mapping"),
        "normalisation": meta.get("normalisation"),
        "tool": meta.get("tool"),
    }


def show_generations(
    statuses: Iterable[DatasetStatus], findings: Mapping[str, Sequence[Finding]], console: Console
) -> None:
    """Print all generations, and below what is wrong with them."""
    listed = [status for status in statuses if status.views or findings[status.dataset]]
    if not listed:
        show(Text("Nothing is loaded yet."), console)
    for status in listed:
        show(Text(status.dataset, style="bold"), console)
        show(grid(map(_cells, status.views), right=(2, 3), wrapped=6), console)
        for finding in findings[status.dataset]:
            show(Text(f"! {finding}"), console)


def _cells(view: GenerationStatus) -> list[str]:
    seen = view.seen
    documents = "?" if seen.documents is None else f"{seen.documents:,}"
    size = "?" if seen.size_bytes is None else f"{seen.size_bytes / 1e6:,.1f} MB"
    revision = visible(view.meta.get("revision") or "?")
    number = f"g{view.generation.number:06d}"
    return [number, view.state, f"{documents} tracks", size, revision, _when(view.at), _note(view)]


def _note(view: GenerationStatus) -> str:
    """Return what else is to be said of a generation."""
    if view.at_work:
        return f"by {' and '.join(view.at_work)}"
    if failed := view.plan.get("failed"):
        return f"closed: {', '.join(failed)}"
    if forced := view.meta.get("forced"):
        return f"forced: {visible(forced['reason'])}"
    return ""


def _when(at: str) -> str:
    return at[:19].replace("T", " ")


def gates_table(gates: Iterable[Gate], *, swapped: bool) -> Table:
    """Return the checks of a generation; if it is in service (`swapped`), those that failed were overridden."""
    otherwise = "overridden" if swapped else "failed"
    rows = ((gate.name, visible(gate.seen), gate.allowed, "passed" if gate.passed else otherwise) for gate in gates)
    return grid(rows, "check", "measured", "allowed", "result", wrapped=1)


def show_rollback(done: Rollback, console: Console) -> None:
    """Print from where to where."""
    before = done.from_ or "no generation"
    show(Text(f"{done.dataset}: from {before} to {done.to}, {done.documents:,} tracks, {done.seconds:.1f} s."), console)


def show_pruned(done: Pruned, console: Console) -> None:
    """Print what was deleted, and what stays."""
    if not done.deleted:
        show(Text(f"{done.dataset} has no generation to delete."), console)
    for name in done.deleted:
        show(Text(f"deleted  {name}"), console)
    for name in done.kept:
        show(Text(f"stays    {name}"), console)
    if done.freed_bytes:
        show(Text(f"{done.freed_bytes / 1e6:,.1f} MB freed."), console)


def show_history(events: Sequence[Event], console: Console) -> None:
    """Print events, a line each."""
    if not events:
        show(Text("Nothing has been done yet."), console)
    for event in events:
        who = f"{event.host}/{event.pid}"
        line = (
            f"{_when(event.at)}  {event.dataset:<22}  {event.event:<11}  {visible(event.text)}  ({who}, {event.tool})"
        )
        show(Text(line), console)


_KINDS = ("added", "changed", "removed")


def update_row(done: Updated) -> dict[str, Any]:
    """Return the contract's JSON of an update."""
    difference = done.difference
    return {
        "dataset": done.dataset,
        "from": done.from_,
        "to": done.to,
        **{name: getattr(difference, name) for name in (*_KINDS, "unchanged")},
        "way": done.strategy.name,
        "why": done.strategy.why,
        "gates": [asdict(gate) for gate in done.gates],
        "alias_moved": done.alias_moved,
        "fields": dict(difference.fields),
        "fields_looked_at": difference.looked_at,
        "examples": {kind: [asdict(entry) for entry in some] for kind, some in difference.examples.items()},
        **asdict(done.totals),
        "watched": [asdict(entry) for entry in done.watched],
        "seconds": done.seconds,
    }


def reindex_row(done: Reindexed) -> dict[str, Any]:
    """Return the JSON of a reindex."""
    row = asdict(done)
    return {"dataset": row.pop("dataset"), "from": row.pop("from_"), **row}


def show_difference(difference: Difference, strategy: Strategy, console: Console) -> None:
    """Print what the new release would change, before anything is done."""
    for part in _difference(difference, strategy):
        show(part, console)


def _difference(difference: Difference, strategy: Strategy) -> Iterator[RenderableType]:
    yield grid(((kind, f"{getattr(difference, kind):,}") for kind in (*_KINDS, "unchanged")), right=(1,))
    if difference.fields:
        fields = ", ".join(f"{name} {count:,}" for name, count in difference.fields.items())
        yield Text(f"Fields changed in {_looked_at(difference)}: {fields}.")
    for kind in _KINDS:
        yield from (_example(kind, entry) for entry in difference.examples.get(kind, ()))
    yield Text(f"Way: {strategy.name}, for {strategy.why}.")


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
        show(gates_table(done.gates, swapped=True), console)
    show_watched(done.watched, console)
    show(Text(_ending(done)), console)


def _ending(done: Updated) -> str:
    if done.to is None:
        return "Nothing was changed: --dry-run stops here."
    if not done.alias_moved:
        return f"{done.to} is already in service; nothing was changed."
    return f"{done.dataset}: from {done.from_} to {done.to}, {done.totals.indexed:,} tracks, {_cost(done)}."


def _cost(done: Updated) -> str:
    return f"{done.seconds:.1f} s, {done.peak_rss_mb:,.0f} MB peak memory"


def show_reindexed(done: Reindexed, console: Console) -> None:
    """Print how a reindex ended."""
    if done.gates:
        show(gates_table(done.gates, swapped=True), console)
    show_watched(done.watched, console)
    if done.alias_moved:
        show(Text(f"{done.dataset}: from {done.from_} to {done.to}, {done.documents:,} tracks."), console)
    else:
        show(Text(f"{done.to} already has the present fields and analysis; nothing was changed."), console)


def show_watched(watched: Sequence[Watched], console: Console) -> None:
    """Print which watched artists gained or lost tracks."""
    for line in lines(watched):
        show(Text(f"watched  {visible(line)}"), console)


def show_names(names: Sequence[Name], console: Console) -> None:
    """Print the watched artists."""
    if not names:
        show(Text('No artists are watched. Add one: linernotes watch add "Artist"'), console)
    for entry in names:
        show(Text(f"{visible(entry.name)}  (since {entry.at[:10]})"), console)
