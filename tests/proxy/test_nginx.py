"""Served to other people by nginx, with the configuration that is shipped: addresses, TLS, hosts, slow clients."""

import ssl
import time

import httpx
import pytest

from linernotes.web.api import PREFIX
from tests.proxy.conftest import NAME, client_of
from tests.proxy.nginx import Proxy
from tests.web.uploads import checked, ended, form, rows

SEARCH = f"{PREFIX}/search?q=freeway&size=1&facets=none"


def remaining(response: httpx.Response) -> int:
    """Return how many requests the client has left."""
    return int(response.headers["ratelimit"].partition("r=")[2].partition(";")[0])


def test_tls_and_addresses(proxy: Proxy) -> None:
    with client_of(proxy) as web:
        answer = web.get(SEARCH)
        assert answer.status_code == 200
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert answer.headers["link"].startswith(f"<https://{NAME}{PREFIX}/search?")
        page = web.get("/search?q=freeway")
        assert f'<link rel="canonical" href="https://{NAME}/search?q=freeway">' in page.text
        assert f'href="https://{NAME}{PREFIX}/search?q=freeway"' in page.text
        api = web.get("/api").text
        assert f"https://{NAME}{PREFIX}/search" in api
        assert "127.0.0.1" not in api
    plain = httpx.get(f"http://127.0.0.1:{proxy.http}/search?q=a", headers={"host": NAME})
    assert (plain.status_code, plain.headers["location"]) == (308, f"https://{NAME}/search?q=a")


def test_who_forges_an_address_gains_nothing(proxy: Proxy) -> None:
    forged = ("192.0.2.1", "127.0.0.1", "192.0.2.2, 10.0.0.1", "::1", "'\"<>")
    with client_of(proxy) as web:
        before = remaining(web.get(SEARCH))
        for address in forged:
            headers = {"x-forwarded-for": address, "x-real-ip": address, "forwarded": f"for={address}"}
            headers |= {"x-forwarded-host": "evil.example", "x-forwarded-proto": "http"}
            answer = web.get(SEARCH, headers=headers)
            assert answer.status_code == 200
            assert remaining(answer) < before
            before = remaining(answer)
            assert "evil.example" not in answer.text + str(answer.headers)


def test_foreign_hosts(proxy: Proxy) -> None:
    for host in ("evil.example", "192.0.2.1", f"{NAME}.evil.example", "", f"{NAME}@evil.example", f"evil.example:{80}"):
        answer = httpx.get(f"{proxy.straight}/search/", headers={"host": host})
        assert answer.status_code == 400, host
        assert "location" not in answer.headers
    for host in ("localhost:1", "127.0.0.1", "[::1]:8000", NAME.upper(), f"{NAME}:8443"):
        answer = httpx.get(f"{proxy.straight}/search/?q=a", headers={"host": host})
        assert (answer.status_code, answer.headers["location"]) == (307, "/search?q=a"), host
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized"):
        proxy.connect("evil.example")
    with client_of(proxy) as web:
        assert web.get("/search/?q=a").headers["location"] == "/search?q=a"


def test_metrics_are_not_for_the_public(proxy: Proxy) -> None:
    with client_of(proxy) as web:
        assert web.get("/metrics").status_code == 404
    assert httpx.get(f"{proxy.straight}/metrics", headers={"x-forwarded-for": "192.0.2.1"}).status_code == 404
    assert httpx.get(f"{proxy.straight}/metrics").status_code == 200


def test_uploads(proxy: Proxy) -> None:
    with client_of(proxy) as web:
        done = checked(web, b"artist,title\nKurt Vile,Freeway\n")
        assert done["summary"]["found"] == 1
        assert done["reports"]["csv"].startswith(f"https://{NAME}{PREFIX}/checks/")
        begun = web.post(f"{PREFIX}/checks", **form(rows(10)))
        assert begun.headers["location"].startswith(f"https://{NAME}{PREFIX}/checks/")
        ended(web, begun.json()["id"])  # of one client two run at a time
        page = web.post("/check", **form(rows(10)), headers={"origin": f"https://{NAME}"})
        assert page.status_code == 303
        foreign = web.post("/check", **form(rows(10)), headers={"origin": "https://evil.example"})
        assert foreign.status_code == 403
        large = web.post(f"{PREFIX}/checks", **form(b"artist,title\n" + b"x" * 22_000_000))
        assert large.status_code == 413


def test_slow_clients_are_cut_off(proxy: Proxy) -> None:
    head = f"POST {PREFIX}/checks HTTP/1.1\r\nhost: {NAME}\r\n"
    upload = f"{head}content-type: text/csv\r\ncontent-length: 100000\r\n\r\n"
    for start in (b"GET / HTTP/1.1\r\nhost: ", upload.encode() + b"artist,title\n"):
        with proxy.connect() as slow:
            slow.sendall(start)
            began = time.monotonic()
            received = _everything(slow)
            assert 0.5 < time.monotonic() - began < 10
            assert not received or b" 408 " in received.partition(b"\r\n")[0]
    # The server behind it never saw them.
    assert httpx.get(f"{proxy.straight}/health").status_code == 200


def _everything(connection: ssl.SSLSocket) -> bytes:
    received = b""
    while piece := connection.recv(65_536):
        received += piece
    return received


def test_exports(proxy: Proxy) -> None:
    with client_of(proxy) as web:
        answer = web.get(f"{PREFIX}/export?format=ndjson&dataset=free-music-archive")
        assert answer.status_code == 200
        assert len(answer.text.splitlines()) == int(answer.headers["x-rows"]) > 10


def test_nginx_logs_neither_texts_nor_addresses(proxy: Proxy) -> None:
    with client_of(proxy) as web:
        web.get("/search?q=sekretnyj")
        web.get(f"{PREFIX}/checks/sekretnyj")
        web.post("/sekretnyj", content=b"x" * 22_000_000)
    time.sleep(0.2)
    log = "".join((proxy.folder / f"{name}.log").read_text() for name in ("access", "error"))
    assert "GET 404" in log
    assert "sekretnyj" not in log
    assert "127.0.0.1" not in log
