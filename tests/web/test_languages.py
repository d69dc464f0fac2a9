"""Pages in five languages: chosen by the browser or a link, whole, and kept apart in caches."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment

from linernotes import i18n
from linernotes.catalogue import reasons
from linernotes.i18n import update
from tests.web.conftest import Site
from tests.web.pages_read import read
from tests.web.test_pages import page
from tests.web.uploads import checked

OTHERS = [language for language in i18n.LANGUAGES if language != i18n.ENGLISH]
WEB = Path(i18n.__file__).parents[1]
HEADLINES = {
    "en": "Is your music in the data sets behind AI?",
    "de": "Ist Ihre Musik in den Datensätzen hinter KI?",
}
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%|</?\w+[^>]*>")


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: str) -> None:
    catalog = update.read(language)
    lacking = []
    for message in update.extract():
        mine = catalog.get(message.id if isinstance(message.id, str) else message.id[0])
        strings = (mine.string,) if mine and isinstance(mine.string, str) else mine.string if mine else ()
        if message.id and (not strings or not all(strings) or (mine and mine.fuzzy)):
            lacking.append(message.id)
    assert not lacking


@pytest.mark.parametrize("language", OTHERS)
def test_placeholders_and_markup_are_those_of_the_text(language: str) -> None:
    for message in update.read(language):
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
        allowed = set(PLACEHOLDER.findall(ids[-1])) | set(PLACEHOLDER.findall(ids[0]))
        for string in strings:
            assert set(PLACEHOLDER.findall(string)) <= allowed, string
        assert set(PLACEHOLDER.findall(strings[-1])) == set(PLACEHOLDER.findall(ids[-1])), strings[-1]


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_read_is_what_is_written(language: str) -> None:
    path = update.po_path(language)
    with path.open("rb") as stream:
        assert update.compiled(read_po(stream, locale=language)) == path.with_suffix(".mo").read_bytes()


REASONS = (
    "same artist and title, but for accents or punctuation, one of several artists, but on another album",
    "same but for one letter in the artist's name and 2 letters in the title, on the same album",
    "same but for one letter in the title, but another version",
    "same but for 3 letters in the artist's name",
    "by YouTube id, though artist or title differ",
    "no track has one of these ids, or this artist and title among the nearest",
    "no track has this artist and title",
    "3 fields where the header has 2",
    "no artist and no title",
    "no artist and title of 1,234 characters",
    "artist of 1,234 characters",
    "a quote that is never closed",
)


@pytest.mark.parametrize("language", OTHERS)
def test_reasons_are_translated_clause_by_clause(language: str) -> None:
    left = re.compile(r"\b(same|but|letters?|artist|title|of|by|among|fields|characters|quote|though)\b")
    for reason in (*REASONS, *reasons.TEXTS):
        assert reasons.translated(reason) == reason
        with i18n.use(language):
            assert not left.search(reasons.translated(reason)), reason
    with i18n.use(language):
        assert reasons.translated("a clause, that nobody knows") == i18n.enumerated(["a clause", "that nobody knows"])


def test_page_and_report_give_reasons_in_their_language(site: Site) -> None:
    done = checked(site.web, b"artist,title\nKurt Vile,Freeway\nKurt Vile,No Such Song At All\nNobody\n")
    report = site.web.get(f"/check/{done['id']}/report.html?lang=de").text.partition("<script")[0]
    for text in (report, page(site, f"/check/{done['id']}?lang=de").one("main").said):
        for said in ("gleicher Interpret und Titel", "kein Titel hat diesen Interpreten und Namen", "1 Felder, wo"):
            assert said in text, said
        assert "same artist and title" not in text
    assert "same artist and title" in site.web.get(f"/check/{done['id']}/report.ndjson?lang=de").text


NAMES = {"linernotes", "API", "SHA-256", "GET"}
ENGLISH_ONLY = {"api.html.jinja", "problems.html.jinja", "swagger.html.jinja"}


def templates() -> Iterator[Path]:
    yield from sorted((WEB / "web" / "templates").glob("*.jinja"))
    yield WEB / "catalogue" / "report.html.jinja"


@pytest.mark.parametrize("path", list(templates()), ids=lambda path: path.name)
def test_no_text_is_outside_of_gettext(path: Path) -> None:
    if path.name in ENGLISH_ONLY:
        pytest.skip("the description of the API is in English, and says so")
    source = re.sub(r"<(style|script).*?</(style|script)>", "", path.read_text(), flags=re.DOTALL)
    tokens = Environment().lex(source)
    data = "".join(text if kind == "data" else "\0" for _, kind, text in tokens if kind in ("data", "name"))
    shown = re.sub(r"<[^>]*>", " ", data)
    words = set(re.findall(r"[^\W\d_]{2,}(?:-\d+)?", shown.replace("\0", " ")))
    assert not words - NAMES
    for attribute in re.findall(r'(?:aria-label|placeholder|alt|title)="([^"\0]*)"', data):
        assert not re.search(r"[^\W\d_]{2,}", attribute), attribute


def test_the_browser_chooses(site: Site) -> None:
    for header, language in (("de-DE,de;q=0.9,en;q=0.5", "de"), ("ko", "en"), ("", "en"), ("en,de;q=0.9", "en")):
        response = site.web.get("/", headers={"accept-language": header})
        found = read(response.text)
        assert found.one("html")["lang"] == language
        assert found.one("h1").said == HEADLINES[language]
        assert "accept-language" in response.headers["vary"].lower()
        assert "set-cookie" not in response.headers
        assert not [link for link in found.one("main").all("a") if "lang=" in link["href"]]


def test_a_chosen_language_stays_in_every_address(site: Site) -> None:
    for address in ("/?lang=de", "/search?q=love&lang=de", "/artist?name=kurt+vile&lang=de", "/datasets?lang=de"):
        found = page(site, address, **{"accept-language": "fr"})
        assert found.one("html")["lang"] == "de"
        inner = [link["href"] for link in found.one("main").all("a") if (link.get("href") or "").startswith("/")]
        assert inner
        pages = [href for href in inner if not href.startswith(("/export", "/check/example"))]
        assert not [href for href in pages if "lang=de" not in href]
        assert {form.one("input", name="lang")["value"] for form in found.all("form", method="get")} == {"de"}
        assert {link["hreflang"] for link in found.one("footer").all("a", hreflang="fr")} == {"fr"}
    for link in page(site, "/search?q=love&lang=de").one("footer").one("ul", "languages").all("a"):
        assert page(site, link["href"]).one("html")["lang"] == link["lang"]


def test_the_cache_knows_languages(site: Site) -> None:
    german = site.web.get("/search?q=cache", headers={"accept-language": "de"})
    english = site.web.get("/search?q=cache", headers={"accept-language": "en"})
    again = site.web.get("/search?q=cache", headers={"accept-language": "de"})
    assert german.text == again.text != english.text
    assert again.headers["cache-status"].endswith("hit")
    assert german.headers["etag"] != english.headers["etag"]
    held = {"accept-language": "de", "if-none-match": english.headers["etag"]}
    assert site.web.get("/search?q=cache", headers=held).status_code == 200
    held["if-none-match"] = german.headers["etag"]
    response = site.web.get("/search?q=cache", headers=held)
    assert response.status_code == 304
    assert "accept-language" in response.headers["vary"].lower()


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize(
    "address",
    [
        "/", "/search?q=love", "/search?q=love&genre=jazz&year=1901", "/artist?name=kurt+vile", "/artist?name=noah",
        "/artist?name=zzzqqq", "/tracks/free-music-archive:2", "/datasets", "/datasets/free-music-archive", "/overlap",
        "/stats?q=love&dataset=free-music-archive", "/facets/genre?genre=rock", "/companies", "/what-now", "/about",
        "/check", "/api", "/problems",
    ],
)  # fmt: skip
def test_every_page_in_every_language(site: Site, language: str, address: str) -> None:
    found = page(site, f"{address}{'&' if '?' in address else '?'}lang={language}")
    english = page(site, address)
    assert found.one("html")["lang"] == language
    assert found.one("footer").said != english.one("footer").said
    assert found.one("main").said != english.one("main").said
    assert len(found.all("a")) == len(english.all("a"))


def test_numbers_are_those_of_the_language(site: Site) -> None:
    total = sum(loaded.records for loaded in site.searcher.loaded().values())
    assert total > 1000
    assert f"{total:,}".replace(",", ".") in page(site, "/?lang=de").said


def test_errors_are_in_the_language(site: Site) -> None:
    response = site.web.get("/nothing-here?lang=de")
    found = read(response.text)
    assert (response.status_code, found.one("html")["lang"]) == (404, "de")
    assert found.one("h1").said == "Seite nicht gefunden"
    assert "Unter dieser Adresse gibt es keine Seite." in found.said


def test_a_report_is_in_the_language_of_its_page(site: Site) -> None:
    job = checked(site.web, b"artist,title\nKurt Vile,Freeway\n")["id"]
    german = site.web.get(f"/check/{job}/report.html?lang=de").text
    assert 'lang="de"' in german
    assert "Katalogprüfung" in german
    again = site.web.post("/api/v1/checks", files={"catalogue": ("report.html", german.encode(), "text/html")})
    assert again.status_code == 202


def test_right_to_left_names_are_isolated(site: Site) -> None:
    found = page(site, "/search?q=love")
    for each in found.one("ol", id="hits").all("h3"):
        assert each["dir"] == "auto"
        assert each.all("bdi")
