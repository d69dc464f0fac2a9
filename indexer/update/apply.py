"""The difference, applied to a clone of the current generation: bodies, deletions, rejected records, the sketch."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import orjson
import polars as pl
from elasticsearch import Elasticsearch

from indexer.checks import Candidate
from indexer.cluster import audit_log, generations, indices, ledger
from indexer.cluster.bulk import BulkSender
from indexer.cluster.lease import UPDATE, Lease
from indexer.cluster.ledger import Ledger
from indexer.cluster.rejects import RejectedStore
from indexer.cluster.retry import RetryableError, policy_of
from indexer.documents import digest
from indexer.documents.bulk_body import EVIDENCE, LINE, bodies
from indexer.documents.digest import ID, PRINT, RAW
from indexer.load.pipeline import REQUEST_BYTES
from indexer.load.publish import Published, partial_reason, publish
from indexer.records import SOURCE_ROW, ChunkId, Rejection
from indexer.update.compare import FIRST_REMOVED, Compared, removed_ids
from indexer.update.read_release import sampler
from indexer.update.strategy import UpdateContext
from indexer.update.workdir import CHANGES, UNCHANGED, WorkDir
from mappings.index_names import Generation

REJECTED_BATCH = 1_000
DELETED_AT_ONCE = 5_000
SKETCH_ROWS = 50_000


class RefusedError(Exception):
    """Elasticsearch refused a document: which record takes its place, only a load from the files decides."""


def apply_difference(
    context: UpdateContext, lease_held: Lease, compared: Compared, work: WorkDir
) -> tuple[Generation, Published]:
    """Build a generation out of the current one and publish it; the caller holds the data set's lease.

    Raises GateError (the alias did not move), RefusedError (a document was refused; nothing is left of the clone).
    """
    client, base = context.client, compared.current.generation
    to, load_ledger = generations.next_generation(client, base.prefix, base.dataset), Ledger(client, base.prefix)
    plan = context.notes() | {
        "what": UPDATE,
        generations.BASE: base.index,
        "epoch": compared.epoch,
        "started": datetime.now(UTC).isoformat(),
    }
    load_ledger.begin(to, plan)
    audit_log.write(client, to, audit_log.STARTED, f"{to.index}: update of {base.index} by its difference")
    try:
        _build(context, base, to, plan, work)
    except RefusedError:
        (record,) = [entry for entry in load_ledger.loads(to.dataset) if entry.generation == to]
        generations.abandon(client, record, "an update whose difference was refused is cleared away")
        raise
    context.step("checking")
    indices.flush(client, to)
    options, totals, difference = context.options, compared.totals, compared.difference
    candidate = Candidate(
        generation=to,
        totals=totals,
        documents=indices.count(client, to),
        stored_rejections=RejectedStore(client, to).count(),
        planned=context.plan.rows,
        touched=difference.touched,
        synthetic=context.plan.synthetic,
        part_before=partial_reason(compared.current.meta),
        ignored=EVIDENCE,
    )
    source = sampler(compared.release, work, options.thresholds.sample, to.index)
    plan |= {"totals": asdict(totals), "changed": {}, "difference": difference.counts}
    return to, publish(client, lease_held, candidate, source, plan, options.thresholds, options.force)


def _build(context: UpdateContext, base: Generation, to: Generation, plan: dict[str, Any], work: WorkDir) -> None:
    """Clone the current generation and apply the difference; each step may be done twice."""
    client = context.client
    context.step("closing to writes")
    try:
        indices.block(client, base)
        context.step("cloning")
        indices.clone(client, base, to, {"state": ledger.BUILDING, **plan})
        context.step("opening again")
    finally:
        indices.unblock(client, base)
    context.step("applying")
    _send(client, to, work)
    context.step("deleting")
    for frame in work.frames(FIRST_REMOVED):
        _delete(client, to, frame["_id"].to_list())
    for batch in removed_ids(client, base, work, skip=1):
        _delete(client, to, batch)
    context.step("writing down")
    _store_rejections(client, to, work)
    _write_sketch(client, to, work)


def _send(client: Elasticsearch, to: Generation, work: WorkDir) -> None:
    """Send all added and changed tracks."""
    sender = BulkSender(client, indices.write_alias(to))
    for frame in work.frames(CHANGES):
        for body in bodies(frame[LINE], frame[SOURCE_ROW], REQUEST_BYTES):
            if refusals := sender.send(body).refusals:
                raise RefusedError(refusals[0].reason)


def _delete(client: Elasticsearch, to: Generation, ids: Sequence[str]) -> None:
    """Delete tracks; those that are gone already are no error."""
    for start in range(0, len(ids), DELETED_AT_ONCE):
        lines = [orjson.dumps({"delete": {"_id": name}}) for name in ids[start : start + DELETED_AT_ONCE]]
        encoded: list[Any] = [b"\n".join(lines)]
        for attempt in policy_of(client).attempts():
            with attempt:
                target, path = indices.write_alias(to), "errors,items.*.error"
                answer = client.bulk(operations=encoded, index=target, require_alias=True, filter_path=path)
                if answer.get("errors", True):
                    raise RetryableError(str(answer.get("items"))[:200])


def _store_rejections(client: Elasticsearch, to: Generation, work: WorkDir) -> None:
    """Store the records that can't become a track, under the new generation."""
    store = RejectedStore(client, to)
    batch: list[Rejection] = []
    for rejection in work.rejections():
        batch.append(rejection)
        if len(batch) == REJECTED_BATCH:
            store.add(batch)
            batch = []
    store.add(batch)


def _write_sketch(client: Elasticsearch, to: Generation, work: WorkDir) -> None:
    """Write the sketch of the new generation: what stayed, and what was sent."""
    load_ledger, number, waiting = Ledger(client, to.prefix), 0, pl.DataFrame(schema=digest.SCHEMA)
    for name in (UNCHANGED, CHANGES):
        for frame in work.frames(name):
            waiting = pl.concat([waiting, frame.select(ID, PRINT, RAW)])
            while waiting.height >= SKETCH_ROWS:
                load_ledger.write_sketch(to, ChunkId(0, number), waiting.head(SKETCH_ROWS))
                number, waiting = number + 1, waiting.slice(SKETCH_ROWS)
    if waiting.height:
        load_ledger.write_sketch(to, ChunkId(0, number), waiting)
