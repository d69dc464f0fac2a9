"""One address of every kind of page."""

from urllib.parse import urlencode

from tests.browser.hostile import WORD

ARTIST = "Kurt Vile"
TRACK = "free-music-archive:2"
DATASET = "free-music-archive"


def address(path: str, **parameters: str | list[str]) -> str:
    """Return an address below the server's."""
    return f"{path}?{urlencode(parameters, doseq=True)}" if parameters else path


PAGES = {
    "front": "/",
    "results": address("/search", q="love"),
    "filtered": address("/search", q="love", genre=["rock", "-pop"], year="1990..2010"),
    "grouped": address("/search", q="love", group="recording"),
    "few": address("/search", q="metallicaa"),
    "nothing": address("/search", q="love", genre="jazz", year="1901"),
    "facet": address("/facets/artist", q="love"),
    "artist": address("/artist", name=ARTIST),
    "candidates": address("/artist", name="john"),
    "nobody": address("/artist", name="qqzzqq"),
    "track": f"/tracks/{TRACK}",
    "data sets": "/datasets",
    "data set": f"/datasets/{DATASET}",
    "overlap": "/overlap",
    "statistics": address("/stats", q="love"),
    "companies": "/companies",
    "what now": "/what-now",
    "check": "/check",
    "about": "/about",
    "api": "/api",
    "wrong": address("/search", q="love", year="soon"),
    "missing": "/tracks/nothing:here",
    "hostile": address("/search", q=WORD),
    "hostile track": "/tracks/free-music-archive:hostile-long",
}

IN_LANGUAGES = {
    f"{name} in {language}": f"{path}{'&' if '?' in path else '?'}lang={language}"
    for language in ("de", "fr", "es", "ja")
    for name in ("front", "filtered", "artist", "track", "statistics", "companies", "what now", "check")
    for path in (PAGES[name],)
}
"""Kinds of pages in the other languages."""

WRONG = {"wrong": 400, "missing": 404}
"""Those that say what is wrong."""
