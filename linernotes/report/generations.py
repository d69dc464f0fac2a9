"""Generations, gates and history for people; and the rows of `--json`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from indexer.checks import Gate
from indexer.cluster.audit_log import Event
from indexer.cluster.diagnostics import Finding
from indexer.cluster.status import DatasetStatus, GenerationStatus
from indexer.maintenance.prune import Pruned
from indexer.maintenance.rollback import Rollback
from linernotes.report.plain import show, visible

_PASSED, _FORCED, _CLOSED = "passed", "forced", "closed"


def row(view: GenerationStatus) -> dict[str, Any]:
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
    found: Iterable[DatasetStatus], findings: Mapping[str, Sequence[Finding]], console: Console
) -> None:
    """Print all generations, and below what is wrong with them."""
    surveys = [entry for entry in found if entry.views or findings[entry.dataset]]
    if not surveys:
        show(Text("There is no generation: nothing was loaded yet."), console)
    for entry in surveys:
        show(Text(entry.dataset, style="bold"), console)
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        for column in range(7):
            table.add_column(justify="right" if column in (2, 3) else "left", no_wrap=column < 6)
        for view in entry.views:
            table.add_row(*_cells(view))
        console.print(table)
        for finding in findings[entry.dataset]:
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
    """Return the gates as a table: name, what was seen, what is allowed, and how it went.

    `swapped` says that the generation is in service, so that a gate that was not passed was forced.
    """
    otherwise = _FORCED if swapped else _CLOSED
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("gate", "seen", "allowed", ""):
        table.add_column(column, no_wrap=column in ("gate", ""), overflow="fold")
    for gate in gates:
        table.add_row(gate.name, visible(gate.seen), gate.allowed, _PASSED if gate.passed else otherwise)
    return table


def show_rollback(done: Rollback, console: Console) -> None:
    """Print from where to where."""
    before = done.from_ or "no generation"
    show(Text(f"{done.dataset}: from {before} to {done.to}, {done.documents:,} tracks, {done.seconds:.1f} s."), console)


def show_pruned(done: Pruned, console: Console) -> None:
    """Print what was deleted, and what stays."""
    if not done.deleted:
        show(Text(f"Nothing of {done.dataset} was to be deleted."), console)
    for name in done.deleted:
        show(Text(f"deleted  {name}"), console)
    for name in done.kept:
        show(Text(f"stays    {name}"), console)
    if done.freed_bytes:
        show(Text(f"{done.freed_bytes / 1e6:,.1f} MB are free again."), console)


def show_history(events: Sequence[Event], console: Console) -> None:
    """Print events, a line each."""
    if not events:
        show(Text("Nothing has happened yet."), console)
    for event in events:
        who = f"{event.host}/{event.pid}"
        line = (
            f"{_when(event.at)}  {event.dataset:<22}  {event.event:<11}  {visible(event.text)}  ({who}, {event.tool})"
        )
        show(Text(line), console)
