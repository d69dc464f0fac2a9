"""Facet counts: what to ask of Elasticsearch, and how to read what it says.

Each facet is counted under all filters but its own. Facets that no filter names share one set of filters, so the
number of filtered groups is one more than the facets that are both counted and filtered. Filters whose facet isn't
counted simply belong to the query.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from elasticsearch.dsl.query import Bool, MatchAll, Query

from queries import filters
from queries.answer import Bucket, FacetCount
from queries.facets import PRECISION, ROOM, WIDE_SHARD_SIZE, Facet, Kind
from queries.filters import Value, Years
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
        aggs |= _of_wide(facet, asked.filters.get(facet, ())) if facet.wide else _of_narrow(facet)
        if facet.several:  # with one value at most, what is missing follows from the sum
            aggs[f"missing:{facet.name}"] = {"missing": {"field": facet.field}}
    return aggs


def _of_narrow(facet: Facet) -> Json:
    return {f"values:{facet.name}": {"terms": {"field": facet.field, "size": ROOM}}}


def _of_wide(facet: Facet, wanted: tuple[Value, ...]) -> Json:
    values = {"field": facet.field, "size": ROOM, "shard_size": WIDE_SHARD_SIZE}
    aggs: Json = {
        f"values:{facet.name}": {"terms": values},
        f"distinct:{facet.name}": {"cardinality": {"field": facet.field, "precision_threshold": PRECISION}},
    }
    if words := [value for value in wanted if isinstance(value, str)]:
        chosen = {"field": facet.field, "include": words, "size": len(words)}
        aggs[f"chosen:{facet.name}"] = {"terms": chosen}
    return aggs


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


def _facet(facet: Facet, wanted: tuple[Value, ...], total: int, aggs: Json) -> FacetCount:
    values = aggs[f"values:{facet.name}"]
    counts = {_value(facet, bucket): int(bucket["doc_count"]) for bucket in values["buckets"]}
    unlisted = int(values["sum_other_doc_count"])
    held = sum(counts.values()) + unlisted
    missing = int(aggs[f"missing:{facet.name}"]["doc_count"]) if facet.several else total - held
    chosen = _chosen(facet, wanted, counts, aggs)
    shown = _top(facet, counts) | chosen
    return FacetCount(
        buckets=tuple(Bucket(value, count, value in chosen) for value, count in shown.items()),
        missing=missing,
        other=held - sum(shown.values()),
        distinct=int(aggs[f"distinct:{facet.name}"]["value"]) if unlisted and facet.wide else len(counts),
        exact=unlisted == 0,
    )


def _value(facet: Facet, bucket: Json) -> str | int | bool:
    return bool(bucket["key"]) if facet.kind is Kind.FLAG else bucket["key"]


def _top(facet: Facet, counts: Counts) -> Counts:
    """Return the values to show, in their order: the most frequent, or (years) all from the first on."""
    ordered = sorted(counts.items(), key=lambda pair: (0 if facet.by_value else -pair[1], pair[0]))
    return dict(ordered[: facet.shown])


def _chosen(facet: Facet, wanted: tuple[Value, ...], counts: Counts, aggs: Json) -> Counts:
    """Return the values that the request asked for, each with its true count, be it 0."""
    if f"chosen:{facet.name}" in aggs:
        counts = {bucket["key"]: int(bucket["doc_count"]) for bucket in aggs[f"chosen:{facet.name}"]["buckets"]}
    singles = [value.first if isinstance(value, Years) else value for value in wanted if _is_single(value)]
    ranges = [value for value in wanted if isinstance(value, Years)]
    within = {value: count for value, count in counts.items() if any(value in years for years in ranges)}
    return within | {value: counts.get(value, 0) for value in singles}


def _is_single(value: Value) -> TypeGuard[str | bool | Years]:
    return value is not None and not (isinstance(value, Years) and value.first != value.last)
