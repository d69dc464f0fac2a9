"""One client can't take the server from the others, and memory doesn't grow with clients."""

import http.client
import socket
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

from linernotes.elastic import connect
from linernotes.settings import from_environment
from linernotes.web.api import PREFIX
from linernotes.web.config import Options
from linernotes.web.middleware import limits
from linernotes.web.middleware.limits import COUNTERS, FORM_OVERHEAD, SlidingWindowCounters, client_of
from queries import Searcher
from tests.faults.proxy import running
from tests.web.conftest import Site
from tests.web.serving import serving
from tests.web.test_command import Held, held
from tests.web.test_problems import told

FEW = 3


def test_who_asks_too_often_is_told_how_long_to_wait(site: Site) -> None:
    options = Options(requests_per_minute=FEW)
    with serving(lambda: site.searcher, options) as url, httpx.Client(base_url=url) as web:

        def ask(who: str, address: str = f"{PREFIX}/suggest?q=a") -> httpx.Response:
            return web.get(address, headers={"x-forwarded-for": who} if who else {})

        assert [ask("192.0.2.1").status_code for _ in range(FEW + 2)] == [200] * FEW + [429] * 2
        refused = ask("192.0.2.1")
        assert "192.0.2.1" not in told(refused)["detail"]
        assert 1 <= int(refused.headers["retry-after"]) <= 70
        assert ask("192.0.2.2").status_code == 200
        for address in ("/health", "/ready", "/static/app.css"):
            assert ask("192.0.2.1", address).status_code in (200, 404)
        assert ask("192.0.2.1", "/").status_code == 429
        # One network of IPv6 is one client, whatever its last 72 bits are.
        assert [ask(f"2001:db8:0:{n}::{n}").status_code for n in range(1, FEW + 2)] == [200] * FEW + [429]
        assert ask("2001:db8:0:100::1").status_code == 200
        # What a client says of itself, the proxy appends to: its own word is the last.
        assert ask("127.0.0.1, 192.0.2.1").status_code == 429
        # Nobody is named: this machine itself.
        assert [ask("").status_code for _ in range(FEW * 3)] == [200] * FEW * 3


@pytest.mark.parametrize(
    ("host", "forwarded", "who"),
    [
        ("127.0.0.1", False, None),
        ("::1", False, None),
        ("::ffff:127.0.0.1", False, None),
        ("127.0.0.1", True, "127.0.0.1"),
        ("::ffff:192.0.2.1", False, "192.0.2.1"),
        ("192.0.2.1", False, "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", False, "2001:db8:1::/56"),
        ("no address" * 100, True, "no address" * 10),
    ],
)
def test_who_is_counted(host: str, forwarded: bool, who: str | None) -> None:
    headers = [(b"x-forwarded-for", host.encode())] if forwarded else []
    assert client_of({"client": (host, 1), "headers": headers}) == who


def test_memory_doesnt_grow_with_clients() -> None:
    counters = SlidingWindowCounters()
    tracemalloc.start()
    try:
        for number in range(200_000):
            counters.add(f"client {number}", 1, 10**6)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
    assert all(counters.add(f"client {number}", 1, 1) > 0 for number in range(1000))
    assert COUNTERS > 1000


def test_no_window_has_more_than_the_limit() -> None:
    """Wherever it begins: a minute's edge doubles nothing, and who waits as long as he is told is let in."""
    counters, window_s, limit = SlidingWindowCounters(0.3), 0.3, 10
    accepted = list[float]()
    until = time.monotonic() + 1.5
    while (now := time.monotonic()) < until:
        if wait := counters.add("a", 2, limit):
            assert wait <= window_s * 7 / 6 + 0.01
            time.sleep(wait)
            now = time.monotonic()
            assert counters.add("a", 2, limit) == 0
        accepted.append(now)
    assert len(accepted) > 3 * limit / 2
    for first in accepted:
        assert 2 * sum(first <= each < first + window_s for each in accepted) <= limit
    assert counters.add("b", 1000, limit) == 0


def test_what_is_left_is_known() -> None:
    counters = SlidingWindowCounters(6.0)
    assert counters.left("a", 10) == (10, 0.0)
    counters.add("a", 3, 10)
    left, seconds = counters.left("a", 10)
    assert left == 7
    assert 6 <= seconds <= 7
    wait = counters.add("a", 8, 10)
    assert 6 <= wait <= 7
    assert counters.left("a", 10)[0] == 7  # what was refused isn't counted
    assert counters.left("b", 10)[0] == 10


def test_what_takes_long_counts_several_times(site: Site) -> None:
    with serving(lambda: site.searcher, Options(requests_per_minute=30)) as url, httpx.Client(base_url=url) as web:

        def ask(who: str, address: str) -> int:
            return web.get(address, headers={"x-forwarded-for": who}).status_code

        assert [ask("192.0.2.1", address) for address in (f"{PREFIX}/overlap", *["/search"] * 4)] == [200] * 4 + [429]
        assert [ask("192.0.2.2", f"{PREFIX}/facets/artist?contains=a&size={n}") for n in (1, 2, 3)] == [200, 200, 429]
        assert [ask("192.0.2.3", f"{PREFIX}/facets/artist?size={n}") for n in range(1, 9)] == [200] * 7 + [429]
        assert [ask("192.0.2.4", f"{PREFIX}/suggest?q={n}") for n in range(31)] == [200] * 30 + [429]
        # Progress of a check is counted apart: its page asks for it as long as it runs.
        assert [ask("192.0.2.4", f"{PREFIX}/checks/x") for _ in range(31)] == [404] * 30 + [429]
        assert ask("192.0.2.4", "/check/x") == 429
        assert [ask("192.0.2.5", "/check/x"), ask("192.0.2.4", "/search")] == [404, 429]
        batch = f'{PREFIX}/reconcile?queries={{"a":{{"query":"love"}}}}'
        assert [ask("192.0.2.6", batch) for _ in range(6)] == [200] * 5 + [429]
        assert [ask("192.0.2.7", f"{PREFIX}/reconcile") for _ in range(6)] == [200] * 6  # what it can do costs nothing
        rows = {"rows": [{"artist": "Kurt Vile", "title": "Freeway"}]}
        posted = [
            web.post(f"{PREFIX}/matches", json=rows, headers={"x-forwarded-for": "192.0.2.8"}).status_code
            for _ in range(3)
        ]
        assert posted == [200, 200, 429]


def test_a_client_has_few_requests_under_way(site: Site, es_url: str) -> None:
    faults = held(es_url, Held)
    options = Options(requests_per_client=2, max_requests=3)
    with running(faults) as to, connect(from_environment(site.environment | {"LINERNOTES_URL": to})) as client:
        searcher = Searcher(client, site.searcher.prefix)
        with serving(lambda: searcher, options) as url, httpx.Client(base_url=url, timeout=30) as web:

            def ask(who: str, text: str) -> httpx.Response:
                return web.get(f"{PREFIX}/suggest?q={text}", headers={"x-forwarded-for": who})

            assert ask("192.0.2.1", "a").status_code == 200
            faults.holding = True
            with ThreadPoolExecutor() as threads:
                waiting = [threads.submit(ask, "192.0.2.1", text) for text in ("b", "c")]
                assert faults.came.wait(10)
                time.sleep(0.2)
                refused = ask("192.0.2.1", "d")
                assert refused.status_code == 429
                assert refused.headers["retry-after"] == "1"
                assert web.get("/about", headers={"x-forwarded-for": "192.0.2.2"}).status_code == 200
                waiting.append(threads.submit(ask, "192.0.2.2", "e"))
                time.sleep(0.2)
                # Three are all that the server takes, but monitoring gets through.
                assert told(ask("192.0.2.3", "f"))["status"] == 503
                assert web.get("/health").status_code == web.get("/ready").status_code == 200
                faults.release.set()
                assert [each.result().status_code for each in waiting] == [200] * 3
            assert ask("192.0.2.1", "d").status_code == 200


def test_a_body_that_comes_slowly_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BODY_GRACE_S", 0.3)
    with serving(lambda: site.searcher, Options(body_bytes_per_s=1_000_000)) as url:
        where = urlsplit(url)
        with socket.create_connection((where.hostname, where.port), 10) as slow:
            headers = "Host: localhost\r\nContent-Type: text/csv\r\nContent-Length: 900\r\n\r\n"
            slow.sendall(f"POST {PREFIX}/checks HTTP/1.1\r\n{headers}".encode())
            began = time.monotonic()
            with suppress(ConnectionError):
                while time.monotonic() < began + 0.6:
                    slow.sendall(b"a")
                    time.sleep(0.05)
            assert slow.recv(1 << 16).startswith(b"HTTP/1.1 408")
            assert time.monotonic() < began + 5


def test_what_is_too_large_isnt_read(site: Site) -> None:
    """The answer is there before a byte of the body was sent."""
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=10)
    connection.putrequest("POST", f"{PREFIX}/checks")
    connection.putheader("content-type", "text/csv")
    connection.putheader("content-length", str(10**12))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert answer.headers["content-type"] == "application/problem+json"
    connection.close()


def test_what_doesnt_say_how_large_it_is_is_cut(site: Site) -> None:
    with serving(lambda: site.searcher, Options(upload_bytes=100_000)) as url:

        def rows(size: int) -> "list[bytes]":
            return [b"artist,title\n", *[b"x" * 1000] * (size // 1000)]

        for size, status in ((10 * FORM_OVERHEAD, 413), (1000, 202)):
            answer = httpx.post(f"{url}{PREFIX}/checks", content=iter(rows(size)), headers={"content-type": "text/csv"})
            assert answer.status_code == status, answer.text


def test_headers_are_bounded(site: Site) -> None:
    with httpx.Client(base_url=site.url) as web:
        assert web.get("/health", headers={"x-long": "x" * 20_000}).status_code == 200
        # The connection is closed while the client may still be sending.
        with suppress(httpx.TransportError):
            assert web.get("/health", headers={"x-long": "x" * 200_000}).status_code == 400
        assert web.get("/health").status_code == 200
