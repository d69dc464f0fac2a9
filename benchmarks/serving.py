"""How the server holds under many visitors: errors, requests a second, times, and its memory.

    python -m benchmarks.serving SERVER [--clients 50] [--seconds 60] [--think 0] [--seed 1] [--pid PID] [--json]

SERVER is the address of a running `linernotes serve`; the index is that of the LINERNOTES_ settings, from whose titles
and artists the texts are made. Each client asks, reads the whole answer, thinks as long as --think says (on average,
exponentially), and asks again, over one connection: a closed loop. With --think 0 all clients ask without pause, so the
times are those of a queue as long as clients are many; people think for seconds. The mix is in `MIX`; a text is asked
once, by one client, so kept answers help where visitors really repeat each other: browsing, and the first letters of
names. Clients are threads that read bytes and decode nothing; they still take CPU from server and Elasticsearch where
all three share a machine.
"""

import argparse
import http.client
import json
import random
import select
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import count
from urllib.parse import quote, urlencode, urlsplit

import psutil

from linernotes import settings
from linernotes.cli import search_benchmark
from linernotes.cli.search_benchmark import Names, Spread, spread
from linernotes.elastic import connect

TEXTS = 30_000
"""Texts that are made beforehand: more than are asked in a minute."""

TIMEOUT_S = 30.0
DATASETS = ("laion-disco-12m", "sleeping-disco-9m")
"""The two large ones: half of the texts find nothing in the one that is chosen, and are told what would."""

GENRES = ("rock", "electronic", "pop", "jazz", "classical", "hip-hop", "folk", "metal")
PAGE = {"X-Part": "content"}
"""What the page's script asks for: the part that changes."""


@dataclass(frozen=True)
class Draw:
    """What a request is made of: a text that nobody else asks, and a track's names."""

    rng: random.Random
    text: str
    names: Names


Address = Callable[[Draw], tuple[str, Mapping[str, str]]]


def _search(of: Draw) -> tuple[str, Mapping[str, str]]:
    return f"/search?{urlencode({'q': of.text})}", {}


def _in_place(of: Draw) -> tuple[str, Mapping[str, str]]:
    # A facet offers what is there: here the data sets, of which each text is in one at least.
    return f"/search?{urlencode({'q': of.text, 'dataset': of.rng.choice(DATASETS)})}", PAGE


def _browse(of: Draw) -> tuple[str, Mapping[str, str]]:
    year = of.rng.randrange(1960, 2020)
    return f"/search?{urlencode({'genre': of.rng.choice(GENRES), 'year': year})}", PAGE


def _suggest(of: Draw) -> tuple[str, Mapping[str, str]]:
    name = of.rng.choice(of.names)
    return f"/api/v1/suggest?{urlencode({'q': name[: of.rng.randint(1, 8)]})}", {}


def _artist(of: Draw) -> tuple[str, Mapping[str, str]]:
    return f"/artist?name={quote(of.names[0])}", {}


def _api(of: Draw) -> tuple[str, Mapping[str, str]]:
    return f"/api/v1/search?{urlencode({'q': of.text})}", {}


MIX: Mapping[str, tuple[float, Address]] = {
    "results page of a text": (0.25, _search),
    "text in one data set, in place": (0.15, _in_place),
    "browsing by genre and year, in place": (0.10, _browse),
    "suggestions": (0.30, _suggest),
    "artist page": (0.10, _artist),
    "API search with six facets": (0.10, _api),
}
"""Kind of request to its share, and what makes its address."""


@dataclass
class Seen:
    """What came of all requests: seconds by kind, statuses, and what failed."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in MIX})
    statuses: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    octets: int = 0


class Client(threading.Thread):
    """One visitor."""

    def __init__(self, server: str, requests: Iterator[tuple[str, str, Mapping[str, str]]], think: float, end: float):
        super().__init__(daemon=True)
        self._where, self._requests, self._think, self._end = urlsplit(server).netloc, requests, think, end
        self._rng = random.Random(id(self))
        self.seen = Seen()

    def run(self) -> None:
        """Ask until the time is over."""
        # Not all at once: visitors come one after the other.
        time.sleep(self._rng.random() * max(self._think, 0.2))
        connection = http.client.HTTPConnection(self._where, timeout=TIMEOUT_S)
        while time.monotonic() < self._end:
            kind, address, headers = next(self._requests)
            began = time.perf_counter()
            try:
                connection.request("GET", address, headers=dict(headers))
                answer = connection.getresponse()
                self.seen.octets += len(answer.read())
            except (OSError, http.client.HTTPException) as error:
                self.seen.errors[type(error).__name__] += 1
                connection.close()
                continue
            self.seen.seconds[kind].append(time.perf_counter() - began)
            self.seen.statuses[str(answer.status)] += 1
            if self._think:
                self._think_then_look(connection)
        connection.close()

    def _think_then_look(self, connection: http.client.HTTPConnection) -> None:
        """Think, and forget a connection that the server has closed meanwhile, as browsers do."""
        time.sleep(min(self._rng.expovariate(1 / self._think), max(self._end - time.monotonic(), 0)))
        if connection.sock and select.select([connection.sock], [], [], 0)[0]:
            connection.close()


def requests(tracks: Sequence[Names], seed: int) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Yield kind, address and headers of requests in the shares of `MIX`; each text is used once."""
    rng = random.Random(seed)
    made = search_benchmark.texts(tracks, TEXTS, seed)
    rng.shuffle(made)
    for number in count():
        kind = rng.choices(list(MIX), [share for share, _ in MIX.values()])[0]
        address, headers = MIX[kind][1](Draw(rng, made[number % len(made)][1], rng.choice(tracks)))
        yield kind, address, headers


class Shared(Iterator[tuple[str, str, Mapping[str, str]]]):
    """Requests for several threads, each to one of them."""

    def __init__(self, source: Iterator[tuple[str, str, Mapping[str, str]]]) -> None:
        self._source, self._lock = source, threading.Lock()

    def __next__(self) -> tuple[str, str, Mapping[str, str]]:
        """Return the next request."""
        with self._lock:
            return next(self._source)


@dataclass(frozen=True)
class Result:
    """A run: who asked how, what failed, how fast, and the server's memory in MB, at the begin, at most, at the end."""

    clients: int
    seconds: float
    think: float
    requests: int
    errors: Mapping[str, int]
    statuses: Mapping[str, int]
    per_second: float
    all: Spread
    kinds: Mapping[str, Spread]
    rss_mb: Sequence[int]


def measure(server: str, clients: int, seconds: float, think: float, source: Shared, pid: int | None) -> Result:
    """Let the clients ask, and watch the server's memory meanwhile."""
    end = time.monotonic() + seconds
    began = time.monotonic()
    visitors = [Client(server, source, think, end) for _ in range(clients)]
    for visitor in visitors:
        visitor.start()
    process, rss = psutil.Process(pid) if pid else None, list[int]()
    while any(visitor.is_alive() for visitor in visitors):
        if process:
            rss.append(process.memory_info().rss // 1_000_000)
        time.sleep(0.5)
    took = time.monotonic() - began
    every = [visitor.seen for visitor in visitors]
    kinds = {kind: [each for seen in every for each in seen.seconds[kind]] for kind in MIX}
    together = [each for times in kinds.values() for each in times]
    return Result(
        clients=clients,
        seconds=round(took, 1),
        think=think,
        requests=len(together),
        errors=dict(sum((seen.errors for seen in every), Counter())),
        statuses=dict(sum((seen.statuses for seen in every), Counter())),
        per_second=round(len(together) / took, 1),
        all=spread(together),
        kinds={kind: spread(times) for kind, times in kinds.items() if times},
        rss_mb=(rss[0], max(rss), rss[-1]) if rss else (),
    )


def report(result: Result) -> None:
    """Print it for people, as Markdown."""
    bad = sum(result.errors.values()) + sum(n for status, n in result.statuses.items() if status not in ("200", "304"))
    print(f"\n{result.clients} clients, {result.seconds} s, thinking {result.think} s: {result.requests:,} requests, ")
    print(f"{result.per_second} a second, {bad} errors {dict(result.errors)} {dict(result.statuses)}")
    if result.rss_mb:
        print(
            f"server's memory: {result.rss_mb[0]} MB at the begin, {result.rss_mb[1]} at most, {result.rss_mb[2]} last"
        )
    print("\n| ms | n | median | p95 | p99 | max |\n|---|---|---|---|---|---|")
    for kind, of in {"all": result.all, **result.kinds}.items():
        print(f"| {kind} | {of.n:,} | {of.median:,.0f} | {of.p95:,.0f} | {of.p99:,.0f} | {of.most:,.0f} |")


def main() -> None:
    """Read the command line, draw, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--think", type=float, default=0.0, help="seconds between two requests of a client, on average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pid", type=int, help="the server's process, to watch its memory")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = settings.from_environment()
    with connect(found) as client:
        tracks = search_benchmark.drawn(client, found.prefix, given.seed)
    source = Shared(requests(tracks, given.seed))
    result = measure(given.server, given.clients, given.seconds, given.think, source, given.pid)
    if given.json:
        json.dump(asdict(result), sys.stdout)
    else:
        report(result)


if __name__ == "__main__":
    main()
