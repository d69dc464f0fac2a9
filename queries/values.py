"""All values of one facet, page by page: what is asked, and what comes back.

Counts are those of a search's facet: under the text and all filters but the facet's own. Pages are cut by key, not by
number: after the last value, or (by count) after its count and value.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

import orjson

from mappings.errors import InputError
from queries import containing, cursor, facets, filters, request
from queries.answer import Bucket, FacetCount, SearchAnswer, Total
from queries.cursor import Cursor
from queries.facets import ROOM, Facet, Kind
from queries.filters import DURATIONS, Plain, Years
from queries.matching import Stage
from queries.request import SearchRequest

MOST_VALUES = 1000
"""Values on one page."""

Key = tuple[Any, ...]
"""Where a page ends: the last value; by count, its count and the value."""


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
    """Return a checked request; raises InputError, in one sentence, for anything that can't be asked.

    >>> values_request("artist", "live", contains="BJÖRK").contains
    'bjork'
    """
    if not 1 <= size <= MOST_VALUES:
        raise InputError(f"A page can't have {size} values.", f"Ask for 1 to {MOST_VALUES}.")
    if sort not in list(By):
        raise facets.unknown("order of values", sort, list(By))
    facet = facets.known(name)
    base = request.request(typed, filters_by_facet=filters_by_facet, facet_names=[facet.name], size=0)
    asked = ValuesRequest(_whole(base, facet), facet, containing.fold(contains), By(sort), size, None)
    return replace(asked, after=_key(asked, cursor.read(after, asked.fingerprint))) if after else asked


def _whole(base: SearchRequest, facet: Facet) -> SearchRequest:
    """Return the search with as many values of the facet as are asked for anyway."""
    whole = replace(facet, shown=ROOM)
    chosen = {whole if each == facet else each: values for each, values in base.filters.items()}
    return replace(base, facets=(whole,), filters=chosen)


def _key(asked: ValuesRequest, at: Cursor) -> Key:
    """Return a cursor's key; a forged one must not become Elasticsearch's problem, or ours."""
    *count, value = at.keys or (None,)
    counts = 1 if asked.by is By.COUNT else 0
    if len(count) != counts or not all(type(each) is int for each in count) or not _is_value(asked.facet, value):
        raise InputError("Bad cursor: it belongs to another search.", "Start with the first page.")
    return at.keys


_RANK = {str(each): number for number, each in enumerate(DURATIONS)}

_TYPES: Mapping[Kind, type] = {Kind.YEARS: int, Kind.DECADES: int, Kind.FLAG: bool}


def _is_value(facet: Facet, value: object) -> bool:
    is_one = type(value) is _TYPES.get(facet.kind, str)
    return is_one and (facet.kind is not Kind.DURATIONS or value in _RANK)


def sort_key(asked: ValuesRequest, value: Any, count: int) -> Key:
    """Return what values are ordered by: by count, those of the same count are in their own order."""
    own = _RANK[value] if asked.facet.kind is Kind.DURATIONS else value
    return (-count, own) if asked.by is By.COUNT else (own,)


def sort_key_after(asked: ValuesRequest) -> Key | None:
    """Return the sort key of the last value of the page before."""
    return sort_key(asked, asked.after[-1], asked.after[0]) if asked.after else None


@dataclass(frozen=True)
class FacetValues:
    """A page of values. All counts are exact, however many values there are.

    `total` tracks are found under all filters; `missing` of those under all others have no value. `distinct` is the
    number of values on all pages, None where nobody had to look at all of them.
    """

    facet: str
    values: tuple[Bucket, ...]
    distinct: int | None
    missing: int
    total: Total
    next: str | None
    stage: Stage | None
    text_cut: bool
    took_ms: int
    exact: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return the answer as the contract has it, ready for orjson."""
        return {
            "facet": self.facet,
            "values": [bucket.as_json() for bucket in self.values],
            "distinct": self.distinct,
            "missing": self.missing,
            "total": asdict(self.total),
            "exact": self.exact,
            "next": self.next,
            "stage": self.stage,
            "text_cut": self.text_cut,
            "took_ms": self.took_ms,
        }


@dataclass(frozen=True)
class Page:
    """Values in order, one more than the page has room for if there are; `distinct` as above."""

    values: Sequence[Bucket]
    distinct: int | None


def listed(asked: ValuesRequest, facet: FacetCount) -> Page | None:
    """Return the page if the search's own facet already has all values; else None."""
    if not facet.exact:
        return None
    held = [bucket for bucket in facet.buckets if bucket.count and _is_value(asked.facet, bucket.value)]
    meant = containing.contain((_written(bucket.value) for bucket in held), asked.contains)
    kept = {
        sort_key(asked, each.value, each.count): each for each, is_meant in zip(held, meant, strict=True) if is_meant
    }
    after = sort_key_after(asked)
    ordered = sorted(key for key in kept if after is None or key > after)
    return Page([kept[key] for key in ordered[: asked.size + 1]], len(kept))


def _written(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def marked(asked: ValuesRequest, value: Any, count: int) -> Bucket:
    """Return a value of a facet that has too many to list, with whether the request wants or excludes it."""
    given = next((values for facet, values in asked.search.filters.items() if facet.name == asked.facet.name), ())
    wanted, excluded = (any(_means(each, value) for each in some(given)) for some in (filters.wanted, filters.excluded))
    return Bucket(value, count, wanted and not excluded, excluded)


def _means(given: Plain, value: object) -> bool:
    return value in given if isinstance(given, Years) else given is not None and given == value


def answer(asked: ValuesRequest, counted: SearchAnswer, page: Page, took_ms: int) -> FacetValues:
    """Return the answer made of a search's and of the page of values."""
    shown = tuple(page.values[: asked.size])
    following = None
    if len(page.values) > asked.size:
        last = shown[-1]
        keys = (last.count, last.value) if asked.by is By.COUNT else (last.value,)
        following = cursor.write(Cursor(counted.stage or Stage.STRICT, keys), asked.fingerprint)
    return FacetValues(
        facet=asked.facet.name,
        values=shown,
        distinct=page.distinct,
        missing=counted.facets[asked.facet.name].missing,
        total=counted.total,
        next=following,
        stage=counted.stage,
        text_cut=counted.text_cut,
        took_ms=took_ms,
    )
