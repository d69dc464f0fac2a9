"""Load a data set: plan, open a generation or go on with one, carry the records, check the sums, move the alias."""

import resource
import threading
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from elasticsearch import Elasticsearch

from indexer import generations, ledger
from indexer.generations import Finish
from indexer.ledger import Ledger, LoadRecord
from indexer.meter import Meter
from indexer.owner import Owner
from indexer.patience import DEADLINE_S, Patience
from indexer.pipeline import REQUEST_BYTES, Pipeline, default_workers
from indexer.plan import Plan
from indexer.rejected import RejectedStore
from indexer.send import REQUEST_TIMEOUT_S, Sender
from indexer.totals import Totals
from mappings.index import mapping_hash
from mappings.names import Generation
from mappings.names import ledger as ledger_index
from mappings.names import rejected as rejected_index
from mappings.problems import CheckProblem, InputProblem, UnreachableProblem


@dataclass(frozen=True)
class Options:
    """How to load.

    `workers` is how many requests may be in flight at most (0: twice the cores), `request_bytes` the size of one,
    `request_timeout_s` after how long it counts as lost, `deadline_s` how long Elasticsearch may take nothing at all.
    """

    fresh: bool = False
    replicas: int = 0
    shards: int = 1
    workers: int = 0
    request_bytes: int = REQUEST_BYTES
    request_timeout_s: float = REQUEST_TIMEOUT_S
    deadline_s: float = DEADLINE_S


@dataclass(frozen=True)
class LoadResult:
    """What a load did: the contract's JSON, and what is printed for people."""

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


class InterruptedLoadError(Exception):
    """The load was asked to stop; what was begun is acknowledged, and the next run goes on."""


@dataclass
class Loader:
    """One load of one data set into the cluster behind `client`, under index names that begin with `prefix`."""

    client: Elasticsearch
    prefix: str
    plan: Plan
    options: Options
    meter: Meter
    stop: threading.Event

    def run(self) -> LoadResult:
        """Load everything and make it visible.

        Raises InputProblem (the files changed since the load began), UnreachableProblem (Elasticsearch took no
        data), CheckProblem (the sums don't hold; the alias did not move), InterruptedLoadError.
        """
        started = time.monotonic()
        generations.ensure_books(self.client, self.prefix)
        books = Ledger(self.client, self.prefix, self._patience())
        for entry in self.plan.files:
            self.meter.add_file(entry.file.name, entry.rows)
        if (loaded := self._loaded(books)) is not None:
            return self._result(loaded.generation, Totals(**loaded.plan["totals"]), False, time.monotonic() - started)
        generation = self._open(books)
        owner = Owner(self.client, ledger_index(self.prefix), generation.index, self._patience())
        owner.start()
        try:
            self._carry(books, generation, owner)
            totals, moved = self._finish(books, generation)
        finally:
            owner.close()
        return self._result(generation, totals, moved, time.monotonic() - started)

    def _identity(self) -> dict[str, Any]:
        return self.plan.identity() | {"mapping": mapping_hash(), "tool": version("linernotes")}

    def _loaded(self, books: Ledger) -> LoadRecord | None:
        """Return the current generation's record if it has just these records already."""
        dataset, identity = self.plan.source.dataset, self._identity()
        current = generations.current(self.client, self.prefix, dataset)
        for record in [] if self.options.fresh else books.loads(dataset):
            same = all(record.plan.get(key) == value for key, value in identity.items())
            if same and record.state == ledger.CURRENT and current == [record.generation]:
                self.meter.note(f"{record.generation.index} has these records already; --fresh loads them anew.")
                return record
        return None

    def _open(self, books: Ledger) -> Generation:
        """Return the generation to go on with, or a new one."""
        begun = [record for record in books.loads(self.plan.source.dataset) if record.state == ledger.BUILDING]
        if begun and self.options.fresh:
            self._abandon(books, begun[0])
        elif begun:
            return self._go_on(books, begun[0])
        return self._begin(books)

    def _go_on(self, books: Ledger, record: LoadRecord) -> Generation:
        name = record.generation.index
        for key, now in self._identity().items():
            if record.plan.get(key) != now:
                raise InputProblem(
                    f"The load of {name} began with other {_CHANGED[key]}.",
                    "Give the same again, or start over with --fresh.",
                )
        self._ensure_index(books, record.generation)
        self.meter.note(f"Going on with {name}, which an earlier run began.")
        return record.generation

    def _abandon(self, books: Ledger, record: LoadRecord) -> None:
        self.meter.note(f"Starting over: {record.generation.index}, which an earlier run began, is deleted.")
        generations.delete(self.client, record.generation)
        books.forget(record.generation)
        books.close(record.generation, ledger.ABANDONED, record.plan)

    def _begin(self, books: Ledger) -> Generation:
        dataset = self.plan.source.dataset
        taken = [record.generation.number for record in books.loads(dataset)]
        taken += generations.numbers(self.client, self.prefix, dataset)
        generation = Generation(self.prefix, dataset, max(taken, default=0) + 1)
        if not books.begin(generation, self._identity()):
            return self._open(books)  # another loader was first with this number: go on together
        self._ensure_index(books, generation)
        return generation

    def _ensure_index(self, books: Ledger, generation: Generation) -> None:
        """Create the generation's index, unless it is there; refuse if it was there once and has been deleted."""
        if generations.exists(self.client, generation):
            return
        if any(state.state == ledger.DONE for state in books.states(generation).values()):
            hint = "Start over with --fresh."
            raise CheckProblem(f"Index {generation.index} was deleted while it was being loaded.", hint)
        meta = {"state": ledger.BUILDING, **self._identity()}
        shards, replicas = self.options.shards, self.options.replicas
        generations.create(self.client, generation, shards=shards, replicas=replicas, meta=meta)

    def _patience(self) -> Patience:
        return Patience(self.meter, self.stop, self.options.deadline_s)

    def _sender(self, target: str, *, require_alias: bool) -> Sender:
        return Sender(self.client, target, self._patience(), require_alias, timeout_s=self.options.request_timeout_s)

    def _store(self, generation: Generation) -> RejectedStore:
        return RejectedStore(self._sender(rejected_index(self.prefix), require_alias=False), generation)

    def _carry(self, books: Ledger, generation: Generation, owner: Owner) -> None:
        self.meter.state = "loading"
        pipeline = Pipeline(
            plan=self.plan,
            generation=generation,
            ledger=books,
            owner=owner,
            sender=self._sender(generations.write_alias(generation), require_alias=True),
            store=self._store(generation),
            meter=self.meter,
            stop=self.stop,
            workers=self.options.workers or default_workers(),
            request_bytes=self.options.request_bytes,
        )
        try:
            pipeline.run()
        except UnreachableProblem:
            if not self.stop.is_set():
                raise
        if self.stop.is_set():
            raise InterruptedLoadError(generation.index)

    def _finish(self, books: Ledger, generation: Generation) -> tuple[Totals, bool]:
        """Check the sums against the index itself, then make the generation visible."""
        self.meter.state = "checking"
        states = books.states(generation).values()
        counted = sum((state.totals for state in states), Totals())
        documents = generations.count(self.client, generation)
        totals = counted.settled(documents)
        problems = totals.differences(documents, self._store(generation).count(), self.plan.rows)
        if problems:
            books.close(generation, ledger.FAILED, self._identity())
            raise CheckProblem(f"{generation.index} does not add up: {'; '.join(problems)}.", "The alias did not move.")
        finish = Finish(self.client, generation)
        finish.serve({"state": ledger.CURRENT, **self._identity(), "totals": asdict(totals)})
        moved = finish.swap()
        books.close(generation, ledger.CURRENT, self._identity() | {"totals": asdict(totals)})
        return totals, moved

    def _result(self, generation: Generation, totals: Totals, moved: bool, seconds: float) -> LoadResult:
        read_now = self.meter.totals.read
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
            peak_rss_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
            alias_moved=moved,
            resumed=self.meter.resumed,
            retries=self.meter.retries,
            senders=self.meter.senders,
        )


_CHANGED = {
    "files": "files, or files with other contents",
    "limit": "--limit",
    "mapping": "fields or analysis (another version of this program)",
    "tool": "versions of this program",
}
