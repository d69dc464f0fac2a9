"""Generations across indices, ledger and leases: the next one's number, and the repair of what a crash left."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from elasticsearch import ApiError, Elasticsearch

from indexer.cluster import audit_log, declarations, indices, lease, ledger, rejects
from indexer.cluster.ledger import Ledger, LoadRecord
from indexer.cluster.retry import policy_of
from indexer.cluster.status import BUILDING, READY, DatasetStatus
from mappings import index_names
from mappings.errors import CheckFailedError
from mappings.index_names import Generation

BASE, TASK = "base", "task"
"""In the plan of an update: the generation that it is cloned from, and the task that Elasticsearch runs for it."""


def create_system_indices(client: Elasticsearch, prefix: str) -> None:
    """Create ledger, leases, history, declarations, rejected records; or add the fields that the first two lack."""
    needed = {index_names.ledger(prefix): ledger.MAPPING, index_names.locks(prefix): lease.MAPPING}
    mappings = needed | {
        index_names.history(prefix): audit_log.MAPPING,
        index_names.rejected(prefix): rejects.MAPPING,
        index_names.declarations(prefix): declarations.MAPPING,
    }
    all_there = client.indices.exists(index=list(mappings))
    for name, mapping in mappings.items():
        made = not all_there and indices.create_index(client, name, {"settings": indices.SMALL, "mappings": mapping})
        if not made and name in needed:
            client.indices.put_mapping(index=name, properties=mapping["properties"])


def next_generation(client: Elasticsearch, prefix: str, dataset: str) -> Generation:
    """Return the generation after the latest one that ever was; the caller holds the data set's lease."""
    recorded = [record.generation.number for record in Ledger(client, prefix).loads(dataset)]
    return Generation(prefix, dataset, max([*recorded, *indices.numbers(client, prefix, dataset)], default=0) + 1)


def repair(client: Elasticsearch, prefix: str, dataset: str) -> None:
    """Mark the generation in service as current in the ledger, where whoever swapped it in died before doing so.

    Each holder of the lease calls it before anything else: what the ledger calls half built may be deleted.
    """
    load_ledger, serving = Ledger(client, prefix), indices.current(client, prefix, dataset)
    for record in load_ledger.loads(dataset) if serving else []:
        if record.generation in serving and record.state in (ledger.BUILDING, ledger.READY):
            release(client, prefix, record.plan)
            load_ledger.close(record.generation, ledger.CURRENT, record.plan | indices.meta(client, record.generation))
            text = f"to {record.generation.index}, noticed afterwards: who did it was ended"
            audit_log.write(client, record.generation, audit_log.SWAPPED, text)


def clear(client: Elasticsearch, status: DatasetStatus) -> None:
    """Delete what dead updates left; raises CheckFailedError while somebody builds a generation of this data set.

    The caller holds the data set's lease, so no other update is at work. A load that was left half built stays.
    """
    for view in status.views:
        if view.state not in (BUILDING, READY) or view.record is None:
            continue
        if view.record.what != lease.LOAD:
            abandon(client, view.record, f"a {view.record.what} that was interrupted is cleared away")
        elif live_workers := lease.live_workers(client, view.generation):  # which removes the leases of the dead
            who = " and ".join(map(str, live_workers))
            raise CheckFailedError(
                f"{status.dataset} is in other hands: {who}.", "Wait for its end, then run this again."
            )


def abandon(client: Elasticsearch, record: LoadRecord, why: str) -> None:
    """Delete a half-built generation, with all that belongs to it."""
    generation, load_ledger = record.generation, Ledger(client, record.generation.prefix)
    policy_of(client).progress.note(f"Starting over: {generation.index}, which an earlier run began, is deleted.")
    release(client, generation.prefix, record.plan)
    indices.delete(client, generation)
    load_ledger.forget(generation)
    load_ledger.close(generation, ledger.ABANDONED, record.plan)
    audit_log.write(client, generation, audit_log.ABANDONED, f"{generation.index}: {why}")


def release(client: Elasticsearch, prefix: str, plan: Mapping[str, Any]) -> None:
    """Lift the block on the generation that was being cloned, and cancel what Elasticsearch does by itself."""
    if base := index_names.parse(prefix, str(plan.get(BASE, ""))):
        indices.unblock(client, base)
    if task := plan.get(TASK):
        with suppress(ApiError):  # it has ended
            path = f"/_tasks/{task}/_cancel?wait_for_completion=true"
            client.perform_request("POST", path, headers={"accept": "application/json"})
