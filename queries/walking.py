"""Pages of a facet that has too many values to list: the requests, one after the other, until the page is certain.

Each walk is a generator: it yields the body of a request, is sent its answer, and returns the page. By value, pages
come from a composite aggregation, which is exact and goes on where it stopped. By count, Elasticsearch's own list may
lack values and count others too low, but says by how much at most: what is above that is counted again by name and is
certain. Where that isn't enough for the page, or a text has to be contained, all values pass by, a block at a time, and
only the best are kept: memory doesn't depend on how many there are.
"""

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Any

import polars as pl
from elasticsearch.dsl import Q
from elasticsearch.dsl.query import Bool

from queries import containing, search, values
from queries.answer import Bucket
from queries.facets import Kind
from queries.matching import Stage
from queries.search import Search
from queries.values import By, Page, ValuesRequest

Json = dict[str, Any]
Walk = Generator[Json, Json, Page]

BLOCK = 20_000
"""Values in one request of a walk. Elasticsearch allows 65,536 buckets in an answer."""

OFFERED, LISTED = 2_000, 10_000
"""Values that each shard offers by count, and that are listed of what all offer together."""


def start(asked: ValuesRequest, stage: Stage) -> Walk:
    """Return the walk for a page, at the stage of the search that goes with it."""
    base = _body(asked, stage)
    if asked.contains:
        return _passing(asked, base, stop=asked.by is By.VALUE)
    return _by_count(asked, base) if asked.by is By.COUNT else _by_value(asked, base)


def _body(asked: ValuesRequest, stage: Stage) -> Json:
    """Return the request that matches what is counted: text, all filters but the facet's own, and what contains."""
    others = {facet: given for facet, given in asked.search.filters.items() if facet.name != asked.facet.name}
    matched = search.count_body(Search(replace(asked.search, filters=others, facets=()), stage))
    body = matched | {"track_total_hits": False}
    narrowed = containing.narrowed(asked.facet, asked.contains)
    return body | {"query": Bool(filter=[Q(matched["query"]), *narrowed]).to_dict()} if narrowed else body


def _composite(asked: ValuesRequest, base: Json, size: int, after: Any) -> Json:
    source: Json = {"size": size, "sources": [{"value": {"terms": {"field": asked.facet.field}}}]}
    return base | {"aggs": {"block": {"composite": source | ({} if after is None else {"after": {"value": after}})}}}


def _pairs(answer: Json) -> list[tuple[Any, int]]:
    return [(each["key"]["value"], int(each["doc_count"])) for each in answer["aggregations"]["block"]["buckets"]]


def _by_value(asked: ValuesRequest, base: Json) -> Walk:
    answer = yield _composite(asked, base, asked.size + 1, asked.after[-1] if asked.after else None)
    return Page(_buckets(asked, _pairs(answer)), None)


def _buckets(asked: ValuesRequest, pairs: Iterable[tuple[Any, int]]) -> list[Bucket]:
    return [values.marked(asked, value, count) for value, count in pairs]


def _passing(asked: ValuesRequest, base: Json, *, stop: bool) -> Walk:
    """Let values pass by in their order; `stop` as soon as the page is full, which is enough if that is its order."""
    best = _frame(asked, [])
    distinct, at = 0, asked.after[-1] if stop and asked.after else None
    while True:
        block = _pairs((yield _composite(asked, base, BLOCK, at)))
        meant = _frame(asked, block).filter(containing.contain((str(value) for value, _ in block), asked.contains))
        distinct += meant.height
        best = _best(asked, pl.concat([best, meant]))
        if len(block) < BLOCK:
            whole = not (stop and asked.after)
            return Page(_buckets(asked, best.iter_rows()), distinct if whole else None)
        if stop and best.height > asked.size:
            return Page(_buckets(asked, best.iter_rows()), None)
        at = block[-1][0]


def _frame(asked: ValuesRequest, pairs: list[tuple[Any, int]]) -> pl.DataFrame:
    value = pl.String if asked.facet.kind is Kind.WORDS else pl.Int64
    return pl.DataFrame(pairs, schema={"value": value, "count": pl.Int64}, orient="row")


def _best(asked: ValuesRequest, found: pl.DataFrame) -> pl.DataFrame:
    """Return the first values after the page before, one more than a page has."""
    value, count = pl.col("value"), pl.col("count")
    if asked.by is By.VALUE:
        return found.filter(value > asked.after[-1] if asked.after else True).sort("value").head(asked.size + 1)
    if asked.after:
        least, last = asked.after
        found = found.filter((count < least) | ((count == least) & (value > last)))
    return found.sort("count", "value", descending=[True, False]).head(asked.size + 1)


def _by_count(asked: ValuesRequest, base: Json) -> Walk:
    field = asked.facet.field
    offered = {"field": field, "size": LISTED, "shard_size": OFFERED}
    found = (yield base | {"aggs": {"offered": {"terms": offered}}})["aggregations"]["offered"]
    names = [bucket["key"] for bucket in found["buckets"]]
    # What isn't listed was offered by no shard, or had fewer than the last that is.
    unlisted = int(found["buckets"][-1]["doc_count"]) if names and found["sum_other_doc_count"] else 0
    bound = unlisted + int(found["doc_count_error_upper_bound"])
    if names and (asked.after is None or asked.after[0] > bound):
        again = {"field": field, "size": len(names), "include": names}
        counted = (yield base | {"aggs": {"counted": {"terms": again}}})["aggregations"]["counted"]["buckets"]
        certain = [(each["key"], int(each["doc_count"])) for each in counted if each["doc_count"] > bound]
        best = _best(asked, _frame(asked, certain))
        if best.height > asked.size:
            return Page(_buckets(asked, best.iter_rows()), None)
    return (yield from _passing(asked, base, stop=False))
