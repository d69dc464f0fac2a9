"""A search as Elasticsearch's requests for hits and counts, and the answer made of what they return.

They are two for one word, for browsing, and under filters, because they are fast for opposite reasons. Hits are scored,
but only as long as a better one may come (no total is asked for). Counts see every match, but score none, and
Elasticsearch keeps them in its request cache. For several words they are one: see `_WORDS_OF_ONE`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from elasticsearch.dsl.query import Bool, MatchAll, Query

from mappings import fields
from mappings.errors import InputError
from queries import counting, cursor, filters, labels, marks, matching, text, variants, weights
from queries.answer import FacetCount, Grouped, Hit, Recording, SearchAnswer, Total
from queries.cursor import Cursor
from queries.guesses import Guess
from queries.matching import Stage
from queries.request import SearchRequest, Sort

Json = dict[str, Any]

_BY: Mapping[Sort, tuple[str, ...]] = {
    Sort.RELEVANCE: ("_score", fields.PLAYS),
    Sort.PLAYS: (fields.PLAYS,),
    Sort.YEAR: (fields.YEAR,),
}
TIES = (fields.DATASET, fields.SOURCE_ID)
"""Together they are the document's id, as columns: no two tracks are equal."""

_MISSING = -(2**63)
"""What Elasticsearch gives as sort key of a track that has no value, in descending order."""

_FEWEST = 50
"""Hits in a block for grouping: one request does for a small page even where a recording has many tracks."""

_WORDS_OF_ONE = 2
"""Words from which on one request does better than two. Elasticsearch's CPU for texts of 1, 2, 3, 4, 6 words with six
facets among 1,112,000 synthetic tracks, 200 texts each, alternating, twice: 12, 17, 20, 24, 28 ms for two requests, 11,
12, 14, 16, 20 for one. Where much matches too: `radio edit`, 101,223 tracks, took 37 and 35 ms; `dj`, 113,945, 17 and
30."""


@dataclass(frozen=True)
class Search:
    """A request at one stage, with the place where its page begins."""

    request: SearchRequest
    stage: Stage
    after: Cursor | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the sort keys. Without a text all are equally relevant: what was played most comes first."""
        by = _BY[self.request.sort]
        return (*(key for key in by if key != "_score" or self.request.text.asks), *TIES)


def start(request: SearchRequest) -> Search:
    """Return the search for a request: where its cursor says, else at the strict stage's beginning."""
    if request.after is None:
        return Search(request, Stage.STRICT)
    after = cursor.read(request.after, request.fingerprint)
    search = Search(request, after.stage, after)
    if len(after.keys) != len(search.keys) or not all(map(_fits, search.keys, after.keys)):
        raise InputError("Bad cursor: it belongs to another search.", "Start with the first page.")
    return search


def _fits(name: str, key: object) -> bool:
    """Say whether a cursor's key can be one of this column; a forged one must not become Elasticsearch's problem."""
    return isinstance(key, str) if name in TIES else isinstance(key, int | float) and not isinstance(key, bool)


def hits_body(search: Search) -> Json:
    """Return the request for one page of hits, and one more: it tells whether there is a next page."""
    asked = search.request
    body: Json = {
        "query": Bool(must=[_ranked(search)], filter=_chosen(asked)).to_dict(),
        "size": room(asked),
        "sort": order(search.keys),
        "track_total_hits": False,
        "_source": list(fields.SHOWN),
    }
    if search.after:
        body["search_after"] = list(search.after.keys)
    if asked.marked and asked.text.asks:
        body["highlight"] = marks.asked(asked.text, variants.of(asked.text), search.stage)
    return body


def hits_with_value_body(search: Search) -> Json | None:
    """Return `hits_body` for the tracks that have a value to sort by, which come first; None where that is no help.

    Elasticsearch passes over most of them, but compares all that have none by their ids: 210 ms for 9.7 million tracks
    without plays, against 3 ms for 12.3 million with.
    """
    name, after = search.keys[0], search.after
    if search.request.text.asks or name in TIES or (after and not _has_value(after.keys[0])):
        return None
    body = hits_body(search)
    body["query"]["bool"].setdefault("filter", []).append({"exists": {"field": name}})
    return body


def _has_value(key: object) -> bool:
    return isinstance(key, int | float) and key > _MISSING


def is_whole(search: Search, found: Json) -> bool:
    """Say whether a page that was asked for by `hits_with_value_body` is what `hits_body` would have given."""
    return len(found["hits"]["hits"]) >= room(search.request)


def room(asked: SearchRequest) -> int:
    """Return how many hits to ask for: one more than the page has; of recordings, what they are likely to take."""
    if not asked.size:
        return 0
    return max(2 * asked.size, _FEWEST) if asked.group else asked.size + 1


def from_hit(search: Search, hit: Json) -> Search:
    """Return the search that goes on behind a hit."""
    return replace(search, after=Cursor(search.stage, tuple(hit["sort"])))


def _chosen(asked: SearchRequest) -> list[Query]:
    return [filters.clause(facet, values) for facet, values in asked.filters.items()]


def _ranked(search: Search) -> Query:
    asked = search.request.text
    return matching.ranked(asked, variants.of(asked), search.stage) if asked.asks else MatchAll()


def order(keys: Iterable[str]) -> list[Json]:
    """Return the `sort` of a request."""
    return [_order(key) for key in keys]


def _order(key: str) -> Json:
    if key in TIES:
        return {key: {"order": "asc"}}
    return {key: {"order": "desc"} | ({} if key == "_score" else {"missing": "_last"})}


def count_body(search: Search) -> Json:
    """Return the request that counts: the total, and every facet."""
    planned = counting.plan(search.request)
    body = {"query": _counted(search, planned.everywhere), "size": 0, "track_total_hits": True}
    aggs = counting.aggregations(search.request, planned)
    return body | ({"aggs": aggs} if aggs else {})


def both_body(search: Search) -> Json | None:
    """Return one request for hits and counts, if no filter tells the two apart; None where two are better.

    Scoring all that match mostly costs less than looking the terms up twice.
    """
    words = len(matching.terms(search.request.text))
    if search.request.filters or not (search.stage is Stage.FUZZY or words >= _WORDS_OF_ONE):
        return None
    counts = count_body(search)
    return hits_body(search) | {name: part for name, part in counts.items() if name not in ("query", "size")}


def _counted(search: Search, everywhere: tuple[Query, ...]) -> Json:
    asked = search.request.text
    words = [matching.matching(asked, variants.of(asked), search.stage)] if asked.asks else []
    return Bool(filter=[*words, *everywhere]).to_dict() if words or everywhere else MatchAll().to_dict()


def matched(search: Search) -> Json:
    """Return the query for all tracks that match, under all filters, unscored."""
    return _counted(search, tuple(_chosen(search.request)))


def enough_body(search: Search) -> Json:
    """Return the request whose answer tells, whatever the filters and the order, whether the strict stage is enough.

    Were the filters to decide, a facet that says 2 would lead to a page of 40 with slips.
    """
    asked = search.request.text
    query = matching.ranked(asked, variants.of(asked), Stage.STRICT).to_dict()
    return {"query": query, "size": 1, "track_total_hits": matching.LITTLE, "_source": False}


def tells_enough(search: Search) -> bool:
    """Say whether a page's own hits tell what `enough_body` asks for: they have no filter, and the best is on top."""
    asked = search.request
    return not asked.filters and asked.sort is Sort.RELEVANCE and asked.size > 0


def is_enough(search: Search, found: Json) -> bool:
    """Say whether the strict stage found enough: many tracks, or one whose whole name is the text.

    One word is easily the name of something by mistake (there is a Metalica), several hardly are.
    """
    hits = found["hits"]
    whole = any(hit["_score"] >= weights.WHOLE for hit in hits["hits"][:1])
    several = len(matching.terms(search.request.text)) > 1
    many = "total" in hits and int(hits["total"]["value"]) >= matching.LITTLE
    return many or (several and whole)


def total(search: Search, counts: Json) -> int:
    """Return the number of tracks under all filters."""
    return _counted_facets(search, counts)[0]


def _counted_facets(search: Search, counts: Json) -> tuple[int, dict[str, FacetCount]]:
    asked, matched = search.request, int(counts["hits"]["total"]["value"])
    return counting.read(asked, counting.plan(asked), matched, counts.get("aggregations", {}))


def guess_body(search: Search, guess: str) -> Json:
    """Return the request that counts what a guess would find, under the same filters."""
    meant = Search(replace(search.request, text=text.read(guess)), Stage.STRICT)
    return {"query": matched(meant), "size": 0, "track_total_hits": True}


def answer(
    search: Search,
    hits: Json,
    counts: Json,
    took_ms: int,
    grouped: Grouped | None = None,
    did_you_mean: tuple[Guess, ...] = (),
) -> SearchAnswer:
    """Return the answer made of Elasticsearch's two, and of what `grouping` made of the hits, where it was asked."""
    asked = search.request
    number, facets = _counted_facets(search, counts)
    found = grouped.heads if grouped else hits["hits"]["hits"]
    more = len(found) > asked.size > 0
    page = found[: asked.size]
    why = labels.of_page(asked.text, search.stage, page)
    following = Cursor(search.stage, tuple(page[-1]["sort"])) if more else None
    return SearchAnswer(
        total=Total(number),
        took_ms=took_ms,
        hits=tuple(_hit(search, *each) for each in zip(page, why, _recordings(grouped, page), strict=True)),
        facets=facets,
        next=cursor.write(following, asked.fingerprint) if following else None,
        stage=search.stage if asked.text.asks else None,
        text_cut=asked.text.cut,
        recordings=grouped.count if grouped else None,
        did_you_mean=did_you_mean,
    )


def _recordings(grouped: Grouped | None, page: Sequence[Json]) -> Sequence[Recording | None]:
    return grouped.recordings if grouped else [None] * len(page)


def _hit(search: Search, raw: Json, label: labels.Match | None, recording: Recording | None) -> Hit:
    track = raw["_source"]
    score = raw["sort"][0] if "_score" in search.keys else None
    marked = marks.read(raw.get("highlight", {}), track)
    if search.request.marked and label is labels.Match.STEMMED and fields.TITLE in track:
        marked = marks.with_stems(marked, track[fields.TITLE], search.request.text)
    return Hit(raw["_id"], score, label, track, marked, recording)
