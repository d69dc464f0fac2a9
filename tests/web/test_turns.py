"""Turns: a bounded number of questions at a time, and none is lost or asked for nobody."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from linernotes.web.services.thread_pools import Turns
from mappings.errors import InputError, UnreachableError


@contextmanager
def turns(threads: int = 2, waiting: int = 50, seconds: float = 5.0) -> Iterator[Turns]:
    """Give turns that are let go afterwards."""
    made = Turns(threads, waiting, seconds)
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

    async def all_of_them(asking: Turns) -> list[int]:
        return await asyncio.gather(*(asking.take(question) for _ in range(20)))

    with turns(threads=3) as asking:
        assert sum(asyncio.run(all_of_them(asking))) == 20
        assert asking.under_way == 0
    assert most == 3


def test_who_leaves_isnt_asked_for() -> None:
    release, asked = threading.Event(), []

    async def scene(asking: Turns) -> None:
        first = asyncio.create_task(asking.take(lambda: release.wait(5)))
        await asyncio.sleep(0.05)
        waiting = asyncio.create_task(asking.take(lambda: asked.append(1)))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert asking.under_way == 1
        release.set()
        assert await first
        assert await asking.take(lambda: 7) == 7

    with turns(threads=1) as asking:
        asyncio.run(scene(asking))
    assert not asked


def test_a_turn_counts_until_its_thread_ends() -> None:
    release = threading.Event()

    async def scene(asking: Turns) -> None:
        with pytest.raises(UnreachableError, match="takes longer"):
            await asking.take(lambda: release.wait(5))
        assert asking.under_way == 1
        with pytest.raises(UnreachableError, match="Too many"):
            await asking.take(lambda: 1)
        assert asking.under_way == 1
        release.set()
        while asking.under_way:
            await asyncio.sleep(0.01)
        assert await asking.take(lambda: 1) == 1

    with turns(threads=1, seconds=0.1) as asking:
        asyncio.run(scene(asking))


def test_who_comes_when_all_wait_is_told_at_once() -> None:
    release = threading.Event()

    async def scene(asking: Turns) -> None:
        held = [asyncio.create_task(asking.take(lambda: release.wait(5))) for _ in range(3)]
        await asyncio.sleep(0.05)
        began = time.monotonic()
        with pytest.raises(UnreachableError, match="Too many"):
            await asking.take(lambda: 1)
        assert time.monotonic() - began < 1
        release.set()
        assert all(await asyncio.gather(*held))

    with turns(threads=1, waiting=2) as asking:
        asyncio.run(scene(asking))


def test_errors_come_as_they_are() -> None:
    def question() -> int:
        raise InputError("No.")

    with turns() as asking, pytest.raises(InputError, match="No"):
        asyncio.run(asking.take(question))
