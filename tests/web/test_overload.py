"""Nobody stops the others: what is dear, hangs or is asked for by many takes nothing from the rest."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from linernotes.elastic import connect
from linernotes.settings import from_environment
from linernotes.web.api import PREFIX
from linernotes.web.config import Options
from linernotes.web.services.data_version import MAX_AGE_S
from queries import Searcher
from tests.faults.proxy import Answer, running
from tests.web.conftest import Site
from tests.web.serving import serving
from tests.web.test_command import Held, held

AT_ONCE_S = 0.3
"""Far below what is held, and far above what a cached page takes."""


class Selective(Held):
    """A way to Elasticsearch that holds requests with a word in their path or body, and notes all of them."""

    word = b""
    bodies: list[bytes]

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Forward a request, later if it has the word."""
        request = path.encode() + b" " + body
        self.bodies.append(request)
        if self.holding and self.word in request:
            self.came.set()
            assert self.release.wait(30)
        return self.forward(method, path, headers, body)


@dataclass(frozen=True)
class Way:
    """A server, and its way to Elasticsearch."""

    web: httpx.Client
    faults: Selective

    def get(self, address: str, client: str = "192.0.2.1") -> httpx.Response:
        return self.web.get(address, headers={"x-forwarded-for": client})


@contextmanager
def behind(site: Site, options: Options) -> Iterator[Way]:
    faults = held(site.environment["LINERNOTES_URL"], Selective)
    faults.bodies = []
    with running(faults) as to, connect(from_environment(site.environment | {"LINERNOTES_URL": to})) as client:
        searcher = Searcher(client, site.searcher.prefix)
        with serving(lambda: searcher, options) as url, httpx.Client(base_url=url, timeout=30) as web:
            try:
                yield Way(web, faults)
            finally:
                faults.release.set()


def seconds(way: Way, address: str) -> float:
    began = time.monotonic()
    assert way.get(address, "192.0.2.99").status_code == 200
    return time.monotonic() - began


def test_cached_pages_and_ready_never_wait_behind_searches(site: Site) -> None:
    """All threads are taken, the queue is full, and Elasticsearch doesn't even say which version it has."""
    with behind(site, Options(search_threads=2, queue_size=2)) as way, ThreadPoolExecutor() as threads:
        pages = ["/search?q=love", "/datasets", f"{PREFIX}/suggest?q=lo"]
        assert [way.get(page).status_code for page in pages] == [200] * 3
        way.faults.holding = True
        waiting = [threads.submit(way.get, f"{PREFIX}/search?q=x{n}", f"192.0.2.{n}") for n in range(1, 5)]
        assert way.faults.came.wait(10)
        time.sleep(MAX_AGE_S + 0.5)
        assert way.get(f"{PREFIX}/search?q=one+more", "192.0.2.9").status_code == 503
        for page in (*pages, "/ready"):
            assert seconds(way, page) < AT_ONCE_S, page
        way.faults.release.set()
        assert [each.result().status_code for each in waiting] == [200] * 4


def test_walks_and_counts_take_no_thread_of_searches(site: Site) -> None:
    addresses = [f"{PREFIX}/facets/artist?contains=a{n}" for n in range(10)]
    addresses += [f"{PREFIX}/overlap?year={1990 + n}" for n in range(10)]
    options = Options(search_threads=1, analysis_threads=1, walk_threads=1, requests_per_minute=10_000)
    with behind(site, options) as way, ThreadPoolExecutor(20) as threads:
        assert way.get("/ready").status_code == 200
        way.faults.holding, way.faults.word = True, b"max_concurrent_shard_requests=1"
        waiting = [threads.submit(way.get, each, f"198.51.100.{n}") for n, each in enumerate(addresses)]
        assert way.faults.came.wait(10)
        time.sleep(0.3)
        assert seconds(way, f"{PREFIX}/search?q=freeway&facets=none") < 2
        assert seconds(way, f"{PREFIX}/tracks/free-music-archive:10") < 2
        way.faults.release.set()
        assert {each.result().status_code for each in waiting} == {200}
        # They take one thread of Elasticsearch each.
        walked = [body for body in way.faults.bodies if b"max_concurrent_shard_requests=1" in body]
        assert len(walked) >= len(addresses)


def test_identical_requests_are_answered_once(site: Site) -> None:
    address = f"{PREFIX}/stats?genre=rock"
    with behind(site, Options()) as way, ThreadPoolExecutor(20) as threads:
        assert way.get("/ready").status_code == 200
        way.faults.holding = True
        before = len(way.faults.bodies)
        waiting = [threads.submit(way.get, address, f"192.0.2.{n}") for n in range(20)]
        assert way.faults.came.wait(10)
        time.sleep(0.5)
        way.faults.release.set()
        answers = [each.result() for each in waiting]
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        asked = [body for body in way.faults.bodies[before:] if b"_msearch" in body and b"rock" in body]
        way.faults.bodies.clear()
        assert way.get(f"{PREFIX}/stats?genre=jazz").status_code == 200
        alone = [body for body in way.faults.bodies if b"_msearch" in body and b"jazz" in body]
        assert len(alone) > 1
        assert 1 < len(asked) < 20
        # A problem is everybody's too.
        assert {way.get(f"{address}&year=x", f"192.0.2.{n}").status_code for n in range(3)} == {400}


def test_who_waits_for_the_same_isnt_left_alone(site: Site) -> None:
    """The first that asked goes away; the others get what it began."""
    address = f"{PREFIX}/stats?genre=pop"
    with behind(site, Options()) as way, ThreadPoolExecutor(2) as threads:
        assert way.get("/ready").status_code == 200
        way.faults.holding = True
        with pytest.raises(httpx.ReadTimeout):
            first = threads.submit(httpx.get, str(way.web.base_url).rstrip("/") + address, timeout=0.6)
            assert way.faults.came.wait(10)
            second = threads.submit(way.get, address)
            first.result()
        time.sleep(0.2)
        way.faults.release.set()
        assert second.result().status_code == 200


def test_an_empty_page_asks_for_few_others(site: Site) -> None:
    filters = "genre=rock&year=1801&language=fr&licence=none&explicit=true&duration=none&decade=none&artist=none"
    with behind(site, Options()) as way:
        assert way.get("/ready").status_code == 200
        way.faults.bodies.clear()
        answer = way.get(f"/search?q=zzzzqqq&{filters}")
        assert answer.status_code == 200, answer.text
        assert len([body for body in way.faults.bodies if b"_msearch" in body]) <= 20
        assert answer.text.count("without ") <= 8
