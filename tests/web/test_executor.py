"""The executor: a bounded number of calls at a time, and none is lost or made for nobody."""

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from linernotes.elastic import connect
from linernotes.settings import from_environment
from linernotes.web.services import executor as executor_module
from linernotes.web.services.executor import MAX_CLIENTS, BoundedExecutor, ThreadTime, current_client
from mappings.errors import InputError, UnreachableError
from queries import Searcher


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


def test_clients_take_turns() -> None:
    """Who comes last is next, where all others have more running; nobody has more than a half of the threads."""
    release, order, lock = threading.Semaphore(0), list[str](), threading.Lock()
    running, most = Counter[str](), Counter[str]()

    def question(client: str) -> None:
        with lock:
            order.append(client)
            running[client] += 1
            most[client] = max(most[client], running[client])
        release.acquire(timeout=5)
        time.sleep(0.01)
        with lock:
            running[client] -= 1

    async def ask(executor: BoundedExecutor, client: str) -> None:
        current_client.set(client)
        await executor.run(lambda: question(client))

    async def scene(executor: BoundedExecutor) -> None:
        many = [asyncio.create_task(ask(executor, "many")) for _ in range(10)]
        others = [asyncio.create_task(ask(executor, "others")) for _ in range(10)]
        await asyncio.sleep(0.05)
        late = asyncio.create_task(ask(executor, "late"))
        await asyncio.sleep(0.05)
        release.release()
        while len(order) < 5:  # one alone ends, so that one alone begins
            await asyncio.sleep(0.01)
        release.release(30)
        await asyncio.gather(*many, *others, late)

    with bounded(threads=4) as executor:
        asyncio.run(scene(executor))
    assert order.index("late") == 4
    assert most == {"many": 2, "others": 2, "late": 1}


def test_heavy_clients_share_an_eighth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor_module, "HEAVY_S", 0.1)
    at_once, most, lock = 0, 0, threading.Lock()
    release = threading.Event()

    def question() -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        release.wait(5)
        time.sleep(0.01)
        with lock:
            at_once -= 1

    async def ask(executor: BoundedExecutor, client: str, call: Callable[[], object]) -> None:
        current_client.set(client)
        await executor.run(call)

    async def scene(executor: BoundedExecutor) -> None:
        nonlocal most
        clients = [f"heavy {number}" for number in range(6)]
        await asyncio.gather(*(ask(executor, client, lambda: time.sleep(0.15)) for client in clients))
        most = 0
        heavy = [asyncio.create_task(ask(executor, client, question)) for client in clients * 3]
        async with asyncio.timeout(10):
            while at_once < 1:
                await asyncio.sleep(0.01)
        # Seven threads are free for others, whoever waits.
        await asyncio.gather(*(ask(executor, f"light {number}", lambda: None) for number in range(20)))
        release.set()
        await asyncio.gather(*heavy)

    with bounded(threads=8) as executor:
        asyncio.run(scene(executor))
    assert most == 1


def test_what_a_client_took_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor_module, "HALF_LIFE_S", 0.05)
    taken = ThreadTime()
    for _ in range(3):
        taken.add("a", 1.0)
    assert taken.is_heavy("a")
    assert not taken.is_heavy("b")
    assert not taken.is_heavy(None)
    time.sleep(0.1)
    assert not taken.is_heavy("a")
    for number in range(3 * MAX_CLIENTS):
        taken.add(f"{number}", 0.001)
    assert len(taken._taken) <= MAX_CLIENTS


def test_who_has_no_address_has_all_threads() -> None:
    barrier = threading.Barrier(4)

    async def scene(executor: BoundedExecutor) -> None:
        await asyncio.gather(*(executor.run(lambda: barrier.wait(5)) for _ in range(4)))

    with bounded(threads=4) as executor:
        asyncio.run(scene(executor))


@pytest.mark.parametrize("ends", ["cancelled", "late"])
def test_a_request_nobody_waits_for_is_hung_up(ends: str) -> None:
    """Elasticsearch ends a search when the connection of who asked is closed."""
    hung_up = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_never() -> None:
            connection, _ = server.accept()
            with connection:
                while connection.recv(1 << 16):
                    pass
            hung_up.set()

        threading.Thread(target=answer_never, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with connect(from_environment({"LINERNOTES_URL": url}), timeout_s=30) as client:
            searcher = Searcher(client, "x")

            async def scene(executor: BoundedExecutor) -> None:
                asking = asyncio.create_task(executor.run(lambda: searcher.ask({"size": 0})))
                await asyncio.sleep(0.3)
                assert executor.pending == 1
                if ends == "cancelled":
                    asking.cancel()
                with pytest.raises(asyncio.CancelledError if ends == "cancelled" else UnreachableError):
                    await asking
                until = time.monotonic() + 3
                while executor.pending:
                    assert time.monotonic() < until
                    await asyncio.sleep(0.01)

            with bounded(threads=1, timeout_s=30.0 if ends == "cancelled" else 0.5) as executor:
                asyncio.run(scene(executor))
    assert hung_up.wait(3)


def test_errors_come_as_they_are() -> None:
    def question() -> int:
        raise InputError("No.")

    with bounded() as executor, pytest.raises(InputError, match="No"):
        asyncio.run(executor.run(question))
