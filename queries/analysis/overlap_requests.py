"""Builds the requests of an overlap, and reads their answers as plain values.

Counting pages through all values in their order, each with its data sets. Sampling draws tracks at random, always the
same of the same index, so that the same question has the same answer; where their values are is then looked up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch.dsl import A, Q, Search
from elasticsearch.dsl.query import Bool, Exists, Query, Term, Terms

from mappings.track import DATASET, RECORDING_KEY, VIDEO_IDS
from queries.search import bodies
from queries.search.request import SearchRequest
from queries.types import Json, Stage

KINDS = (RECORDING_KEY, VIDEO_IDS)
"""The fields whose values data sets share."""

MAX_DATASETS = 1_000
"""Data sets that are told apart; with more, the answer says that it isn't exact."""

BLOCK = 50_000
"""Values, each with one data set, that are paged through in one request."""

MAX_SAMPLED_VALUES = 50_000
"""Different values of a sample at most: Elasticsearch gives at most 65,536 buckets in an answer."""

MAX_LOOKED_UP = 1_000
"""Values whose data sets are looked up in one request; the time for one grows faster than the number."""

_MAX_BUCKETS = 60_000
_SEED = 20_241_117


@dataclass(frozen=True)
class DatasetCounts:
    """Tracks by data set, and by kind of value the tracks that have one. `complete`: no data set was left out."""

    tracks: Mapping[str, int]
    having: Mapping[str, Mapping[str, int]]
    complete: bool


@dataclass(frozen=True)
class SampledValues:
    """How many tracks were drawn, and how often each of their values; not `complete` where there were too many."""

    tracks: int
    values: Mapping[str, int]
    complete: bool


def selected(request: SearchRequest) -> tuple[Query, ...]:
    """Return what selects the tracks of a request: nothing at all for those of the whole index."""
    some = request.filters or request.text
    return (Q(bodies.matched(bodies.Search(request, Stage.STRICT))),) if some else ()


def _search(*filters: Query) -> Search[Any]:
    # Without a query a composite aggregation walks the terms, else it looks at every track for each block.
    search: Search[Any] = Search().extra(size=0, track_total_hits=False)
    return search.query(Bool(filter=list(filters))) if filters else search


def datasets_body(tracks: Sequence[Query]) -> Json:
    """Return the request that counts the tracks of each data set, and those that have a value of each kind."""
    search = _search(*tracks)
    sets = search.aggs.bucket("datasets", "terms", field=DATASET, size=MAX_DATASETS)
    for kind in KINDS:
        sets.bucket(kind, A("filter", Exists(field=kind)))
    return dict(search.to_dict())


def read_datasets(answer: Json) -> DatasetCounts:
    """Return the counts of each data set, in the order of their names."""
    found = answer["aggregations"]["datasets"]
    buckets = {bucket["key"]: bucket for bucket in sorted(found["buckets"], key=lambda bucket: str(bucket["key"]))}
    return DatasetCounts(
        tracks={name: int(bucket["doc_count"]) for name, bucket in buckets.items()},
        having={kind: {name: int(bucket[kind]["doc_count"]) for name, bucket in buckets.items()} for kind in KINDS},
        complete=not found["sum_other_doc_count"],
    )


def block_body(tracks: Sequence[Query], kind: str, after: Json | None) -> Json:
    """Return the request for the next block of values, in their order, with their data sets."""
    search = _search(*tracks)
    sources = [{"value": {"terms": {"field": kind}}}, {"dataset": {"terms": {"field": DATASET}}}]
    behind = {"after": after} if after else {}
    search.aggs.bucket("block", "composite", size=BLOCK, sources=sources, **behind)
    return dict(search.to_dict())


def read_block(answer: Json) -> list[Json]:
    """Return the buckets of a block: `key` (value and dataset) and `doc_count`."""
    buckets: list[Json] = answer["aggregations"]["block"]["buckets"]
    return buckets


def sample_body(tracks: Sequence[Query], kind: str, dataset: str, probability: float) -> Json:
    """Return the request that draws tracks of a data set which have a value, each with a probability."""
    search = _search(*tracks, Term(DATASET, {"value": dataset}), Exists(field=kind))
    sample = search.aggs.bucket("sample", "random_sampler", probability=probability, seed=_SEED)
    sample.bucket("values", "terms", field=kind, size=MAX_SAMPLED_VALUES, execution_hint="map")
    return dict(search.to_dict())


def read_sample(answer: Json, probability: float) -> SampledValues:
    """Return what was drawn. Elasticsearch scales the counts of values up to the whole, but not that of the sample."""
    sample = answer["aggregations"]["sample"]
    values = {bucket["key"]: round(bucket["doc_count"] * probability) for bucket in sample["values"]["buckets"]}
    return SampledValues(int(sample["doc_count"]), values, not sample["values"]["sum_other_doc_count"])


def lookups(values: Iterable[str], datasets: int) -> Iterator[list[str]]:
    """Yield the values in as many parts as their answers need: each value may be in each of so many data sets.

    >>> [len(part) for part in lookups(map(str, range(2_500)), 4)]
    [1000, 1000, 500]
    """
    listed = list(values)
    size = max(min(MAX_LOOKED_UP, _MAX_BUCKETS // (datasets + 1)), 1)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def lookup_body(tracks: Sequence[Query], kind: str, values: Sequence[str]) -> Json:
    """Return the request that counts the tracks of each of these values by data set."""
    search = _search(*tracks, Terms(kind, list(values)))
    some = search.aggs.bucket(
        "values", "terms", field=kind, size=len(values), include=list(values), execution_hint="map"
    )
    some.bucket("datasets", "terms", field=DATASET, size=MAX_DATASETS)
    return dict(search.to_dict())


def read_lookup(answer: Json) -> dict[str, dict[str, int]]:
    """Return the tracks of each value by data set."""
    return {
        bucket["key"]: {each["key"]: int(each["doc_count"]) for each in bucket["datasets"]["buckets"]}
        for bucket in answer["aggregations"]["values"]["buckets"]
    }
