"""Runs at most N Elasticsearch calls at once; others queue, up to a limit and a deadline.

A thread that has begun can't be stopped, but it counts until it ends, even if nobody waits for it any more: so there
are never more calls at Elasticsearch than threads. A call whose client goes away while it is queued is never made.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mappings.errors import UnreachableError

Result = TypeVar("Result")

THREAD_NAME = "search"
"""What the threads' names begin with."""


@dataclass
class BoundedExecutor:
    """A pool of `threads` with a bounded queue; `timeout_s` is for waiting and running together."""

    threads: int
    queue_size: int
    timeout_s: float
    _pending: set[Future[Any]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix=THREAD_NAME)

    async def run(self, call: Callable[[], Result]) -> Result:
        """Return the result of a call; raises what it raises, and UnreachableError if it doesn't come in time."""
        if len(self._pending) >= self.threads + self.queue_size:
            raise _busy()
        future = self._pool.submit(call)
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        try:
            async with asyncio.timeout(self.timeout_s) as deadline:
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise (_busy() if future.cancel() else _slow()) from error
        finally:
            future.cancel()

    @property
    def pending(self) -> int:
        """Return how many calls are queued or running."""
        return len(self._pending)

    def close(self) -> None:
        """Drop the queue; threads end with the call that they are making."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _busy() -> UnreachableError:
    return UnreachableError("The server is busy.", "Please try again in a few seconds.")


def _slow() -> UnreachableError:
    return UnreachableError("This takes longer than one request may.", "Narrow the search, or try again later.")
