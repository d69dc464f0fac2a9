"""What can't be asked is told in one sentence, as problem+json; no text at all is an error of ours."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest
from jsonschema import validate

from linernotes.web.api import PREFIX
from linernotes.web.api.openapi import problem_schema
from linernotes.web.middleware.limits import MAX_ADDRESS

PROBLEM = "application/problem+json"


def told(answer: httpx.Response) -> dict[str, Any]:
    """Return a problem, after a look at its form."""
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["cache-control"] == "no-store"
    assert "x-request-id" in answer.headers
    problem: dict[str, Any] = answer.json()
    validate(problem, problem_schema())
    assert problem["status"] == answer.status_code
    return problem


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/search?genr=rock", 400, "Did you mean genre?"),
        ("/search?Q=rock", 400, "parameter called 'Q'"),
        ("/search?genre=rok", 400, "Did you mean rock?"),
        ("/search?size=1001", 400, "size"),
        ("/search?size=-1", 400, "size"),
        ("/search?size=ten", 400, "size"),
        ("/search?sort=loudness", 400, "sort"),
        ("/search?group=artist", 400, "group"),
        ("/search?facets=genre,mood", 400, "mood"),
        ("/search?year=yesterday", 400, "yesterday"),
        ("/search?after=nonsense", 400, "cursor"),
        ("/facets/genr", 404, "Did you mean genre?"),
        ("/facets/genre?size=0", 400, "size"),
        ("/facets/genre?after=x", 400, "cursor"),
        ("/suggest", 400, "q"),
        ("/suggest?q=", 400, "no name"),
        ("/artist", 400, "no name"),
        ("/artist?name=x&size=101", 400, "size"),
        ("/artist?id=", 400, "id"),
        ("/tracks/free-music-archive:0", 404, "no such track"),
        ("/tracks/" + "x" * 5000, 404, "no such track"),
        ("/overlap?q=rock", 400, "parameter called 'q'"),
        ("/stats?size=201", 400, "size"),
        ("/datasets/fma", 404, "free-music-archive"),
        ("/datasets?x=1", 400, "parameter"),
        ("/nothing", 404, ""),
        ("/search?q=" + "x" * MAX_ADDRESS, 414, "longer"),
    ],
)
def test_told(web: httpx.Client, address: str, status: int, says: str) -> None:
    answer = web.get(PREFIX + address)
    problem = told(answer)
    assert answer.status_code == status, problem
    assert says.lower() in f"{problem['detail']} {problem['hint']}".lower()


HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "long": "x" * 10_000,
    "long and rare": "é" * 5000,
    "many words": "la " * 3000,
    "nul": "a\0b",
    "controls": "\x01\x1b[31m\x7f\u202e\u2066",
    "query syntax": 'title:[* TO *] AND "((( \\ /.*/ ~~9 ^^ {"match_all":{}}',
    "formula": '=HYPERLINK("x")',
    "astral": "😀𝄞" * 20,
    "combining": "a" + "\u0301" * 500,
    "newlines": '\r\n{"index":{}}\r\n',
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize(
    "where", ["/search?q=", "/suggest?q=", "/artist?name=", "/facets/artist?contains=", "/stats?q="]
)
def test_any_text_is_answered(web: httpx.Client, kind: str, where: str) -> None:
    answer = web.get(f"{PREFIX}{where}{quote(HOSTILE[kind])}")
    assert answer.status_code in (200, 400), answer.text
    assert answer.status_code == 200 or told(answer)


RAW = {
    "lone surrogate": "%ED%A0%80",
    "invalid utf-8": "%FF%FE%C3",
    "overlong": "%C0%AF",
    "nul": "%00",
    "broken escape": "%ZZ%",
    "semicolons": ";;a=b;",
}


@pytest.mark.parametrize("kind", RAW)
@pytest.mark.parametrize(
    "where", ["/search?q={}", "/search?artist={}", "/search?year={}", "/search?after={}", "/tracks/{}", "/artist?id={}",
              "/facets/{}", "/datasets/{}", "/search?{}=x"],
)  # fmt: skip
def test_any_bytes_are_answered(web: httpx.Client, kind: str, where: str) -> None:
    answer = web.get(httpx.URL(web.base_url, raw_path=(PREFIX + where.format(RAW[kind])).encode()))
    assert answer.status_code in (200, 400, 404), answer.text
    assert answer.status_code == 200 or told(answer)


def test_methods(web: httpx.Client) -> None:
    address = f"{PREFIX}/search?q=freeway&size=1"
    whole, head = web.get(address), web.head(address)
    assert head.status_code == 200
    assert not head.content
    unlike = ("date", "x-request-id", "cache-status", "content-length", "content-encoding")
    assert {n: v for n, v in head.headers.items() if n not in unlike} == {
        n: v for n, v in whole.headers.items() if n not in unlike
    }
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        refused = web.request(method, address)
        assert told(refused)["status"] == 405
        assert refused.headers["allow"] == "GET, HEAD, OPTIONS"
    options = web.options(address)
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert web.options(f"{PREFIX}/checks/x").headers["allow"] == "DELETE, GET, HEAD, OPTIONS"


def test_every_answer_has_safe_headers(web: httpx.Client) -> None:
    for address in ("/", "/health", f"{PREFIX}/search", f"{PREFIX}/nothing", "/nothing", "/search?q=" + "x" * 40_000):
        headers = web.get(address).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers
        assert "server" not in headers


def test_people_get_a_page(web: httpx.Client) -> None:
    answer = web.get("/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
