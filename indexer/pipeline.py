"""The running load: one thread or more prepare, a few send, each stage bounded in bytes.

    reader -> normalise -> encode --[32 MB]--> senders (a window that adapts) -> rejected records -> ledger

A stretch is acknowledged when each of its documents is settled, and not before.
"""

import os
import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from indexer.encode import Body, encode
from indexer.flow import ByteBudget, Window
from indexer.lease import ASK_AGAIN_S, Lease
from indexer.ledger import DONE, Claim, Key, Ledger, Taken
from indexer.meter import Meter
from indexer.plan import Plan
from indexer.ready import cut, known, ready
from indexer.records import SOURCE_ROW, Batch, Rejection, Stretch
from indexer.rejected import RejectedStore
from indexer.rowwise import hashed, rowwise
from indexer.send import Outcome, Refusal, Sender
from indexer.sketch import keep as keep_sketch
from indexer.sketch import sketch
from indexer.totals import Totals
from mappings.index_names import Generation

REQUEST_BYTES = 2_000_000
WAITING_BYTES = 32_000_000
POLL_S = 0.5

Planned = list[tuple[Key, Stretch]]


def default_workers() -> int:
    """Return how many requests may be in flight at most: twice the cores, as the node may be elsewhere."""
    return 2 * (os.cpu_count() or 1)


@dataclass
class Shipment:
    """A stretch on its way: what is known of its records and their values, and how many parts are not settled yet.

    Its bodies are parts, queued as they are made, and so is the making of them: settled when no more will come.
    """

    claim: Claim
    file: str
    known: Totals
    changed: Mapping[str, int]
    rejections: list[Rejection]
    parts: int = 1
    sketch: pl.DataFrame = field(default_factory=pl.DataFrame)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self) -> None:
        """Announce one more body."""
        with self._lock:
            self.parts += 1

    def settle(self, outcome: Outcome) -> bool:
        """Add what became of one part; return True for the last one."""
        with self._lock:
            self.known += Totals(indexed=outcome.accepted, rejected=len(outcome.refusals))
            self.rejections += [_rejection(self.file, refusal) for refusal in outcome.refusals]
            self.parts -= 1
            return self.parts == 0


def _join(threads: Iterable[threading.Thread]) -> None:
    for thread in threads:
        while thread.is_alive():
            thread.join(POLL_S)  # with a bound, so that a signal's handler may run in between


def _rejection(file: str, refusal: Refusal) -> Rejection:
    return Rejection(file, refusal.row, refusal.kind, refusal.reason, refusal.document.decode())


@dataclass
class Pipeline:
    """Carries all stretches of a plan that nobody else has into one generation."""

    plan: Plan
    generation: Generation
    ledger: Ledger
    holder: Lease
    sender: Sender
    store: RejectedStore
    meter: Meter
    stop: threading.Event
    workers: int
    preparers: int = 1
    request_bytes: int = REQUEST_BYTES
    window: Window = field(init=False)
    _bodies: "queue.Queue[tuple[Body, Shipment] | None]" = field(default_factory=queue.Queue, repr=False)
    _budget: ByteBudget = field(default_factory=lambda: ByteBudget(WAITING_BYTES), repr=False)
    _failed: threading.Event = field(default_factory=threading.Event, repr=False)
    _failure: BaseException | None = None

    def __post_init__(self) -> None:
        """Make the window that all senders share."""
        self.window = Window(self.workers)

    def run(self) -> None:
        """Carry everything; returns early when `stop` is set, with what is in flight acknowledged, and no more sent.

        Raises what a stage raised, when the others have ended, too; a KeyboardInterrupt waits for nobody.
        """
        senders = self._started(self._send, self.workers)
        self._guard(self._prepare)
        for _ in senders:
            self._bodies.put(None)
        _join(senders)
        self.meter.senders = self.window.limit
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
        """Take every stretch that is free; then wait for those that are in other hands."""
        left = list(self.plan.stretches())
        while left and not self._ended():
            held, free = self._told_apart(left)
            left = held + self._take_all(free)
            if left and not self._ended():
                self.stop.wait(ASK_AGAIN_S)

    def _told_apart(self, left: Planned) -> tuple[Planned, Planned]:
        """Return the stretches that others are at work on, and those that can be had; done ones are skipped."""
        states = self.ledger.states(self.generation)
        held: Planned = []
        free: Planned = []
        for key, stretch in left:
            state = states.get(key)
            if state and state.state == DONE:
                self.meter.skip(key.file, stretch.rows)
            elif state and state.owner != self.holder.id and self.holder.lives(state.owner):
                held.append((key, stretch))
            else:
                free.append((key, stretch))
        return held, free

    def _take_all(self, free: Planned) -> Planned:
        """Carry stretches, each that can be had; return those that are left for later."""
        waiting, left, turn = iter(free), [], threading.Lock()

        def prepare() -> None:
            while True:
                with turn:
                    entry = next(waiting, None)
                if entry is None:
                    return
                if not self._take(*entry):
                    left.append(entry)

        _join(self._started(prepare, self.preparers))
        return left

    def _take(self, key: Key, stretch: Stretch) -> bool:
        """Carry one stretch if it can be had; return False if it is left for later."""
        if self._ended():
            return False
        claim = self.ledger.claim(self.generation, key, self.holder)
        if isinstance(claim, Claim):
            self._carry(claim, stretch)
        elif claim is Taken.DONE:
            self.meter.skip(key.file, stretch.rows)
        return claim is not Taken.IN_OTHER_HANDS

    def _carry(self, claim: Claim, stretch: Stretch) -> None:
        batch, rows = self._read(claim.key, stretch)
        file, rejected = self.plan.files[claim.key.file].file.name, list(batch.rejections)
        shipment, prints = Shipment(claim, file, known(batch), batch.changed, rejected), []
        for body in encode(batch.tracks, claim.key.file, self.request_bytes):
            if body.prints is not None:
                prints.append(body.prints)
            shipment.add()
            if not self._budget.acquire(len(body.body), self._failed):
                return
            self._bodies.put((body, shipment))
        shipment.sketch = sketch(batch.tracks, prints, rows)
        if shipment.settle(Outcome()):
            self._acknowledge(shipment)

    def _read(self, key: Key, stretch: Stretch) -> tuple[Batch, pl.DataFrame | None]:
        """Return a stretch as it is encoded, and its raw rows' hashes; the raw rows themselves are let go here."""
        entry = self.plan.files[key.file]
        raw = cut(entry.reader.read(stretch), stretch)
        rows = hashed(raw.frame) if rowwise(self.plan.source) else None
        return ready(self.plan.source.normalise(raw, entry.file), entry.file.name), rows

    def _send(self) -> None:
        while (piece := self._bodies.get()) is not None:
            body, shipment = piece
            try:
                if not self._ended():
                    self._settle(body, shipment)
            finally:
                self._budget.release(len(body.body))

    def _settle(self, body: Body, shipment: Shipment) -> None:
        with self.window.slot() as slot:
            outcome = self.sender.send(body)
            slot.documents, slot.throttled = body.count, outcome.throttled
        if shipment.settle(outcome):
            self._acknowledge(shipment)

    def _acknowledge(self, shipment: Shipment) -> None:
        self.store.keep(shipment.rejections)
        key, refused = shipment.claim.key, [rejection.row for rejection in shipment.rejections]
        keep_sketch(self.ledger, self.generation, key, shipment.sketch.filter(~pl.col(SOURCE_ROW).is_in(refused)))
        self.ledger.acknowledge(self.generation, shipment.claim, self.holder, shipment.known, shipment.changed)
        self.meter.advance(shipment.claim.key.file, shipment.known)
