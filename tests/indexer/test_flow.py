"""Bounds of the pipeline: bytes that wait, requests in flight."""

import threading

from indexer.load.pipeline import AdaptiveConcurrency, ByteBudget, Slot


def test_bytes_wait_for_room_and_a_large_piece_goes_alone() -> None:
    budget, stop = ByteBudget(100), threading.Event()
    assert budget.acquire(250, stop)
    stop.set()
    assert not budget.acquire(1, stop)
    budget.release(250)
    assert budget.acquire(60, threading.Event())
    assert budget.acquire(40, threading.Event())
    assert not budget.acquire(1, stop)


def rounds(window: AdaptiveConcurrency, rate_at: "dict[int, float]", count: int) -> list[int]:
    """Run rounds on a made-up server whose rate depends on the requests in flight; return the limits."""
    now, limits = 0.0, []
    window._restart(now, 0.0)
    for _ in range(count):
        size = window.limit
        for _ in range(4 * size):
            now += 1000 / rate_at[size]
            window._learn(Slot(documents=1000), now)
        limits.append(window.limit)
    return limits


def test_the_window_rises_while_it_pays() -> None:
    server = dict.fromkeys(range(5, 9), 41_000.0) | {1: 20_000.0, 2: 30_000.0, 3: 36_000.0, 4: 41_000.0}
    assert max(rounds(AdaptiveConcurrency(8), server, 6)) >= 4


def test_the_window_stays_near_the_best() -> None:
    server = {1: 20_000.0, 2: 40_000.0, 3: 40_100.0, 4: 30_000.0, 5: 20_000.0, 6: 10_000.0}
    limits = rounds(AdaptiveConcurrency(6), server, 60)
    assert sum(2 <= limit <= 3 for limit in limits) > 40
    assert max(limits[3:]) <= 4


def test_a_throttled_request_halves_the_window() -> None:
    window = AdaptiveConcurrency(8, limit=8)
    window._learn(Slot(throttled=True), 1.0)
    assert window.limit == 4


def test_never_more_in_flight_than_the_limit() -> None:
    window, seen, lock = AdaptiveConcurrency(3, limit=3), [], threading.Lock()

    def work() -> None:
        for _ in range(50):
            with window.slot() as slot:
                slot.documents = 1
                with lock:
                    seen.append(window.in_flight)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(seen) <= 3
