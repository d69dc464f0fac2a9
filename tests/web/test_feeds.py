"""Feeds as a feed reader sees them, and by the rules of RFC 4287."""

from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

import feedparser
import pytest

import queries
from tests.web.conftest import Site
from tests.web.test_pages import page

ATOM = "{http://www.w3.org/2005/Atom}"
FEEDS = ("/datasets.atom", "/search.atom?q=love", "/search.atom?artist=Kurt+Vile", "/search.atom?q=%01zzzqqq%3Cb%3E")


def feed(site: Site, address: str, **headers: str) -> Any:
    response = site.web.get(address, headers=headers)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/atom+xml; charset=utf-8"
    found = feedparser.parse(response.content)
    assert not found.bozo, found.get("bozo_exception")
    assert found.version == "atom10"
    return found


@pytest.mark.parametrize("address", FEEDS)
def test_feeds_are_atom(site: Site, address: str) -> None:
    found = feed(site, address)
    assert found.entries
    root = ET.fromstring(site.web.get(address).content)
    assert root.tag == f"{ATOM}feed"
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1, name
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated", "")).tzinfo
        assert [link.get("href", "")[:4] for link in element.findall(f"{ATOM}link")]
    assert root.find(f"{ATOM}author/{ATOM}name") is not None
    own = next(link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self")
    assert own.get("href") == str(site.web.get(address).request.url)
    ids = [entry.id for entry in found.entries]
    assert len(set(ids)) == len(ids)
    for entry in found.entries:
        assert site.web.get(entry.link).status_code == 200


def test_generations_are_in_the_feed_of_data_sets(site: Site) -> None:
    said = " ".join(entry.summary for entry in feed(site, "/datasets.atom").entries)
    for loaded in site.searcher.loaded().values():
        assert loaded.generation.index in said


def test_a_search_has_an_entry_for_each_data_set(site: Site) -> None:
    found = feed(site, "/search.atom?q=love")
    counted = site.searcher.search(queries.request("love", facet_names=["dataset"], size=0)).facets["dataset"].buckets
    counts = {each.value: each.count for each in counted}
    loaded = site.searcher.loaded()
    assert len(found.entries) == len(loaded)
    for name, each in loaded.items():
        entry = next(one for one in found.entries if each.generation.index in one.summary)
        count = counts.get(name, 0)
        assert f"{count:,} {'track' if count == 1 else 'tracks'}" in entry.title


def test_a_filter_by_data_set_leaves_the_others_out(site: Site) -> None:
    only = feed(site, "/search.atom?q=love&dataset=free-music-archive").entries
    assert [entry.title.partition(":")[0] for entry in only] == ["FMA"]
    others = feed(site, "/search.atom?q=love&dataset=-free-music-archive").entries
    assert len(others) == len(site.searcher.loaded()) - 1
    assert "FMA" not in " ".join(entry.title for entry in others)


def test_an_entry_is_the_same_as_long_as_the_number_is(site: Site) -> None:
    first, again = (feed(site, "/search.atom?q=love") for _ in range(2))
    assert [entry.id for entry in first.entries] == [entry.id for entry in again.entries]
    other = feed(site, "/search.atom?q=love&genre=rock")
    assert not {entry.id for entry in first.entries} & {entry.id for entry in other.entries}


@pytest.mark.parametrize(
    "address", ["/", "/datasets", "/search?q=love&genre=rock&sort=plays", "/artist?name=kurt+vile"]
)
def test_pages_name_their_feed(site: Site, address: str) -> None:
    links = page(site, address).one("head").all("link", type="application/atom+xml")
    assert len(links) == 1
    assert links[0]["rel"] == "alternate"
    assert feed(site, links[0]["href"]).entries
