"""Delete generations that nobody needs any more: old ones, failed ones, and what a crash left behind.

The current generation and the one before it always stay, and so does one that somebody is at work on. Each generation
is cleared away in four steps, all of which may be done twice: its index, its chunks in the ledger, its rejected
records, and at last the ledger's record of it, of which only the number is left, so that no other gets it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from elasticsearch import Elasticsearch

from indexer.cluster import audit_log, declarations, generations, indices, lease, ledger
from indexer.cluster.ledger import Ledger
from indexer.cluster.status import (
    BUILDING,
    CURRENT,
    FAILED,
    KEPT,
    READY,
    DatasetStatus,
    GenerationStatus,
    dataset_status,
)
from mappings.cards import CARDS
from mappings.errors import CheckFailedError, InputError
from mappings.index_names import Generation, rejected

LEAST = 2
"""The current generation, and the one that a rollback goes to."""


@dataclass(frozen=True)
class Pruned:
    """What was deleted and what stays, with the bytes that were given back."""

    dataset: str
    deleted: tuple[str, ...]
    kept: tuple[str, ...]
    freed_bytes: int


def prune_generations(client: Elasticsearch, prefix: str, dataset: str, keep: int = LEAST) -> Pruned:
    """Keep so many generations that were in service, the current one counted, and never fewer than two.

    Raises CheckFailedError while somebody else changes this data set.
    """
    generations.create_system_indices(client, prefix)
    with lease.hold(client, prefix, dataset, lease.PRUNE) as lease_held:
        generations.repair(client, prefix, dataset)
        status = dataset_status(client, prefix, dataset)
        building = [view.generation for view in status.views if view.at_work]
        busy = {generation for generation in building if lease.live_workers(client, generation)}
        doomed = deletable(status, keep, busy)
        for view in doomed:
            lease_held.check()
            _delete(client, view.generation, view.plan)
            documents = f", {view.seen.documents:,} documents" if view.seen.documents is not None else ""
            text = f"{view.generation.index} deleted ({view.state}{documents})"
            audit_log.write(client, view.generation, audit_log.PRUNED, text, state=view.state)
        for record in Ledger(client, prefix).loads(dataset):
            if record.state == ledger.ABANDONED:  # what a `--fresh` load gave up
                _delete(client, record.generation, record.plan)
        lease.workers(client, prefix, dataset)  # which removes the leases of the dead
    stays = tuple(view.generation.index for view in status.views if view not in doomed)
    freed = sum(view.seen.size_bytes or 0 for view in doomed)
    return Pruned(dataset, tuple(view.generation.index for view in doomed), stays, freed)


def remove_dataset(client: Elasticsearch, prefix: str, dataset: str, *, delete_tracks: bool) -> tuple[str, ...]:
    """Take a declaration out of force, delete all generations of its data set, and return these.

    The declaration goes first, so that no load begins meanwhile; where that was all that an earlier run got done, this
    goes on. A data set that is built in by now keeps its generations. Raises InputError where nothing is declared, or
    where generations are there that may not be deleted; CheckFailedError while somebody changes this data set.
    """
    generations.create_system_indices(client, prefix)
    with lease.hold(client, prefix, dataset, lease.PRUNE) as lease_held:
        generations.repair(client, prefix, dataset)
        latest = next(iter(declarations.history(client, prefix, dataset)), None)
        views = () if dataset in CARDS or latest is None else dataset_status(client, prefix, dataset).views
        if latest is None or (latest.removed and not views):
            if dataset in CARDS:
                raise InputError(f"{dataset} is built in, so it can't be removed.", "Its tracks: linernotes prune")
            raise InputError(f"There is no declared data set {dataset!r}.", "See: linernotes datasets")
        deleted = tuple(view.generation.index for view in views)
        if views and not delete_tracks:
            raise InputError(
                f"{dataset} can't be removed while its tracks are there ({', '.join(deleted)}).",
                f"Delete them with it: linernotes datasets remove {dataset} --delete-tracks",
            )
        for view in views:
            if view.at_work and (busy := lease.live_workers(client, view.generation)):
                hint = "Wait for its end, then run this again."
                raise CheckFailedError(f"{view.generation.index} is being loaded by {busy[0].process}.", hint)
        if not latest.removed:
            declarations.remove(client, prefix, dataset)
        for view in views:
            lease_held.check()
            _delete(client, view.generation, view.plan)
            audit_log.write(client, view.generation, audit_log.PRUNED, f"{view.generation.index} deleted on demand")
    return deleted


def _delete(client: Elasticsearch, generation: Generation, plan: Mapping[str, object]) -> None:
    load_ledger = Ledger(client, generation.prefix)
    generations.release(client, generation.prefix, plan)
    indices.delete(client, generation)
    load_ledger.forget(generation)
    index, query = rejected(generation.prefix), {"term": {"generation": generation.index}}
    client.indices.refresh(index=index)  # else the latest ones are not found
    client.delete_by_query(index=index, query=query, conflicts="proceed", refresh=True)
    left = {name: plan[name] for name in ("what", "files", "revision") if name in plan}
    load_ledger.close(generation, ledger.PRUNED, left)


def deletable(status: DatasetStatus, keep: int, busy: Collection[Generation] = ()) -> list[GenerationStatus]:
    """Return what may be deleted: what failed, or was given up and isn't `busy`; old ones beyond the newest `keep`."""
    served = [view for view in reversed(status.views) if view.state in (CURRENT, KEPT)]
    before = [view for view in served if not status.current or view.generation < status.current][:1]
    stays = served[: max(keep, LEAST)] + before
    return [view for view in status.views if _is_dead(view, busy) or (view.state == KEPT and view not in stays)]


def _is_dead(view: GenerationStatus, busy: Collection[Generation]) -> bool:
    return view.state == FAILED or (view.state in (BUILDING, READY) and view.generation not in busy)
