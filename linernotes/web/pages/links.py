"""Addresses of pages: everything in them is quoted, whatever a name is made of."""

from dataclasses import replace
from urllib.parse import quote, urlencode

from linernotes.web.query_params import Asked
from mappings.errors import InputError

LONGEST_TEXT = 400
"""Characters of a text that links repeat: more than are asked (`queries.text`), so that a page says it was cut."""

LONGEST_QUERY = 8_000
"""Characters of a page's query; a page of hits repeats it some 60 times."""

LONGEST_NAME = 512
"""Characters of an artist's name that can be asked for; a longer one isn't in the index (`ignore_above`)."""


def to(path: str, query: str = "") -> str:
    """Return a path with a query, if there is one.

    >>> to("/search", "q=a"), to("/search")
    ('/search?q=a', '/search')
    """
    return f"{path}?{query}" if query else path


def search(params: Asked) -> str:
    """Return the address of a page of hits."""
    return to("/search", params.query())


def everything(params: Asked) -> Asked:
    """Return what is asked without order, grouping and place: all tracks of the text and filters."""
    return Asked(q=params.q, filters=params.filters)


def plain(params: Asked) -> Asked:
    """Return the same as a page's links repeat it, its filters as the queries read them.

    Raises InputError for filters that can't be asked, and for so many that the page would be all addresses.
    """
    given = {name: tuple(filter(None, values)) for name, values in params.filters.items()}
    read = replace(params, filters={name: values for name, values in given.items() if values}).checked()
    found = {name: tuple(dict.fromkeys(values)) for name, values in read.items()}
    short = replace(params, q=params.q[:LONGEST_TEXT], filters=found)
    if len(short.query()) > LONGEST_QUERY:
        raise InputError("These are too many filters for a page.", "Take some away, or ask the API.")
    return short


def pairs(params: Asked) -> list[tuple[str, str]]:
    """Return the text and filters as a form sends them.

    >>> pairs(Asked("a", {"genre": ("rock", "-pop")}))
    [('q', 'a'), ('genre', 'rock'), ('genre', '-pop')]
    """
    return [
        *([("q", params.q)] if params.q else []),
        *((name, v) for name, held in params.filters.items() for v in held),
    ]


def artist(name: str) -> str | None:
    """Return the address of an artist's page; None for a name that can't be asked for.

    >>> artist("AC/DC & co")
    '/artist?name=AC%2FDC+%26+co'
    """
    return to("/artist", urlencode({"name": name})) if name.strip() and len(name) <= LONGEST_NAME else None


def artist_by_id(artist_id: str) -> str:
    """Return the address of the page of an artist's tracks that have an id."""
    return to("/artist", urlencode({"id": artist_id}))


def track(track_id: str) -> str:
    """Return the address of a track's page.

    >>> track("free-music-archive:10/2")
    '/tracks/free-music-archive:10%2F2'
    """
    return f"/tracks/{quote(track_id, safe=':')}"


def dataset(dataset_id: str) -> str:
    """Return the address of a data set's page."""
    return f"/datasets/{quote(dataset_id, safe='')}"


def facet(name: str, params: Asked, **further: str) -> str:
    """Return the address of all values of a facet under a text and filters."""
    rest = urlencode({key: value for key, value in further.items() if value})
    return to(f"/facets/{name}", "&".join(part for part in (everything(params).query(), rest) if part))
