"""Addresses of a page for programs: canonical, as JSON, in other languages; and what crawlers should leave alone."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode

from fastapi import Request

from linernotes import i18n
from linernotes.arguments import HELP
from linernotes.web.middleware.public_api import origin_of
from linernotes.web.pages import language, urls

API = "/api/v1"

_TRACKS = ("q", *HELP)
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "/": (),
    "/search": (*_TRACKS, "sort", "group", "size", "after"),
    "/facets/{name}": (*_TRACKS, "contains", "sort", "after"),
    "/artist": ("name", "id"),
    "/tracks/{track_id}": (),
    "/datasets": (),
    "/datasets/{dataset_id}": (),
    "/overlap": tuple(HELP),
    "/stats": _TRACKS,
    "/companies": (),
    "/what-now": (),
    "/about": (),
    "/api": (),
    "/problems": (),
    "/problems/{name}": (),
    "/check": (),
    "/search.atom": _TRACKS,
    "/datasets.atom": (),
}
"""Page to its parameters in their canonical order; other pages have neither of the links."""

_AS_JSON: Mapping[str, str | None] = {
    "/": "/datasets",
    "/artist": "/artists",
    "/api": "/openapi.json",
    **dict.fromkeys(("/companies", "/what-now", "/about", "/problems", "/problems/{name}", "/check")),
}
"""Page to its address below `API` where that isn't the page's own."""

_COMBINED = ("/search", "/facets/{name}", "/overlap", "/stats")
"""Pages of filters, of which there are more combinations than a crawler could ever walk."""

_LEFT_ALONE = ("/api/v1/", "/check/", "/export", "/facets/", "/overlap?", "/search.atom", "/search?", "/stats?")
ROBOTS = "".join(("User-agent: *\n", *(f"Disallow: {path}\n" for path in _LEFT_ALONE)))


MAX_QUERY = 4_000
"""Letters of a canonical query from which on a page isn't linked to: each link would repeat it."""


class Link(NamedTuple):
    """A link in the head of a page."""

    rel: str
    href: str
    type: str = ""
    language: str = ""


def page_links(request: Request) -> Iterator[Link]:
    """Yield the addresses of the page that a request is for: the canonical one, as JSON, in each language."""
    pattern, (path, query) = _pattern(request), _canonical(request)
    if pattern not in _PARAMETERS or len(query) > MAX_QUERY:
        return
    yield Link("canonical", absolute_address(request))
    if json_path := _AS_JSON.get(pattern, path):
        yield Link("alternate", f"{origin_of(request)}{API}{json_path}{_joined(query)}", "application/json")
    for code, _, address in language_links(request):
        yield Link("alternate", origin_of(request) + address, language=code)


def absolute_address(request: Request, *, with_language: bool = False) -> str:
    """Return the address of a page as others can cite it; without the language that was chosen, unless wanted."""
    path, query = _short(*_canonical(request))
    return origin_of(request) + (urls.to(path, query) if with_language else path + _joined(query))


def language_links(request: Request) -> list[tuple[str, str, str]]:
    """Return code, name and address of this page in each language; a form that was sent is asked for again."""
    path, query = _short(*_canonical(request)) if request.method in ("GET", "HEAD") else ("/", "")
    return [
        (code, name, path + _joined("&".join(filter(None, (query, f"{language.PARAMETER}={code}")))))
        for code, name in i18n.LANGUAGES.items()
    ]


def _canonical(request: Request) -> tuple[str, str]:
    """Return the path and the query of a page: what it ignores is left out, as the response is cached without it."""
    pattern = _pattern(request)
    if pattern in _PARAMETERS:
        path = pattern.format_map({name: quote(value, safe=":") for name, value in request.path_params.items()})
        given = {name: request.query_params.getlist(name) for name in _PARAMETERS[pattern]}
        pairs = [(name, value) for name, values in given.items() for value in values if value]
    else:
        path = request.url.path
        pairs = [pair for pair in request.query_params.multi_items() if pair[0] != language.PARAMETER]
    return path, urlencode(pairs, errors="replace")


def _short(path: str, query: str) -> tuple[str, str]:
    """Return an address without a query that is too long to be repeated."""
    return path, query if len(query) <= MAX_QUERY else ""


def _joined(query: str) -> str:
    return f"?{query}" if query else ""


def robots_headers(request: Request) -> dict[str, str]:
    """Return the header that keeps crawlers from walking through all combinations of filters."""
    pattern = _pattern(request)
    if pattern in _COMBINED:
        return {"x-robots-tag": "noindex, nofollow" if _canonical(request)[1] else "nofollow"}
    return {"x-robots-tag": "noindex, nofollow"} if pattern.startswith("/check/") else {}


def _pattern(request: Request) -> str:
    return str(getattr(request.scope.get("route"), "path_format", ""))
