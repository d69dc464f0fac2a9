"""The pipeline of a load: threads that prepare chunks, and threads that send them.

Back-pressure is a byte budget for queued bodies, and an adaptive limit on concurrent bulk requests.
"""

import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import polars as pl

from indexer.cluster.bulk import BulkOutcome, BulkSender
from indexer.cluster.lease import ASK_AGAIN_S, Lease
from indexer.cluster.ledger import DONE, Claim, ClaimDenied, Ledger
from indexer.cluster.progress import Progress
from indexer.cluster.rejects import RejectedStore
from indexer.documents.bulk_body import Body, encode
from indexer.documents.digest import row_hashes, sketch
from indexer.load.plan import Plan, PlannedFile
from indexer.records import SOURCE_ROW, Chunk, ChunkId, Rejection, Totals, TrackBatch
from mappings.index_names import Generation


class ByteBudget:
    """At most `limit` bytes may wait; one piece that is larger than that goes alone."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._changed = threading.Condition()

    def acquire(self, size: int, stop: threading.Event) -> bool:
        """Wait for room for `size` bytes; return False if `stop` was set meanwhile."""
        with self._changed:
            while self.used and self.used + size > self.limit:
                if stop.is_set():
                    return False
                self._changed.wait(0.1)
            self.used += size
            return True

    def release(self, size: int) -> None:
        """Give back what `acquire` took."""
        with self._changed:
            self.used -= size
            self._changed.notify_all()


@dataclass
class Slot:
    """One request in flight; whoever sends it says how it went."""

    documents: int = 0
    throttled: bool = False


BETTER = 1.03
"""A change of the window pays when the rate rises by 3 %: less than that is this machine's noise."""


@dataclass
class AdaptiveConcurrency:
    """How many requests are in flight: climbs while that pays, falls when the server throttles or slows down.

    Hill climbing over rounds of four requests for each place in the window: the rate (documents a second) of a
    round is compared with the round before; a step that did not pay is taken back. A throttled request halves the
    window at once.
    """

    most: int
    limit: int = 2
    in_flight: int = 0
    _direction: int = 1
    _rate: float = 0.0
    _documents: int = 0
    _requests: int = 0
    _since: float = field(default_factory=time.monotonic)
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)

    def __post_init__(self) -> None:
        """Never start above what is allowed."""
        self.limit = min(self.limit, self.most)

    @contextmanager
    def slot(self) -> Iterator[Slot]:
        """Wait for a place in the window and hold it."""
        with self._changed:
            while self.in_flight >= self.limit:
                self._changed.wait()
            self.in_flight += 1
        slot = Slot()
        try:
            yield slot
        finally:
            with self._changed:
                self.in_flight -= 1
                self._learn(slot, time.monotonic())
                self._changed.notify_all()

    def _learn(self, slot: Slot, now: float) -> None:
        if slot.throttled:
            self.limit = max(1, self.limit // 2)
            self._restart(now, rate=0.0)
            return
        self._documents += slot.documents
        self._requests += 1
        if self._requests >= 4 * self.limit:
            self._step(self._documents / max(now - self._since, 1e-6))
            self._restart(now, rate=self._rate)

    def _step(self, rate: float) -> None:
        if self._rate and rate < self._rate * BETTER:
            self._direction = -self._direction
        self.limit = min(max(1, self.limit + self._direction), self.most)
        self._rate = rate

    def _restart(self, now: float, rate: float) -> None:
        self._documents, self._requests, self._since, self._rate = 0, 0, now, rate


REQUEST_BYTES = 2_000_000
WAITING_BYTES = 32_000_000
POLL_S = 0.5

Planned = list[tuple[ChunkId, Chunk]]


def default_workers() -> int:
    """Return how many requests may be in flight at most: twice the cores, as the node may be elsewhere."""
    return 2 * (os.cpu_count() or 1)


@dataclass
class InFlightChunk:
    """A chunk on its way: the counts of its records and values so far, and how many parts are unfinished.

    Its bodies are parts, queued as they are made, and so is the making of them: finished when no more will come.
    """

    claim: Claim
    file: str
    totals: Totals
    changed: Mapping[str, int]
    rejections: list[Rejection]
    parts: int = 1
    sketch: pl.DataFrame = field(default_factory=pl.DataFrame)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self) -> None:
        """Announce one more body."""
        with self._lock:
            self.parts += 1

    def finish_part(self, outcome: BulkOutcome) -> bool:
        """Add what became of one part; return True for the last one."""
        with self._lock:
            self.totals += Totals(indexed=outcome.accepted, rejected=len(outcome.refusals))
            self.rejections += outcome.refusals
            self.parts -= 1
            return self.parts == 0


def _join(threads: Iterable[threading.Thread]) -> None:
    for thread in threads:
        while thread.is_alive():
            thread.join(POLL_S)  # with a bound, so that a signal's handler may run in between


@dataclass
class Pipeline:
    """Carries all chunks of a plan that nobody else has into one generation."""

    plan: Plan
    generation: Generation
    ledger: Ledger
    holder: Lease
    sender: BulkSender
    store: RejectedStore
    progress: Progress
    stop: threading.Event
    workers: int
    preparers: int = 1
    request_bytes: int = REQUEST_BYTES
    window: AdaptiveConcurrency = field(init=False)
    _bodies: "queue.Queue[tuple[Body, InFlightChunk] | None]" = field(default_factory=queue.Queue, repr=False)
    _budget: ByteBudget = field(default_factory=lambda: ByteBudget(WAITING_BYTES), repr=False)
    _failed: threading.Event = field(default_factory=threading.Event, repr=False)
    _failure: BaseException | None = None

    def __post_init__(self) -> None:
        """Make the window that all senders share."""
        self.window = AdaptiveConcurrency(self.workers)

    def run(self) -> None:
        """Carry everything; returns early when `stop` is set, with what is in flight acknowledged, and no more sent.

        Raises what a stage raised, when the others have ended, too; a KeyboardInterrupt waits for nobody.
        """
        senders = self._started(self._send, self.workers)
        self._guard(self._prepare)
        for _ in senders:
            self._bodies.put(None)
        _join(senders)
        self.progress.senders = self.window.limit
        if self._failure:
            raise self._failure

    def _started(self, stage: Callable[[], None], count: int) -> list[threading.Thread]:
        """Start threads that the end of the process need not wait for."""
        threads = [threading.Thread(target=self._guard, args=(stage,), daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        return threads

    def _guard(self, stage: Callable[[], None]) -> None:
        try:
            stage()
        except KeyboardInterrupt:
            self._failed.set()
            raise
        except BaseException as error:
            self._failure = self._failure or error
            self._failed.set()

    def _ended(self) -> bool:
        return self.stop.is_set() or self._failed.is_set()

    def _prepare(self) -> None:
        """Carry every chunk that is free; then wait for those that other loaders are at work on."""
        left = list(self.plan.chunks())
        while left and not self._ended():
            busy, free = self._split(left)
            left = busy + self._carry_all(free)
            if left and not self._ended():
                self.stop.wait(ASK_AGAIN_S)

    def _split(self, left: Planned) -> tuple[Planned, Planned]:
        """Return the chunks that others are at work on, and those that can be had; done ones are skipped."""
        states = self.ledger.states(self.generation)
        busy: Planned = []
        free: Planned = []
        for key, chunk in left:
            state = states.get(key)
            if state and state.state == DONE:
                self.progress.skip(key.file, chunk.rows)
            elif state and state.owner != self.holder.id and self.holder.lives(state.owner):
                busy.append((key, chunk))
            else:
                free.append((key, chunk))
        return busy, free

    def _carry_all(self, free: Planned) -> Planned:
        """Carry chunks, each that can be had; return those that are left for later."""
        waiting, left, turn = iter(free), [], threading.Lock()

        def prepare() -> None:
            while True:
                with turn:
                    entry = next(waiting, None)
                if entry is None:
                    return
                if not self._carry_if_free(*entry):
                    left.append(entry)

        _join(self._started(prepare, self.preparers))
        return left

    def _carry_if_free(self, key: ChunkId, chunk: Chunk) -> bool:
        """Carry one chunk if it can be had; return False if it is left for later."""
        if self._ended():
            return False
        claim = self.ledger.claim(self.generation, key, self.holder)
        if isinstance(claim, Claim):
            self._carry(claim, chunk)
        elif claim is ClaimDenied.DONE:
            self.progress.skip(key.file, chunk.rows)
        return claim is not ClaimDenied.BUSY

    def _carry(self, claim: Claim, chunk: Chunk) -> None:
        entry = self.plan.files[claim.key.file]
        batch, rows = self._read(entry, chunk)
        carried = InFlightChunk(claim, entry.file.name, batch.totals, batch.changed, list(batch.rejections))
        prints = []
        for body in encode(batch.tracks, entry.number, self.request_bytes):
            if body.prints is not None:
                prints.append(body.prints)
            carried.add()
            if not self._budget.acquire(len(body.body), self._failed):
                return
            self._bodies.put((body, carried))
        carried.sketch = sketch(batch.tracks, prints, rows)
        if carried.finish_part(BulkOutcome()):
            self._acknowledge(carried)

    def _read(self, entry: PlannedFile, chunk: Chunk) -> tuple[TrackBatch, pl.DataFrame | None]:
        """Return a chunk's tracks, and its raw rows' hashes; the raw rows themselves are freed here."""
        raw = entry.read(chunk)
        rows = row_hashes(raw.frame) if entry.source.row_independent else None
        return entry.tracks(raw), rows

    def _send(self) -> None:
        while (piece := self._bodies.get()) is not None:
            body, carried = piece
            try:
                if not self._ended():
                    with self.window.slot() as slot:
                        outcome = self.sender.send(body, carried.file)
                        slot.documents, slot.throttled = body.count, outcome.throttled
                    if carried.finish_part(outcome):
                        self._acknowledge(carried)
            finally:
                self._budget.release(len(body.body))

    def _acknowledge(self, carried: InFlightChunk) -> None:
        self.store.add(carried.rejections)
        key, refused = carried.claim.key, [rejection.row for rejection in carried.rejections]
        self.ledger.write_sketch(self.generation, key, carried.sketch.filter(~pl.col(SOURCE_ROW).is_in(refused)))
        self.ledger.acknowledge(self.generation, carried.claim, self.holder, carried.totals, carried.changed)
        self.progress.advance(key.file, carried.totals)
