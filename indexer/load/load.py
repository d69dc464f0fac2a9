"""Load a data set: open a generation or go on with one, carry the records, check the sums, ask the gates, swap.

Several loaders may carry records into one generation. They hold the data set's lease, one at a time, only while they
open the generation and while they finish it.
"""

import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from elasticsearch import Elasticsearch

from indexer import checks
from indexer.checks import Candidate, Gate, Thresholds
from indexer.cluster import audit_log, indices, lease, ledger, recovery
from indexer.cluster.audit_log import AuditLog
from indexer.cluster.bulk import REQUEST_TIMEOUT_S, BulkSender
from indexer.cluster.diagnostics import ensure_swappable
from indexer.cluster.lease import Lease
from indexer.cluster.ledger import Ledger, LoadRecord
from indexer.cluster.progress import Progress, peak_rss_mb
from indexer.cluster.rejects import RejectedStore
from indexer.cluster.retry import DEADLINE_S, RetryPolicy, retrying
from indexer.cluster.watchlist import Watched
from indexer.load.pipeline import REQUEST_BYTES, Pipeline, default_workers
from indexer.load.plan import Plan, from_plan, identity, is_synthetic, revision
from indexer.load.publish import Finished, Finisher, noting_failure, partial_reason
from indexer.records import Totals, by_rule
from mappings.errors import CheckFailedError, InputError, UnreachableError
from mappings.index_names import Generation
from mappings.index_names import rejected as rejected_index


@dataclass(frozen=True)
class Options:
    """How to load.

    `shards` is how many the new index has (0: by its size, `generations.shards_for`), `workers` how many requests may
    be in flight at most (0: twice the cores), `prepare` how many threads read and normalise, `request_bytes` the size
    of a request, `request_timeout_s` after how long it counts as lost, `deadline_s` how long Elasticsearch may take
    nothing at all.
    `merge` says to have the index merged afterwards, in the background (`indices.merge`).
    `thresholds` is what the gates allow, `force` a reason to pass those that are closed nevertheless. `sample` says
    that the files are the project's sample rows: the next load may be larger by any factor. `touched` is how many
    tracks will be added, changed and removed, where that is known.
    """

    fresh: bool = False
    replicas: int = 0
    shards: int = 0
    workers: int = 0
    prepare: int = 1
    request_bytes: int = REQUEST_BYTES
    request_timeout_s: float = REQUEST_TIMEOUT_S
    deadline_s: float = DEADLINE_S
    merge: bool = True
    thresholds: Thresholds = field(default_factory=Thresholds)
    force: str = ""
    sample: bool = False
    touched: int | None = None


@dataclass(frozen=True)
class LoadResult:
    """What a load did: the contract's JSON, and what is printed for people.

    `changed` is what was normalised in the generation's records: how many values each rule changed or dropped. `gates`
    is empty when nothing was to be done.
    """

    dataset: str
    generation: str
    read: int
    indexed: int
    duplicates: int
    skipped: int
    rejected: int
    seconds: float
    records_per_second: float
    peak_rss_mb: float
    alias_moved: bool
    resumed: int = 0
    retries: int = 0
    senders: int = 0
    changed: Mapping[str, int] = field(default_factory=dict)
    gates: list[Gate] = field(default_factory=list)
    watched: list[Watched] = field(default_factory=list)


@dataclass(frozen=True)
class _Counts:
    """What is written down of a finished generation: what became of its records, and of their values."""

    totals: Totals
    changed: Mapping[str, int]

    @classmethod
    def read(cls, plan: Mapping[str, Any]) -> "_Counts":
        """Return the counts of a load's record; one of an earlier version says nothing of values."""
        return cls(Totals.read_from(plan["totals"]), plan.get("changed", {}))


class InterruptedLoadError(Exception):
    """The load was asked to stop; what was begun is acknowledged, and the next run goes on."""


@dataclass
class Loader:
    """One load of one data set into the cluster behind `client`, under index names that begin with `prefix`."""

    client: Elasticsearch
    prefix: str
    plan: Plan
    options: Options
    progress: Progress
    stop: threading.Event

    def __post_init__(self) -> None:
        """Make the client retry."""
        self.client = retrying(self.client, RetryPolicy(self.progress, self.stop, self.options.deadline_s))

    def run(self) -> LoadResult:
        """Load everything and make it visible.

        Raises InputError (the files changed since the load began), UnreachableError (Elasticsearch took no
        data), CheckFailedError (the sums don't hold; the alias did not move), InterruptedLoadError.
        """
        started = time.monotonic()
        recovery.create_system_indices(self.client, self.prefix)
        load_ledger = Ledger(self.client, self.prefix)
        for entry in self.plan.files:
            self.progress.add_file(entry.file.name, entry.rows)
        with self._held(lease.BRIEF):
            status = ensure_swappable(self.client, self.prefix, self.plan.source.dataset)
            recovery.settle(self.client, status)
            if (loaded := self._loaded(load_ledger)) is not None:
                counts = _Counts.read(loaded.plan)
                finished = Finished([], [], [loaded.generation], moved=False)
                return self._result(loaded.generation, counts, finished, time.monotonic() - started)
            generation = self._open(load_ledger)
            mine = Lease(self.client, self.prefix, generation.dataset, lease.LOAD, generation.index)
            mine.take()
        try:
            self._carry(load_ledger, generation, mine)
            counts, finished = self._finish(load_ledger, generation)
            if self.options.merge:
                with noting_failure(self.progress, generation, "its merging could not be started"):
                    indices.merge(self.client, generation)
        finally:
            mine.release()
        return self._result(generation, counts, finished, time.monotonic() - started)

    def _held(self, waits_for: frozenset[str]) -> AbstractContextManager[Lease]:
        dataset = self.plan.source.dataset
        return lease.held(self.client, self.prefix, dataset, lease.LOAD, waits_for=waits_for)

    def _tell(self, generation: Generation, event: str, text: str) -> None:
        AuditLog(self.client, self.prefix).write(generation, event, text)

    def _identity(self) -> dict[str, Any]:
        return identity(self.plan)

    def _loaded(self, load_ledger: Ledger) -> LoadRecord | None:
        """Return the current generation's record if it has just these records already."""
        dataset, identity = self.plan.source.dataset, self._identity()
        current = indices.current(self.client, self.prefix, dataset)
        for record in [] if self.options.fresh else load_ledger.loads(dataset):
            same = all(record.plan.get(key) == value for key, value in identity.items())
            if same and record.state == ledger.CURRENT and current == [record.generation]:
                self.progress.note(f"{record.generation.index} has these records already; --fresh loads them anew.")
                return record
        return None

    def _open(self, load_ledger: Ledger) -> Generation:
        """Return the generation to go on with, or a new one."""
        records = load_ledger.loads(self.plan.source.dataset)
        begun = [record for record in records if record.state in (ledger.BUILDING, ledger.READY)]
        for record in begun:
            if self.options.fresh or record.what != "load":  # we hold the lease: nobody is at work on that update
                self._abandon(load_ledger, record)
            else:
                return self._go_on(load_ledger, record)
        if records and self._is_whole(records[0]):
            return self._go_on(load_ledger, records[0])
        return self._begin(load_ledger)

    def _is_whole(self, record: LoadRecord) -> bool:
        """Tell whether these very files are loaded, and only a gate was closed that may open now."""
        failed = set(record.plan.get("failed", ()))
        same = all(record.plan.get(key) == value for key, value in self._identity().items())
        may_open = failed and (failed <= checks.RELATIVE or (self.options.force and not failed & checks.UNFORCEABLE))
        asked = record.state == ledger.FAILED and record.what == "load" and not self.options.fresh
        return bool(asked and same and may_open and indices.exists(self.client, record.generation))

    def _go_on(self, load_ledger: Ledger, record: LoadRecord) -> Generation:
        name = record.generation.index
        for key, now in self._identity().items():
            if record.plan.get(key) != now:
                raise InputError(
                    f"The load of {name} began with other {_CHANGED[key]}.",
                    "Give the same again, or start over with --fresh.",
                )
        self._ensure_index(load_ledger, record.generation)
        self.progress.note(f"Going on with {name}, which an earlier run began.")
        self._tell(record.generation, audit_log.RESUMED, f"{name} goes on")
        return record.generation

    def _abandon(self, load_ledger: Ledger, record: LoadRecord) -> None:
        name = record.generation.index
        if live_workers := lease.live_workers(self.client, record.generation):
            hint = "Wait for its end or stop it; without --fresh this load joins in."
            raise CheckFailedError(f"{name} is being loaded by {live_workers[0].process}.", hint)
        self.progress.note(f"Starting over: {name}, which an earlier run began, is deleted.")
        recovery.release(self.client, self.prefix, record.plan)
        indices.delete(self.client, record.generation)
        load_ledger.forget(record.generation)
        load_ledger.close(record.generation, ledger.ABANDONED, record.plan)
        self._tell(record.generation, audit_log.ABANDONED, f"{name} is given up for a fresh start")

    def _begin(self, load_ledger: Ledger) -> Generation:
        dataset = self.plan.source.dataset
        taken = [record.generation.number for record in load_ledger.loads(dataset)]
        taken += indices.numbers(self.client, self.prefix, dataset)
        generation = Generation(self.prefix, dataset, max(taken, default=0) + 1)
        if not load_ledger.begin(generation, self._identity() | {"started": datetime.now(UTC).isoformat()}):
            return self._open(load_ledger)  # another loader was first with this number: go on together
        self._ensure_index(load_ledger, generation)
        files = f"{len(self.plan.files):,} file{'s' if len(self.plan.files) > 1 else ''}"
        text = f"{generation.index}: {self.plan.rows:,} records of {files}"
        self._tell(generation, audit_log.STARTED, text)
        return generation

    def _ensure_index(self, load_ledger: Ledger, generation: Generation) -> None:
        """Create the generation's index, unless it is there; refuse if it was there once and has been deleted."""
        if indices.exists(self.client, generation):
            return
        if any(state.state == ledger.DONE for state in load_ledger.states(generation).values()):
            hint = "Start over with --fresh."
            raise CheckFailedError(f"Index {generation.index} was deleted while it was being loaded.", hint)
        meta = {"state": ledger.BUILDING, **self._notes()}
        shards = self.options.shards or indices.shards_for(self.plan.rows)
        indices.create(self.client, generation, shards=shards, replicas=self.options.replicas, meta=meta)

    def _notes(self) -> dict[str, Any]:
        """Return what the index's `_meta` says of where its documents are from, and what made them."""
        return self._identity() | {"revision": revision(self.plan), "sample": self.options.sample}

    def _sender(self, target: str, *, require_alias: bool) -> BulkSender:
        return BulkSender(self.client, target, require_alias, timeout_s=self.options.request_timeout_s)

    def _store(self, generation: Generation) -> RejectedStore:
        return RejectedStore(self._sender(rejected_index(self.prefix), require_alias=False), generation)

    def _carry(self, load_ledger: Ledger, generation: Generation, mine: Lease) -> None:
        self.progress.state = "loading"
        pipeline = Pipeline(
            plan=self.plan,
            generation=generation,
            ledger=load_ledger,
            holder=mine,
            sender=self._sender(indices.write_alias(generation), require_alias=True),
            store=self._store(generation),
            progress=self.progress,
            stop=self.stop,
            workers=self.options.workers or default_workers(),
            preparers=self.options.prepare,
            request_bytes=self.options.request_bytes,
        )
        try:
            pipeline.run()
        except UnreachableError:
            if not self.stop.is_set():
                raise
        except KeyboardInterrupt as end:
            raise InterruptedLoadError(generation.index) from end
        if self.stop.is_set():
            raise InterruptedLoadError(generation.index)

    def _finish(self, load_ledger: Ledger, generation: Generation) -> tuple["_Counts", Finished]:
        """Check the sums against the index itself, ask the gates, and make the generation visible."""
        self.progress.state = "checking"
        with self._held(lease.ALL) as held:
            (record,) = [entry for entry in load_ledger.loads(generation.dataset) if entry.generation == generation]
            current = indices.current(self.client, self.prefix, generation.dataset)
            if record.state == ledger.CURRENT and current == [generation]:  # another loader was faster
                asked = [Gate(**row) for row in record.plan.get("gates", ())]
                return _Counts.read(record.plan), Finished(asked, [], current, moved=False)
            states = load_ledger.states(generation).values()
            accepted = sum((state.totals for state in states), Totals())
            ids = load_ledger.distinct_ids(generation)
            counts = _Counts(accepted.distinct(ids), by_rule(state.changed for state in states))
            indices.flush(self.client, generation)
            documents = indices.count(self.client, generation)
            candidate = self._candidate(generation, counts.totals, documents, current)
            options, plan = self.options, record.plan | self._notes() | asdict(counts)
            source = from_plan(self.plan, generation, options.thresholds.sample)
            finisher = Finisher(self.client, held, options.thresholds, options.force)
            finished = finisher.run(candidate, source, _without_verdict(plan))
        return counts, finished

    def _candidate(
        self, generation: Generation, totals: Totals, documents: int, current: list[Generation]
    ) -> Candidate:
        before = indices.meta(self.client, current[-1]) if current else {}
        return Candidate(
            generation=generation,
            totals=totals,
            documents=documents,
            kept=self._store(generation).count(),
            planned=self.plan.rows,
            synthetic=is_synthetic(self.plan),
            part_before=partial_reason(before),
            touched=self.options.touched,
        )

    def _result(self, generation: Generation, counts: "_Counts", finished: Finished, seconds: float) -> LoadResult:
        read_now, totals = self.progress.totals.read, counts.totals
        return LoadResult(
            dataset=generation.dataset,
            generation=generation.index,
            read=totals.read,
            indexed=totals.indexed,
            duplicates=totals.duplicates,
            skipped=totals.skipped,
            rejected=totals.rejected,
            seconds=round(seconds, 3),
            records_per_second=round(read_now / seconds, 1),
            peak_rss_mb=peak_rss_mb(),
            alias_moved=finished.moved,
            resumed=self.progress.resumed,
            retries=self.progress.retries,
            senders=self.progress.senders,
            changed=counts.changed,
            gates=finished.gates,
            watched=finished.watched,
        )


def _without_verdict(plan: dict[str, Any]) -> dict[str, Any]:
    """Return a load's plan without what an earlier look of the gates wrote into it."""
    return {name: value for name, value in plan.items() if name not in ("failed", "gates", "forced")}


_CHANGED = {
    "files": "files, or files with other contents",
    "limit": "--limit",
    "normalisation": "normalisation (another version of this program)",
    "mapping": "fields or analysis (another version of this program)",
    "tool": "versions of this program",
}
