"""A new generation from Elasticsearch alone, when only fields or analysis changed: no source file is read.

Elasticsearch copies by itself, in slices, as a task that goes on when this process dies; the next run cancels it,
clears away what it wrote, and starts over. Versions, rejected records and the sketch are copied with the documents.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from indexer.checks import Candidate, Gate, Thresholds
from indexer.checks.sample import Expected
from indexer.cluster import audit_log, indices, lease, ledger, recovery
from indexer.cluster.audit_log import AuditLog
from indexer.cluster.bulk import BulkSender
from indexer.cluster.current import CurrentGeneration, current, next_number
from indexer.cluster.diagnostics import ensure_swappable
from indexer.cluster.lease import Lease
from indexer.cluster.ledger import ChunkId, Ledger
from indexer.cluster.rejects import Rejected, RejectedStore
from indexer.cluster.retry import policy_of, sending_once
from indexer.load.publish import Finished, Finisher, noting_failure, partial_reason
from indexer.records import Totals
from mappings.errors import CheckFailedError
from mappings.index import mapping_hash
from mappings.index_names import Generation
from mappings.index_names import rejected as rejected_index

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


@dataclass(frozen=True)
class Reindexer:
    """Rebuilds the current generation of one data set under today's mapping."""

    client: Elasticsearch
    prefix: str
    thresholds: Thresholds = field(default_factory=Thresholds)
    force: str = ""

    def run(self, dataset: str) -> Reindexed:
        """Rebuild it.

        Raises CheckFailedError (nothing is loaded; the normalisation changed too, so that files are needed; a gate is
        closed), UnreachableError.
        """
        recovery.create_system_indices(self.client, self.prefix)
        with lease.held(self.client, self.prefix, dataset, lease.REINDEX) as held:
            status = ensure_swappable(self.client, self.prefix, dataset)
            recovery.clear(self.client, status)
            in_service = current(self.client, status)
            base = in_service.generation
            if why := in_service.other_normalisation():
                hint = f"Update from the files: linernotes update {dataset} PATH..."
                raise CheckFailedError(
                    f"{why}, and the documents of {base.index} can't tell what they would be now.", hint
                )
            if in_service.meta.get("mapping") == mapping_hash():
                policy_of(self.client).progress.note(f"{base.index} has today's fields and analysis already.")
                documents = indices.count(self.client, base)
                return Reindexed(dataset, base.index, base.index, documents, [], alias_moved=False, watched=[])
            return self._rebuild(held, in_service)

    def _rebuild(self, held: Lease, in_service: CurrentGeneration) -> Reindexed:
        base = in_service.generation
        to, load_ledger = next_number(self.client, base), Ledger(self.client, self.prefix)
        plan = _plan(in_service)
        load_ledger.begin(to, plan)
        AuditLog(self.client, self.prefix).write(
            to, audit_log.STARTED, f"{to.index}: reindex of {base.index} under another mapping"
        )
        meta = {"state": ledger.BUILDING, **plan}
        shards, replicas = (indices.number_of(self.client, base, what) for what in ("shards", "replicas"))
        indices.create(self.client, to, shards=shards, replicas=replicas, meta=meta)
        documents = indices.count(self.client, base)
        self._documents(load_ledger, base, to, plan, documents)
        self._books(load_ledger, base, to)
        finished = self._finish(held, in_service, to, plan)
        with noting_failure(policy_of(self.client).progress, to, "its merging could not be started"):
            indices.merge(self.client, to)
        return Reindexed(
            to.dataset, base.index, to.index, documents, finished.gates, finished.moved, list(finished.watched)
        )

    def _documents(
        self, load_ledger: Ledger, base: Generation, to: Generation, plan: dict[str, Any], count: int
    ) -> None:
        """Copy all documents, with progress; Elasticsearch does it."""
        progress, stop = policy_of(self.client).progress, policy_of(self.client).stop
        progress.state = "reindexing"
        progress.add_file(base.index, count)
        asked = sending_once(self.client).reindex(  # sent twice, it would run twice
            source={"index": base.index, "size": 5_000},
            dest={"index": indices.write_alias(to), "version_type": "external"},
            slices=SLICES,
            wait_for_completion=False,
            require_alias=True,
        )
        task = str(asked["task"])
        load_ledger.close(to, ledger.BUILDING, plan | {recovery.TASK: task})
        done, before = False, 0
        while not done:
            stop.wait(POLL_S)
            if stop.is_set():
                raise KeyboardInterrupt
            answer = self.client.perform_request("GET", f"/_tasks/{task}", headers=JSON).body
            status, done = answer["task"]["status"], bool(answer["completed"])
            copied = int(status["created"]) + int(status["updated"])
            progress.advance(0, Totals(read=copied - before, indexed=copied - before))
            before = copied
        _check(answer, base)

    def _books(self, load_ledger: Ledger, base: Generation, to: Generation) -> None:
        """Copy rejected records and sketch, under the new generation's name."""
        index, store = rejected_index(self.prefix), self._store(to)
        self.client.indices.refresh(index=index)
        query = {"query": {"term": {"generation": base.index}}}
        hits = scan(self.client, index=index, query=query, size=PAGE)
        while batch := [Rejected(**hit["_source"] | {"generation": to.index}) for hit in islice(hits, PAGE)]:
            store.put(batch)
        for number, frame in enumerate(load_ledger.sketches(base)):
            load_ledger.write_sketch(to, ChunkId(0, number), frame)

    def _store(self, generation: Generation) -> RejectedStore:
        sender = BulkSender(self.client, rejected_index(self.prefix), require_alias=False)
        return RejectedStore(sender, generation)

    def _finish(self, held: Lease, in_service: CurrentGeneration, to: Generation, plan: dict[str, Any]) -> Finished:
        totals = Totals.read_from(in_service.plan["totals"])
        indices.flush(self.client, to)
        candidate = Candidate(
            generation=to,
            totals=totals,
            documents=indices.count(self.client, to),
            kept=self._store(to).count(),
            touched=0,
            synthetic=str(in_service.meta.get("revision", "")).startswith("synthetic"),
            part_before=partial_reason(in_service.meta),
        )
        counts = {"totals": asdict(totals), "changed": in_service.plan.get("changed", {})}
        finisher = Finisher(self.client, held, self.thresholds, self.force)
        return finisher.run(candidate, self._sampler(in_service.generation), plan | counts)

    def _sampler(self, base: Generation) -> Any:
        def sampler() -> Iterator[list[Expected]]:
            seed = random.Random(base.index).getrandbits(30)  # noqa: S311 - no secret
            chance = {"function_score": {"random_score": {"seed": seed, "field": "_seq_no"}}}
            size = min(10_000, max(SAMPLED, self.thresholds.sample))
            response = self.client.search(index=base.index, query=chance, size=size, version=True)
            yield [Expected(hit["_id"], hit["_version"], hit["_source"]) for hit in response["hits"]["hits"]]

        return sampler


def _plan(in_service: CurrentGeneration) -> dict[str, Any]:
    """Return what the ledger says of the new generation: where its documents are from, and today's mapping."""
    kept = ("files", "limit", "normalisation", "tool", "revision", "sample", "epoch")
    meta: Mapping[str, Any] = in_service.meta
    plan = {name: meta[name] for name in kept if name in meta}
    return plan | {
        "mapping": mapping_hash(),
        "what": lease.REINDEX,
        recovery.BASE: in_service.generation.index,
        "started": datetime.now(UTC).isoformat(),
    }


def _check(answer: Mapping[str, Any], base: Generation) -> None:
    """Raise CheckFailedError when Elasticsearch could not copy all of it."""
    failures = answer.get("response", {}).get("failures", [])
    problem = answer.get("error") or (failures[0].get("cause", failures[0]) if failures else None)
    if problem:
        reason = problem.get("reason", problem)
        hint = "Update from the files instead: linernotes update DATASET PATH..."
        raise CheckFailedError(f"{base.index} could not be copied ({reason}). The alias did not move.", hint)
