"""Did you mean: texts without the slips, made of the names that the fuzzy stage found, and what each would find."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from elasticsearch.dsl.query import Bool

from mappings.spelling.folding import words
from queries import text
from queries.facets import filters
from queries.search import explain, text_query
from queries.search.request import SearchRequest
from queries.search.terms import of
from queries.text import Text
from queries.types import Json, Stage

MAX_SUGGESTIONS = 3
_LEAST_ALIKE = 0.6
"""Share of letters in common, as difflib counts it: two slips in eight letters leave 0.75, one in five 0.8."""


def texts(asked: Text, hits: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what may have been meant, the likeliest first, given hits of the fuzzy stage as they came.

    >>> texts(text.parse("metalica one"), [{"_source": {"title": "One", "artists": ["Metallica"]}}])
    ['metallica one']
    """
    if asked.clauses or not asked.words:
        return []
    terms = of(asked)
    needed = {words(terms.words[number].typed) for number in terms.required(Stage.FUZZY)}
    typed = [folded for word in asked.words for folded in words(word).split()]
    names = (explain.names_of(hit["_source"]) for hit in hits)
    suggestions = (
        _suggestion(typed, needed, {word for name in each for word in words(name).split()}) for each in names
    )
    own = " ".join(typed)
    return list(dict.fromkeys(each for each in suggestions if each and each != own))[:MAX_SUGGESTIONS]


def _suggestion(typed: list[str], needed: set[str], held: set[str]) -> str | None:
    """Return the text with each needed word that the names lack replaced by their nearest; None if one has none."""
    found = []
    for word in typed:
        nearest = word if word in held or word not in needed else _nearest(word, held)
        if nearest is None:
            return None
        found.append(nearest)
    return " ".join(found)


def _nearest(word: str, held: set[str]) -> str | None:
    near = get_close_matches(word, sorted(held), n=1, cutoff=_LEAST_ALIKE)
    return near[0] if near else None


def count_body(request: SearchRequest, suggestion: str) -> Json:
    """Return the request that counts what a suggestion would find, under the same filters."""
    query = text_query.match(text.parse(suggestion), Stage.STRICT)
    chosen = [filters.clause(facet, values) for facet, values in request.filters.items()]
    return {"query": Bool(filter=[query, *chosen]).to_dict(), "size": 0, "track_total_hits": True}
