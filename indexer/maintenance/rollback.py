"""Rollback: the alias goes back to a generation that was in service before, or forward again."""

import time
from dataclasses import dataclass

from elasticsearch import Elasticsearch

from indexer.cluster import audit_log, generations, lease
from indexer.cluster.indices import swap
from indexer.cluster.status import CURRENT, KEPT, ON_TWO, DatasetStatus, ensure_not, ensure_swappable
from mappings.errors import CheckFailedError, InputError
from mappings.index_names import Generation


@dataclass(frozen=True)
class Rollback:
    """What a rollback did: from which generation to which, and in how many seconds."""

    dataset: str
    from_: str | None
    to: str
    documents: int
    seconds: float


def roll_back(client: Elasticsearch, prefix: str, dataset: str, number: int | None = None) -> Rollback:
    """Move the alias to the generation before, or to the one of this number; or forward again.

    Raises CheckFailedError (nothing to go back to; somebody else is at work; something keeps the alias from being
    moved), InputError (there is no such generation).
    """
    started = time.monotonic()
    generations.create_system_indices(client, prefix)
    with lease.hold(client, prefix, dataset, lease.ROLLBACK) as lease_held:
        generations.repair(client, prefix, dataset)
        status = ensure_swappable(client, prefix, dataset)
        to = target(status, number)
        lease_held.check()
        before = swap(client, to, status.aliased)
        names = " and ".join(entry.index for entry in before) or None
        text = f"from {names or 'no generation'} to {to.index}"
        audit_log.write(client, to, audit_log.ROLLED_BACK, text, before=names)
        view = status.view(to)
        documents = (view.seen.documents if view else 0) or 0
        return Rollback(dataset, names, to.index, documents, round(time.monotonic() - started, 3))


def target(status: DatasetStatus, number: int | None) -> Generation:
    """Return the generation to go to: the newest that was in service before the current one, or that of `number`."""
    dataset = status.dataset
    if number is None:
        return _before(status)
    generation = Generation(status.prefix, dataset, number)
    view = status.view(generation)
    if view is None or view.seen.meta is None:
        raise InputError(f"There is no generation {number} of {dataset}.", f"See: linernotes generations {dataset}")
    if view.state not in (KEPT, CURRENT):
        raise CheckFailedError(
            f"{generation.index} was never in service ({view.state}).", f"See: linernotes generations {dataset}"
        )
    if view.seen.closed:
        raise CheckFailedError(f"Index {generation.index} is closed.", f"Open it: POST /{generation.index}/_open")
    if status.aliased == (generation,) == status.overall:
        raise CheckFailedError(
            f"{generation.index} is the current generation of {dataset} already.", "Nothing was changed."
        )
    return generation


def _before(status: DatasetStatus) -> Generation:
    dataset = status.dataset
    ensure_not(status, ON_TWO)
    current = status.current
    earlier = [view for view in status.previous() if not current or view.generation < current]
    usable = [view.generation for view in earlier if not view.seen.closed and view.seen.documents is not None]
    if not usable:
        of_what = f"before {current.index}" if current else f"of {dataset}"
        raise CheckFailedError(
            f"There is no generation {of_what} to go back to.", f"See: linernotes generations {dataset}"
        )
    return usable[0]
