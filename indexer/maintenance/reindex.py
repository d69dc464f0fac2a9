"""A new generation from Elasticsearch alone, when only fields or analysis changed: no source file is read.

Elasticsearch copies by itself, in slices, as a task that goes on when this process dies; the next run cancels it,
clears away what it wrote, and starts over. Versions, rejected records and the sketch are copied with the documents.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from indexer.checks import Candidate, Gate, Thresholds
from indexer.checks.sample import Expected
from indexer.cluster import audit_log, generations, indices, lease, ledger
from indexer.cluster.lease import Lease
from indexer.cluster.ledger import Ledger
from indexer.cluster.rejects import Rejected, RejectedStore
from indexer.cluster.retry import policy_of, sending_once
from indexer.cluster.status import CurrentGeneration, current_generation, ensure_swappable
from indexer.load.publish import Published, compare_watched, noting_failure, partial_reason, publish
from indexer.records import ChunkId, Totals
from mappings.cards import SYNTHETIC
from mappings.errors import CheckFailedError
from mappings.index import mapping_hash
from mappings.index_names import Generation

SLICES = "auto"
POLL_S = 0.5
SAMPLED = 1_000
PAGE = 1_000
JSON = {"accept": "application/json"}
"""The client's own method for tasks warns at each call that it is a preview."""


@dataclass(frozen=True)
class Reindexed:
    """What was done: `to` is the generation that is in service now; the alias moved unless nothing was to be done."""

    dataset: str
    from_: str
    to: str
    documents: int
    gates: list[Gate]
    alias_moved: bool
    watched: list[Any]


def reindex_dataset(
    client: Elasticsearch, prefix: str, dataset: str, thresholds: Thresholds | None = None, force: str = ""
) -> Reindexed:
    """Rebuild the current generation of a data set under today's mapping.

    Raises CheckFailedError (nothing is loaded; the normalisation changed too, so that files are needed; a gate is
    closed), UnreachableError.
    """
    thresholds = thresholds or Thresholds()
    generations.create_system_indices(client, prefix)
    with lease.hold(client, prefix, dataset, lease.REINDEX) as lease_held:
        generations.repair(client, prefix, dataset)
        status = ensure_swappable(client, prefix, dataset)
        generations.clear(client, status)
        current = current_generation(status)
        base = current.generation
        if why := current.other_normalisation():
            hint = f"Update from the files: linernotes update {dataset} PATH..."
            raise CheckFailedError(f"{why}, and the documents of {base.index} can't tell what they would be now.", hint)
        documents = indices.count(client, base)
        if current.meta.get("mapping") == mapping_hash():
            policy_of(client).progress.note(f"{base.index} has today's fields and analysis already.")
            return Reindexed(dataset, base.index, base.index, documents, [], alias_moved=False, watched=[])
        to, plan = generations.next_generation(client, prefix, dataset), _plan(current)
        _build(client, base, to, plan, documents)
        published = _finish(client, lease_held, current, to, plan, thresholds, force)
        watched = compare_watched(client, published, to)
        with noting_failure(client, to, "its merging could not be started"):
            indices.merge(client, to)
    return Reindexed(dataset, base.index, to.index, documents, published.gates, published.moved, watched)


def _plan(current: CurrentGeneration) -> dict[str, Any]:
    """Return what the ledger says of the new generation: where its documents are from, and today's mapping."""
    names = ("files", "limit", "normalisation", "declaration", "tool", "revision", "sample", "epoch")
    return {name: current.meta[name] for name in names if name in current.meta} | {
        "mapping": mapping_hash(),
        "what": lease.REINDEX,
        generations.BASE: current.generation.index,
        "started": datetime.now(UTC).isoformat(),
    }


def _build(client: Elasticsearch, base: Generation, to: Generation, plan: dict[str, Any], documents: int) -> None:
    load_ledger = Ledger(client, to.prefix)
    load_ledger.begin(to, plan)
    text = f"{to.index}: reindex of {base.index} under another mapping"
    audit_log.write(client, to, audit_log.STARTED, text)
    shards, replicas = (indices.number_of(client, base, what) for what in ("shards", "replicas"))
    indices.create(client, to, shards=shards, replicas=replicas, meta={"state": ledger.BUILDING, **plan})
    _copy_documents(client, base, to, plan, documents)
    _copy_records(client, base, to)


def _copy_documents(client: Elasticsearch, base: Generation, to: Generation, plan: dict[str, Any], count: int) -> None:
    """Copy all documents, with progress; Elasticsearch does it."""
    progress, stop = policy_of(client).progress, policy_of(client).stop
    progress.state = "reindexing"
    progress.add_file(base.index, count)
    response = sending_once(client).reindex(  # sent twice, it would run twice
        source={"index": base.index, "size": 5_000},
        dest={"index": indices.write_alias(to), "version_type": "external"},
        slices=SLICES,
        wait_for_completion=False,
        require_alias=True,
    )
    task = str(response["task"])
    Ledger(client, to.prefix).close(to, ledger.BUILDING, plan | {generations.TASK: task})
    done, before = False, 0
    while not done:
        stop.wait(POLL_S)
        if stop.is_set():
            raise KeyboardInterrupt
        answer = client.perform_request("GET", f"/_tasks/{task}", headers=JSON).body
        status, done = answer["task"]["status"], bool(answer["completed"])
        copied = int(status["created"]) + int(status["updated"])
        progress.advance(0, Totals(read=copied - before, indexed=copied - before))
        before = copied
    _check(answer, base)


def _copy_records(client: Elasticsearch, base: Generation, to: Generation) -> None:
    """Copy rejected records and sketch, under the new generation's name."""
    store, load_ledger = RejectedStore(client, to), Ledger(client, to.prefix)
    client.indices.refresh(index=store.index)
    hits = scan(client, index=store.index, query={"query": {"term": {"generation": base.index}}}, size=PAGE)
    while batch := [Rejected(**hit["_source"] | {"generation": to.index}) for hit in islice(hits, PAGE)]:
        store.put(batch)
    for number, frame in enumerate(load_ledger.sketches(base)):
        load_ledger.write_sketch(to, ChunkId(0, number), frame)


def _finish(
    client: Elasticsearch,
    lease_held: Lease,
    current: CurrentGeneration,
    to: Generation,
    plan: dict[str, Any],
    thresholds: Thresholds,
    force: str,
) -> Published:
    totals = Totals.read_from(current.plan["totals"])
    indices.flush(client, to)
    candidate = Candidate(
        generation=to,
        totals=totals,
        documents=indices.count(client, to),
        stored_rejections=RejectedStore(client, to).count(),
        touched=0,
        synthetic=str(current.meta.get("revision", "")).startswith(SYNTHETIC),
        part_before=partial_reason(current.meta),
    )

    def source() -> Iterator[list[Expected]]:
        base = current.generation.index
        seed = random.Random(base).getrandbits(30)  # noqa: S311 - no secret
        chance = {"function_score": {"random_score": {"seed": seed, "field": "_seq_no"}}}
        size = min(10_000, max(SAMPLED, thresholds.sample))
        response = client.search(index=base, query=chance, size=size, version=True)
        yield [Expected(hit["_id"], hit["_version"], hit["_source"]) for hit in response["hits"]["hits"]]

    plan = plan | {"totals": asdict(totals), "changed": current.plan.get("changed", {})}
    return publish(client, lease_held, candidate, source, plan, thresholds, force)


def _check(answer: Mapping[str, Any], base: Generation) -> None:
    """Raise CheckFailedError when Elasticsearch could not copy all of it."""
    failures = answer.get("response", {}).get("failures", [])
    problem = answer.get("error") or (failures[0].get("cause", failures[0]) if failures else None)
    if problem:
        reason = problem.get("reason", problem)
        hint = "Update from the files instead: linernotes update DATASET PATH..."
        raise CheckFailedError(f"{base.index} could not be copied ({reason}). The alias did not move.", hint)
