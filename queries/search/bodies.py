"""The requests of a search: hits, counts, and what matches, at one stage.

A text without filters is one request, which scores, counts and lists at once. Browsing and filtered searches are two,
sent together: Elasticsearch keeps the counts of such requests in its cache, and hits are filtered where facets aren't.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from elasticsearch.dsl.query import Bool, Exists, MatchAll, Query

from mappings import track
from queries.cursor import Cursor
from queries.facets import aggregations, filters
from queries.search import text_query
from queries.search.request import SearchRequest
from queries.search.text_query import FEW_HITS, Vocabulary
from queries.text import Text
from queries.types import Json, Sort, Stage

_SORT_KEYS: Mapping[Sort, tuple[str, ...]] = {
    Sort.RELEVANCE: ("_score", track.PLAYS),
    Sort.PLAYS: (track.PLAYS,),
    Sort.YEAR: (track.YEAR,),
}
TIE_BREAKERS = (track.SOURCE_ROW, track.FINGERPRINT)
"""The last sort keys: the order of publication, and what no two tracks have in common, whatever their data sets."""

_NO_VALUE = -(2**63)
"""What Elasticsearch gives as sort key of a track that has no value, in descending order."""


_SMALLEST_BLOCK = 50
"""Hits in a block for recordings: one request does for a small page even where a recording has many tracks."""


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
        by = _SORT_KEYS[self.request.sort]
        return (*(key for key in by if key != "_score" or self.request.text), *TIE_BREAKERS)

    @property
    def text(self) -> Text:
        """Return the text as this stage reads it: the fuzzy one takes phrases, which nothing has, for plain words."""
        text = self.request.text
        return text.without_phrases if self.stage is Stage.FUZZY else text

    @property
    def query(self) -> Query:
        """Return the query for the text alone."""
        return text_query.match(self.text, self.stage, self.vocabulary) if self.text else MatchAll()

    @property
    def ranked(self) -> Query:
        """Return the query for the text alone, which ranks the tracks."""
        return text_query.ranked(self.text, self.stage, self.vocabulary) if self.text else MatchAll()


def is_one_request(search: Search) -> bool:
    """Tell whether hits and counts are one request: for a text without filters, which tell the two apart."""
    return bool(search.request.text) and not search.request.filters


def hits_body(search: Search) -> Json:
    """Return the request for one page of hits, and one more: it tells whether there is a next page."""
    request = search.request
    chosen = [filters.clause(facet, values) for facet, values in request.filters.items()]
    body: Json = {
        "query": Bool(must=[search.ranked], filter=chosen).to_dict() if chosen else search.ranked.to_dict(),
        "size": page_size(request),
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


def order(keys: Iterable[str]) -> list[Json]:
    """Return the `sort` of a request."""
    return [_order(key) for key in keys]


def _order(key: str) -> Json:
    if key in TIE_BREAKERS:
        return {key: {"order": "asc"}}
    return {key: {"order": "desc"} | ({} if key == "_score" else {"missing": "_last"})}


def count_body(search: Search) -> Json:
    """Return the request that counts: the total, and every facet."""
    planned = aggregations.plan(search.request.filters, search.request.facets)
    text = [search.query] if search.request.text else []
    query = Bool(filter=[*text, *planned.everywhere]) if text or planned.everywhere else MatchAll()
    return {"query": query.to_dict(), "size": 0} | counting(search)


def counting(search: Search) -> Json:
    """Return the part of a request that counts."""
    aggs = aggregations.body(aggregations.plan(search.request.filters, search.request.facets))
    return {"track_total_hits": True} | ({"aggs": aggs} if aggs else {})


def matched(search: Search) -> Json:
    """Return the query for all tracks that match, under all filters, unscored."""
    chosen = [filters.clause(facet, values) for facet, values in search.request.filters.items()]
    text = [search.query] if search.request.text else []
    return dict((Bool(filter=[*text, *chosen]) if text or chosen else MatchAll()).to_dict())


def strict_check_body(search: Search) -> Json:
    """Return the request that tells, whatever the filters and the order, whether the strict stage is enough."""
    query = Search(search.request, Stage.STRICT).ranked.to_dict()
    return {"query": query, "size": 1, "track_total_hits": FEW_HITS, "_source": False}
