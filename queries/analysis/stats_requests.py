"""Builds the requests of statistics, and reads their answers as plain values.

Text and all filters but `dataset` select the tracks that are compared; `dataset` says which of them are chosen, and the
others are the rest.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from elasticsearch.dsl import A, Q, Search
from elasticsearch.dsl.query import Bool, Exists, Query

from mappings.track import DATASET
from queries.facets import filters
from queries.facets.table import FACETS, MAX_BUCKETS, Facet, Kind
from queries.search import bodies
from queries.types import Json

FACET_NAMES = ("genre", "licence", "commercial_use", "language", "decade")
"""The facets whose shares are shown."""

ARTIST = FACETS["artist"].field

MAX_DATASETS = 1_000
"""Data sets that are told apart; with more, the answer says that it isn't exact."""

MAX_CANDIDATES = 1_000
"""Artists of a data set, those with the most tracks, that are compared. Fewer tracks are weaker evidence."""

BLOCK = 50_000
"""Values that are counted one by one in one request."""

_PRECISION = 40_000

Value = str | int


@dataclass(frozen=True)
class Scope:
    """What selects the tracks that are compared, and those of them that are chosen."""

    compared: Query
    chosen: Query


@dataclass(frozen=True)
class Shares:
    """A data set's tracks, and by facet the tracks of each value and those without one.

    Not `complete` where a facet has more values than were listed.
    """

    tracks: int
    facets: Mapping[str, tuple[dict[Value, int], int]]
    complete: bool


@dataclass(frozen=True)
class Candidates:
    """The artists of a data set with the most tracks, and how many different ones it has."""

    names: list[str]
    distinct: int


def scope(search: bodies.Search) -> Scope:
    """Return the scope of a search."""
    chosen = {facet: given for facet, given in search.request.filters.items() if facet is not FACETS["dataset"]}
    everything = replace(search, request=replace(search.request, filters=chosen))
    return Scope(Q(bodies.matched(everything)), Q(bodies.matched(search)))


def _search(*tracks: Query) -> Search[Any]:
    search: Search[Any] = Search().query(Bool(filter=list(tracks)))
    return search.extra(size=0, track_total_hits=False)


def _by_dataset(search: Search[Any], **options: Any) -> Any:
    return search.aggs.bucket("datasets", "terms", field=DATASET, size=MAX_DATASETS, **options)


def _buckets(answer: Json) -> list[Json]:
    buckets: list[Json] = answer["aggregations"]["datasets"]["buckets"]
    return buckets


def shares_body(scope: Scope) -> Json:
    """Return the request that counts the values of each facet in each data set."""
    search = _search(scope.compared)
    datasets = _by_dataset(search)
    for name in FACET_NAMES:
        datasets.bucket(name, "terms", field=FACETS[name].field, size=MAX_BUCKETS)
        datasets.bucket(f"missing:{name}", "missing", field=FACETS[name].field)
    return dict(search.to_dict())


def read_shares(answer: Json) -> tuple[dict[str, Shares], bool]:
    """Return the shares by data set, in the order of names, and whether these are all data sets."""
    shares = {str(bucket["key"]): _shares(bucket) for bucket in _buckets(answer)}
    return dict(sorted(shares.items())), not answer["aggregations"]["datasets"]["sum_other_doc_count"]


def _shares(bucket: Json) -> Shares:
    return Shares(
        tracks=int(bucket["doc_count"]),
        facets={
            name: (_values(FACETS[name], bucket[name]["buckets"]), int(bucket[f"missing:{name}"]["doc_count"]))
            for name in FACET_NAMES
        },
        complete=not any(bucket[name]["sum_other_doc_count"] for name in FACET_NAMES),
    )


def _values(facet: Facet, buckets: Sequence[Json]) -> dict[Value, int]:
    values = Counter[Value]()
    for bucket in buckets:
        value = int(bucket["key"]) // 10 * 10 if facet.kind is Kind.DECADES else bucket["key"]
        values[value] += int(bucket["doc_count"])
    return dict(values)


def estimate_body(scope: Scope, field: str) -> Json:
    """Return the request that estimates the number of different values of the chosen tracks."""
    search = _search(scope.chosen)
    search.aggs.metric("number", "cardinality", field=field, precision_threshold=_PRECISION)
    return dict(search.to_dict())


def read_estimate(answer: Json) -> int:
    """Return the number."""
    return int(answer["aggregations"]["number"]["value"])


def block_body(scope: Scope, field: str, after: Json | None) -> Json:
    """Return the request for the next block of different values of the chosen tracks."""
    search = _search(scope.chosen)
    behind = {"after": after} if after else {}
    search.aggs.bucket("block", "composite", size=BLOCK, sources=[{"value": {"terms": {"field": field}}}], **behind)
    return dict(search.to_dict())


def read_block(answer: Json) -> list[Json]:
    """Return the keys of a block."""
    return [bucket["key"] for bucket in answer["aggregations"]["block"]["buckets"]]


def candidates_body(scope: Scope, datasets: Sequence[str]) -> Json:
    """Return the request for the artists with the most tracks of these data sets."""
    search = _search(scope.compared)
    chosen = _by_dataset(search, include=list(datasets))
    chosen.bucket("names", "terms", field=ARTIST, size=MAX_CANDIDATES, shard_size=2 * MAX_CANDIDATES)
    chosen.metric("distinct", "cardinality", field=ARTIST, precision_threshold=_PRECISION)
    return dict(search.to_dict())


def read_candidates(answer: Json) -> dict[str, Candidates]:
    """Return the candidates by data set."""
    return {
        bucket["key"]: Candidates(
            [each["key"] for each in bucket["names"]["buckets"]], int(bucket["distinct"]["value"])
        )
        for bucket in _buckets(answer)
    }


def with_artist_body(scope: Scope) -> Json:
    """Return the request that counts the tracks that have an artist, by data set."""
    search = _search(scope.compared)
    _by_dataset(search).bucket("having", A("filter", Exists(field=ARTIST)))
    return dict(search.to_dict())


def read_with_artist(answer: Json) -> dict[str, int]:
    """Return the tracks by data set."""
    return {bucket["key"]: int(bucket["having"]["doc_count"]) for bucket in _buckets(answer)}


def artists_body(scope: Scope, names: Sequence[str]) -> Json:
    """Return the request that counts the tracks of artists in every data set: a candidate's count may be too low."""
    search = _search(scope.compared, filters.artists(names))
    _by_dataset(search).bucket("names", "terms", field=ARTIST, size=len(names), include=list(names))
    return dict(search.to_dict())


def read_artists(answer: Json) -> dict[str, dict[str, int]]:
    """Return the tracks of each artist by data set."""
    return {
        bucket["key"]: {each["key"]: int(each["doc_count"]) for each in bucket["names"]["buckets"]}
        for bucket in _buckets(answer)
    }
