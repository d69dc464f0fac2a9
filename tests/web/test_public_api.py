"""What the outside world gets: CORS, limits in headers, links, problems that programs can branch on, hosts, metrics."""

import re
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from linernotes.web.api import PREFIX
from linernotes.web.config import Options, parse_networks
from linernotes.web.errors import PROBLEM_TYPES
from mappings.errors import InputError, UnreachableError
from queries import Searcher
from queries.errors import DeadlineError, SlowError
from tests.cli.conftest import Run, run
from tests.web.conftest import Site
from tests.web.pages_read import read
from tests.web.serving import command, serving
from tests.web.test_problems import told

__all__ = ["run"]

ELSEWHERE = {"origin": "https://notebook.example"}
SEARCH = f"{PREFIX}/search?q=freeway&facets=none"


def test_scripts_of_other_sites_may_read(web: httpx.Client) -> None:
    for address in (SEARCH, f"{PREFIX}/tracks/nowhere:1", f"{PREFIX}/openapi.json", f"{PREFIX}/nothing"):
        for headers in (ELSEWHERE, {}):  # a cached answer serves both
            answer = web.get(address, headers=headers)
            assert answer.headers["access-control-allow-origin"] == "*", address
            exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
            assert {"ETag", "Link", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Rows"} <= exposed
            assert "access-control-allow-credentials" not in answer.headers
    assert web.head(SEARCH, headers=ELSEWHERE).headers["access-control-allow-origin"] == "*"
    tag = web.get(SEARCH).headers["etag"]
    unchanged = web.get(SEARCH, headers=ELSEWHERE | {"if-none-match": tag})
    assert (unchanged.status_code, unchanged.headers["access-control-allow-origin"]) == (304, "*")
    assert "access-control-allow-origin" not in web.get("/search?q=freeway", headers=ELSEWHERE).headers


def test_preflights(web: httpx.Client) -> None:
    asked = ELSEWHERE | {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    answer = web.options(f"{PREFIX}/matches", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"].lower()
    refused = web.options(f"{PREFIX}/checks/x", headers=ELSEWHERE | {"access-control-request-method": "DELETE"})
    assert refused.status_code == 400
    catalogue = {"content": b"artist,title\na,b\n", "headers": ELSEWHERE | {"content-type": "text/csv"}}
    assert web.post(f"{PREFIX}/checks", **catalogue).status_code == 403  # type: ignore[arg-type]


def test_how_much_is_left(site: Site) -> None:
    with serving(lambda: site.searcher, Options(requests_per_minute=6)) as url, httpx.Client(base_url=url) as web:
        assert "ratelimit" not in web.get(SEARCH).headers  # this machine itself has no limit
        web.headers["x-forwarded-for"] = "192.0.2.1"
        answers = [web.get(SEARCH) for _ in range(5)]
        assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"client";q=6;w=60'}
        left = [re.fullmatch(r'"client";r=(\d+);t=(\d+)', answer.headers["ratelimit"]) for answer in answers]
        assert [int(match[1]) for match in left if match] == [4, 2, 0, 0, 0]
        assert all(0 < int(match[2]) <= 70 for match in left if match)
        assert told(answers[-1])["type"] == "/problems/too-many-requests"
        assert answers[-1].headers["retry-after"] == answers[-1].headers["ratelimit"].rpartition("=")[2]
        poll = web.get(f"{PREFIX}/checks/none")  # counted apart
        assert poll.headers["ratelimit-policy"] == '"progress";q=6;w=60'
        assert poll.headers["ratelimit"].startswith('"progress";r=5;')


def test_links_lead_through_all_pages(web: httpx.Client) -> None:
    for start, name in (
        (f"{PREFIX}/search?q=love&size=17&facets=none&genre=-pop", "hits"),
        (f"{PREFIX}/facets/artist?size=40&contains=the", "values"),
    ):
        whole = web.get(re.sub(r"size=\d+", "size=1000", start)).json()[name]
        seen, answer = [], web.get(start)
        while True:
            seen += answer.json()[name]
            assert ("next" in answer.links) == (answer.json()["next"] is not None)
            if "next" not in answer.links:
                break
            answer = web.get(answer.links["next"]["url"])
            assert answer.status_code == 200
        key = "id" if name == "hits" else "value"
        assert [each[key] for each in seen] == [each[key] for each in whole]
        assert len(seen) > 17


def test_all_errors_at_once(web: httpx.Client) -> None:
    problem = told(web.get(f"{PREFIX}/search?size=ten&sort=loudness&genre=rok&year=yesterday&genr=x"))
    assert problem["type"] == "/problems/unknown-parameter"
    assert [each["parameter"] for each in problem["errors"]] == ["genr", "sort", "size", "genre", "year"]
    assert all(each["detail"] for each in problem["errors"])
    assert "Did you mean genre?" in problem["errors"][0]["detail"]
    filters = told(web.get(f"{PREFIX}/search?genre=rok&year=yesterday&explicit=maybe"))
    assert filters["type"] == "/problems/invalid-parameter"
    assert [each["parameter"] for each in filters["errors"]] == ["genre", "year", "explicit"]
    assert filters["detail"] in filters["errors"][0]["detail"]
    assert told(web.get(f"{PREFIX}/search?after=nonsense"))["type"] == "/problems/invalid-request"
    assert told(web.get(f"{PREFIX}/tracks/nowhere:1"))["type"] == "/problems/not-found"


def test_every_problem_has_a_page(web: httpx.Client) -> None:
    listed = read(web.get("/problems").text)
    for name, problem in PROBLEM_TYPES.items():
        assert f"/problems/{name}" in listed.said
        page = web.get(f"/problems/{name}")
        assert page.status_code == 200
        assert read(page.text).one("h1").said == problem.title
    assert web.get("/problems/unheard-of").status_code == 404
    types = web.get(f"{PREFIX}/openapi.json").json()["components"]["schemas"]["Problem"]["properties"]["type"]
    assert all(f"/problems/{name}" in types["description"] for name in PROBLEM_TYPES)


INSIDES = ("es-7.internal", "9200", "linernotes-", "LINERNOTES_", "linernotes node", "linernotes load", "of user bob")
FAILURES = [
    (UnreachableError("Elasticsearch can't be reached (es-7.internal:9200).", "Try: linernotes node"), "unavailable"),
    (UnreachableError("Elasticsearch refuses the password of user bob.", "Set LINERNOTES_PASSWORD."), "unavailable"),
    (InputError("LINERNOTES_CA_CERTS is no file: /etc/x.", "Check LINERNOTES_CA_CERTS."), "unavailable"),
    (DeadlineError(15), "time-limit"),
    (SlowError("Elasticsearch can't answer just now (429, es-7.internal).", "Ask again in a while."), "busy"),
]


@pytest.mark.parametrize(("error", "name"), FAILURES, ids=[str(error)[:40] for error, _ in FAILURES])
def test_visitors_learn_nothing_of_the_insides(error: Exception, name: str) -> None:
    """Hosts, settings and commands are for the log."""

    def away() -> Searcher:
        raise error

    with serving(away, Options()) as url, httpx.Client(base_url=url) as web:
        answers = [web.get(SEARCH), web.get("/search?q=a"), web.get("/ready"), web.post(f"{PREFIX}/checks")]
        for answer in answers:
            assert answer.status_code == 503, answer.text
            assert not [inside for inside in INSIDES if inside in answer.text], answer.text
        assert told(answers[0])["type"] == f"/problems/{name}"
        assert told(answers[0])["hint"]


def test_the_log_has_the_insides(site: Site, tmp_path: Path) -> None:
    environment = site.environment | {"LINERNOTES_URL": "http://127.0.0.1:9"}
    with command(tmp_path / "log", environment) as served:
        problem = told(httpx.get(f"{served.url}{SEARCH}"))
        assert "127.0.0.1" not in str(problem)
        assert "can't be reached" in served.requests(1)[0]["problem"]


@pytest.mark.parametrize(
    ("allowed", "public", "host", "status"),
    [
        ((), "", "localhost:8000", 200),
        ((), "", "192.0.2.7", 200),
        ((), "", "[2001:db8::1]:80", 200),
        ((), "", "evil.example", 400),
        ((), "https://music.example", "music.example", 200),
        ((), "https://music.example", "MUSIC.example.:443", 200),
        ((), "https://music.example", "192.0.2.7", 400),
        ((), "https://music.example", "127.0.0.1", 200),
        (("a.example", "*.b.example"), "", "a.example", 200),
        (("a.example", "*.b.example"), "", "x.b.example:81", 200),
        (("a.example", "*.b.example"), "", "b.example", 400),
        (("a.example", "*.b.example"), "", "xb.example", 400),
        (("*",), "", "evil.example", 200),
        ((), "", "", 400),
        ((), "", "localhost@evil.example", 400),
    ],
)
def test_hosts(site: Site, allowed: tuple[str, ...], public: str, host: str, status: int) -> None:
    with serving(lambda: site.searcher, Options(allowed_hosts=allowed, public_url=public)) as url:
        for address in ("/about", f"{PREFIX}/datasets", "/static/app.css"):
            answer = httpx.get(url + address, headers={"host": host})
            assert answer.status_code == status
        slash = httpx.get(f"{url}/search/?q=a", headers={"host": host})
        assert slash.status_code == (307 if status == 200 else 400)
        assert slash.headers.get("location", "/search?q=a") == "/search?q=a"


def test_slashes_at_the_end(web: httpx.Client) -> None:
    assert web.get(f"{PREFIX}/search/?q=x").headers["location"] == f"{PREFIX}/search?q=x"
    assert web.get("/datasets/free-music-archive/").headers["location"] == "/datasets/free-music-archive"
    for address in ("//evil.example/", "//evil.example/search/", "/\\evil.example/", "/nothing/"):
        answer = web.get(httpx.URL(web.base_url, raw_path=address.encode()))
        assert answer.status_code in (404, 307)
        assert not urlsplit(answer.headers.get("location", "/")).netloc
        assert not answer.headers.get("location", "/").startswith(("//", "/\\"))


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--trusted-proxies", "proxy.example", "no address or network"),
        ("--trusted-proxies", "0.0.0.0/0", "whole internet"),
        ("--trusted-proxies", "*", "no address or network"),
        ("--metrics-clients", "10.0.0.0/33", "no address or network"),
        ("--allowed-hosts", "https://music.example", "no host name"),
        ("--allowed-hosts", "music.example:8000", "no host name"),
        ("--public-url", "music.example", "can't be the address"),
        ("--public-url", "https://music.example/linernotes", "without a path"),
        ("--public-url", "https://[", "can't be the address"),
    ],
)
def test_settings_that_cant_be(run: Run, option: str, value: str, says: str) -> None:
    ran = run("serve", "--port", "0", option, value)
    assert ran.code == 1
    assert says in ran.err
    assert "Everybody" not in ran.err


def test_settings_come_from_the_environment(site: Site, tmp_path: Path) -> None:
    settings = {
        "LINERNOTES_PUBLIC_URL": "https://music.example/",
        "LINERNOTES_ALLOWED_HOSTS": "inside.example",
        "LINERNOTES_TRUSTED_PROXIES": "192.0.2.0/24",
        "LINERNOTES_METRICS_CLIENTS": "192.0.2.0/24",
    }
    with command(tmp_path / "log", site.environment | settings, "--rate", "2") as served:
        page = httpx.get(f"{served.url}/about", headers={"host": "inside.example"})
        assert '<link rel="canonical" href="https://music.example/about">' in page.text
        assert httpx.get(f"{served.url}/about", headers={"host": "192.0.2.1"}).status_code == 400
        # Loopback isn't trusted any more: what a client says of itself is nothing, and it is counted as what it is.
        for number in range(4):
            last = httpx.get(f"{served.url}{SEARCH}", headers={"x-forwarded-for": f"198.51.100.{number}"})
        assert last.status_code == 429
        assert httpx.get(f"{served.url}/metrics").status_code == 404


def test_a_network_may_be_written_with_an_address_of_it() -> None:
    assert parse_networks(" 10.1.2.3/8,::1 ", "x") == ("10.0.0.0/8", "::1/128")


def test_metrics(site: Site) -> None:
    with serving(lambda: site.searcher, Options()) as url, httpx.Client(base_url=url) as web:
        for _ in range(3):
            web.get(f"{SEARCH}&artist=sekretnyj")
        web.get("/sekretnyj")
        web.request("SEKRETNYJ", "/about")
        web.get(f"{PREFIX}/checks/sekretnyj")
        text = web.get("/metrics").text
        route = f'method="GET",route="{PREFIX}/search"'
        assert f'linernotes_requests_total{{{route},status="200"}} 3.0' in text
        assert f"linernotes_request_duration_seconds_count{{{route}}} 3.0" in text
        assert 'linernotes_cached_responses_total{result="hit"} 2.0' in text
        assert 'method="other",route="/about",status="405"' in text
        assert 'route="none",status="404"' in text
        pools = set(re.findall(r'linernotes_queries_pending{pool="(\w+)"}', text))
        assert pools == {"fast", "slow", "walks", "batches", "version"}
        assert "linernotes_data_available 1.0" in text
        assert 'linernotes_tracks{dataset="free-music-archive"} ' in text
        assert "sekretnyj" not in text.lower()
        assert "127.0.0.1" not in text
        for forwarded in ("x-forwarded-for", "forwarded", "via", "x-real-ip"):
            assert web.get("/metrics", headers={forwarded: "127.0.0.1"}).status_code == 404


def test_metrics_say_how_long_elasticsearch_is_away() -> None:
    def away() -> Searcher:
        raise UnreachableError("gone")

    with serving(away, Options()) as url:
        time.sleep(0.3)
        text = httpx.get(f"{url}/metrics").text
    assert "linernotes_data_available 0.0" in text
    age = re.search(r"^linernotes_data_version_age_seconds (\S+)$", text, flags=re.MULTILINE)
    assert age
    assert float(age[1]) > 0.2


def test_answers_may_grow(web: httpx.Client) -> None:
    schemas = web.get(f"{PREFIX}/openapi.json").json()["components"]["schemas"]
    bodies = {"MatchQuery", "MatchRow"}
    assert bodies <= schemas.keys()
    for name, schema in schemas.items():
        assert ("additionalProperties" in schema and schema["additionalProperties"] is False) == (name in bodies), name


def test_every_reference_of_the_document_leads_somewhere(web: httpx.Client) -> None:
    answer = web.get(f"{PREFIX}/openapi.json")
    schemas = answer.json()["components"]["schemas"]
    for reference in set(re.findall(r'"\$ref":"([^"]+)"', answer.text)):
        assert reference.removeprefix("#/components/schemas/") in schemas, reference


def test_the_document_has_the_version_of_the_program(web: httpx.Client) -> None:
    document = web.get(f"{PREFIX}/openapi.json").json()
    assert re.fullmatch(r"\d+\.\d+\.\d+", document["info"]["version"])
    assert document["paths"][f"{PREFIX}/artist"]["get"]["deprecated"]
    assert web.get(f"{PREFIX}/artist?name=kurt+vile").json().keys() == web.get(f"{PREFIX}/artists?name=x").json().keys()


PAGES = [
    "/",
    "/search",
    "/search?q=love&genre=rock&genre=-pop&year=1990..1999&sort=plays",
    "/search?q=freeway&group=recording",
    "/facets/genre?q=love&contains=o&sort=value",
    "/artist?name=kurt+vile",
    "/artist?id=6",
    "/tracks/free-music-archive:10",
    "/datasets",
    "/datasets/free-music-archive",
    "/overlap?genre=rock",
    "/stats?q=love",
    "/api",
]


def json_beside(page: httpx.Response) -> str:
    """Return the address of the same as JSON."""
    return read(page.text).one("head").one("link", type="application/json", rel="alternate")["href"]


@pytest.mark.parametrize("address", PAGES)
def test_pages_have_the_same_as_json_beside_them(web: httpx.Client, address: str) -> None:
    page = web.get(address)
    assert read(page.text).one("link", rel="canonical")["href"] == web.base_url.join(address)
    beside = web.get(json_beside(page))
    assert beside.status_code == 200, beside.text
    assert beside.headers["content-type"] == "application/json"


def test_canonical_addresses(web: httpx.Client) -> None:
    for address, canonical in {
        "/search?sort=plays&x=1&genre=rock&q=a": "/search?q=a&genre=rock&sort=plays",
        "/about?utm=x": "/about",
    }.items():
        assert read(web.get(address).text).one("link", rel="canonical")["href"] == web.base_url.join(canonical)
    assert 'rel="canonical"' not in web.get("/nothing").text
    page = web.get("/search?q=love")
    following = next(link["href"] for link in read(page.text).all("a") if "after=" in link["href"])
    assert web.get(json_beside(web.get(following))).status_code == 200
    hostile = web.get('/search?q="><script>alert(1)</script>')
    assert "<script>alert" not in hostile.text


def test_crawlers_are_told_what_to_leave_alone(web: httpx.Client) -> None:
    robots = web.get("/robots.txt")
    assert robots.headers["content-type"].startswith("text/plain")
    assert "Disallow: /search?\n" in robots.text
    for address in ("/search?q=a", "/search?genre=rock", "/overlap?genre=rock", "/facets/genre?q=a"):
        assert web.get(address).headers["x-robots-tag"] == "noindex, nofollow"
    assert web.get("/search").headers["x-robots-tag"] == "nofollow"
    assert web.get(SEARCH).headers["x-robots-tag"] == "noindex"
    for address in ("/", "/about", "/tracks/free-music-archive:10", "/artist?name=kurt+vile", "/datasets"):
        assert "x-robots-tag" not in web.get(address).headers


def test_the_interactive_documentation(web: httpx.Client) -> None:
    page = web.get("/api/docs")
    assert page.status_code == 200
    assert page.headers["content-security-policy"] == web.get("/").headers["content-security-policy"]
    assert "<script>" not in page.text
    assert " style=" not in page.text
    for link in [*re.findall(r'src="([^"]+)"', page.text), *re.findall(r'href="(/static[^"]+)"', page.text)]:
        assert web.get(link).status_code == 200, link
