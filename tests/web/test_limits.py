"""One client can't take the server from the others, and memory doesn't grow with clients."""

import http.client
import time
import tracemalloc
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

from linernotes.web.api import PREFIX
from linernotes.web.config import Options
from linernotes.web.middleware.limits import COUNTERS, FORM_OVERHEAD, FixedWindowCounters, client_of
from tests.web.conftest import Site
from tests.web.serving import serving
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
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert ask("192.0.2.2").status_code == 200
        for address in ("/health", "/ready", "/static/app.css"):
            assert ask("192.0.2.1", address).status_code in (200, 404)
        assert ask("192.0.2.1", "/").status_code == 429
        # One network of IPv6 is one client, whatever its last 64 bits are.
        assert [ask(f"2001:db8::{n}").status_code for n in range(1, FEW + 2)] == [200] * FEW + [429]
        assert ask("2001:db8:0:1::1").status_code == 200
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
        ("2001:db8:1:2:3:4:5:6", False, "2001:db8:1:2::/64"),
        ("no address" * 100, True, "no address" * 10),
    ],
)
def test_who_is_counted(host: str, forwarded: bool, who: str | None) -> None:
    headers = [(b"x-forwarded-for", host.encode())] if forwarded else []
    assert client_of({"client": (host, 1), "headers": headers}) == who


def test_memory_doesnt_grow_with_clients() -> None:
    counters = FixedWindowCounters()
    tracemalloc.start()
    try:
        for number in range(200_000):
            counters.count(f"client {number}", 60)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
    assert all(counters.count(f"client {number}", 60)[0] > 1 for number in range(1000))
    assert COUNTERS > 1000


def test_a_window_ends() -> None:
    counters = FixedWindowCounters()
    assert [counters.count("a", 0.05)[0] for _ in range(3)] == [1, 2, 3]
    time.sleep(0.06)
    assert counters.count("a", 0.05)[0] == 1


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
