"""What bounds a pipeline: bytes that wait, and requests in flight."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


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
class Window:
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
