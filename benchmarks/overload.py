"""Can a few clients stop the others? One visitor searches, alone and beside clients that take all they can get.

    python -m benchmarks.overload SERVER [--clients 8] [--seconds 30] [--only walks,overlap] [--pid PID] [--json]

SERVER is the address of a running `linernotes serve` on this machine; the index is that of the LINERNOTES_ settings,
from whose titles and artists the texts are made. The clients are addresses of their own (X-Forwarded-For), each with
several threads that ask without a pause, in a process of their own. The visitor asks for a search, a cached page and
`/ready`, one after the other, ten times a second, and has the address of a newcomer each time: its own limit is not
what is measured. With --pid, the server's memory is watched, and in any case the disk that uploads and answers take.
"""

import argparse
import http.client
import json
import multiprocessing
import random
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count
from multiprocessing.queues import Queue
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psutil

from linernotes import settings
from linernotes.cli import search_benchmark
from linernotes.cli.search_benchmark import Names, Spread, spread
from linernotes.elastic import connect

TIMEOUT_S = 90.0
PAUSE_S = 0.1
"""Between two rounds of the visitor."""

TEXTS = 5_000
THREADS = 4
"""Requests that a client has under way at a time."""

CHECK_ROWS, UPLOAD_BYTES, CONNECTIONS = 5_000, 19_000_000, 200
GENRES = ("rock", "electronic", "pop", "jazz", "classical", "hip-hop", "folk", "metal")
CACHED_PAGE = "/datasets"
API = "/api/v1"


@dataclass
class Attacker:
    """One thread of a client: where it asks, under which address, until when, and the statuses of its answers."""

    server: str
    address: str
    names: Sequence[Names]
    end: float
    rng: random.Random
    statuses: Counter[str]

    def request(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}) -> None:
        """Send a request, read all of the answer, and count its status."""
        connection = http.client.HTTPConnection(self.server, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body, {"x-forwarded-for": self.address, **headers})
            answer = connection.getresponse()
            while answer.read(1 << 20) and time.time() < self.end:
                pass
            self.statuses[str(answer.status)] += 1
        except (OSError, http.client.HTTPException) as error:
            self.statuses[type(error).__name__] += 1
        finally:
            connection.close()


def _walks(of: Attacker) -> None:
    letters = "".join(of.rng.choice("aeiourstnl") for _ in range(2))
    of.request("GET", f"{API}/facets/artist?{urlencode({'contains': letters, 'size': of.rng.randint(50, 900)})}")


def _overlap(of: Attacker) -> None:
    year = of.rng.randint(1950, 2020)
    of.request("GET", f"{API}/overlap?{urlencode({'year': f'{year}..', 'genre': of.rng.choice(GENRES)})}")


def _stats(of: Attacker) -> None:
    of.request("GET", f"{API}/stats?{urlencode({'q': of.rng.choice(of.rng.choice(of.names)), 'size': 200})}")


def _texts(of: Attacker) -> None:
    # Many words, each misspelt, so both stages; all facets, one hit for each recording.
    words = [word for names in of.rng.sample(of.names, 4) for word in " ".join(names).split()][:12]
    text = " ".join(f"{word[:-1]}x" if len(word) > 4 else word for word in words[: of.rng.randint(2, 12)])
    facets = "dataset,genre,licence,language,year,artist"
    of.request("GET", f"{API}/search?{urlencode({'q': text, 'facets': facets, 'group': 'recording', 'size': 100})}")


def _refused(of: Attacker) -> None:
    of.request("GET", f"/search?{urlencode({'q': of.rng.random(), 'genre': 'no such genre'})}")


def _checks(of: Attacker) -> None:
    rows = (f'"{artist[:40]}x","{title[:40]}"\n'.replace('""', '"') for artist, title in of.names)
    body = "artist,title\n" + "".join(row for row, _ in zip(rows, range(CHECK_ROWS), strict=False))
    of.request("POST", f"{API}/checks", body.encode(), {"content-type": "text/csv"})


def _uploads(of: Attacker) -> None:
    with suppress(OSError), socket.create_connection(tuple(of.server.split(":")), TIMEOUT_S) as half:  # type: ignore[arg-type]
        half.settimeout(1.0)
        head = f"POST {API}/checks HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {of.address}\r\nContent-Type: text/csv\r\n"
        half.sendall(f"{head}Content-Length: {UPLOAD_BYTES}\r\n\r\nartist,title\n".encode())
        half.sendall(b"x,y\n" * (UPLOAD_BYTES // 5))
        while time.time() < of.end:  # the last fifth never comes
            with suppress(TimeoutError):
                answer = half.recv(4096)
                of.statuses[answer[9:12].decode() or "closed"] += 1
                return
        of.statuses["still open"] += 1


def _exports(of: Attacker) -> None:
    of.request("GET", f"{API}/export?format={of.rng.choice(['ndjson', 'csv', 'parquet'])}")


def _slow_exports(of: Attacker) -> None:
    with suppress(OSError), socket.create_connection(tuple(of.server.split(":")), TIMEOUT_S) as slow:  # type: ignore[arg-type]
        slow.settimeout(1.0)
        slow.sendall(f"GET {API}/export HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {of.address}\r\n\r\n".encode())
        first = b""
        while time.time() < of.end:
            with suppress(TimeoutError):
                piece = slow.recv(4096)
                first = first or piece
                if not piece or not first.startswith(b"HTTP/1.1 200"):
                    break
            time.sleep(0.2)
        of.statuses[first[9:12].decode() or "closed"] += 1


def _idle(of: Attacker) -> None:
    opened = []
    for _ in range(CONNECTIONS // THREADS):
        with suppress(OSError):
            opened.append(socket.create_connection(tuple(of.server.split(":")), TIMEOUT_S))  # type: ignore[arg-type]
            opened[-1].sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /")  # answered once, then half a request
    until = min(time.time() + 5, of.end)
    while time.time() < until:
        time.sleep(0.1)
    for each in opened:
        each.close()
    of.statuses["connections"] += len(opened)


ATTACKS: Mapping[str, Callable[[Attacker], None]] = {
    "walks": _walks,
    "overlap": _overlap,
    "stats": _stats,
    "texts": _texts,
    "refused": _refused,
    "checks": _checks,
    "uploads": _uploads,
    "exports": _exports,
    "slow exports": _slow_exports,
    "idle": _idle,
}
"""What the clients do, each for a phase of its own."""


def attack(
    server: str, name: str, clients: int, end: float, names: Sequence[Names], results: "Queue[Counter[str]]"
) -> None:
    """Let the clients ask until a time, in a process of its own."""
    statuses = [Counter[str]() for _ in range(clients * THREADS)]

    def work(number: int) -> None:
        of = Attacker(server, f"198.51.100.{number % clients + 1}", names, end, random.Random(number), statuses[number])
        while time.time() < end:
            ATTACKS[name](of)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(len(statuses))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(end + 2 - time.time(), 0.1))
    results.put(sum(statuses, Counter()))


@dataclass(frozen=True)
class Phase:
    """What the visitor saw in milliseconds, and the statuses of the clients' answers; memory and disk in MB at most."""

    name: str
    search: Spread
    cached: Spread
    ready: Spread
    refused: int
    statuses: Mapping[str, int]
    rss_mb: int
    disk_mb: float


def visit(server: str, texts: Iterator[str], end: float) -> tuple[dict[str, list[float]], int]:
    """Ask as the visitor does; return the seconds of each kind of request, and how many were refused."""
    seconds: dict[str, list[float]] = {"search": [], "cached": [], "ready": []}
    refused, connection = 0, http.client.HTTPConnection(server, timeout=TIMEOUT_S)
    for number in count():
        address = f"203.0.{number // 250 % 250}.{number % 250}"
        search = f"{API}/search?{urlencode({'q': next(texts)})}"
        for kind, path in (("search", search), ("cached", CACHED_PAGE), ("ready", "/ready")):
            began = time.perf_counter()
            connection.request("GET", path, headers={"x-forwarded-for": address})
            answer = connection.getresponse()
            answer.read()
            seconds[kind].append(time.perf_counter() - began)
            refused += answer.status != 200
        if time.time() > end:
            connection.close()
            return seconds, refused
        time.sleep(PAUSE_S)
    raise AssertionError


class Watch(threading.Thread):
    """Watches the server's memory, and the disk that catalogues take."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(daemon=True)
        self._process, self.rss, self.disk, self.over = psutil.Process(pid) if pid else None, 0, 0, threading.Event()

    def run(self) -> None:
        """Look twice a second."""
        while not self.over.wait(0.5):
            if self._process:
                self.rss = max(self.rss, self._process.memory_info().rss)
            self.disk = max(self.disk, disk_bytes())


def disk_bytes() -> int:
    """Return the bytes of all folders of catalogue checks on this machine."""
    total = 0
    for path in Path(tempfile.gettempdir()).glob("linernotes-checks-*/**/*"):
        with suppress(OSError):
            total += path.stat().st_blocks * 512
    return total


def measure(server: str, name: str, clients: int, seconds: float, source: "Source", pid: int | None) -> Phase:
    """Return what the visitor sees while the clients do what the phase is named for; alone if it is `alone`."""
    end, processes = time.time() + seconds, multiprocessing.get_context("spawn")
    results: Queue[Counter[str]] = processes.Queue()
    watch = Watch(pid)
    watch.start()
    if name in ATTACKS:
        end += 1.5  # until the process has begun
        attackers = processes.Process(target=attack, args=(server, name, clients, end, source.names, results))
        attackers.start()
        time.sleep(1.5)
    times, refused = visit(server, source.texts, end)
    statuses: Counter[str] = Counter()
    if name in ATTACKS:
        with suppress(Exception):
            statuses = results.get(timeout=30)
        attackers.terminate()
        attackers.join()
    watch.over.set()
    watch.join()
    spreads = {kind: spread(each) for kind, each in times.items()}
    return Phase(name, **spreads, refused=refused, statuses=dict(statuses), rss_mb=watch.rss // 1_000_000,
                 disk_mb=round(watch.disk / 1e6, 1))  # fmt: skip


@dataclass
class Source:
    """What is asked for: names of tracks, and texts that nobody has asked for."""

    names: Sequence[Names]
    texts: Iterator[str]


def report(phases: Sequence[Phase]) -> None:
    """Print the phases for people, as Markdown."""
    usual = phases[0].search.p95
    columns = "n", "search: median", "p95", "of its usual p95", "cached page: median", "p95", "/ready: median", "p95"
    print(f"\n| beside | {' | '.join(columns)} | visitor refused | answers to the clients | memory MB | disk MB |")
    print("|---" * 13 + "|")
    for each in phases:
        statuses = ", ".join(f"{status}: {number:,}" for status, number in sorted(each.statuses.items()))
        search, cached, ready = each.search, each.cached, each.ready
        print(
            f"| {each.name} | {search.n} | {search.median:,.0f} | {search.p95:,.0f} | {search.p95 / usual:.1f} | "
            f"{cached.median:,.1f} | {cached.p95:,.1f} | {ready.median:,.1f} | {ready.p95:,.1f} | {each.refused} | "
            f"{statuses} | {each.rss_mb} | {each.disk_mb} |"
        )


def main() -> None:
    """Read the command line, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each phase")
    parser.add_argument("--only", help=f"phases, separated by commas: {', '.join(ATTACKS)}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pid", type=int, help="the server's process, to watch its memory")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    known = settings.from_environment()
    with connect(known) as client:
        names = search_benchmark.drawn(client, known.prefix, given.seed)
    made = [text for _, text in search_benchmark.texts(names, TEXTS, given.seed)]
    source = Source(names, (made[number % len(made)] for number in count()))
    server = urlsplit(given.server).netloc
    chosen = [name.strip() for name in given.only.split(",")] if given.only else list(ATTACKS)
    phases = [measure(server, name, given.clients, given.seconds, source, given.pid) for name in ("alone", *chosen)]
    if given.json:
        json.dump([asdict(each) for each in phases], sys.stdout)
    else:
        report(phases)


if __name__ == "__main__":
    main()
