"""What an update or reindex that was killed left behind: recognised and cleared away, before another one begins."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from elasticsearch import ApiError, Elasticsearch

from indexer import generations, history, lease, ledger
from indexer.history import History
from indexer.ledger import Ledger, LoadRecord
from indexer.retry import policy_of
from indexer.survey import BUILDING, CURRENT, READY, Survey
from indexer.update.clone import unblock
from mappings.errors import CheckFailedError
from mappings.index_names import parse

BASE, TASK = "base", "task"
"""In the plan of an update: the generation that it is cloned from, and the task that Elasticsearch runs for it."""


def clear(client: Elasticsearch, found: Survey) -> None:
    """Clear away what dead updates left; raises CheckFailedError while somebody builds a generation of this data set.

    The caller holds the data set's lease, so no other update is at work. A load that was left half built stays.
    """
    books = Ledger(client, found.prefix)
    settle(client, found)
    for view in found.views:
        if view.state not in (BUILDING, READY) or view.record is None:
            continue
        if view.record.what != "load":
            give_up(client, books, view.record)
        elif view.at_work and (living := lease.living(client, view.generation)):
            who = " and ".join(map(str, living))
            raise CheckFailedError(
                f"{found.dataset} is in other hands: {who}.", "Wait for its end, then run this again."
            )


def settle(client: Elasticsearch, found: Survey) -> None:
    """Write down that the current generation is current, where whoever put it in service died before writing it."""
    for view in found.views:
        if view.state == CURRENT and view.record and view.record.state in (ledger.BUILDING, ledger.READY):
            release(client, found.prefix, view.record.plan)
            generations.settle(client, found.prefix, found.dataset)


def give_up(client: Elasticsearch, books: Ledger, record: LoadRecord) -> None:
    """Delete a half-built generation, with all that belongs to it."""
    generation = record.generation
    release(client, generation.prefix, record.plan)
    generations.delete(client, generation)
    books.forget(generation)
    books.close(generation, ledger.ABANDONED, record.plan)
    what = f"{generation.index}: a {record.what} that was interrupted is cleared away"
    policy_of(client).meter.note(f"Starting over: {generation.index}, which an earlier run began, is deleted.")
    History(client, generation.prefix).write(generation, history.ABANDONED, what)


def release(client: Elasticsearch, prefix: str, plan: Mapping[str, Any]) -> None:
    """Lift the block on the generation that was being cloned, and cancel what Elasticsearch does by itself."""
    if base := parse(prefix, str(plan.get(BASE, ""))):
        unblock(client, base)
    if task := plan.get(TASK):
        with suppress(ApiError):  # it has ended
            path = f"/_tasks/{task}/_cancel?wait_for_completion=true"
            client.perform_request("POST", path, headers={"accept": "application/json"})
