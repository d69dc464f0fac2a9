"""Names of markup, scripts, formulas, direction marks and 10,000 characters are text on every page."""

import uuid
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import httpx
import orjson
import pytest
from elasticsearch import Elasticsearch

from linernotes.output.terminal import visible
from linernotes.web.config import Options
from queries import Searcher
from tests.browser.hostile import NAMES, TRACKS, WORD
from tests.queries.tracks import forget, load
from tests.web.pages_read import Element, read
from tests.web.serving import serving

_KNOWN = """
html head meta title link script body a header nav main footer form label span input button p ul ol li h1 h2 h3 div
section details summary fieldset legend svg rect path bdi mark cite dl dt dd br table caption thead tbody tr th td code
pre strong b i
"""
KNOWN = frozenset(_KNOWN.split())
"""Elements that our own templates make; `img`, `iframe`, `style` and others are in none."""

OBEYED = "\u202e\u202c\u2066\u2069\u2028\u2029\x07\x1b\x85"

NO_CONTROLS = dict.fromkeys([*range(32), *range(127, 160)])
"""A filter takes none: no value has one."""

PAGE_AT_MOST = 150_000
"""Bytes of the whole page of a track whose names have 10,000 characters, several times."""


@pytest.fixture(scope="module")
def web(client: Elasticsearch) -> Iterator[httpx.Client]:
    prefix = f"t{uuid.uuid4().hex[:10]}"
    try:
        load(client, prefix, TRACKS)
        searcher = Searcher(client, prefix)
        with (
            serving(lambda: searcher, Options(requests_per_minute=100_000)) as url,
            httpx.Client(base_url=url, timeout=30) as found,
        ):
            yield found
    finally:
        forget(client, prefix)


def shown(web: httpx.Client, address: str, status: int = 200) -> Element:
    """Return a page, after looking whether a name became more than text in it."""
    response = web.get(address)
    assert response.status_code == status, response.text[:500]
    found = read(response.text)
    assert {each.tag for each in found.walk()} <= KNOWN
    for each in found.walk():
        handlers = [name for name in each.attributes if name.startswith("on") or name == "style"]
        assert not handlers, each
        for name in ("href", "src", "action"):
            allowed = ("/", "#", "http://evil", "https://", *([str(web.base_url)] if each.tag == "link" else []))
            assert each.get(name) is None or each[name].startswith(allowed), each
        if each.tag == "a" and each["href"].startswith("http"):
            assert each.get("rel") == "noreferrer noopener external"
    programs = [each for each in found.all("script") if each.get("type") == "module"]
    assert [each.text.strip() for each in programs] == [""]
    for each in found.all("script"):
        if each not in programs:  # data, which a browser doesn't run
            assert each["type"] in ("application/json", "application/ld+json")
            orjson.loads(each.text)
    assert not set(OBEYED) & set(found.text)
    seen = [
        each for each in found.walk() if each.get("type") not in ("hidden", "checkbox")
    ]  # these must say it as it is
    assert not [value for each in seen for value in each.attributes.values() if set(OBEYED) & set(value)]
    return found


def cut(name: str, longest: int = 50) -> str:
    return " ".join(visible(name)[:longest].split())


@pytest.mark.parametrize(
    "query", [f"q={WORD}", f"q={WORD}&group=recording", "", f"q={WORD}&sort=year", "genre_path=none"]
)
def test_in_results(web: httpx.Client, query: str) -> None:
    found = shown(web, f"/search?{query}")
    if query != "genre_path=none":
        titles = [each.said for each in found.one("ol", id="hits").all("h3")]
        for name in NAMES.values():
            assert any(title.startswith(cut(name)) for title in titles), name
        assert max(map(len, titles)) < 200


def test_results_stay_light(web: httpx.Client) -> None:
    assert len(web.get(f"/search?q={WORD}").content) < 70_000


@pytest.mark.parametrize("kind", NAMES)
def test_on_the_page_of_a_track(web: httpx.Client, kind: str) -> None:
    found = shown(web, f"/tracks/free-music-archive:hostile-{kind}")
    whole = " ".join(visible(" ".join(NAMES[kind].split()) if kind != "controls" else NAMES[kind]).split())
    values = [each.said for each in found.all("dd")]
    assert any(cut(NAMES[kind]) in value for value in values)
    assert any(len(value) >= len(whole) - 5 for value in values), "the whole of it stands there"
    assert len(found.one("head").one("title").text) < 200
    assert len(web.get(f"/tracks/free-music-archive:hostile-{kind}").content) < PAGE_AT_MOST


@pytest.mark.parametrize("kind", NAMES)
def test_on_the_page_of_an_artist(web: httpx.Client, kind: str) -> None:
    for name in (NAMES[kind], f"{WORD} {kind}"):
        found = shown(web, "/artist?" + urlencode({"name": name[:2000]}))
        assert found.one("h1").said


@pytest.mark.parametrize("kind", NAMES)
def test_as_what_was_asked(web: httpx.Client, kind: str) -> None:
    name = NAMES[kind]
    for address in (f"/search?q={quote(name)}", f"/stats?q={quote(name)}", f"/facets/genre?q={quote(name)}"):
        found = shown(web, address)
        assert WORD in found.one("input", id="q")["value"]
        assert len(found.text) < 20_000
    shown(web, f"/facets/artist?contains={quote(name[:200].translate(NO_CONTROLS))}")
    shown(web, f"/search?genre={quote(name)}", 400)
    shown(web, f"/datasets/{quote(name[:500], safe='')}", 404)
    shown(web, f"/tracks/{quote(name[:500], safe='')}", 404)
    shown(web, f"/search?after={quote(name)}", 400)
    shown(web, f"/search?year={quote(name)}", 400)


@pytest.mark.parametrize("name", ["artist", "genre_path", "licence", "year"])
def test_among_values(web: httpx.Client, name: str) -> None:
    found = shown(web, f"/facets/{name}")
    if name in ("artist", "genre_path"):
        told = [each.said for each in found.one("tbody").all("th")]
        for each in NAMES.values():
            assert len(each) > 500 or any(cell.startswith(cut(each)) for cell in told), each


@pytest.mark.parametrize("kind", [kind for kind, name in NAMES.items() if len(name) <= 500])
def test_as_a_filter(web: httpx.Client, kind: str) -> None:
    address = urlencode({"artist": NAMES[kind].translate(NO_CONTROLS)})
    for path in ("/search", "/stats", "/overlap", "/facets/genre"):
        shown(web, f"{path}?{address}")


@pytest.mark.parametrize("address", ["/stats", "/overlap", "/", "/datasets", "/about"])
def test_on_pages_of_numbers(web: httpx.Client, address: str) -> None:
    shown(web, address)


def test_long_addresses_stay_short_pages(web: httpx.Client) -> None:
    page = web.get("/search?q=" + "x" * 30_000)
    assert len(page.content) < 70_000
    assert 'rel="canonical"' not in page.text
    filters = urlencode([("artist", f"{number}" * 300) for number in range(50)])
    assert web.get(f"/search?{filters}").status_code == 400
