"""The executor: a bounded number of calls at a time, and none is lost or made for nobody."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from linernotes.web.services.executor import BoundedExecutor
from mappings.errors import InputError, UnreachableError


@contextmanager
def bounded(threads: int = 2, queue_size: int = 50, timeout_s: float = 5.0) -> Iterator[BoundedExecutor]:
    """Give an executor that is closed afterwards."""
    made = BoundedExecutor(threads, queue_size, timeout_s)
    yield made
    made.close()


def test_never_more_at_a_time_than_threads() -> None:
    at_once, most, lock = 0, 0, threading.Lock()

    def question() -> int:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.01)
        with lock:
            at_once -= 1
        return 1

    async def all_of_them(executor: BoundedExecutor) -> list[int]:
        return await asyncio.gather(*(executor.run(question) for _ in range(20)))

    with bounded(threads=3) as executor:
        assert sum(asyncio.run(all_of_them(executor))) == 20
        assert executor.pending == 0
    assert most == 3


def test_who_leaves_isnt_asked_for() -> None:
    release, asked = threading.Event(), []

    async def scene(executor: BoundedExecutor) -> None:
        first = asyncio.create_task(executor.run(lambda: release.wait(5)))
        await asyncio.sleep(0.05)
        waiting = asyncio.create_task(executor.run(lambda: asked.append(1)))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert executor.pending == 1
        release.set()
        assert await first
        assert await executor.run(lambda: 7) == 7

    with bounded(threads=1) as executor:
        asyncio.run(scene(executor))
    assert not asked


def test_a_turn_counts_until_its_thread_ends() -> None:
    release = threading.Event()

    async def scene(executor: BoundedExecutor) -> None:
        with pytest.raises(UnreachableError, match="takes longer"):
            await executor.run(lambda: release.wait(5))
        assert executor.pending == 1
        with pytest.raises(UnreachableError, match="busy"):
            await executor.run(lambda: 1)
        assert executor.pending == 1
        release.set()
        while executor.pending:
            await asyncio.sleep(0.01)
        assert await executor.run(lambda: 1) == 1

    with bounded(threads=1, timeout_s=0.1) as executor:
        asyncio.run(scene(executor))


def test_who_comes_when_all_wait_is_told_at_once() -> None:
    release = threading.Event()

    async def scene(executor: BoundedExecutor) -> None:
        held = [asyncio.create_task(executor.run(lambda: release.wait(5))) for _ in range(3)]
        await asyncio.sleep(0.05)
        began = time.monotonic()
        with pytest.raises(UnreachableError, match="busy"):
            await executor.run(lambda: 1)
        assert time.monotonic() - began < 1
        release.set()
        assert all(await asyncio.gather(*held))

    with bounded(threads=1, queue_size=2) as executor:
        asyncio.run(scene(executor))


def test_errors_come_as_they_are() -> None:
    def question() -> int:
        raise InputError("No.")

    with bounded() as executor, pytest.raises(InputError, match="No"):
        asyncio.run(executor.run(question))
