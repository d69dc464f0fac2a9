"""What an update or reindex that was killed left behind: recognised and cleared away, before another one begins."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from elasticsearch import ApiError, Elasticsearch

from indexer.cluster import audit_log, indices, lease, ledger, rejects
from indexer.cluster.audit_log import AuditLog
from indexer.cluster.indices import unblock
from indexer.cluster.ledger import Ledger, LoadRecord
from indexer.cluster.retry import policy_of
from indexer.cluster.status import BUILDING, CURRENT, READY, DatasetStatus
from mappings.errors import CheckFailedError
from mappings.index_names import history as history_index
from mappings.index_names import ledger as ledger_index
from mappings.index_names import locks, parse
from mappings.index_names import rejected as rejected_index

BASE, TASK = "base", "task"
"""In the plan of an update: the generation that it is cloned from, and the task that Elasticsearch runs for it."""

_SMALL = {"number_of_shards": 1, "auto_expand_replicas": "0-1"}


def create_system_indices(client: Elasticsearch, prefix: str) -> None:
    """Create ledger, leases, history and the index of rejected records; or add the fields that the first two lack."""
    load_ledger = {
        ledger_index(prefix): ledger.MAPPING,
        locks(prefix): lease.MAPPING,
        history_index(prefix): audit_log.MAPPING,
        rejected_index(prefix): rejects.MAPPING,
    }
    there = client.indices.exists(index=list(load_ledger))  # all of them
    for name, mapping in load_ledger.items():
        made = not there and indices.create_index(client, name, {"settings": _SMALL, "mappings": mapping})
        if not made and name in (ledger_index(prefix), locks(prefix)):  # without these nothing goes
            client.indices.put_mapping(index=name, properties=mapping["properties"])


def settle_current(client: Elasticsearch, prefix: str, dataset: str) -> None:
    """Write down that a generation is in service, where whoever swapped it in was killed before saying so.

    To be called by each holder of the lease before anything else: what the ledger calls half done may be deleted.
    """
    load_ledger, serving = ledger.Ledger(client, prefix), indices.current(client, prefix, dataset)
    for record in load_ledger.loads(dataset) if serving else []:
        if record.generation in serving and record.state in (ledger.BUILDING, ledger.READY):
            load_ledger.close(record.generation, ledger.CURRENT, record.plan | indices.meta(client, record.generation))
            text = f"to {record.generation.index}, noticed afterwards: who did it was ended"
            audit_log.AuditLog(client, prefix).write(record.generation, audit_log.SWAPPED, text)


def clear(client: Elasticsearch, status: DatasetStatus) -> None:
    """Clear away what dead updates left; raises CheckFailedError while somebody builds a generation of this data set.

    The caller holds the data set's lease, so no other update is at work. A load that was left half built stays.
    """
    load_ledger = Ledger(client, status.prefix)
    settle(client, status)
    for view in status.views:
        if view.state not in (BUILDING, READY) or view.record is None:
            continue
        if view.record.what != "load":
            give_up(client, load_ledger, view.record)
        elif view.at_work and (live_workers := lease.live_workers(client, view.generation)):
            who = " and ".join(map(str, live_workers))
            raise CheckFailedError(
                f"{status.dataset} is in other hands: {who}.", "Wait for its end, then run this again."
            )


def settle(client: Elasticsearch, status: DatasetStatus) -> None:
    """Write down that the current generation is current, where whoever put it in service died before writing it."""
    for view in status.views:
        if view.state == CURRENT and view.record and view.record.state in (ledger.BUILDING, ledger.READY):
            release(client, status.prefix, view.record.plan)
            settle_current(client, status.prefix, status.dataset)


def give_up(client: Elasticsearch, load_ledger: Ledger, record: LoadRecord) -> None:
    """Delete a half-built generation, with all that belongs to it."""
    generation = record.generation
    release(client, generation.prefix, record.plan)
    indices.delete(client, generation)
    load_ledger.forget(generation)
    load_ledger.close(generation, ledger.ABANDONED, record.plan)
    what = f"{generation.index}: a {record.what} that was interrupted is cleared away"
    policy_of(client).progress.note(f"Starting over: {generation.index}, which an earlier run began, is deleted.")
    AuditLog(client, generation.prefix).write(generation, audit_log.ABANDONED, what)


def release(client: Elasticsearch, prefix: str, plan: Mapping[str, Any]) -> None:
    """Lift the block on the generation that was being cloned, and cancel what Elasticsearch does by itself."""
    if base := parse(prefix, str(plan.get(BASE, ""))):
        unblock(client, base)
    if task := plan.get(TASK):
        with suppress(ApiError):  # it has ended
            path = f"/_tasks/{task}/_cancel?wait_for_completion=true"
            client.perform_request("POST", path, headers={"accept": "application/json"})
