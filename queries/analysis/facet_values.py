"""All values of one facet, page by page: the request, and its answer.

Counts are those of a search's facet: under the text and all filters but the facet's own. Pages are cut by key, not by
number: after the last value, or (by count) after its count and value. A facet of few values is one list. Of artists,
pages by value come from a composite aggregation, which is exact and goes on where it stopped. By count, Elasticsearch's
own list may lack values and count others too low, but says by how much at most: what is above that is counted again by
name and is certain. Nothing ever walks all values.
"""

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import orjson
from elasticsearch.dsl import Q
from elasticsearch.dsl.query import Bool, Query, Regexp

from mappings.errors import InputError
from mappings.spelling.folding import HYPHENS, SET_APART, compact, fold
from mappings.track import ARTIST_ROLE, WHOLE_NAMES
from queries.cursor import Cursor, read_cursor, write_cursor
from queries.facets import filters
from queries.facets.table import DURATIONS, MAX_BUCKETS, Facet, Kind, get_facet, is_storable, unknown_name
from queries.model import Ask, Bucket, Contract, Json, SearchResult, Stage, Total
from queries.search.search_request import Search, SearchRequest, matched, request, with_vocabulary

MAX_VALUES = 1000
"""Values on one page."""

LONGEST_CONTAINED = 200
"""Characters of a text that values have to contain."""

OFFERED, LISTED = 10_000, 20_000
"""Values that each shard offers by count, and that are listed of what all offer together."""

MAX_CONTAINING = 60_000
"""Values that are looked at for a text that they contain; Elasticsearch gives at most 65,536 buckets in an answer."""

Key = tuple[Any, ...]
"""Where a page ends: the last value; by count, its count and the value."""

_Page = tuple[list[Bucket], int | None]
"""Values in order, one more than the page has room for if there are, and the number of values on all pages."""

_RANK = {str(each): number for number, each in enumerate(DURATIONS)}
_TYPES: Mapping[Kind, type] = {Kind.YEARS: int, Kind.DECADES: int, Kind.FLAG: bool}


class By(StrEnum):
    """The order of values: the most frequent first, or their own."""

    COUNT = "count"
    VALUE = "value"


@dataclass(frozen=True)
class ValuesRequest:
    """A page of a facet's values. Make it with `values_request`. `contains` is folded; `after` is checked."""

    search: SearchRequest
    facet: Facet
    contains: str
    by: By
    size: int
    after: Key | None

    @property
    def fingerprint(self) -> str:
        """Return 16 hex digits that two requests share if one may be a later page of the other."""
        content = orjson.dumps([self.search.fingerprint, self.facet.name, self.contains, self.by])
        return hashlib.sha256(content).hexdigest()[:16]


def values_request(
    name: str,
    typed: str = "",
    *,
    filters_by_facet: Mapping[str, Iterable[str]] | None = None,
    contains: str = "",
    size: int = 50,
    after: str | None = None,
    sort: str = By.COUNT,
) -> ValuesRequest:
    """Return a checked request; raises InputError, in one sentence, for a value that is out of bounds.

    >>> values_request("artist", "live", contains="BJÖRK").contains
    'bjork'
    """
    if not 1 <= size <= MAX_VALUES:
        raise InputError(f"A page can't have {size} values.", f"Ask for 1 to {MAX_VALUES}.")
    if sort not in list(By):
        raise unknown_name("order of values", sort, list(By))
    if len(contains) > LONGEST_CONTAINED:
        raise InputError(
            f"A value can't contain {len(contains):,} characters.", f"Look for {LONGEST_CONTAINED} at most."
        )
    if not is_storable(contains):
        raise InputError(f"No value contains {contains[:80]!r}.", "Leave out control characters.")
    facet = get_facet(name)
    search = request(typed, filters_by_facet=filters_by_facet, facet_names=[facet.name], size=0)
    listed = replace(facet, shown=MAX_BUCKETS)  # as many values as are asked for anyway
    given = {listed if each == facet else each: values for each, values in search.filters.items()}
    search = replace(search, facets=(listed,), filters=given)
    values = ValuesRequest(search, facet, fold(contains), By(sort), size, None)
    return replace(values, after=_key(values, read_cursor(after, values.fingerprint))) if after else values


def _key(values: ValuesRequest, at: Cursor) -> Key:
    """Return a cursor's key; a forged one must not become an error of Elasticsearch."""
    *count, value = at.keys or (None,)
    counts = 1 if values.by is By.COUNT else 0
    if len(count) != counts or not all(type(each) is int for each in count) or not _is_value(values.facet, value):
        raise InputError("Bad cursor: it belongs to another search.", "Start with the first page.")
    return at.keys


def _is_value(facet: Facet, value: object) -> bool:
    return type(value) is _TYPES.get(facet.kind, str) and (facet.kind is not Kind.DURATIONS or value in _RANK)


@dataclass(frozen=True)
class FacetValues(Contract):
    """A page of values. All counts are exact, however many values there are.

    `total` tracks match under all filters; `missing` of those under all others have no value. `distinct` is the
    number of values on all pages, None where not all of them were looked at.
    """

    facet: str
    values: tuple[Bucket, ...]
    distinct: int | None
    missing: int
    total: Total
    exact: bool
    next: str | None
    stage: Stage | None
    text_truncated: bool
    took_ms: int


def fetch_values(ask: Ask, values: ValuesRequest, counted: SearchResult, began: float) -> FacetValues:
    """Return one page of all values, given the result of `values.search`, which began at a time of `time.monotonic`.

    Raises InputError for a page by count too far down.
    """
    facet = counted.facets[values.facet.name]
    if facet.exact:  # it already has all values
        every = [bucket for bucket in facet.buckets if bucket.count and _is_value(values.facet, bucket.value)]
        buckets, distinct = _cut_all(values, every)
    else:
        buckets, distinct = _fetch(ask, values, counted.stage or Stage.STRICT)
    following = None
    if len(buckets) > values.size:
        last = buckets[values.size - 1]
        keys = (last.count, last.value) if values.by is By.COUNT else (last.value,)
        following = write_cursor(Cursor(counted.stage or Stage.STRICT, keys), values.fingerprint)
    return FacetValues(
        facet=values.facet.name,
        values=tuple(buckets[: values.size]),
        distinct=distinct,
        missing=facet.missing,
        total=counted.total,
        exact=True,
        next=following,
        stage=counted.stage,
        text_truncated=counted.text_truncated,
        took_ms=round((time.monotonic() - began) * 1000),
    )


def _contains(values: ValuesRequest, value: str | int | bool) -> bool:
    written = str(value).lower() if isinstance(value, bool) else str(value)
    return not values.contains or values.contains in fold(written)


def _cut_all(values: ValuesRequest, every: Iterable[Bucket]) -> _Page:
    """Return the page of all values, of which those that contain the text count."""
    matching = [bucket for bucket in every if _contains(values, bucket.value)]
    return _cut(values, matching), len(matching)


def _cut(values: ValuesRequest, buckets: Iterable[Bucket]) -> list[Bucket]:
    """Return the page made of buckets in any order, from behind the page before."""
    after = _sort_key(values, values.after[-1], values.after[0]) if values.after else None
    keyed = {_sort_key(values, each.value, each.count): each for each in buckets}
    return [keyed[key] for key in sorted(keyed) if after is None or key > after][: values.size + 1]


def _sort_key(values: ValuesRequest, value: Any, count: int) -> Key:
    """Return what values are ordered by: by count, those of the same count are in their own order."""
    own = _RANK[value] if values.facet.kind is Kind.DURATIONS else value
    return (-count, own) if values.by is By.COUNT else (own,)


def _fetch(ask: Ask, values: ValuesRequest, stage: Stage) -> _Page:
    base, field = _body(ask, values, stage), values.facet.field
    if values.contains:
        # All values of the tracks that may have one; of too many, only the most frequent are looked at.
        offered = _terms(ask, base, field=field, size=MAX_CONTAINING)
        if not offered["sum_other_doc_count"]:
            return _cut_all(values, _buckets(values, offered))
        if values.by is By.VALUE:
            hint = "Write more letters, or ask by count."
            raise InputError(f"Too many values may contain {values.contains!r}.", hint)
        return _most_frequent(ask, values, base, offered), None
    if values.by is By.COUNT:
        offered = _terms(ask, base, field=field, size=LISTED, shard_size=OFFERED)
        return _most_frequent(ask, values, base, offered), None
    source: Json = {"size": values.size + 1, "sources": [{"value": {"terms": {"field": field}}}]}
    after = {"after": {"value": values.after[-1]}} if values.after else {}
    (answer,) = ask(base | {"aggs": {"page": {"composite": source | after}}})
    buckets = [each | {"key": each["key"]["value"]} for each in answer["aggregations"]["page"]["buckets"]]
    return _buckets(values, {"buckets": buckets}), None


def _body(ask: Ask, values: ValuesRequest, stage: Stage) -> Json:
    """Return the request that matches what is counted: text, all filters but the facet's own, and what contains."""
    others = {facet: given for facet, given in values.search.filters.items() if facet.name != values.facet.name}
    query = matched(with_vocabulary(ask, Search(replace(values.search, filters=others, facets=()), stage)))
    containing = _may_contain(values.contains) if values.contains and values.facet.name == "artist" else None
    if containing:
        query = Bool(filter=[Q(query), containing]).to_dict()
    return {"query": query, "size": 0, "track_total_hits": False}


def _may_contain(folded: str) -> Query | None:
    """Return what every track matches that has an artist whose folded name contains a text; None if nothing says so.

    Folded names stand in `whole_names` without blanks and punctuation; the text is looked up likewise. A text of signs
    alone is looked up sign by sign, as marks may stand between them; a dash or full stop may have been left out.
    """
    if sought := compact(folded):
        pattern = _literal(sought)
    elif set(folded) & {*SET_APART, *HYPHENS, "."}:
        return None
    else:
        pattern = ".*".join(map(_literal, folded.replace(" ", "")))
    return Regexp(WHOLE_NAMES, {"value": f"{ARTIST_ROLE}[=~].*{pattern}.*"})


def _literal(text: str) -> str:
    return "".join(f"\\{each}" if not each.isalnum() and each.isascii() else each for each in text)


def _terms(ask: Ask, base: Json, **options: Any) -> Json:
    (answer,) = ask(base | {"aggs": {"values": {"terms": options}}})
    response: Json = answer["aggregations"]["values"]
    return response


def _buckets(values: ValuesRequest, response: Json) -> list[Bucket]:
    """Return the values of a facet that has too many to list, with whether the request selects or excludes them."""
    given = next((of for facet, of in values.search.filters.items() if facet.name == values.facet.name), ())
    selected, excluded = filters.included(given), filters.excluded(given)
    pairs = [(each["key"], int(each["doc_count"])) for each in response["buckets"]]
    return [Bucket(key, count, key in selected and key not in excluded, key in excluded) for key, count in pairs]


def _most_frequent(ask: Ask, values: ValuesRequest, base: Json, offered: Json) -> list[Bucket]:
    """Return the page of those values whose counts are certainly above those of all that weren't offered.

    Raises InputError for a page that goes further down.
    """
    buckets = offered["buckets"]
    # What isn't listed was offered by no shard, or had fewer than the last that is.
    unlisted = int(buckets[-1]["doc_count"]) if buckets and offered["sum_other_doc_count"] else 0
    bound = unlisted + int(offered["doc_count_error_upper_bound"])
    if values.after is None or values.after[0] > bound:
        names = [bucket["key"] for bucket in buckets if _contains(values, bucket["key"])]
        field = values.facet.field
        counted = _terms(ask, base, field=field, size=len(names), include=names) if names else {"buckets": []}
        certain = _cut(values, (each for each in _buckets(values, counted) if each.count > bound))
        if len(certain) > values.size or not bound:
            return certain
    raise InputError(
        f"Beyond the {values.facet.name}s with most tracks there are no pages by count.",
        "Write more letters, or set a filter." if values.contains else "Ask for them by value.",
    )
