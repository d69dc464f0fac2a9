"""What one client sends, or doesn't take, costs the others neither time nor memory. Elasticsearch isn't needed."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
import uvicorn
from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from linernotes.web.api import PREFIX
from linernotes.web.config import Options
from linernotes.web.connections import protocol_class
from linernotes.web.errors import MAX_ERRORS
from linernotes.web.middleware.limits import FILES_FACTOR, cost_of
from linernotes.web.server import Server, bind
from linernotes.web.services.response_cache import ResponseCache
from mappings.errors import UnreachableError
from queries import Searcher
from tests.web.serving import PATIENCE_S, serving
from tests.web.test_connections import opened
from tests.web.test_problems import told

BUNDLE = "/static/swagger-ui/swagger-ui-bundle.js"


def away() -> Searcher:
    raise UnreachableError("Elasticsearch can't be reached.", "Start it.")


@pytest.fixture(scope="module")
def web() -> Iterator[httpx.Client]:
    with serving(away, Options()) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client


def properties(number: int) -> bytes:
    return b"{%s}" % b",".join(b'"a%d":0' % each for each in range(number))


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/matches", b'{"rows":[%s]}' % properties(70_000), 400),
        ("/matches", b'{"rows":[%s]}' % properties(150_000), 413),
        ("/reconcile", properties(10_000), 400),
        ("/reconcile", properties(50_000), 413),
    ],
)
def test_a_body_with_many_properties(web: httpx.Client, path: str, body: bytes, status: int) -> None:
    answer = web.post(f"{PREFIX}{path}", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text[:200]
    assert len(told(answer)["errors"]) <= MAX_ERRORS
    assert len(answer.content) < 5_000


def test_many_unknown_parameters(web: httpx.Client) -> None:
    problem = told(web.get(f"{PREFIX}/suggest?q=a&{'&'.join(f'siz{n}' for n in range(3_000))}"))
    assert problem["status"] == 400
    assert len(problem["errors"]) == MAX_ERRORS
    assert ["Did you mean" in each["detail"] for each in problem["errors"]] == [True] + [False] * (MAX_ERRORS - 1)


def test_files_and_wrong_hosts_are_counted() -> None:
    with serving(away, Options(requests_per_minute=2)) as url, httpx.Client(base_url=url) as web:

        def ask(who: str, path: str, **headers: str) -> int:
            return web.get(path, headers={"x-forwarded-for": who, **headers}).status_code

        allowed = 2 * FILES_FACTOR
        assert [ask("192.0.2.1", "/static/none") for _ in range(allowed + 1)] == [404] * allowed + [429]
        assert [ask("192.0.2.2", "/healthy") for _ in range(3)] == [404, 404, 429]
        assert [ask("192.0.2.3", "/", host="evil.invalid") for _ in range(3)] == [400, 400, 429]
        assert [ask("192.0.2.1", "/health") for _ in range(4)] == [200] * 4


def test_a_client_gets_few_files_at_a_time() -> None:
    request = f"GET {BUNDLE} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n".encode()
    with serving(away, Options(requests_per_client=1)) as url, ExitStack() as stack:
        connections = [stack.enter_context(opened(url, request)) for _ in range(6 * FILES_FACTOR)]
        begun = [each.recv(12) for each in connections]
        assert b"HTTP/1.1 429" in begun
        assert b"HTTP/1.1 200" in begun
        headers = {"x-forwarded-for": "192.0.2.2"}
        assert httpx.get(f"{url}/static/app.css", headers=headers).status_code == 200


def test_a_large_file_isnt_compressed_for_each(web: httpx.Client) -> None:
    assert "content-encoding" not in web.get(BUNDLE).headers
    assert web.get("/static/app.css").headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("header", ["forwarded", "via", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"])
def test_what_comes_by_a_proxy_isnt_this_machine(header: str) -> None:
    with serving(away, Options(requests_per_minute=1)) as url:
        assert [httpx.get(f"{url}/about", headers={header: "http"}).status_code for _ in range(2)][1] == 429


@pytest.mark.parametrize("origin", ["http://[", "null", "https://evil.invalid"])
def test_an_origin_that_isnt_ours(web: httpx.Client, origin: str) -> None:
    assert web.post("/check", headers={"origin": origin}).status_code == 403


def test_no_facet_is_no_page(web: httpx.Client) -> None:
    assert web.get("/facets/nope").status_code == 404


def test_an_error_of_ours_is_read_by_scripts() -> None:
    def broken() -> Searcher:
        raise RuntimeError("secret")

    with serving(broken, Options()) as url, httpx.Client(base_url=url) as web:
        answer = web.get(f"{PREFIX}/search")
        assert told(answer)["status"] == 500
        assert answer.headers["x-request-id"] in answer.json()["detail"]
        assert "secret" not in answer.text
        other = web.get(f"{PREFIX}/search", headers={"host": "evil.invalid"})
        assert told(other)["status"] == 400
        for each in (answer, other):
            assert each.headers["access-control-allow-origin"] == "*"
            assert each.headers["x-content-type-options"] == "nosniff"
            assert "content-security-policy" in each.headers


@pytest.mark.parametrize("kind", ["html", "xlsx"])
def test_a_report_that_takes_long_counts_more(kind: str) -> None:
    for path in (f"/check/x/report.{kind}", f"{PREFIX}/checks/x/report.{kind}"):
        assert cost_of({"method": "GET", "path": path, "query_string": b""}) == 12


def test_nobody_waits_for_a_heavy_client() -> None:
    """Its call comes last; a visitor's own is next."""

    async def scene() -> list[int]:
        cache, calls, release = ResponseCache(10**6), list[int](), asyncio.Event()
        request = Request({"type": "http", "method": "GET", "path": "/overlap", "headers": [], "query_string": b""})

        async def handle(_: Request) -> Response:
            calls.append(1)
            if len(calls) == 1:
                await release.wait()
            return Response(b"made")

        async def ask(*, is_heavy: bool) -> Response:
            return await cache.respond(request, "one", "", handle, is_heavy=is_heavy)

        heavy = [asyncio.create_task(ask(is_heavy=True)) for _ in range(2)]
        await asyncio.sleep(0.01)
        assert (await asyncio.wait_for(ask(is_heavy=False), 1)).body == b"made"
        release.set()
        await asyncio.gather(*heavy)
        return calls

    assert len(asyncio.run(scene())) == 2


SIZE = 30_000_000


async def large(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % SIZE)]})
        await send({"type": "http.response.body", "body": bytes(SIZE)})


@pytest.mark.parametrize(("stall_s", "is_whole"), [(0.3, False), (60.0, True)])
def test_an_answer_that_nobody_takes_is_given_up(stall_s: float, is_whole: bool) -> None:
    ready, sockets = threading.Event(), bind("127.0.0.1", 0)
    options = Options(stall_s=stall_s, keep_alive_s=1)
    config = uvicorn.Config(large, http=protocol_class(options), timeout_keep_alive=1, log_config=None, lifespan="off")
    server = Server(config, ready.set)
    thread = threading.Thread(target=server.run, args=(sockets,))
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        with opened(url, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") as slow:
            time.sleep(3)
            size = 0
            try:
                while piece := slow.recv(1 << 20):
                    size += len(piece)
            except ConnectionResetError:
                pass
        assert (size > SIZE) is is_whole
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)
