"""Artists, tracks, values, data sets, overlap, statistics and API: what the searcher answers is what is shown."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import orjson
import pytest
from elasticsearch import Elasticsearch

import queries
from linernotes.web.api.checks import EXAMPLE
from linernotes.web.config import Options
from linernotes.web.pages import labels
from linernotes.web.pages.views import overlap
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF
from mappings.track import FIELDS, SHOWN
from queries import Searcher
from queries.analysis.estimates import Estimate
from tests.web.conftest import Site
from tests.web.pages_read import Element, query, read
from tests.web.serving import serving
from tests.web.test_pages import page, total
from tests.web.uploads import ended


def number(text: str) -> int:
    found = re.search(r"[\d,]+", text)
    assert found, text
    return int(found[0].replace(",", ""))


def rows(table: Element) -> Iterator[tuple[str, int]]:
    """Yield name and number of each row of a table with bars."""
    for row in table.one("tbody").all("tr"):
        name, count = row.one("th"), row.all("td")[0]
        yield (name.all("a") or [name])[0].said, number(count.said)


def chart(found: Element, heading: str) -> dict[str, int]:
    held = [
        each for each in found.all("div", "chart") if [h.said for h in each.all("h2") + each.all("h3")] == [heading]
    ]
    assert len(held) == 1, heading
    return dict(rows(held[0]))


def charts(found: Element) -> list[str]:
    return [(each.all("h2") + each.all("h3"))[0].said for each in found.all("div", "chart")]


def claims_are_told(found: Element, dataset: str) -> None:
    text = found.one("section", "used").said
    for claim in CARDS[dataset].used_by:
        assert claim.user in text
        assert claim.claim in text
        assert claim.said_by in text
    if not CARDS[dataset].used_by:
        assert "No acknowledged use known" in text


@pytest.mark.parametrize("name", ["genre", "artist", "year", "language", "licence", "duration", "explicit", "decade"])
def test_all_values(site: Site, name: str) -> None:
    for address, filters in ((f"/facets/{name}", {}), (f"/facets/{name}?q=love&genre=-pop", {"genre": ["-pop"]})):
        text = "love" if filters else ""
        answer = site.searcher.values(queries.values_request(name, text, filters_by_facet=filters, size=60))
        found = page(site, address)
        if not answer.values:
            assert not found.all("table")
            continue
        shown = list(rows(found.one("table")))
        assert shown == [(labels.value(name, each.value), each.count) for each in answer.values]
        for row in found.one("tbody").all("tr")[:2]:
            assert total(page(site, row.one("th").one("a")["href"])) == number(row.all("td")[0].said)


def test_values_are_found_and_walked(site: Site) -> None:
    answer = site.searcher.values(queries.values_request("artist", contains="AN", size=1000))
    found, seen = page(site, "/facets/artist?contains=AN"), []
    while True:
        seen += [name for name, _ in rows(found.one("table"))]
        following = found.all("a", rel="next")
        if not following:
            break
        found = page(site, following[0]["href"])
    assert seen == [str(each.value) for each in answer.values]
    assert len(seen) > 60
    form = found.one("form", "within")
    assert (form["action"], form.one("input", id="contains")["value"]) == ("/facets/artist", "AN")
    ordered = next(link["href"] for link in found.all("a") if link.said == "Value")
    first = [name for name, _ in rows(page(site, ordered).one("table"))]
    assert first == sorted(first)
    assert not page(site, "/facets/artist?contains=zzzqqq").all("table")


def test_values_say_what_is_chosen(site: Site) -> None:
    found = page(site, "/facets/genre?genre=rock&genre=-pop")
    states = {row.one("th").one("a").said: row.classes for row in found.one("tbody").all("tr")}
    assert (states["rock"], states["pop"]) == ({"selected"}, {"excluded"})
    rock = next(link for link in found.one("tbody").all("a") if link.said == "rock")
    assert query(rock["href"]) == [("genre", "-pop")]
    assert [chip["href"] for chip in found.all("a", "chip")] == ["/facets/genre?genre=-pop", "/facets/genre?genre=rock"]


def test_an_artist(site: Site) -> None:
    answer = site.searcher.artist(queries.artist_request("Kurt Vile", size=20))
    assert answer.profile
    found = page(site, "/artist?name=kurt+vile")
    assert found.one("h1").said == answer.profile.name
    assert found.one("p", "summary").said.startswith(labels.tracks(answer.profile.tracks.value))
    assert total(page(site, button(found))) == answer.profile.tracks.value
    assert chart(found, "Titles") == {row.name: row.count for row in answer.profile.titles.rows}
    assert chart(found, "Albums") == {row.name: row.count for row in answer.profile.albums.rows}
    assert chart(found, "Collaborators") == {one.name: one.count for one in answer.profile.collaborators}
    sets = {labels.value("dataset", b.value): b.count for b in answer.profile.facets["dataset"].buckets}
    assert chart(found, "Data set") == sets
    years = {int(bar["data-year"]) for bar in found.one("svg", "histogram").all("rect")}
    assert years == {int(str(bucket.value)) for bucket in answer.profile.facets["year"].buckets}
    for dataset in answer.profile.used_by:
        claims_are_told(found, dataset)
    assert PRESENCE_IS_NO_PROOF in found.one("p", "proof").said
    genre = chart(found, "Genre")
    for link in found.all("a"):
        if link["href"].startswith("/search?artist=") and link.said in genre:
            assert total(page(site, link["href"])) == genre[link.said]


def button(found: Element) -> str:
    return next(link["href"] for link in found.all("a", "button") if link.said == "Show the tracks")


def test_artists_of_a_like_name(site: Site) -> None:
    answer = site.searcher.artist(queries.artist_request("noah", size=20))
    found = page(site, "/artist?name=noah")
    names = [each.one("p", "who").one("a").said for each in found.all("ul", "candidates")[0].all("li")]
    assert set(names) <= {one.name for one in answer.candidates}
    assert {"NOAH", "Noah"} & set(names)
    for link in found.one("ul", "candidates").all("a"):
        shown = page(site, link["href"])
        assert shown.one("h1").said


def test_nobody_of_that_name(site: Site) -> None:
    found = page(site, "/artist?name=zzzqqqxxx")
    assert found.one("h1").said == "No artist with this name"
    assert [query(link["href"]) for link in found.one("p", "ways").all("a")] == [[("q", "zzzqqqxxx")]]
    assert site.web.get("/artist?name=").headers["location"] == "/"


def test_a_track(site: Site) -> None:
    hit = next(hit for hit in site.searcher.search(queries.request("kurt vile", group="recording")).hits)
    assert hit.recording
    assert hit.recording.count > 1
    found = page(site, f"/tracks/{quote(hit.id, safe=':')}")
    assert hit.track["title"] in found.one("h1").said
    pairs = [row for each in found.all("dl", "card") for row in each.all("div")]
    text = {each.one("dt").said: each.one("dd") for each in pairs}
    lacking = "".join(each.said for each in found.all("p", "note") if each.said.startswith("Not in the data set"))
    for name in SHOWN:
        value = hit.track.get(name)
        label = f"{name.replace('_', ' ')} {FIELDS[name].meaning}"
        if value in (None, []):
            assert name.replace("_", " ") in lacking
            continue
        for one in value if isinstance(value, list) else [value]:
            told = labels.value(name, one) if name in ("dataset", "language") else str(one)
            assert (told.lower() if isinstance(one, bool) else told) in text[label].text
    assert text["source row evidence: row in that file, from 1"].said == str(hit.track["source_row"])
    others = {link["href"] for each in found.one("ol", "copies").all("h3") for link in each.all("a")}
    assert others == {f"/tracks/{quote(each.id, safe=':')}" for each in hit.recording.tracks if each.id != hit.id}
    claims_are_told(found, str(hit.track["dataset"]))


@pytest.mark.parametrize("address", ["/tracks/nowhere:1", "/tracks/a/b/../c", f"/tracks/{'x' * 2000}", "/datasets/x"])
def test_what_is_not_there(web: httpx.Client, address: str) -> None:
    response = web.get(address)
    assert response.status_code == 404
    assert read(response.text).one("p", "code").said == "404"


@pytest.mark.parametrize("dataset", list(CARDS))
def test_data_sets(site: Site, dataset: str) -> None:
    card, loaded = CARDS[dataset], site.searcher.loaded()[dataset]
    listed = page(site, "/datasets")
    mine = next(each for each in listed.one("ul", "cards").all("li") if each.one("h2").said == card.name)
    assert f"{loaded.records:,} of {card.rows:,} tracks" in mine.said
    found = page(site, mine.one("h2").one("a")["href"])
    for said in (card.name, card.published_count, card.licence, card.platform, card.released, *card.notes):
        assert said in found.said
    assert {link["href"] for link in found.one("dl", "card").all("a")} == set(card.addresses)
    claims_are_told(found, dataset)
    assert total(page(site, found.one("p", "ways").all("a")[0]["href"])) == loaded.records
    assert bool(found.all("p", "synthetic")) == str(loaded.revision).startswith("synthetic")


@pytest.mark.parametrize(("address", "filters"), [("/overlap", {}), ("/overlap?genre=rock", {"genre": ["rock"]})])
def test_overlap(site: Site, address: str, filters: dict[str, list[str]]) -> None:
    answer = site.searcher.overlap(queries.request(filters_by_facet=filters))
    found, shared = page(site, address), answer.recordings
    assert labels.tracks(answer.tracks.value) in found.one("p", "summary").said
    names = shared.patterns.datasets
    matrix = found.all("table", "matrix")[0]
    assert [each.said for each in matrix.one("thead").all("th")] == [labels.value("dataset", name) for name in names]
    for one, row in zip(names, matrix.one("tbody").all("tr"), strict=True):
        for other, cell in zip(names, row.all("td"), strict=True):
            assert number(cell.one("b").said) == (shared.of(one, other) if one != other else shared.of(one)).value
    levels = found.all("table", "bars")[1]
    assert [count for _, count in rows(levels)] == [shared.in_exactly(at + 1).value for at in range(len(names))]


def test_estimates_have_intervals() -> None:
    low, counted = overlap.bars([("estimated", Estimate(120, 80, 160), ""), ("counted", Estimate(40, 40, 40), "")])
    assert (low.number, low.interval, low.length, low.low, low.high) == ("≈ 120", "80 to 160", 75.0, 50.0, 100.0)
    assert (counted.number, counted.interval, counted.length, counted.exact) == ("40", "", 25.0, True)


@pytest.mark.parametrize(
    ("address", "text", "filters"),
    [("/stats", "", {}), ("/stats?q=love&dataset=free-music-archive", "love", {"dataset": ["free-music-archive"]})],
)
def test_statistics(site: Site, address: str, text: str, filters: dict[str, list[str]]) -> None:
    answer = site.searcher.stats(queries.request(text, filters_by_facet=filters), limit=8)
    found = page(site, address)
    assert found.one("p", "summary").said.startswith(labels.tracks(answer.all.tracks))
    for name, counts in answer.all.facets.items():
        shown = chart(found, labels.FACETS[name])
        assert sum(shown.values()) == sum(counts.values.values()) + counts.missing
        assert shown.get(labels.NOT_STATED, 0) == counts.missing
        told = {labels.value(name, value): count for value, count in counts.values.items()}
        assert all(told[label] == count for label, count in shown.items() if label in told)
    over = {
        f"{each.kind.capitalize()}s in {labels.value('dataset', each.dataset)}": each for each in answer.comparisons
    }
    for heading, each in over.items():
        if each.rows:
            assert chart(found, heading) == {str(row.value): row.count for row in each.rows}
        else:
            assert heading not in charts(found)


def test_api_page_is_the_document(site: Site) -> None:
    document = site.web.get("/api/v1/openapi.json").json()
    found = page(site, "/api")
    headings = [each.said for each in found.one("main").all("h2")]
    for path, item in document["paths"].items():
        for method in item:
            assert f"{method.upper()} {path}" in headings


def test_every_command_of_the_api_page_works(site: Site, tmp_path: Path) -> None:
    (tmp_path / "catalogue.csv").write_bytes(site.web.get("/check/example.csv").content)
    commands = [each.said for each in page(site, "/api").all("pre")]
    assert len(commands) > 15
    check = ""
    for command in sorted(commands, key=lambda command: ("checks/" in command, "DELETE" in command)):
        assert shlex.split(command)[0] == "curl"
        ran = subprocess.run(
            [*shlex.split(command.replace(EXAMPLE["id"], check)), "--silent", "--show-error", "--fail-with-body"],
            cwd=tmp_path, capture_output=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, (command, ran.stdout, ran.stderr)
        if command.endswith("/checks'"):
            check = orjson.loads(ran.stdout)["id"]
            ended(site.web, check)
    assert site.web.get(f"/api/v1/checks/{check}").status_code == 404  # the last command has deleted it


def test_about_says_what_a_page_must(site: Site) -> None:
    text = page(site, "/about").one("main").said
    for said in (PRESENCE_IS_NO_PROOF, "No cookies", "exact", *labels.MATCHES.values()):
        assert said in text
    assert not [name for name in site.web.get("/about").headers if name == "set-cookie"]


def test_when_elasticsearch_is_away() -> None:
    with Elasticsearch("http://127.0.0.1:9", max_retries=0) as nobody:
        searcher = Searcher(nobody, "t")
        with serving(lambda: searcher, Options()) as url, httpx.Client(base_url=url, timeout=60) as web:
            response = web.get("/search?q=a&genre=rock")
            found = read(response.text)
            assert (response.status_code, found.one("p", "code").said) == (503, "503")
            assert int(response.headers["retry-after"]) > 0
            assert found.one("ul", "ways").all("a")[0]["href"] == "/search?q=a&genre=rock"
            away = web.get("//evil.invalid/search?q=a")
            assert not [link for link in read(away.text).all("a") if link["href"].startswith("//")]
            assert web.get("/about").status_code in (200, 503)


def test_too_many_requests(site: Site) -> None:
    with serving(lambda: site.searcher, Options(requests_per_minute=1)) as url, httpx.Client(base_url=url) as web:
        web.headers["x-forwarded-for"] = "192.0.2.1"  # this machine itself has no limit
        response = next(answer for answer in (web.get("/about") for _ in range(3)) if answer.status_code != 200)
        found = read(response.text)
        assert (response.status_code, found.one("p", "code").said) == (429, "429")
        assert f"in {response.headers['retry-after']} s" in found.one("main").said
        assert found.one("ul", "ways").all("a")[0]["href"] == "/about"
