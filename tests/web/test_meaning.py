"""What presence means comes first; who used what; what can be cited; what programs read of a page."""

import re

import httpx
import orjson
import pytest

import queries
from linernotes import cards
from linernotes.catalogue.run import datasets
from linernotes.web.config import Options
from linernotes.web.pages.views.advice import TOPICS
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF
from tests.web.conftest import Site
from tests.web.pages_read import Element, read
from tests.web.serving import serving
from tests.web.test_pages import page
from tests.web.uploads import checked, rows

FMA, LAION, SPOTIFY = "free-music-archive", "laion-disco-12m", "spotify-tracks-dataset"
CSV = b"artist,title\nKurt Vile,Freeway\n"


def order(found: Element, *wanted: str) -> list[str]:
    """Return the names of the wanted ids and classes in the order of the page."""
    names = (name for each in found.walk() for name in (*each.classes, each.get("id") or ""))
    return [name for name in names if name in wanted]


@pytest.mark.parametrize(
    ("address", "listed"),
    [("/search?q=kurt+vile", "hits"), ("/artist?name=kurt+vile", "charts"), ("/tracks/free-music-archive:2", "halves")],
)
def test_the_verdict_comes_before_the_list(site: Site, address: str, listed: str) -> None:
    found = page(site, address)
    assert order(found, "verdict-first", listed)[:2] == ["verdict-first", listed]
    verdict = found.one("div", "verdict-first")
    assert re.match(r"In \d data sets?: ", verdict.one("p", "lede").said)
    assert PRESENCE_IS_NO_PROOF in verdict.said
    assert {link["href"] for link in verdict.all("a")} >= {"/companies", "/what-now"}


def test_the_verdict_is_about_the_data_sets_of_the_result(site: Site) -> None:
    cases = {f"dataset={FMA}": [FMA], f"dataset={FMA}&dataset={SPOTIFY}": [FMA, SPOTIFY]}
    for query, names in cases.items():
        said = page(site, f"/search?{query}").one("div", "verdict-first").one("p", "lede").said
        assert said == cards.verdict(names, cards.synthetic_of(site.searcher.loaded()))
    assert "Stability AI says that it used tracks of FMA." in said
    assert "The Atlantic reports that Google used tracks of FMA." in said
    excluded = page(site, f"/search?dataset=-{FMA}&dataset=-{LAION}").one("div", "verdict-first")
    assert "Stability AI" not in excluded.said
    assert not page(site, "/search?q=love&year=1901&genre=jazz").all("div", "verdict-first")


def test_of_similar_spellings_no_use_is_told(site: Site) -> None:
    said = page(site, "/search?q=metallicaa").one("div", "verdict-first").one("p", "lede").said
    assert said.startswith("This or similar spellings are in ")
    assert " used " not in said


def test_synthetic_rows_are_called_so_and_no_use_is_told_of_them(site: Site) -> None:
    said = page(site, f"/search?dataset={LAION}").one("div", "verdict-first").one("p", "lede").said
    assert said == "In 1 data set: LAION-DISCO-12M (synthetic rows)."


def test_second_hand_claims_are_called_so() -> None:
    assert "second-hand account, NVIDIA says" in cards.verdict([LAION])
    assert "second-hand" not in cards.verdict([FMA])


def test_companies(site: Site) -> None:
    found = page(site, "/companies")
    assert [each.said for each in found.one("main").all("h2")] == ["Google", "Kyutai", "NVIDIA", "Stability AI"]
    for card in CARDS.values():
        for claim in card.used_by:
            assert claim.claim in found.said
            assert claim.said_by in found.said
            assert f"published with {card.rows:,} rows" in found.said
            assert not claim.date or claim.date in found.said
    loaded = site.searcher.loaded()[FMA]
    assert f"{loaded.records:,} tracks of it can be searched here" in found.said
    assert found.all("a", href=f"/search?dataset={LAION}")


def test_what_now_names_a_source_for_each_legal_statement(site: Site) -> None:
    found = page(site, "/what-now")
    sources = [link["href"] for link in found.one("main").all("a") if link["href"].startswith("https://")]
    assert sources == [each.address for topic in TOPICS for each in topic.advice if each.address]
    laws = [each for topic in TOPICS if topic.id in ("opt-out", "us", "platforms") for each in topic.advice]
    assert [each.text for each in laws if not each.address] == [laws[4].text]  # what a reservation can't undo
    assert "not legal advice" in found.said


def test_a_track_can_be_cited(site: Site) -> None:
    hit = next(iter(site.searcher.search(queries.request("kurt vile")).hits))
    found = page(site, f"/tracks/{hit.id}")
    cited = found.one("details", "cite").said
    current = next(each for each in datasets(site.searcher) if each.id == hit.track["dataset"])
    assert current.generation in cited
    assert f"{site.url}/tracks/{hit.id}" in cited
    assert re.search(r"as of \w+ \d+, \d{4}, \d\d:\d\d UTC", cited)
    hashes = [str(file["sha256"]) for file in current.files if file.get("sha256")]
    assert hashes
    assert any(each in cited for each in hashes)
    assert f"row {hit.track['source_row']}" in cited


def test_results_and_reports_can_be_cited(site: Site) -> None:
    cited = page(site, f"/search?q=love&dataset={FMA}").one("details", "cite").said
    assert next(each for each in datasets(site.searcher) if each.id == FMA).generation in cited
    assert f"{site.url}/search?q=love&dataset={FMA}" in cited
    job = checked(site.web, CSV)["id"]
    report = page(site, f"/check/{job}")
    assert order(report, "verdict-first", "downloads", "rows")[0] == "verdict-first"
    assert "SHA-256" in report.one("details", "cite").said


def test_another_host_has_another_page(site: Site) -> None:
    one = site.web.get("/search?q=cite", headers={"host": "192.0.2.1"})
    other = site.web.get("/search?q=cite", headers={"host": "localhost:8000"})
    assert "192.0.2.1/search" in one.text
    assert "192.0.2.1" not in other.text
    assert "etag" not in one.headers  # a client can make up hosts and ports: such a page is made each time
    assert "etag" not in other.headers


def data_block(response: httpx.Response) -> dict[str, object]:
    text = re.search(r'<script type="application/ld\+json">(.*?)</script>', response.text, re.DOTALL)
    assert text
    assert "<" not in text[1]
    found: dict[str, object] = orjson.loads(text[1])
    return found


def test_what_programs_read_of_a_page(site: Site) -> None:
    hit = next(iter(site.searcher.search(queries.request("kurt vile")).hits))
    response = site.web.get(f"/tracks/{hit.id}")
    data = data_block(response)
    assert (data["@type"], data["name"]) == ("MusicRecording", hit.track["title"])
    assert data["byArtist"] == [{"@type": "MusicGroup", "name": name} for name in hit.track["artists"]]
    head = read(response.text).one("head")
    graph = {each["property"]: each["content"] for each in head.all("meta") if each.has("property")}
    assert graph["og:title"] in head.one("title").said
    assert graph["og:description"].startswith("In ")
    assert "does not prove" in graph["og:description"]
    assert graph["og:url"] == head.one("link", rel="canonical")["href"] == f"{site.url}/tracks/{hit.id}"
    assert "og:image" not in graph
    data = data_block(site.web.get(f"/datasets/{FMA}"))
    assert (data["@type"], data["name"], data["sameAs"]) == ("Dataset", "FMA", list(CARDS[FMA].addresses))


def test_hostile_names_stay_inside_the_data_block(site: Site) -> None:
    hits = site.searcher.search(queries.request("script")).hits
    for hit in hits[:5]:
        data_block(site.web.get(f"/tracks/{hit.id}"))


def test_the_headline_claims_no_more_than_the_caveat(site: Site) -> None:
    for text in (site.web.get("/").text, site.web.get("/about").text, site.web.get("/api/v1/openapi.json").text):
        assert "trained that AI" not in text
        assert "training set" not in text
    assert page(site, "/").one("h1").said == "Is your music in the data sets behind AI?"


def test_contact(site: Site) -> None:
    assert "Contact" not in page(site, "/").one("footer").said
    with serving(lambda: site.searcher, Options(contact="music@example.org")) as url:
        foot = read(httpx.get(url).text).one("footer")
        assert foot.one("a", href="mailto:music@example.org").said == "music@example.org"


@pytest.mark.parametrize("form", [b"", b"\xef\xbb\xbf"])
def test_an_isrc_is_said_to_be_unused(site: Site, form: bytes) -> None:
    job = checked(site.web, form + b"artist,title,isrc\nKurt Vile,Freeway,USXXX0000001\n")["id"]
    assert "none of the data sets has ISRCs" in page(site, f"/check/{job}").said
    assert rows(1)
