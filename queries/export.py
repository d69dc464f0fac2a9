"""Whole results: the requests that read all tracks of a search, slice by slice, and a page of them as a data frame.

A row is a hit of `answer` without score and match. Answers stay bytes until Polars reads them, so Python touches no
single row. Measured on 367,255 synthetic tracks (700 bytes each, pages of 5,000, 2 cores), microseconds a row:

    Elasticsearch   `_source` as it is 4 to 10, with `filter_path` 6 to 9, with excludes 8 to 11, with includes 7 to 8
    JSON to rows    orjson, a dictionary each 13.7, by template 8.4; hits as lines, `read_ndjson` 7.0; `read_json` 3.6
    rows to NDJSON  empty lists 0.3; `write_ndjson` 1.6; `json_encode`, joined 1.3

So `_source` comes as it is, and what is search-only falls away here, where the schema doesn't name it.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from mappings import fields
from mappings.errors import LinernotesError, UnreachableError
from queries import search
from queries.answer import Hit
from queries.matching import Stage
from queries.request import SearchRequest
from queries.search import Search

Json = dict[str, Any]
DType = pl.DataType | type[pl.DataType]

ID = "id"

_ABOUT_THE_SEARCH = ("score", "match")
_EMPTY: Mapping[str, object] = {
    name: empty for name, empty in Hit("", None, None, {}).as_json().items() if name not in _ABOUT_THE_SEARCH
}
"""A row of a track that has nothing, in the order of a hit: that is the one place that says what a row is."""

_TYPES: Mapping[str, DType] = {**fields.SCHEMA, ID: pl.String, fields.RELEASE_DATE: pl.String}
"""As JSON has them: a date is a text."""

ROW: Mapping[str, DType] = {name: _TYPES[name] for name in _EMPTY}
"""Columns of an export, and their types."""

_LISTS = tuple(name for name, empty in _EMPTY.items() if empty == [])

_HIT = pl.Struct(
    {
        "_id": pl.String,
        "_source": pl.Struct({name: dtype for name, dtype in ROW.items() if name != ID}),
        "sort": pl.List(pl.Int64),
    }
)
_ANSWER: dict[str, DType] = {"pit_id": pl.String, "hits": pl.Struct({"hits": pl.List(_HIT)})}

FIRST_PAGE = 2_000
MOST_ROWS = 10_000
"""Elasticsearch's own limit of a page (`index.max_result_window`)."""

PAGE_BYTES = 4_000_000
"""Pages grow or shrink to this size, so memory depends neither on the number of rows nor on how long they are."""

MOST_GENERATIONS = 1000


@dataclass(frozen=True)
class Place:
    """Where a slice goes on: which of how many it is, after which key, and how many rows to ask for."""

    number: int
    slices: int
    after: int | None = None
    size: int = FIRST_PAGE


@dataclass(frozen=True)
class Page:
    """Rows, in the columns of `ROW`; where the slice goes on, if it does; the id of the point in time from now on."""

    rows: pl.DataFrame
    following: Place | None
    pit: str


@dataclass(frozen=True)
class Count:
    """How many tracks a point in time holds for a search, and how many of them each generation has."""

    rows: int
    generations: Mapping[str, int]


def bare(asked: SearchRequest) -> SearchRequest:
    """Return a request for the same tracks, but for no page and no facets of them."""
    return replace(asked, facets=(), size=0, after=None, marked=False)


def count_body(asked: SearchRequest, stage: Stage, pit: str, keep_alive: str) -> Json:
    """Return the request that counts the tracks of a search in a point in time, by generation."""
    terms = {"terms": {"field": "_index", "size": MOST_GENERATIONS}}
    aggs = {"found": terms, "all": {"global": {}, "aggs": {"indices": terms}}}
    return _body(asked, stage, pit, keep_alive) | {"size": 0, "track_total_hits": True, "aggs": aggs}


def read_count(answer: Mapping[str, Any]) -> Count:
    """Return what was counted; a generation without a track of this search is named too."""
    counted = answer["aggregations"]
    found = {bucket["key"]: int(bucket["doc_count"]) for bucket in counted["found"]["buckets"]}
    names = sorted(bucket["key"] for bucket in counted["all"]["indices"]["buckets"])
    return Count(int(answer["hits"]["total"]["value"]), {name: found.get(name, 0) for name in names})


def page_body(asked: SearchRequest, stage: Stage, pit: str, keep_alive: str, place: Place) -> Json:
    """Return the request for the next rows of a slice.

    They come as they lie in the shards (`_shard_doc`), which no two rows share, so there are no ties to break.
    """
    body = _body(asked, stage, pit, keep_alive) | {
        "size": place.size,
        "sort": ["_shard_doc"],
        "track_total_hits": False,
    }
    if place.slices > 1:
        body["slice"] = {"id": place.number, "max": place.slices}
    if place.after is not None:
        body["search_after"] = [place.after]
    return body


def _body(asked: SearchRequest, stage: Stage, pit: str, keep_alive: str) -> Json:
    query = search.count_body(Search(bare(asked), stage))["query"]
    return {"query": query, "pit": {"id": pit, "keep_alive": keep_alive}}


def places(rows: int, slices: int) -> list[Place]:
    """Return where to begin: nowhere without rows, and in few slices for few of them.

    >>> [len(places(rows, 4)) for rows in (0, 1, FIRST_PAGE + 1, 10**6)]
    [0, 1, 2, 4]
    """
    number = min(slices, -(-rows // FIRST_PAGE))
    return [Place(each, number) for each in range(number)]


def read_page(answer: bytes, place: Place) -> Page:
    """Return the rows of an answer and where its slice goes on; raises UnreachableError for anything else."""
    try:
        read = pl.read_json(io.BytesIO(answer), schema=_ANSWER)
    except pl.exceptions.PolarsError as error:
        raise _unreadable(answer) from error
    answers = read.unnest("hits").drop_nulls()
    if answers.height != 1:
        raise _unreadable(answer)
    hits = answers["hits"].explode(empty_as_null=False)
    following = None
    if hits.len() == place.size:
        last = int(hits.struct.field("sort")[-1][0])
        following = replace(place, after=last, size=_next_size(place.size, len(answer)))
    return Page(_rows(hits), following, answers["pit_id"][0])


def _unreadable(answer: bytes) -> LinernotesError:
    return UnreachableError(f"Elasticsearch's answer can't be read ({answer[:80]!r}).", "Run it again.")


def _next_size(rows: int, size_in_bytes: int) -> int:
    return max(1, min(MOST_ROWS, rows * PAGE_BYTES // size_in_bytes))


def _rows(hits: pl.Series) -> pl.DataFrame:
    found = hits.struct.unnest()
    tracks = found["_source"].struct.unnest().with_columns(found["_id"].alias(ID))
    empty = [pl.col(name).fill_null(pl.lit([], dtype=ROW[name])) for name in _LISTS]
    return tracks.with_columns(empty).select(list(ROW))
