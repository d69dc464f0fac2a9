"""`linernotes generations`, `rollback`, `prune`, `history`: which loads there are, and which of them is in service."""

from dataclasses import asdict
from typing import Annotated

from indexer.cluster import audit_log
from indexer.cluster.progress import Progress
from indexer.cluster.retry import RetryPolicy
from indexer.cluster.status import dataset_status, inspect
from indexer.cluster.status import datasets as known_datasets
from indexer.maintenance.prune import LEAST, prune_generations
from indexer.maintenance.rollback import roll_back
from indexer.update import workdir
from linernotes.cli.common import AsJson, Dataset, MaybeDataset, dataset_of, limit, number, print_json
from linernotes.cli.load import open_client
from linernotes.output import load as output
from linernotes.output import terminal
from linernotes.output.load import show_progress

EVENTS = 30

To = Annotated[int | None, number("Number of the generation to go to, also forward again.", 1)]
Keep = Annotated[int, number("Generations to keep, with the current one; never fewer than 2.", 1)]


def generations(dataset: MaybeDataset = None, json: AsJson = False) -> None:
    """List the loaded generations, and what is wrong with them.

    A generation is one complete load of a data set, in an index of its own. It is building, ready (its checks haven't
    passed yet), current (it is searched), kept (it was current, and can be again), or failed.
    """
    name = dataset_of(dataset) if dataset else None
    with open_client() as (client, prefix):
        names = [name] if name else known_datasets(client, prefix)
        statuses = [dataset_status(client, prefix, each) for each in names]
    findings = {status.dataset: inspect(status) for status in statuses}
    if json:
        rows = [output.generation_row(view) for status in statuses for view in status.views]
        problems = [asdict(finding) | {"dataset": each} for each, some in findings.items() for finding in some]
        print_json({"generations": rows, "findings": problems})
    else:
        output.show_generations(statuses, findings, terminal.console())


def rollback(dataset: Dataset, to: To = None, json: AsJson = False) -> None:
    """Go back to the previous generation at once.

    Nothing is deleted. With --to, any generation that was current once can be made current again.
    """
    progress = Progress()
    with open_client(RetryPolicy(progress)) as (client, prefix), show_progress(progress, counts=False):
        done = roll_back(client, prefix, dataset_of(dataset), to)
    if json:
        row = asdict(done)
        print_json({"dataset": done.dataset, "from": row.pop("from_"), **row, "alias_moved": True})
    else:
        output.show_rollback(done, terminal.console())


def prune(dataset: Dataset, keep: Keep = LEAST, json: AsJson = False) -> None:
    """Delete old and failed generations.

    The current one and the one before it always stay, and so does one that is being built. Rejected records are deleted
    with their generation; the history stays.
    """
    progress = Progress()
    with open_client(RetryPolicy(progress)) as (client, prefix), show_progress(progress, counts=False):
        done = prune_generations(client, prefix, dataset_of(dataset), keep)
    workdir.sweep()
    if json:
        print_json(asdict(done))
    else:
        output.show_pruned(done, terminal.console())


def history(
    dataset: MaybeDataset = None,
    size: Annotated[int, limit("Events", minimum=1)] = EVENTS,
    json: AsJson = False,
) -> None:
    """Show what was done: loads, checks, rollbacks, overrides.

    The latest comes first.
    """
    name = dataset_of(dataset) if dataset else None
    with open_client() as (client, prefix):
        events = audit_log.read(client, prefix, name, size)
    if json:
        print_json({"events": [asdict(event) for event in events]})
    else:
        output.show_history(events, terminal.console())
