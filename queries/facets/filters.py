"""Filters as queries: values of one facet are joined by OR, facets by AND."""

from collections.abc import Iterable, Mapping

from elasticsearch.dsl.query import Bool, Exists, MatchAll, Query, Range, Terms

from mappings.spelling import whole_names
from mappings.track import ARTIST_ROLE, FACETS, LONGEST_NAME, WHOLE_NAMES
from queries.facets.table import Facet, Not, Plain, Seconds, Value, Years

Filters = Mapping[Facet, tuple[Value, ...]]


def included(given: Iterable[Value]) -> tuple[Plain, ...]:
    """Return the values of which a track has to have one."""
    return tuple(value for value in given if not isinstance(value, Not))


def excluded(given: Iterable[Value]) -> tuple[Plain, ...]:
    """Return the values of which a track must not have any."""
    return tuple(value.value for value in given if isinstance(value, Not))


def clauses(filters: Filters) -> list[Query]:
    """Return a query for each facet that is filtered by."""
    return [clause(facet, values) for facet, values in filters.items()]


def clause(facet: Facet, given: tuple[Value, ...]) -> Query:
    """Return the query for the tracks that have one of the included values, if there are any, and no excluded one."""
    some, none = included(given), excluded(given)
    matching = _any(facet, some) if some else MatchAll()
    if not none:
        return matching
    return Bool(filter=[matching] if some else [], must_not=[_any(facet, none)])


def _any(facet: Facet, some: tuple[Plain, ...]) -> Query:
    alternatives = [years(value, facet.field) for value in some if isinstance(value, Years)]
    for value in some:
        if isinstance(value, Seconds):
            end = {} if value.end is None else {"lt": value.end}
            alternatives.append(Range(facet.field, {"gte": value.start, **end}))
    if plain := [value for value in some if isinstance(value, str | bool)]:
        alternatives.append(artists(map(str, plain)) if facet.name == "artist" else Terms(facet.field, plain))
    if None in some:
        alternatives.append(Bool(must_not=[Exists(field=facet.field)]))
    return alternatives[0] if len(alternatives) == 1 else Bool(should=alternatives)


def years(given: Years, field: str = FACETS["year"]) -> Query:
    """Return the query for tracks of some years."""
    return Range(field, {"gte": str(given.first), "lte": str(given.last)})


def artists(names: Iterable[str]) -> Query:
    """Return the query for the tracks of artists, written just so.

    The facet's field has columns only, which Elasticsearch would scan; `whole_names` finds the few to look at.
    """
    given = [name for name in dict.fromkeys(names) if len(name) <= LONGEST_NAME]
    looked_up = [whole_names.written_term(name, ARTIST_ROLE) for name in given]
    return Bool(filter=[Terms(WHOLE_NAMES, looked_up), Terms(FACETS["artist"], given)])
