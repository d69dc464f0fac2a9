"""Front and results: what the searcher answers is what the page shows, and its links and forms lead on from there."""

import re
from itertools import pairwise
from urllib.parse import unquote, urlencode

import httpx
import pytest

import queries
from linernotes.web.pages import labels
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF
from queries import SearchResult
from tests.web.conftest import Site
from tests.web.pages_read import Element, query, read, sent

PAGES = (
    "/",
    "/search",
    "/search?q=rock&genre=rock&genre=-pop&language=none",
    "/search?q=zzzqqq",
    "/search?group=recording&sort=year",
    "/search?q=metalica",
    "/search?year=x",
    "/facets/artist?contains=o",
    "/facets/genre?genre=-pop",
    "/artist?name=kurt+vile",
    "/artist?name=noah",
    "/artist?name=zzzqqq",
    "/tracks/free-music-archive:10",
    "/tracks/nowhere:1",
    "/datasets",
    "/datasets/laion-disco-12m",
    "/overlap",
    "/overlap?dataset=free-music-archive",
    "/stats",
    "/stats?q=rock&dataset=spotify-tracks-dataset",
    "/companies",
    "/what-now",
    "/about",
    "/api",
    "/nowhere",
)

DATA = ("application/json", "application/ld+json")
"""Types of script elements that no browser runs."""

KILOBYTE = 1000
RESULTS_AT_MOST = 70 * KILOBYTE
STYLE_AT_MOST = 25 * KILOBYTE


def page(site: Site, address: str, **headers: str) -> Element:
    response = site.web.get(address, headers=headers)
    assert response.status_code == 200, (address, response.text[:500])
    return read(response.text)


def search(site: Site, *pairs: tuple[str, str], **more: object) -> SearchResult:
    """Ask the searcher what an address's pairs ask."""
    given = dict(pairs)
    filters: dict[str, list[str]] = {}
    for name, value in pairs:
        if name in queries.FACETS:
            filters.setdefault(name, []).append(value)
    return site.searcher.search(
        queries.request(
            given.get("q", ""),
            filters_by_facet=filters,
            facet_names=queries.DEFAULT_FACETS,
            sort=given.get("sort", "relevance"),
            group=given.get("group"),
            after=given.get("after"),
            **more,  # type: ignore[arg-type]
        )
    )


def total(found: Element) -> int:
    number = re.match(r"([\d,]+) track", found.one(id="total").said)
    assert number
    return int(number[1].replace(",", ""))


def ids(found: Element) -> list[str]:
    return [unquote(hit.one("h3").one("a")["href"].removeprefix("/tracks/")) for hit in found.all("li", "hit")]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_is_made_well(site: Site, address: str) -> None:
    response = site.web.get(address)
    found = read(response.text)
    assert found.one("html")["lang"] == "en"
    assert found.one("head").one("title").said.endswith(" – linernotes")
    assert len(found.all("h1")) == 1
    assert found.one("main")["id"] == "content"
    assert found.one("form", id="search")["action"] == "/search"
    assert found.one("input", id="q")["name"] == "q"
    levels = [int(each.tag[1]) for each in found.walk() if re.fullmatch("h[1-6]", each.tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    held = [each["id"] for each in found.walk() if each.has("id")]
    assert len(set(held)) == len(held), "an id is there twice"
    # Nothing that the policy would refuse, and nothing of anybody else.
    assert not [each for each in found.walk() if each.tag == "style" or each.has("style")]
    assert not [name for each in found.walk() for name in each.attributes if name.startswith("on")]
    scripts = [each for each in found.all("script") if each.get("type") not in DATA]
    assert all(each.has("src") and not each.text.strip() for each in scripts)
    links = [each for each in found.all("link") if each["rel"] not in ("canonical", "alternate")]
    loaded = [each.get("src") or each.get("href") for each in (*scripts, *links, *found.all("img"))]
    assert loaded
    assert all(str(address).startswith("/static/v-") for address in loaded)
    for link in found.all("a"):
        assert link["href"].startswith(("/", "#", "https://", "http://")), link["href"]
        if link["href"].startswith("http"):
            assert {"noreferrer", "noopener"} <= set(link["rel"].split())
    # What a script asks for is the inside of main.
    part = site.web.get(address, headers={"x-part": "content"})
    assert unquote(part.headers["x-title"]) == found.one("head").one("title").text
    moment = r"\d\d:\d\d UTC"  # at which each of them was computed
    assert re.sub(moment, "", read(part.text).said) == re.sub(moment, "", found.one("main").said)
    assert part.status_code == response.status_code


def test_inner_links_lead_somewhere(site: Site) -> None:
    seen: set[str] = set()
    for address in PAGES:
        for link in read(site.web.get(address).text).one("body").all("a"):
            place = link["href"].partition("?")[0]
            if link.has("hreflang"):  # the same page in another language
                continue
            if link["href"].startswith("/") and place not in seen and not place.startswith(("/tracks/", "/export")):
                seen.add(place)
                assert site.web.get(link["href"]).status_code in (200, 303), link["href"]
    assert len(seen) > 10


def test_front(site: Site) -> None:
    found, loaded = page(site, "/"), site.searcher.loaded()
    listed = found.one("ul", "sets").all("li")
    amounts = {each.one("h3").said: each.one(cls="amount").said for each in listed}
    assert amounts == {card.name: f"{loaded[name].records:,}" for name, card in CARDS.items()}
    assert f"{sum(each.records for each in loaded.values()):,} tracks" in found.one(id="loaded").said
    assert found.one("input", id="q").has("autofocus")
    for link in found.one("p", "examples").all("a"):
        assert link["href"] == "/check" or total(page(site, link["href"])), link["href"]
    assert PRESENCE_IS_NO_PROOF in found.one("p", "proof").said


def test_a_search_of_the_front_page(web: httpx.Client) -> None:
    response = web.get("/?q=motley+crue")
    assert (response.status_code, response.headers["location"]) == (303, "/search?q=motley+crue")
    assert web.get("/?q=").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/search",
        "/search?q=love&genre=rock&genre=country",
        "/search?q=kurt+vile",
        "/search?q=кино&dataset=-spotify-tracks-dataset",
        "/search?year=1990..1999&licence=none",
        "/search?q=%21%3F%21&sort=plays",
        "/search?year=2005&year=-2005&year=none",
    ],
)
def test_results_are_those_of_the_searcher(site: Site, address: str) -> None:
    found, answer = page(site, address), search(site, *query(address), highlight=True)
    assert total(found) == answer.total.value
    assert ids(found) == [hit.id for hit in answer.hits]
    for shown, hit in zip(found.all("li", "hit"), answer.hits, strict=True):
        assert shown.one("h3").said == " ".join(str(hit.track["title"]).split())
        for name in hit.track.get("artists") or ():
            assert name in shown.one("p", "by").text
        if hit.match:
            assert shown.one("span", f"match-{hit.match}").said == labels.MATCHES[hit.match]
        for name in ("album", "year", "licence"):
            assert str(hit.track.get(name) or "") in shown.text
        marked = {mark.text for mark in shown.all("mark")}
        spans = [(name, span) for field in hit.highlights.values() for name, spans in field.items() for span in spans]
        assert marked <= {name[start:end] for name, (start, end) in spans}
        assert bool(marked) == bool(spans)
        synthetic = str(hit.track["revision"]).startswith("synthetic")
        assert bool(shown.all(cls="synthetic")) == synthetic
        for link in shown.all("a", "source"):
            assert link["href"] == hit.track["url"]


def test_facets_are_those_of_the_searcher(site: Site) -> None:
    address = "/search?q=a&genre=rock&genre=jazz&genre=-pop&language=-none&dataset=none"
    for asked in (address, "/search?q=love", "/search"):
        found, answer = page(site, asked), search(site, *query(asked))
        for name, counted in answer.facets.items():
            shown = found.all("fieldset", data_facet=name)
            if not shown:
                assert not counted.buckets
                continue
            buckets = {str(each.value): each for each in counted.buckets}
            for box in shown[0].all("label"):
                field = box.all("input", type="checkbox")
                if not field or name == "year":
                    continue
                value = field[0]["value"]
                count = int(box.one("span", "count").said.replace(",", ""))
                if value.removeprefix("-") == "none":
                    assert count == counted.missing
                    continue
                bucket = buckets[value.removeprefix("-")]
                assert (count, value.startswith("-")) == (bucket.count, bucket.excluded)
                assert field[0].has("checked") == (bucket.selected or bucket.excluded)
            chosen = {each.value for each in counted.buckets if each.selected or each.excluded}
            listed = {each["value"].removeprefix("-") for each in shown[0].all("input", type="checkbox")}
            assert name == "year" or {str(each) for each in chosen} <= listed


@pytest.mark.parametrize(
    "address",
    [
        "/search?q=love&genre=rock&genre=-pop&year=2000..2010&sort=year&group=recording&artist=none",
        "/search?year=1999&year=2005",
        "/search?year=-1999&year=none&year=1990..",
        "/search?q=a&explicit=true&duration=3:00..4:00&licence=-none",
    ],
)
def test_form_says_the_same_again(site: Site, address: str) -> None:
    found = page(site, address)
    response = site.web.get("/search?" + urlencode(sent(found.one("form", id="filters"))), follow_redirects=True)
    assert sorted(query(str(response.url))) == sorted(query(address))
    assert total(read(response.text)) == total(found)


def test_chips_take_one_filter_away(site: Site) -> None:
    address = "/search?q=love&genre=rock&genre=-pop&language=en&year=-1999"
    found = page(site, address)
    chips = found.all("a", "chip")
    assert [chip.said for chip in chips] == [
        "Remove filter Genre: rock ×",
        "Remove filter Genre: not pop ×",
        "Remove filter Year: not 1999 ×",
        "Remove filter Language: English ×",
    ]
    taken = [set(query(address)) - set(query(chip["href"])) for chip in chips]
    assert taken == [{("genre", "rock")}, {("genre", "-pop")}, {("year", "-1999")}, {("language", "en")}]
    assert query(found.one("a", "clear")["href"]) == [("q", "love")]


def test_minus_excludes(site: Site) -> None:
    found = page(site, "/search?genre=rock&genre=jazz")
    rock = next(each for each in found.all("a", "exclude") if each["aria-label"] == "Exclude rock")
    assert query(rock["href"]) == [("genre", "jazz"), ("genre", "-rock")]
    assert page(site, rock["href"]).one("input", value="-rock").has("checked")


def test_histogram(site: Site) -> None:
    found, answer = page(site, "/search?q=a"), search(site, ("q", "a"))
    drawn = found.one("svg", id="years")
    bars = {int(bar["data-year"]): bar for bar in drawn.all("rect")}
    counts = {int(each.value): each.count for each in answer.facets["year"].buckets if each.count}
    assert set(bars) == set(counts)
    first, last = int(drawn["data-from"]), int(drawn["data-to"])
    assert first <= min(counts) <= max(counts) <= last
    step = 240 / (last - first + 1)
    for year, bar in bars.items():
        assert abs(float(bar["x"]) + float(bar["width"]) / 2 - (year - first + 0.5) * step) < 0.02
        assert bar.one("title").said == f"{year}: {counts[year]:,}"
    tallest = max(bars, key=lambda year: float(bars[year]["height"]))
    assert counts[tallest] == max(counts.values())
    for link in drawn.all("a")[:3]:
        assert total(page(site, link["href"])) == counts[int(link.one("rect")["data-year"])]


def test_fields_of_years_are_one_filter(site: Site) -> None:
    for typed, years in (
        ("year_from=1999&year_to=", "1999.."),
        ("year_from=&year_to=2005", "..2005"),
        ("year_from=1999&year_to=1999", "1999"),
        ("year_from=1990&year_to=2005&genre=", "1990..2005"),
    ):
        response = site.web.get(f"/search?q=&{typed}")
        assert (response.status_code, query(response.headers["location"])) == (303, [("year", years)])
        shown = page(site, response.headers["location"])
        assert total(shown) == search(site, ("year", years)).total.value
        ends = years.split("..") if ".." in years else [years, years]
        assert [shown.one("input", name=name).get("value") for name in ("year_from", "year_to")] == ends
    for typed in ("year_from=abc&year_to=", "year_from=2005&year_to=1999"):
        response = site.web.get(f"/search?{typed}", follow_redirects=True)
        assert response.status_code == 400
        assert len(read(response.text).one("ul", "ways").all("a")) >= 3


def test_order_and_grouping(site: Site) -> None:
    found = page(site, "/search?q=love&genre=rock")
    links = {link.said: link["href"] for each in found.all("div", "choices") for link in each.all("a")}
    assert set(links) == {"Relevance", "Most played", "Newest", "Tracks", "Recordings"}
    assert [link.said for link in found.all("a", aria_current="true")] == ["Relevance", "Tracks"]
    grouped, answer = page(site, links["Recordings"]), search(site, *query(links["Recordings"]))
    assert answer.recordings
    assert f"of {answer.recordings.value:,} recordings" in grouped.one(id="total").said
    assert ids(grouped) == [hit.id for hit in answer.hits]
    for shown, hit in zip(grouped.all("li", "hit"), answer.hits, strict=True):
        assert hit.recording
        assert len(shown.all("a", "set")) == len(hit.recording.datasets)
    assert ids(page(site, links["Newest"])) == [hit.id for hit in search(site, *query(links["Newest"])).hits]


def test_pages_go_on_to_the_end(site: Site) -> None:
    found = page(site, "/search?q=kurt+vile&size=2")
    number, seen = total(found), ids(found)
    while following := found.all("a", rel="next"):
        found = page(site, following[0]["href"])
        seen += ids(found)
    assert len(seen) == len(set(seen)) == number
    assert query(found.one("nav", "pages").all("a")[0]["href"]) == [("q", "kurt vile"), ("size", "2")]


def test_exports_are_of_the_same_tracks(site: Site) -> None:
    found = page(site, "/search?q=love&genre=rock&genre=-pop&sort=year&group=recording&size=5")
    links = [link["href"] for link in found.one("p", "export").all("a")]
    same = [("q", "love"), ("genre", "rock"), ("genre", "-pop")]
    assert [query(link) for link in links] == [[("format", "csv"), *same], [("format", "ndjson"), *same], same, same]


def test_did_you_mean(site: Site) -> None:
    found, answer = page(site, "/search?q=metalica"), search(site, ("q", "metalica"))
    assert answer.did_you_mean
    asked = [query(link["href"]) for link in found.one("p", "meant").all("a")]
    assert asked == [[("q", each.text)] for each in answer.did_you_mean]


def test_nothing_found_helps(site: Site) -> None:
    found = page(site, "/search?q=metallica&genre=metal&year=1903&language=fr")
    assert total(found) == 0
    ways = found.one("ul", "relaxed").all("li")
    assert ways
    for way in ways:
        number = total(page(site, way.one("a")["href"]))
        assert number
        assert f": {labels.tracks(number)}" in way.said
    assert found.one("div", "nothing").all("a", href="/datasets")
    assert PRESENCE_IS_NO_PROOF in found.one("p", "proof").said


@pytest.mark.parametrize(
    "address",
    [
        "/search?year=x",
        "/search?genre=noodle",
        "/search?after=x",
        "/search?sort=x",
        "/search?size=1001",
        "/facets/artist?after=x",
        "/facets/artist?sort=x",
        "/artist?id=%00",
        "/overlap?dataset=x",
        "/stats?decade=x",
    ],
)
def test_what_cannot_be_asked(site: Site, address: str) -> None:
    response = site.web.get(address)
    found = read(response.text)
    assert response.status_code == 400, response.text
    assert response.headers["cache-control"] == "no-store"
    assert found.one("p", "code").said == "400"
    assert found.one("p", "lede").said.endswith(".")
    assert [link["href"] for link in found.one("ul", "ways").all("a")][-3:] == ["/", "/search", "/datasets"]


def test_static_files(web: httpx.Client) -> None:
    front = read(web.get("/").text)
    style = next(each["href"] for each in front.all("link") if each["rel"] == "stylesheet")
    kept = web.get(style)
    assert "immutable" in kept.headers["cache-control"]
    edition = style.split("/")[2]
    for address in ("/static/app.css", style.replace(edition, "v-0123456789ab")):
        assert (web.get(address).content, web.get(address).headers["cache-control"]) == (kept.content, "no-cache")
    assert web.get("/static/../rendering.py").status_code == 404
    assert web.get(f"/static/{edition}/%2e%2e/rendering.py").status_code == 404
    assert len(kept.content) < STYLE_AT_MOST
    # Whatever style and scripts load is ours, and of the same edition.
    assert "url(" not in kept.text
    assert "@import" not in kept.text


def test_results_are_light(web: httpx.Client) -> None:
    for address in ("/search", "/search?q=love&genre=rock&group=recording", "/search?q=a&year=1990..2010&licence=none"):
        assert len(web.get(address).content) < RESULTS_AT_MOST
