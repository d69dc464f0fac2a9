"""`linernotes generations`, `rollback`, `prune`, `history`: which loads there are, and which of them is in service."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from indexer.cluster.audit_log import AuditLog
from indexer.cluster.diagnostics import inspect
from indexer.cluster.progress import Progress
from indexer.cluster.retry import RetryPolicy
from indexer.cluster.status import dataset_status, datasets
from indexer.maintenance.prune import LEAST, Pruner
from indexer.maintenance.rollback import Roller
from indexer.sources import SOURCES
from indexer.update import workdir
from linernotes import arguments
from linernotes.cli.context import print_json
from linernotes.cli.operating import connected
from linernotes.output import generations as report
from linernotes.output import load, terminal

EVENTS = 30

Known = ", ".join(SOURCES)
Dataset = Annotated[str, typer.Argument(help=f"Data set: {Known}.")]
MaybeDataset = Annotated[str | None, typer.Argument(help=f"Data set; all of them without it. Known: {Known}.")]
To = Annotated[int | None, typer.Option(min=1, help="Number of the generation to go to; forward again, too.")]
Keep = Annotated[int, typer.Option(min=1, help="Generations that stay, the current one counted; never fewer than 2.")]
Size = Annotated[int, typer.Option(min=1, max=10_000, help="Events at most.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def generations(dataset: MaybeDataset = None, json: AsJson = False) -> None:
    """Show all generations: state, documents, size, revision, and whether anything is wrong.

    A generation is one complete load of a data set, an index of its own. It is building, ready (the gates are not
    passed yet), current (searchers see it), kept (it was current, and can be again), or failed.
    """
    wanted = arguments.dataset(dataset) if dataset else None
    with connected() as (client, prefix):
        found = [dataset_status(client, prefix, name) for name in ([wanted] if wanted else datasets(client, prefix))]
    findings = {entry.dataset: inspect(entry) for entry in found}
    if json:
        rows = [report.row(view) for entry in found for view in entry.views]
        told = [asdict(finding) | {"dataset": name} for name, those in findings.items() for finding in those]
        print_json({"generations": rows, "findings": told})
    else:
        report.show_generations(found, findings, terminal.console())


def rollback(dataset: Dataset, to: To = None, json: AsJson = False) -> None:
    """Go back to the generation before, at once.

    Nothing is deleted: --to goes to any generation that was in service once, so also forward again.
    """
    progress = Progress()
    with (
        connected(RetryPolicy(progress)) as (client, prefix),
        load.shown(progress, Console(stderr=True), counts=False),
    ):
        done = Roller(client, prefix).run(arguments.dataset(dataset), to)
    if json:
        row = asdict(done)
        print_json({"dataset": done.dataset, "from": row.pop("from_"), **row, "alias_moved": True})
    else:
        report.show_rollback(done, terminal.console())


def prune(dataset: Dataset, keep: Keep = LEAST, json: AsJson = False) -> None:
    """Delete old generations, and what failed.

    The current one and the one before it always stay, and so does one that is being built. The rejected records of
    a generation go with it; the history stays.
    """
    progress = Progress()
    with (
        connected(RetryPolicy(progress)) as (client, prefix),
        load.shown(progress, Console(stderr=True), counts=False),
    ):
        done = Pruner(client, prefix).run(arguments.dataset(dataset), keep)
    workdir.sweep()
    if json:
        print_json(asdict(done))
    else:
        report.show_pruned(done, terminal.console())


def history(dataset: MaybeDataset = None, size: Size = EVENTS, json: AsJson = False) -> None:
    """Show what happened, the latest first: loads, gates, swaps, rollbacks, what was forced and why."""
    wanted = arguments.dataset(dataset) if dataset else None
    with connected() as (client, prefix):
        events = AuditLog(client, prefix).read(wanted, size)
    if json:
        print_json({"events": [asdict(event) for event in events]})
    else:
        report.show_history(events, terminal.console())
