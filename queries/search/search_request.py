"""A search request: one frozen, checked value, and the Elasticsearch requests that it becomes at one stage.

A text without filters is one request, which scores, counts and lists at once. Browsing and filtered searches are two,
sent together: Elasticsearch keeps the counts of such requests in its cache, and hits are filtered where facets aren't.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import orjson
from elasticsearch.dsl.query import Bool, Exists, MatchAll, Query

from mappings.errors import InputError
from queries.cursor import SORT_KEYS, TIE_BREAKERS, Cursor, order
from queries.facets import aggregations, filters
from queries.facets.aggregations import FacetPlan
from queries.facets.filters import Filters
from queries.facets.table import Facet, get_facet, parse_values, unknown_name
from queries.model import Ask, Group, Json, Sort, Stage
from queries.search import text_query
from queries.search.text_query import FEW_HITS, Vocabulary
from queries.text import Text, parse

MAX_HITS = 1000
"""Hits on one page; exports are for more."""

_NO_VALUE = -(2**63)
"""What Elasticsearch gives as sort key of a track that has no value, in descending order."""

_SMALLEST_BLOCK = 50
"""Hits in a block for recordings: one request does for a small page even where a recording has many tracks."""


@dataclass(frozen=True)
class SearchRequest:
    """A search. Make it with `request`, which takes what a person or a program writes."""

    text: Text
    filters: Filters
    facets: tuple[Facet, ...]
    size: int
    after: str | None
    sort: Sort
    highlight: bool = False
    group: Group | None = None

    @property
    def fingerprint(self) -> str:
        """Return 16 hex digits that two requests share if one may be a later page of the other."""
        given = {facet.name: [repr(value) for value in values] for facet, values in self.filters.items()}
        parts = [self.text.words, repr(self.text.clauses), given, self.sort, *([self.group] if self.group else [])]
        return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]

    @property
    def for_all_tracks(self) -> "SearchRequest":
        """Return a request for the same tracks, but for no page and no facets of them."""
        return replace(self, facets=(), size=0, after=None, highlight=False, group=None)


def request(
    typed: str = "",
    *,
    filters_by_facet: Mapping[str, Iterable[str]] | None = None,
    facet_names: Iterable[str] = (),
    size: int = 20,
    after: str | None = None,
    sort: str = Sort.RELEVANCE,
    highlight: bool = False,
    group: str | None = None,
) -> SearchRequest:
    """Return a checked request; raises InputError, in one sentence, for a value that is unknown or out of bounds.

    `typed` may be any text at all, and empty to browse. Filters map a facet's name to its values (see `facets.table`).
    `highlight` also asks which words of a hit matched; `group="recording"` asks for one row per recording.

    >>> request("björk", filters_by_facet={"year": ["1990..1999"]}, facet_names=["genre"]).sort
    <Sort.RELEVANCE: 'relevance'>
    """
    if not 0 <= size <= MAX_HITS:
        raise InputError(f"A page can't have {size} hits.", f"Ask for 0 to {MAX_HITS}.")
    if sort not in list(Sort):
        raise unknown_name("order", sort, list(Sort))
    if group is not None and group not in list(Group):
        raise unknown_name("group", group, list(Group))
    given = {get_facet(name): list(values) for name, values in (filters_by_facet or {}).items()}
    return SearchRequest(
        text=parse(typed),
        filters={facet: parse_values(facet, values) for facet, values in given.items() if values},
        facets=tuple(dict.fromkeys(get_facet(name) for name in facet_names)),
        size=size,
        after=after or None,
        sort=Sort(sort),
        highlight=highlight,
        group=Group(group) if group else None,
    )


@dataclass(frozen=True)
class Search:
    """A request at one stage, with the place where its page begins and, in the fuzzy stage, what the index knows."""

    request: SearchRequest
    stage: Stage
    after: Cursor | None = None
    vocabulary: Vocabulary | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the sort keys. Without a text all are equally relevant: what was played most comes first."""
        by = SORT_KEYS[self.request.sort]
        return (*(key for key in by if key != "_score" or self.request.text), *TIE_BREAKERS)

    @property
    def text(self) -> Text:
        """Return the text as this stage reads it: the fuzzy one takes phrases, which nothing has, for plain words."""
        text = self.request.text
        return text.without_phrases if self.stage is Stage.FUZZY else text

    @property
    def ranked(self) -> Query:
        """Return the query for the text alone, which ranks the tracks."""
        return text_query.ranked(self.text, self.stage, self.vocabulary) if self.text else MatchAll()

    @cached_property
    def facet_plan(self) -> FacetPlan:
        """Return which filters each facet is counted under."""
        return aggregations.plan(self.request.filters, self.request.facets)

    def unscored(self, filters: Iterable[Query]) -> Json:
        """Return the query for the tracks that match the text and some filters."""
        text = [text_query.match(self.text, self.stage, self.vocabulary)] if self.request.text else []
        clauses = [*text, *filters]
        return dict((Bool(filter=clauses) if clauses else MatchAll()).to_dict())


def with_vocabulary(ask: Ask, search: Search) -> Search:
    """Return a search with the vocabulary that its stage needs."""
    tokens = text_query.candidate_tokens(search.text) if search.stage is Stage.FUZZY and search.text else []
    return replace(search, vocabulary=text_query.fetch_vocabulary(ask, tokens)) if tokens else search


def hits_body(search: Search) -> Json:
    """Return the request for one page of hits, and one more: it tells whether there is a next page."""
    chosen = filters.clauses(search.request.filters)
    body: Json = {
        "query": Bool(must=[search.ranked], filter=chosen).to_dict() if chosen else search.ranked.to_dict(),
        "size": page_size(search.request),
        "sort": order(search.keys),
        "track_total_hits": False,
    }
    if search.after:
        body["search_after"] = list(search.after.keys)
    return body


def hits_with_value_body(search: Search) -> Json | None:
    """Return `hits_body` for the tracks that have a value to sort by, which come first; None where that is no help.

    Elasticsearch passes over most of them, but compares all that have none.
    """
    name, after = search.keys[0], search.after
    if search.request.text or name in TIE_BREAKERS or (after and after.keys[0] <= _NO_VALUE):
        return None
    body = hits_body(search)
    return body | {"query": {"bool": {"filter": [body["query"], Exists(field=name).to_dict()]}}}


def page_size(request: SearchRequest) -> int:
    """Return how many hits to ask for: one more than the page has; of recordings, what they are likely to take."""
    if not request.size:
        return 0
    return max(2 * request.size, _SMALLEST_BLOCK) if request.group else request.size + 1


def behind(search: Search, hit: Json) -> Search:
    """Return the search that goes on behind a hit."""
    return replace(search, after=Cursor(search.stage, tuple(hit["sort"])))


def count_body(search: Search) -> Json:
    """Return the request that counts: the total, and every facet."""
    return {"query": search.unscored(search.facet_plan.everywhere), "size": 0} | counting(search)


def counting(search: Search) -> Json:
    """Return the part of a request that counts."""
    aggs = aggregations.body(search.facet_plan)
    return {"track_total_hits": True} | ({"aggs": aggs} if aggs else {})


def matched(search: Search) -> Json:
    """Return the query for all tracks that match, under all filters, unscored."""
    return search.unscored(filters.clauses(search.request.filters))


def strict_check_body(search: Search) -> Json:
    """Return the request that tells, whatever the filters and the order, whether the strict stage is enough."""
    query = Search(search.request, Stage.STRICT).ranked.to_dict()
    return {"query": query, "size": 1, "track_total_hits": FEW_HITS, "_source": False}
