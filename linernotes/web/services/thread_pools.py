"""Turns: questions to Elasticsearch are answered by a few threads; others wait, for a while, or go away.

A thread that has begun can't be stopped, but it counts until it ends, whoever still waits for it: so there are never
more questions at Elasticsearch than threads. Who goes away before his turn gives it up, and then nothing is asked.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mappings.errors import UnreachableError

Result = TypeVar("Result")

THREADS = "asking"
"""What the threads' names begin with."""


@dataclass
class Turns:
    """So many threads, and at most so many questions that wait for one; for all of it a question has some seconds."""

    threads: int
    waiting: int
    seconds: float
    _under_way: set[Future[Any]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix=THREADS)

    async def take(self, question: Callable[[], Result]) -> Result:
        """Return the answer to a question; raises UnreachableError if it doesn't come in time, and what it raises."""
        if len(self._under_way) >= self.threads + self.waiting:
            raise busy()
        future = self._pool.submit(question)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        try:
            async with asyncio.timeout(self.seconds) as limit:
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise (busy() if future.cancel() else slow()) from error
        finally:
            future.cancel()

    @property
    def under_way(self) -> int:
        """Return how many questions wait or are asked."""
        return len(self._under_way)

    def close(self) -> None:
        """Let those that wait go; threads end with the question that they are at."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def busy() -> UnreachableError:
    """Return the problem of a turn that doesn't come."""
    return UnreachableError("Too many people are asking just now.", "Ask again in a while.")


def slow() -> UnreachableError:
    """Return the problem of an answer that doesn't come in time."""
    return UnreachableError("That takes longer than one visitor may ask for.", "Ask for less, or again in a while.")
