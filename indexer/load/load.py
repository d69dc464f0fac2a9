"""Load a data set: open a generation or resume one, carry the records, check the sums, publish.

Several loaders may carry records into one generation. They hold the data set's lease, one at a time, only while they
open the generation and while they finish it.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from elasticsearch import Elasticsearch

from indexer import checks
from indexer.checks import Candidate, Gate, Thresholds
from indexer.cluster import audit_log, declarations, generations, indices, lease, ledger
from indexer.cluster.bulk import REQUEST_TIMEOUT_S, BulkSender
from indexer.cluster.lease import Lease
from indexer.cluster.ledger import Ledger, LoadRecord
from indexer.cluster.progress import Progress, peak_rss_mb
from indexer.cluster.rejects import RejectedStore
from indexer.cluster.retry import DEADLINE_S, RetryPolicy, retrying
from indexer.cluster.status import ensure_swappable
from indexer.cluster.watchlist import Watched
from indexer.load.pipeline import REQUEST_BYTES, Pipeline, default_workers
from indexer.load.plan import Plan, sampler
from indexer.load.publish import Published, compare_watched, noting_failure, partial_reason, publish
from indexer.records import Totals, by_rule
from mappings.errors import CheckFailedError, InputError, UnreachableError
from mappings.index_names import Generation


@dataclass(frozen=True)
class Options:
    """How to load.

    `shards` is how many the new index has (0: by its size, `indices.shards_for`), `workers` how many requests may
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
    """The load was stopped; what was begun is acknowledged, and the next run goes on."""


@dataclass(frozen=True)
class LoadContext:
    """One load of one data set into the cluster behind `client`, under index names that begin with `prefix`."""

    client: Elasticsearch
    prefix: str
    plan: Plan
    options: Options
    progress: Progress
    stop: threading.Event

    def __post_init__(self) -> None:
        """Make the client retry."""
        policy = RetryPolicy(self.progress, self.stop, self.options.deadline_s)
        object.__setattr__(self, "client", retrying(self.client, policy))

    @property
    def dataset(self) -> str:
        """Return the id of the data set."""
        return self.plan.source.dataset

    @property
    def ledger(self) -> Ledger:
        """Return the ledger."""
        return Ledger(self.client, self.prefix)

    def notes(self) -> dict[str, Any]:
        """Return what the index's `_meta` says of where its documents are from, and what made them."""
        return self.plan.identity() | {"revision": self.plan.revision, "sample": self.options.sample}

    def store(self, generation: Generation) -> RejectedStore:
        """Return the store of a generation's rejected records."""
        return RejectedStore(self.client, generation, self.options.request_timeout_s)


def load_dataset(
    client: Elasticsearch, prefix: str, plan: Plan, options: Options, progress: Progress, stop: threading.Event
) -> LoadResult:
    """Load everything and make it visible.

    Raises InputError (the files changed since the load began), UnreachableError (Elasticsearch took no data),
    CheckFailedError (the sums don't hold; the alias did not move), InterruptedLoadError.
    """
    started, context = time.monotonic(), LoadContext(client, prefix, plan, options, progress, stop)
    client, dataset = context.client, context.dataset
    generations.create_system_indices(client, prefix)
    for entry in plan.files:
        progress.add_file(entry.file.name, entry.rows)
    with lease.hold(client, prefix, dataset, lease.LOAD, waits_for=lease.BRIEF):
        generations.repair(client, prefix, dataset)
        ensure_swappable(client, prefix, dataset)
        declarations.ensure_in_force(client, prefix, plan.source)
        if (loaded := _loaded(context)) is not None:
            unmoved = Published([], [], [loaded.generation], moved=False)
            return _result(context, loaded.generation, _Counts.read(loaded.plan), unmoved, started)
        generation = _open(context)
        mine = Lease(client, prefix, dataset, lease.LOAD, generation.index)
        mine.take()
    try:
        _carry(context, generation, mine)
        counts, published = _finish(context, generation)
        watched = compare_watched(client, published, generation)
        if options.merge:
            with noting_failure(client, generation, "its merging could not be started"):
                indices.merge(client, generation)
    finally:
        mine.release()
    return _result(context, generation, counts, published, started, watched)


def _loaded(context: LoadContext) -> LoadRecord | None:
    """Return the current generation's record if it has just these records already."""
    current = indices.current(context.client, context.prefix, context.dataset)
    for record in [] if context.options.fresh else context.ledger.loads(context.dataset):
        if record.state == ledger.CURRENT and current == [record.generation] and _is_same(context, record):
            context.progress.note(f"{record.generation.index} has these records already; --fresh loads them anew.")
            return record
    return None


def _is_same(context: LoadContext, record: LoadRecord) -> bool:
    return all(record.plan.get(key) == value for key, value in context.plan.identity().items())


def _open(context: LoadContext) -> Generation:
    """Return the generation to resume, or a new one."""
    records = context.ledger.loads(context.dataset)
    for record in (record for record in records if record.state in (ledger.BUILDING, ledger.READY)):
        if not context.options.fresh and record.what == lease.LOAD:
            return _resume(context, record)
        if live_workers := lease.live_workers(context.client, record.generation):
            raise CheckFailedError(
                f"{record.generation.index} is being loaded by {live_workers[0].process}.",
                "Wait for its end or stop it; without --fresh this load joins in.",
            )
        generations.abandon(context.client, record, "given up for a fresh start")
    if records and _may_pass_now(context, records[0]):
        return _resume(context, records[0])
    return _begin(context)


def _may_pass_now(context: LoadContext, record: LoadRecord) -> bool:
    """Tell whether these very files are loaded, and only a gate was closed that may open now."""
    failed, force = set(record.plan.get("failed", ())), context.options.force
    may_open = failed and (failed <= checks.RELATIVE or (force and not failed & checks.UNFORCEABLE))
    is_failed_load = record.state == ledger.FAILED and record.what == lease.LOAD and not context.options.fresh
    is_same = is_failed_load and may_open and _is_same(context, record)
    return bool(is_same and indices.exists(context.client, record.generation))


def _resume(context: LoadContext, record: LoadRecord) -> Generation:
    generation = record.generation
    for key, value in context.plan.identity().items():
        if record.plan.get(key) != value:
            raise InputError(
                f"The load of {generation.index} began with other {_CHANGED[key]}.",
                "Give the same again, or start over with --fresh.",
            )
    _ensure_index(context, generation)
    context.progress.note(f"Going on with {generation.index}, which an earlier run began.")
    audit_log.write(context.client, generation, audit_log.RESUMED, f"{generation.index} goes on")
    return generation


def _begin(context: LoadContext) -> Generation:
    generation = generations.next_generation(context.client, context.prefix, context.dataset)
    if not context.ledger.begin(generation, context.plan.identity() | {"started": datetime.now(UTC).isoformat()}):
        return _open(context)  # another loader was first with this number: go on together
    _ensure_index(context, generation)
    files = f"{len(context.plan.files):,} file{'s' if len(context.plan.files) > 1 else ''}"
    text = f"{generation.index}: {context.plan.rows:,} records of {files}"
    audit_log.write(context.client, generation, audit_log.STARTED, text)
    return generation


def _ensure_index(context: LoadContext, generation: Generation) -> None:
    """Create the generation's index, unless it is there; refuse if it was there once and has been deleted."""
    if indices.exists(context.client, generation):
        return
    if any(state.state == ledger.DONE for state in context.ledger.states(generation).values()):
        hint = "Start over with --fresh."
        raise CheckFailedError(f"Index {generation.index} was deleted while it was being loaded.", hint)
    options, meta = context.options, {"state": ledger.BUILDING, **context.notes()}
    shards = options.shards or indices.shards_for(context.plan.rows)
    indices.create(context.client, generation, shards=shards, replicas=options.replicas, meta=meta)


def _carry(context: LoadContext, generation: Generation, mine: Lease) -> None:
    options, stop = context.options, context.stop
    context.progress.state = "loading"
    pipeline = Pipeline(
        plan=context.plan,
        generation=generation,
        ledger=context.ledger,
        holder=mine,
        sender=BulkSender(context.client, indices.write_alias(generation), timeout_s=options.request_timeout_s),
        store=context.store(generation),
        progress=context.progress,
        stop=stop,
        workers=options.workers or default_workers(),
        preparers=options.prepare,
        request_bytes=options.request_bytes,
    )
    try:
        pipeline.run()
    except UnreachableError:
        if not stop.is_set():
            raise
    except KeyboardInterrupt as end:
        raise InterruptedLoadError(generation.index) from end
    if stop.is_set():
        raise InterruptedLoadError(generation.index)


def _finish(context: LoadContext, generation: Generation) -> tuple["_Counts", Published]:
    """Check the sums against the index itself, and publish the generation."""
    client, options, load_ledger = context.client, context.options, context.ledger
    context.progress.state = "checking"
    with lease.hold(client, context.prefix, context.dataset, lease.LOAD, waits_for=lease.ALL) as lease_held:
        (record,) = [entry for entry in load_ledger.loads(generation.dataset) if entry.generation == generation]
        current = indices.current(client, context.prefix, generation.dataset)
        if record.state == ledger.CURRENT and current == [generation]:  # another loader was faster
            gates = [Gate(**row) for row in record.plan.get("gates", ())]
            return _Counts.read(record.plan), Published(gates, [], current, moved=False)
        states = load_ledger.states(generation).values()
        accepted = sum((state.totals for state in states), Totals())
        counts = _Counts(
            accepted.distinct(load_ledger.distinct_ids(generation)), by_rule(state.changed for state in states)
        )
        indices.flush(client, generation)
        candidate = Candidate(
            generation=generation,
            totals=counts.totals,
            documents=indices.count(client, generation),
            stored_rejections=context.store(generation).count(),
            planned=context.plan.rows,
            synthetic=context.plan.synthetic,
            part_before=partial_reason(indices.meta(client, current[-1]) if current else {}),
            touched=options.touched,
        )
        plan = record.plan | context.notes() | asdict(counts)
        for verdict in ("failed", "gates", "forced"):  # of an earlier look of the gates
            plan.pop(verdict, None)
        source = sampler(context.plan, generation, options.thresholds.sample)
        return counts, publish(client, lease_held, candidate, source, plan, options.thresholds, options.force)


def _result(
    context: LoadContext,
    generation: Generation,
    counts: "_Counts",
    published: Published,
    started: float,
    watched: Sequence[Watched] = (),
) -> LoadResult:
    progress, seconds = context.progress, time.monotonic() - started
    return LoadResult(
        dataset=generation.dataset,
        generation=generation.index,
        **asdict(counts.totals),
        seconds=round(seconds, 3),
        records_per_second=round(progress.totals.read / seconds, 1),
        peak_rss_mb=peak_rss_mb(),
        alias_moved=published.moved,
        resumed=progress.resumed,
        retries=progress.retries,
        senders=progress.senders,
        changed=counts.changed,
        gates=published.gates,
        watched=list(watched),
    )


_CHANGED = {
    "files": "files, or files with other contents",
    "limit": "--limit",
    "normalisation": "normalisation (another version of this program)",
    "mapping": "fields or analysis (another version of this program)",
    "tool": "versions of this program",
    "declaration": "declaration of the data set",
}
