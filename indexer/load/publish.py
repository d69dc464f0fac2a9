"""From a built index to one in service: sums, gates, notes, swap. The same for a load, an update and a reindex.

    built --sums--> ready --gates--> notes in _meta --swap, probe--> current          (each step may be done twice)
              `--> failed    `--> failed (or forced, with a reason)

Killed between any two steps, the next run of the same command does them all again: none changes what is right already.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from indexer import checks
from indexer.checks import Candidate, Gate, GateError, Thresholds
from indexer.checks.sample import Sampler
from indexer.cluster import audit_log, indices, ledger
from indexer.cluster.indices import swap
from indexer.cluster.lease import Lease
from indexer.cluster.ledger import Ledger
from indexer.cluster.retry import policy_of
from indexer.cluster.status import ensure_swappable
from indexer.cluster.watchlist import Watched, Watchlist
from mappings.errors import UnreachableError
from mappings.index_names import Generation


@dataclass(frozen=True)
class Published:
    """How it ended: all gates, which were forced, what the alias was on before."""

    gates: list[Gate]
    forced: list[str]
    before: list[Generation]
    moved: bool


def publish(
    client: Elasticsearch,
    lease: Lease,
    candidate: Candidate,
    source: Sampler,
    plan: Mapping[str, Any],
    thresholds: Thresholds,
    force: str = "",
) -> Published:
    """Check a generation and put it into service, or leave everything as it is.

    `plan` is written into the ledger's record and the index's `_meta`; `force` is the reason to pass closed gates.
    Raises GateError (a gate is closed; the generation is `failed` and the alias where it was), CheckFailedError
    (something keeps the alias from being moved, or the lease was lost).
    """
    generation, load_ledger = candidate.generation, Ledger(client, candidate.generation.prefix)
    status = ensure_swappable(client, generation.prefix, generation.dataset)
    current = status.current if status.current != generation else None
    gates = checks.counted(candidate)
    try:
        checks.decide(generation, gates)
        load_ledger.close(generation, ledger.READY, dict(plan))
        indices.serve(client, generation)
        gates = checks.check(client, candidate, current, source, thresholds)
        forced = checks.decide(generation, gates, force)
    except GateError as problem:
        failed = [gate.name for gate in problem.gates if not gate.passed]
        rows = [asdict(gate) for gate in problem.gates]
        indices.note(client, generation, state=ledger.FAILED, gates=rows)
        audit_log.write(client, generation, audit_log.FAILED, f"did not pass: {', '.join(failed)}", gates=rows)
        load_ledger.close(generation, ledger.FAILED, dict(plan) | {"failed": failed, "gates": rows})
        raise
    rows = [asdict(gate) for gate in gates]
    passed = f"{len(gates) - len(forced)} of {len(gates)} gates passed"
    audit_log.write(client, generation, audit_log.GATES, passed, gates=rows)
    notes = dict(plan) | {"gates": rows, "finished": datetime.now(UTC).isoformat()}
    notes |= {"forced": {"reason": force, "gates": forced}} if forced else {}
    indices.note(client, generation, state=ledger.CURRENT, **notes)
    lease.check()
    before = swap(client, generation, status.aliased)
    _record_swap(client, generation, before, forced, force)
    load_ledger.close(generation, ledger.CURRENT, notes)
    return Published(gates, forced, before, before != [generation])


def _record_swap(
    client: Elasticsearch, to: Generation, before: list[Generation], forced: list[str], reason: str
) -> None:
    names = " and ".join(entry.index for entry in before if entry != to)
    if forced:
        text = f"{', '.join(forced)} forced: {reason}"
        audit_log.write(client, to, audit_log.FORCED, text, reason=reason, gates=forced)
    text = f"from {names or 'no generation'} to {to.index}"
    audit_log.write(client, to, audit_log.SWAPPED, text, before=names or None)


def compare_watched(client: Elasticsearch, published: Published, to: Generation) -> list[Watched]:
    """Return the watched artists who gained or lost tracks by a swap."""
    if published.moved:
        with noting_failure(client, to, "watched artists could not be compared"):
            before = published.before[-1] if published.before else None
            return Watchlist(client, to.prefix).compare(before, to)
    return []


@contextmanager
def noting_failure(client: Elasticsearch, generation: Generation, failure: str) -> Iterator[None]:
    """Note errors instead of raising them: a generation that is in service stays there, whatever follows."""
    try:
        yield
    except (ApiError, TransportError, UnreachableError) as error:
        policy_of(client).progress.note(f"{generation.index} is in service, but {failure}: {error}.")


def partial_reason(meta: Mapping[str, Any]) -> str:
    """Return why a generation's notes say that it is only a part of its data set; empty for a complete one.

    >>> partial_reason({"limit": 100}), partial_reason({"sample": True}), partial_reason({"limit": None})
    ('--limit 100', 'sample rows', '')
    """
    if meta.get("sample"):
        return "sample rows"
    return f"--limit {meta['limit']}" if meta.get("limit") else ""
