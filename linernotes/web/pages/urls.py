"""Addresses of pages: everything in them is quoted, whatever a name is made of."""

from urllib.parse import quote, urlencode

from linernotes.i18n import gettext
from linernotes.web.pages import language
from linernotes.web.search_params import FilterParams, SearchParams
from mappings.errors import InputError

MAX_TEXT = 400
"""Characters of a text that links repeat: more than are searched (`queries.text`), so that a page says it was cut."""

MAX_QUERY_STRING = 8_000
"""Characters of a page's query string; a page of hits repeats it some 60 times."""

MAX_ARTIST = 512
"""Characters of an artist's name in a link; a longer one isn't in the index (`ignore_above`)."""


def to(path: str, query: str = "") -> str:
    """Return a path with a query, if there is one, and with the language that the visitor chose.

    >>> to("/search", "q=a"), to("/search")
    ('/search?q=a', '/search')
    """
    if chosen := language.chosen():
        query = f"{query}&{language.PARAMETER}={chosen}" if query else f"{language.PARAMETER}={chosen}"
    return f"{path}?{query}" if query else path


def search(params: SearchParams) -> str:
    """Return the address of a page of hits."""
    return to("/search", params.query_string())


def normalize(params: FilterParams) -> SearchParams:
    """Return the parameters as the links of a page repeat them, with validated filters.

    Raises InputError for invalid filters, and for so many that the page would be all links.
    """
    given = params if isinstance(params, SearchParams) else params.to_search()
    cleaned = given.replace(**{name: tuple(filter(None, values)) for name, values in given.filters.items()})
    filters = {name: tuple(dict.fromkeys(values)) for name, values in cleaned.checked_filters().items()}
    search = cleaned.replace(q=cleaned.q[:MAX_TEXT], **filters)
    if len(search.query_string()) > MAX_QUERY_STRING:
        message = gettext("The page can't handle that many filters.")
        raise InputError(message, gettext("Remove some, or use the API."))
    return search


def form_fields(params: SearchParams) -> list[tuple[str, str]]:
    """Return the text and filters as a form sends them.

    >>> form_fields(SearchParams.of("a", {"genre": ("rock", "-pop")}))
    [('q', 'a'), ('genre', 'rock'), ('genre', '-pop')]
    """
    text = [("q", params.q)] if params.q else []
    return [*text, *((name, value) for name, values in params.filters.items() for value in values)]


def artist(name: str) -> str | None:
    """Return the address of an artist's page; None for a name that can't be looked up.

    >>> artist("AC/DC & co")
    '/artist?name=AC%2FDC+%26+co'
    """
    return to("/artist", urlencode({"name": name})) if name.strip() and len(name) <= MAX_ARTIST else None


def artist_by_id(artist_id: str) -> str:
    """Return the address of the page of the artist with an id."""
    return to("/artist", urlencode({"id": artist_id}))


def track(track_id: str) -> str:
    """Return the address of a track's page.

    >>> track("free-music-archive:10/2")
    '/tracks/free-music-archive:10%2F2'
    """
    return to(f"/tracks/{quote(track_id, safe=':')}")


def dataset(dataset_id: str) -> str:
    """Return the address of a data set's page."""
    return to(f"/datasets/{quote(dataset_id, safe='')}")


def facet(name: str, params: SearchParams, **further: str) -> str:
    """Return the address of all values of a facet under a text and filters."""
    rest = urlencode({key: value for key, value in further.items() if value})
    return to(f"/facets/{name}", "&".join(filter(None, (params.to_search().query_string(), rest))))
