"""Connections that do nothing take no place from others."""

import socket
import time
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

from linernotes.web.config import Options
from tests.web.conftest import Site
from tests.web.serving import serving

REQUEST = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def opened(url: str, sent: bytes = b"") -> socket.socket:
    """Return a connection, and send something that is no whole request."""
    where = urlsplit(url)
    made = socket.create_connection((where.hostname, where.port), 10)
    made.sendall(sent)
    return made


def ended(connection: socket.socket) -> bool:
    with suppress(ConnectionResetError):
        while connection.recv(1 << 16):
            pass
    return True


@pytest.mark.parametrize("sent", [b"", b"GET /health HTT", REQUEST + b"GET /hea"])
def test_a_head_has_to_come_in_time(site: Site, sent: bytes) -> None:
    with serving(lambda: site.searcher, Options(request_head_s=0.5, keep_alive_s=1)) as url, opened(url, sent) as idle:
        began = time.monotonic()
        assert ended(idle)
        assert 0.3 < time.monotonic() - began < 5


def test_a_head_that_drips(site: Site) -> None:
    with serving(lambda: site.searcher, Options(request_head_s=0.5)) as url, opened(url, b"GET / HTTP/1.1\r\n") as slow:
        began = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() < began + 10:
                slow.sendall(b"x-a: b\r\n")
                time.sleep(0.1)
        assert time.monotonic() - began < 5


def test_an_answer_may_take_longer(site: Site) -> None:
    """The deadline is for the head alone, and the next one has its own."""
    with (
        serving(lambda: site.searcher, Options(request_head_s=0.4, keep_alive_s=5)) as url,
        opened(url, REQUEST) as one,
    ):
        for _ in range(3):
            time.sleep(0.8)
            assert one.recv(1 << 16).startswith(b"HTTP/1.1 200")
            one.sendall(REQUEST)


@pytest.mark.parametrize("sent", [b"", REQUEST], ids=["silent", "kept alive"])
def test_idle_connections_are_no_outage(site: Site, sent: bytes) -> None:
    with serving(lambda: site.searcher, Options(max_connections=20)) as url:
        idle = [opened(url, sent) for _ in range(100)]
        for _ in range(5):
            assert httpx.get(f"{url}/search?q=love", timeout=10).status_code == 200
        assert ended(idle[0])
        for each in idle:
            each.close()
