"""Searches at a steady rate, as users send them: through the client of the settings and the real `Searcher`.

The rate is an open loop: a search is due at its time, whether those before have been answered or not, and its latency
counts from then. What is tried again unseen is counted too: by the client library (the next node) and by `queries`.
"""

import itertools
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import queries
from linernotes.elastic import connect
from queries import Searcher
from tests.cluster.drill import PREFIX, Cluster

FACETS = ("dataset", "genre", "licence")
REQUESTS = tuple(
    queries.request(text, facet_names=FACETS, filters_by_facet=filters)
    for text, filters in (
        ("", {}),
        ("love", {}),
        ("the night", {"dataset": ["spotify-tracks-dataset"]}),
        ("", {"year": ["1990..1999"]}),
        ("lvoe", {}),
    )
)
BROWSING = REQUESTS[0]


@dataclass(frozen=True)
class Search:
    """One search: when it was due, how long until its answer (both in seconds), what it found or how it failed."""

    due: float
    latency: float
    total: int | None
    error: str = ""


@dataclass
class Searches:
    """All searches of a drill."""

    made: list[Search] = field(default_factory=list)
    retries: Counter[str] = field(default_factory=Counter)

    @property
    def errors(self) -> list[str]:
        """Return what users would have been told."""
        return [search.error for search in self.made if search.error]

    @property
    def totals(self) -> list[int]:
        """Return how many tracks the searches for everything saw, in the order in which they were due."""
        return [search.total for search in sorted(self.made, key=lambda one: one.due) if search.total is not None]

    def latency(self, share: float) -> float:
        """Return a percentile of the latencies in seconds."""
        ordered = sorted(search.latency for search in self.made)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]

    def told(self) -> str:
        """Return the figures of a drill as one line."""
        return (
            f"{len(self.made)} searches, {len(self.errors)} errors, median {self.latency(0.5):.3f} s, "
            f"p99 {self.latency(0.99):.3f} s, max {self.latency(1):.3f} s, retried {dict(self.retries)}"
        )


@contextmanager
def searching(cluster: Cluster, rate: float, threads: int) -> Iterator[Searches]:
    """Search until the end of the block."""
    found, stop, began = Searches(), threading.Event(), time.monotonic()
    numbers = itertools.count()
    with connect(cluster.settings) as client, _counted(found.retries):
        searcher = Searcher(client, PREFIX)

        def work() -> None:
            while True:
                number = next(numbers)
                due = began + number / rate
                if stop.wait(max(0.0, due - time.monotonic())):
                    return
                found.made.append(_search(searcher, REQUESTS[number % len(REQUESTS)], due))

        workers = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
        for worker in workers:
            worker.start()
        try:
            yield found
        finally:
            stop.set()
            for worker in workers:
                worker.join(60)


def _search(searcher: Searcher, asked: queries.SearchRequest, due: float) -> Search:
    try:
        answer = searcher.search(asked)
    except Exception as error:  # whatever it is, a user would have seen it
        return Search(due, time.monotonic() - due, None, f"{type(error).__name__}: {error}")
    total = answer.total.value if asked is BROWSING else None
    return Search(due, time.monotonic() - due, total)


class _Counting(logging.Handler):
    def __init__(self, count: Callable[[str], None]) -> None:
        super().__init__()
        self.count = count

    def emit(self, record: logging.LogRecord) -> None:
        """Count a message by its kind."""
        if record.name == "elastic_transport.transport":
            if record.msg.startswith("Retrying"):
                cause = record.exc_info[1] if record.exc_info else None
                self.count(f"next node: {type(cause).__name__}")
        else:
            self.count(f"asked again: {record.args[1]}" if isinstance(record.args, tuple) else record.msg)


@contextmanager
def _counted(retries: Counter[str]) -> Iterator[None]:
    lock = threading.Lock()

    def count(kind: str) -> None:
        with lock:
            retries[kind] += 1

    handler = _Counting(count)
    loggers = [logging.getLogger(name) for name in ("elastic_transport.transport", "queries.again")]
    levels = [logger.level for logger in loggers]
    for logger, level in zip(loggers, (logging.WARNING, logging.INFO), strict=True):
        logger.addHandler(handler)
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
