"""Runs at most N calls at once; others queue, up to a limit and a deadline, and clients take turns.

A thread counts until its call ends, even if nobody waits for it any more: so there are never more calls at
Elasticsearch than threads. A call whose client goes away while it is queued is never made; one that runs is aborted.
The next call is always one of the client that has the fewest running, and no client has more than a half of the
threads: whoever comes while others have queued dozens is next. Clients that lately took much of the threads' time
share an eighth of them, so that Elasticsearch has room for the others too.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any, TypeVar

from linernotes.abort import Abortable
from linernotes.web.errors import busy, time_limit

Result = TypeVar("Result")

THREAD_NAME = "search"
"""What the threads' names begin with."""

GIVE_WAY_S, LOOK_S = 0.25, 0.005
"""How long work in the background gives way to others at most, and how often it looks whether they are done."""

current_client: ContextVar[str | None] = ContextVar("current_client", default=None)
"""The client whose request this is: its address or network; None for this machine itself, which has no limit."""


HEAVY_S, HALF_LIFE_S = 2.0, 10.0
"""Seconds of threads from which on a client is heavy, and how soon a half of them is forgotten. Somebody who browses
takes a tenth of a second now and then; who takes a seventh of a thread all the time is heavy."""

MAX_CLIENTS = 10_000
"""Clients whose time is remembered."""


class ThreadTime:
    """The time that each client lately took of the threads; half of it is forgotten every `HALF_LIFE_S`."""

    def __init__(self) -> None:
        self._taken: dict[str, tuple[float, float]] = {}

    def add(self, client: str, seconds: float) -> None:
        """Count the seconds that a call took."""
        now = time.monotonic()
        if len(self._taken) >= MAX_CLIENTS:
            self._taken = {each: taken for each, taken in self._taken.items() if self._left(taken, now) > HEAVY_S / 2}
        self._taken[client] = self._left(self._taken.get(client, (0.0, now)), now) + seconds, now

    def is_heavy(self, client: str | None) -> bool:
        """Tell whether a client lately took much."""
        return client in self._taken and self._left(self._taken[client], time.monotonic()) > HEAVY_S

    @staticmethod
    def _left(taken: tuple[float, float], now: float) -> float:
        seconds, then = taken
        return float(seconds * 0.5 ** ((now - then) / HALF_LIFE_S))


@dataclass
class _Call:
    client: str | None
    call: Callable[[], Any]
    future: "Future[Any]"
    heavy: bool = False


class FairPool:
    """A pool of threads that the clients share evenly."""

    def __init__(self, threads: int, name: str) -> None:
        self._threads, self._per_client, self._heavy = threads, max(threads // 2, 1), max(threads // 8, 1)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._queue: list[_Call] = []
        self._running: Counter[str | None] = Counter()
        self._heavy_running, self._taken = 0, ThreadTime()

    def submit(self, client: str | None, call: Callable[[], Result]) -> "Future[Result]":
        """Run a call as soon as it is its client's turn; a future that is cancelled before that is never run."""
        future: Future[Result] = Future()
        with self._lock:
            self._queue.append(_Call(client, call, future))
        self._start_calls()
        return future

    def _start_calls(self) -> None:
        while (each := self._take()) is not None:
            self._pool.submit(self._run, each)

    def _take(self) -> _Call | None:
        """Return the call that is next and count it as running; None if no thread is free, or nobody may run more."""
        with self._lock:
            self._queue = [each for each in self._queue if not each.future.cancelled()]
            if self._running.total() >= self._threads:
                return None
            for each in self._queue:
                each.heavy = self._taken.is_heavy(each.client)
            may_run = [each for each in self._queue if self._may_run(each)]
            if not may_run:
                return None
            # Of equal ones the first that came.
            call = min(may_run, key=lambda each: (each.heavy, self._running[each.client]))
            self._queue.remove(call)
            self._running[call.client] += 1
            self._heavy_running += call.heavy
            return call

    def _may_run(self, call: _Call) -> bool:
        if call.heavy and self._heavy_running >= self._heavy:
            return False
        return call.client is None or self._running[call.client] < self._per_client

    def _run(self, each: _Call) -> None:
        if each.future.set_running_or_notify_cancel():
            began = time.monotonic()
            try:
                result, error = each.call(), None
            except BaseException as raised:
                result, error = None, raised
            self._end(each, time.monotonic() - began)  # before anybody can act on the result
            if error is None:
                each.future.set_result(result)
            else:
                each.future.set_exception(error)
        else:
            self._end(each, 0.0)
        self._start_calls()

    def _end(self, each: _Call, seconds: float) -> None:
        with self._lock:
            if each.client is not None:
                self._taken.add(each.client, seconds)
            self._heavy_running -= each.heavy
            self._running[each.client] -= 1
            if not self._running[each.client]:
                del self._running[each.client]

    def is_heavy(self, client: str | None) -> bool:
        """Tell whether a client lately took much of the threads' time."""
        with self._lock:
            return self._taken.is_heavy(client)

    def close(self, *, wait: bool = False) -> None:
        """Drop the queue; threads end with the call that they are making."""
        with self._lock:
            queue, self._queue = self._queue, []
        for each in queue:
            each.future.cancel()
        self._pool.shutdown(wait=wait, cancel_futures=True)


@dataclass
class BoundedExecutor:
    """A pool of `threads` with a bounded queue; `timeout_s` is for waiting and running together."""

    threads: int
    queue_size: int
    timeout_s: float
    _pending: set[Future[Any]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._pool = FairPool(self.threads, THREAD_NAME)

    async def run(self, call: Callable[[], Result]) -> Result:
        """Return the result of a call; raises what it raises, and BusyError or TimeLimitError if it takes too long."""
        if len(self._pending) >= self.threads + self.queue_size:
            raise busy()
        abortable, context = Abortable(), copy_context()

        def abortable_call() -> Result:
            with abortable.active():
                return context.run(call)

        future = self._pool.submit(current_client.get(), abortable_call)
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        try:
            async with asyncio.timeout(self.timeout_s) as deadline:
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise (busy() if future.cancel() else time_limit()) from error
        finally:
            future.cancel()
            if not future.done():
                abortable.abort()

    async def run_until(self, call: Callable[[float], Result]) -> Result:
        """Return the result of a call that gets the seconds which are left once it begins; else as `run`."""
        end = time.monotonic() + self.timeout_s
        return await self.run(lambda: call(end - time.monotonic()))

    def give_way(self) -> None:
        """Wait in another thread while calls are queued or running, for a moment: for work that nobody waits for."""
        until = time.monotonic() + GIVE_WAY_S
        while self._pending and time.monotonic() < until:
            time.sleep(LOOK_S)

    def is_heavy(self, client: str | None) -> bool:
        """Tell whether a client waits behind others, as it lately took much of the threads' time."""
        return self._pool.is_heavy(client)

    @property
    def pending(self) -> int:
        """Return how many calls are queued or running."""
        return len(self._pending)

    def close(self) -> None:
        """Drop the queue; threads end with the call that they are making."""
        self._pool.close()
