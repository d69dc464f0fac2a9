"""Facet counts: what to ask of Elasticsearch, and how to read what it says.

Each facet is counted under all filters but its own. Facets that no filter names share one set of filters, so the
number of filtered groups is one more than the facets that are both counted and filtered. Filters whose facet isn't
counted simply belong to the query.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from elasticsearch.dsl.query import Bool, MatchAll, Query

from queries import filters
from queries.answer import Bucket, FacetCount
from queries.facets import PRECISION, ROOM, WIDE_SHARD_SIZE, Facet, Kind
from queries.filters import DURATIONS, Plain, Seconds, Value, Years
from queries.request import SearchRequest

Json = dict[str, Any]
Counts = dict[str | int | bool, int]

_REST = "rest"
"""Group of the facets without a filter of their own; its filters are all, so it also tells the total."""


@dataclass(frozen=True)
class Plan:
    """What is counted: filters that hold for everything, and groups of facets with the further filters of each."""

    everywhere: tuple[Query, ...]
    groups: Mapping[str, tuple[tuple[Facet, ...], tuple[Query, ...]]]

    @property
    def grouped(self) -> bool:
        """Say whether any group has filters of its own; without, counts are those of the query itself."""
        return len(self.groups) > 1


def plan(asked: SearchRequest) -> Plan:
    """Return which filters each facet is counted under."""
    clauses = {facet: filters.clause(facet, values) for facet, values in asked.filters.items()}
    both = [facet for facet in asked.facets if facet in clauses]
    rest = tuple(facet for facet in asked.facets if facet not in clauses)
    groups = {_REST: (rest, tuple(clauses[facet] for facet in both))}
    for facet in both:
        groups[facet.name] = ((facet,), tuple(clauses[other] for other in both if other is not facet))
    return Plan(tuple(query for facet, query in clauses.items() if facet not in both), groups)


def aggregations(asked: SearchRequest, planned: Plan) -> Json:
    """Return the `aggs` of the counting request."""
    if not planned.grouped:
        return _of_facets(planned.groups[_REST][0], asked)
    return {
        f"in:{name}": {"filter": _all(clauses).to_dict(), "aggs": _of_facets(members, asked)}
        for name, (members, clauses) in planned.groups.items()
    }


def _all(clauses: tuple[Query, ...]) -> Query:
    return Bool(filter=list(clauses)) if clauses else MatchAll()


def _of_facets(members: Iterable[Facet], asked: SearchRequest) -> Json:
    aggs: Json = {}
    for facet in members:
        given = asked.filters.get(facet, ())
        aggs[f"values:{facet.name}"] = _VALUES.get(facet.kind, _terms)(facet)
        if chosen := _CHOSEN.get(facet.kind, _words)(facet, (*filters.wanted(given), *filters.excluded(given))):
            aggs[f"chosen:{facet.name}"] = chosen
        if facet.wide:
            cardinality = {"field": facet.field, "precision_threshold": PRECISION}
            aggs[f"distinct:{facet.name}"] = {"cardinality": cardinality}
        if facet.several:  # with one value at most, what is missing follows from the sum
            aggs[f"missing:{facet.name}"] = {"missing": {"field": facet.field}}
    return aggs


def _terms(facet: Facet) -> Json:
    wide = {"shard_size": WIDE_SHARD_SIZE} if facet.wide else {}
    return {"terms": {"field": facet.field, "size": ROOM, **wide}}


def _decades(facet: Facet) -> Json:
    return {"histogram": {"field": facet.field, "interval": 10, "min_doc_count": 1}}


def _durations(facet: Facet) -> Json:
    return _ranges(facet, DURATIONS)


def _ranges(facet: Facet, ranges: Iterable[Seconds]) -> Json:
    bounds = [{"key": str(each), "from": each.start, "to": each.end} for each in ranges]
    return {"range": {"field": facet.field, "ranges": [{k: v for k, v in b.items() if v is not None} for b in bounds]}}


_VALUES: Mapping[Kind, Callable[[Facet], Json]] = {Kind.DECADES: _decades, Kind.DURATIONS: _durations}
"""How the values of a facet are counted, where not as terms."""


def _words(facet: Facet, named: tuple[Plain, ...]) -> Json:
    words = [value for value in named if isinstance(value, str)] if facet.wide else []
    return {"terms": {"field": facet.field, "include": words, "size": len(words)}} if words else {}


def _asked_ranges(facet: Facet, named: tuple[Plain, ...]) -> Json:
    ranges = [value for value in named if isinstance(value, Seconds)]
    return _ranges(facet, ranges) if ranges else {}


_CHOSEN: Mapping[Kind, Callable[[Facet, tuple[Plain, ...]], Json]] = {Kind.DURATIONS: _asked_ranges}
"""How the values that a request names are counted, where the list of all values may lack them."""


def read(asked: SearchRequest, planned: Plan, total: int, aggs: Json) -> tuple[int, dict[str, FacetCount]]:
    """Return the total under all filters, and the facets in the order asked for.

    `total` is the number of tracks that the counting query itself matched.
    """
    groups = {name: aggs[f"in:{name}"] if planned.grouped else aggs for name in planned.groups}
    totals = {name: group["doc_count"] if planned.grouped else total for name, group in groups.items()}
    counted = {
        facet: _facet(facet, asked.filters.get(facet, ()), totals[name], groups[name])
        for name, (members, _) in planned.groups.items()
        for facet in members
    }
    return totals[_REST], {facet.name: counted[facet] for facet in asked.facets}


def _facet(facet: Facet, given: tuple[Value, ...], total: int, aggs: Json) -> FacetCount:
    values = aggs[f"values:{facet.name}"]
    counts = {value: count for value, count in _counts(facet, values).items() if count}
    unlisted = int(values.get("sum_other_doc_count", 0))
    held = sum(counts.values()) + unlisted
    missing = int(aggs[f"missing:{facet.name}"]["doc_count"]) if facet.several else total - held
    known = counts | _counts(facet, aggs.get(f"chosen:{facet.name}", {"buckets": []}))
    chosen, refused = (_named(facet, some(given), known) for some in (filters.wanted, filters.excluded))
    shown = _top(facet, counts) | chosen | refused
    # Ranges of seconds that were asked for overlap those of the facet, so they are no part of the sum.
    apart = shown.keys() - counts.keys() if facet.kind is Kind.DURATIONS else frozenset()
    return FacetCount(
        buckets=tuple(
            Bucket(value, count, value in chosen and value not in refused, value in refused)
            for value, count in shown.items()
        ),
        missing=missing,
        other=held - sum(count for value, count in shown.items() if value not in apart),
        distinct=int(aggs[f"distinct:{facet.name}"]["value"]) if unlisted and facet.wide else len(counts),
        exact=unlisted == 0,
    )


def _counts(facet: Facet, found: Json) -> Counts:
    key = _KEYS.get(facet.kind)
    return {(key(bucket["key"]) if key else bucket["key"]): int(bucket["doc_count"]) for bucket in found["buckets"]}


_KEYS: Mapping[Kind, Callable[[Any], str | int | bool]] = {Kind.FLAG: bool, Kind.DECADES: int}
"""How Elasticsearch's key becomes the value: it writes true as 1, and ten years as 1990.0."""


def _top(facet: Facet, counts: Counts) -> Counts:
    """Return the values to show, in their order: the most frequent, or all in the order of time."""
    if facet.kind is Kind.DURATIONS:  # as asked for, that is the shortest first
        return counts
    ordered = sorted(counts.items(), key=lambda pair: (0 if facet.by_value else -pair[1], pair[0]))
    return dict(ordered[: facet.shown])


def _named(facet: Facet, values: Iterable[Plain], counts: Counts) -> Counts:
    """Return the values that a filter names, each with its true count, be it 0; of a range of years those there are."""
    named: Counts = {}
    for value in values:
        if isinstance(value, Years) and facet.kind is Kind.YEARS and value.first != value.last:
            named |= {year: count for year, count in counts.items() if year in value}
        elif value is not None:
            key = _key(value)
            named[key] = counts.get(key, 0)
    return named


def _key(value: str | bool | Years | Seconds) -> str | int | bool:
    if isinstance(value, Years):
        return value.first
    return str(value) if isinstance(value, Seconds) else value
