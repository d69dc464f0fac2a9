"""Facet aggregations: what is counted under which filters, and the counts read from the answer.

Each facet is counted under all filters but its own. Facets that no filter names share one set of filters, so the
number of filtered groups is one more than the facets that are both counted and filtered. Filters whose facet isn't
counted simply belong to the query.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from elasticsearch.dsl import A
from elasticsearch.dsl.query import Bool, MatchAll, Query

from queries.facets import filters
from queries.facets.filters import Filters
from queries.facets.table import DURATIONS, MAX_BUCKETS, Facet, Kind, Plain, Seconds, Value, Years
from queries.model import Bucket, FacetCount, Json

Counts = dict[str | int | bool, int]

WIDE_SHARD_SIZE = 2000
"""Values that each shard offers of a wide facet, which may have more than `MAX_BUCKETS`: a value that one shard ranks
among its first and another doesn't is counted too low, and the more are offered, the less of that can matter."""

PRECISION = 10_000
"""Up to about so many different values the distinct count of a wide facet is close to exact (HyperLogLog++)."""

_REST = "rest"
"""Group of the facets without a filter of their own; its filters are all, so it also tells the total."""


@dataclass(frozen=True)
class FacetPlan:
    """What is counted: filters that hold for everything, and groups of facets with the further filters of each."""

    given: Filters
    facets: tuple[Facet, ...]
    everywhere: tuple[Query, ...]
    groups: Mapping[str, tuple[tuple[Facet, ...], tuple[Query, ...]]]

    @property
    def is_grouped(self) -> bool:
        """Tell whether any group has filters of its own; without, counts are those of the query itself."""
        return len(self.groups) > 1


def plan(given: Filters, facets: tuple[Facet, ...]) -> FacetPlan:
    """Return which filters each facet is counted under."""
    clauses = {facet: filters.clause(facet, values) for facet, values in given.items()}
    both = [facet for facet in facets if facet in clauses]
    rest = tuple(facet for facet in facets if facet not in clauses)
    groups = {_REST: (rest, tuple(clauses[facet] for facet in both))}
    for facet in both:
        groups[facet.name] = ((facet,), tuple(clauses[other] for other in both if other is not facet))
    everywhere = tuple(query for facet, query in clauses.items() if facet not in both)
    return FacetPlan(given, facets, everywhere, groups)


def body(planned: FacetPlan) -> Json:
    """Return the `aggs` of the counting request."""
    if not planned.is_grouped:
        return _of_facets(planned.groups[_REST][0], planned.given)
    return {
        f"in:{name}": {
            "filter": (Bool(filter=list(clauses)) if clauses else MatchAll()).to_dict(),
            "aggs": _of_facets(members, planned.given),
        }
        for name, (members, clauses) in planned.groups.items()
    }


def _of_facets(members: Iterable[Facet], given: Filters) -> Json:
    return {name: agg.to_dict() for facet in members for name, agg in _of_facet(facet, given.get(facet, ()))}


def _of_facet(facet: Facet, given: tuple[Value, ...]) -> Iterator[tuple[str, Any]]:
    named = (*filters.included(given), *filters.excluded(given))
    if facet.kind is Kind.DURATIONS:
        yield f"values:{facet.name}", _ranges(facet, DURATIONS)
        if ranges := [value for value in named if isinstance(value, Seconds)]:
            yield f"chosen:{facet.name}", _ranges(facet, ranges)
    elif facet.wide:
        yield f"values:{facet.name}", A("terms", field=facet.field, size=MAX_BUCKETS, shard_size=WIDE_SHARD_SIZE)
        if words := [value for value in named if isinstance(value, str)]:
            yield f"chosen:{facet.name}", A("terms", field=facet.field, include=words, size=len(words))
        yield f"distinct:{facet.name}", A("cardinality", field=facet.field, precision_threshold=PRECISION)
    else:
        yield f"values:{facet.name}", A("terms", field=facet.field, size=MAX_BUCKETS)
    if facet.multi_valued:  # with one value at most, what is missing follows from the sum
        yield f"missing:{facet.name}", A("missing", field=facet.field)


def _ranges(facet: Facet, ranges: Iterable[Seconds]) -> Any:
    bounds = [{"key": str(each), "from": each.start, "to": each.end} for each in ranges]
    return A("range", field=facet.field, ranges=[{k: v for k, v in b.items() if v is not None} for b in bounds])


def total(planned: FacetPlan, matched: int, aggs: Json) -> int:
    """Return the total under all filters, given the number of tracks that the counting query itself matched."""
    return int(aggs[f"in:{_REST}"]["doc_count"]) if planned.is_grouped else matched


def read(planned: FacetPlan, matched: int, aggs: Json) -> dict[str, FacetCount]:
    """Return the facets, in the order asked for."""
    counts: dict[Facet, FacetCount] = {}
    for name, (members, _) in planned.groups.items():
        group = aggs[f"in:{name}"] if planned.is_grouped else aggs
        tracks = group["doc_count"] if planned.is_grouped else matched
        counts |= {facet: _read_facet(facet, planned.given.get(facet, ()), tracks, group) for facet in members}
    return {facet.name: counts[facet] for facet in planned.facets}


def _read_facet(facet: Facet, given: tuple[Value, ...], tracks: int, aggs: Json) -> FacetCount:
    values = aggs[f"values:{facet.name}"]
    counts = {value: count for value, count in _counts(facet, values).items() if count}
    unlisted = int(values.get("sum_other_doc_count", 0))
    listed = sum(counts.values()) + unlisted
    missing = int(aggs[f"missing:{facet.name}"]["doc_count"]) if facet.multi_valued else tracks - listed
    known = counts | _counts(facet, aggs.get(f"chosen:{facet.name}", {"buckets": []}))
    selected, refused = (_named(facet, some(given), known) for some in (filters.included, filters.excluded))
    shown = _top(facet, counts) | selected | refused
    # Ranges of seconds that were asked for overlap those of the facet, so they are no part of the sum.
    beside = shown.keys() - counts.keys() if facet.kind is Kind.DURATIONS else frozenset()
    return FacetCount(
        buckets=tuple(
            Bucket(value, count, value in selected and value not in refused, value in refused)
            for value, count in shown.items()
        ),
        missing=missing,
        other=listed - sum(count for value, count in shown.items() if value not in beside),
        distinct=int(aggs[f"distinct:{facet.name}"]["value"]) if unlisted and facet.wide else len(counts),
        exact=unlisted == 0,
    )


def _counts(facet: Facet, response: Json) -> Counts:
    """Return the counts by value: true is written as 1, years are keywords, ten of them a decade."""
    counts: Counts = {}
    for bucket in response["buckets"]:
        value = bucket["key"]
        if facet.kind is Kind.FLAG:
            value = bool(value)
        elif facet.kind in (Kind.YEARS, Kind.DECADES):
            value = int(value) // 10 * 10 if facet.kind is Kind.DECADES else int(value)
        counts[value] = counts.get(value, 0) + int(bucket["doc_count"])
    return counts


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
            key = value.first if isinstance(value, Years) else str(value) if isinstance(value, Seconds) else value
            named[key] = counts.get(key, 0)
    return named
