"""Pages for an artist, a track, a data set, overlap and statistics: what they show is what the searcher says."""

from playwright.sync_api import expect

import queries
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF
from tests.browser.conftest import Open
from tests.browser.pages import ARTIST, DATASET, PAGES, TRACK
from tests.browser.reading import number
from tests.browser.site import Site


def test_an_artists_page(visit: Open, site: Site) -> None:
    page = visit("/search?q=kurt+vile")
    page.locator("#hits .by").get_by_role("link", name=ARTIST, exact=True).first.click()
    page.wait_for_url("**/artist?*")
    expect(page.get_by_role("heading", level=1)).to_have_text(ARTIST)
    answer = site.searcher.artist(queries.artist_request(ARTIST))
    assert answer.profile
    content = page.locator("#content").inner_text()
    assert f"{answer.profile.tracks.value} track" in content
    for row in answer.profile.titles.rows[:5]:
        assert row.name in content
    assert PRESENCE_IS_NO_PROOF in content


def test_who_is_meant(visit: Open, site: Site) -> None:
    page = visit(PAGES["candidates"])
    names = [one.name for one in site.searcher.artist(queries.artist_request("john")).candidates]
    assert len(names) > 2
    page.locator("#content").get_by_role("link", name=names[1]).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(names[1])


def test_a_tracks_page(visit: Open, site: Site) -> None:
    page = visit("/search?q=awol+food")
    page.locator("#hits h3 a").first.click()
    page.wait_for_url("**/tracks/free-music-archive*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Food")
    content = page.locator("#content")
    expect(content).to_contain_text("AWOL")
    expect(content).to_contain_text(TRACK.partition(":")[2])
    source = content.locator("a[rel~=noreferrer][rel~=noopener]").first
    assert str(source.get_attribute("href")).startswith(("http://", "https://"))


def test_a_data_sets_page(visit: Open, site: Site) -> None:
    page = visit("/datasets")
    card = CARDS[DATASET]
    page.locator("#content").get_by_role("link", name=card.name, exact=True).first.click()
    page.wait_for_url(f"**/datasets/{DATASET}")
    content = page.locator("#content").inner_text()
    assert f"{site.searcher.loaded()[DATASET].records:,}" in content
    for use in card.used_by:
        assert use.user in content
    assert PRESENCE_IS_NO_PROOF in content


def test_overlap(visit: Open, site: Site) -> None:
    page = visit("/overlap")
    shared = site.searcher.overlap(queries.request()).as_json()["recordings"]
    names = [CARDS[each["dataset"]].name for each in shared["datasets"]]
    own = {each["dataset"]: each["distinct"]["value"] for each in shared["datasets"]}
    both = {frozenset(pair["datasets"]): pair["shared"]["value"] for pair in shared["pairs"]}
    matrix = page.locator("table.matrix").first
    assert matrix.locator("tbody th").all_inner_texts() == names
    cells = [[number(cell) for cell in row.locator("td").all_inner_texts()] for row in matrix.locator("tbody tr").all()]
    assert cells == [[own[one] if one == other else both[frozenset((one, other))] for other in own] for one in own]
    assert page.locator("#content svg").count() >= 1
    assert PRESENCE_IS_NO_PROOF in page.locator("#content").inner_text()


def test_statistics(visit: Open, site: Site) -> None:
    page = visit("/stats")
    shown = page.locator("#content table", has=page.get_by_role("columnheader", name="Genre", exact=True)).first
    rows = [row.inner_text() for row in shown.locator("tbody tr").all()]
    genres = site.search().facets["genre"].buckets[:8]
    assert len(rows) >= len(genres) == 8
    for row, genre in zip(rows, genres, strict=False):
        assert row.startswith(str(genre.value))
        assert number(row) == genre.count
    assert page.locator("#content svg").count() >= 1
    assert PRESENCE_IS_NO_PROOF in page.locator("#content").inner_text()


def test_all_values_of_a_facet(visit: Open, site: Site) -> None:
    page = visit("/facets/artist?q=love")
    found = site.searcher.values(queries.values_request("artist", "love"))
    expect(page.locator("#content")).to_contain_text(str(found.values[0].value))
    first = str(found.values[0].value)
    field = page.get_by_label("Values containing")
    field.fill(first[1:].upper())
    field.press("Enter")
    page.wait_for_url("**contains=*")
    assert first in page.locator("#content tbody th").all_inner_texts()
