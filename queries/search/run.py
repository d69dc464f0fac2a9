"""A search from request to result: the strict stage, the fuzzy one where it finds little, and what they return."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches

from elasticsearch.dsl.query import Bool

from mappings.errors import InputError
from mappings.spelling.folding import words
from mappings.track import SEARCH_ONLY
from queries.cursor import may_be_key, read_cursor, write_cursor
from queries.facets import aggregations, filters
from queries.model import Ask, Hit, Json, SearchResult, Sort, SpellingSuggestion, Stage, Total, total_of
from queries.search import recordings, search_request, text_query
from queries.search.explain import explain, names_of
from queries.search.recordings import RecordingsPage
from queries.search.search_request import Search, SearchRequest
from queries.search.terms import terms_of
from queries.search.text_query import FEW_HITS
from queries.search.weights import WHOLE
from queries.text import Text, parse

MAX_SUGGESTIONS = 3
_LEAST_ALIKE = 0.6
"""Share of letters in common, as difflib counts it: two slips in eight letters leave 0.75, one in five 0.8."""


@dataclass(frozen=True)
class _Answers:
    """What Elasticsearch returned for a search at one stage."""

    search: Search
    hits: list[Json]
    counts: Json
    total: int


def run(ask: Ask, request: SearchRequest) -> SearchResult:
    """Return one page of the result. Raises InputError for a bad cursor, else what `ask` raises."""
    began = time.monotonic()
    start = _first_search(ask, request)
    answers = _fetch(ask, start)
    if not start.after and _needs_fuzzy_stage(ask, answers):
        fuzzy = _fetch(ask, search_request.with_vocabulary(ask, replace(start, stage=Stage.FUZZY)))
        answers = fuzzy if fuzzy.total > answers.total else answers
    page = recordings.page(ask, answers.search, answers.hits, answers.total) if request.group else None
    suggestions = _suggestions(ask, answers)
    return _result(answers, page, suggestions, round((time.monotonic() - began) * 1000))


def for_all_tracks(ask: Ask, request: SearchRequest) -> tuple[Search, Stage | None]:
    """Return the search for all tracks of a request, at the stage that a page of it has (None without a text)."""
    everything = request.for_all_tracks
    stage = run(ask, everything).stage if request.text else None
    return search_request.with_vocabulary(ask, Search(everything, stage or Stage.STRICT)), stage


def _first_search(ask: Ask, request: SearchRequest) -> Search:
    """Return the search for a request: where its cursor says, else at the strict stage's beginning."""
    if request.after is None:
        return Search(request, Stage.STRICT)
    after = read_cursor(request.after, request.fingerprint)
    search = Search(request, after.stage, after)
    if len(after.keys) != len(search.keys) or not all(map(may_be_key, search.keys, after.keys)):
        raise InputError("Bad cursor: it belongs to another search.", "Start with the first page.")
    return search_request.with_vocabulary(ask, search)


def _fetch(ask: Ask, search: Search) -> _Answers:
    if search.request.text and not search.request.filters:  # hits and counts are of the same tracks
        (answer,) = ask(search_request.hits_body(search) | search_request.counting(search))
        return _Answers(search, answer["hits"]["hits"], answer, total_of(answer))
    valued = search_request.hits_with_value_body(search)
    hits, counts = ask(valued or search_request.hits_body(search), search_request.count_body(search))
    if valued and len(hits["hits"]["hits"]) < search_request.page_size(search.request):
        (hits,) = ask(search_request.hits_body(search))
    total = aggregations.total(search.facet_plan, total_of(counts), counts.get("aggregations", {}))
    return _Answers(search, hits["hits"]["hits"], counts, total)


def _needs_fuzzy_stage(ask: Ask, answers: _Answers) -> bool:
    """Tell whether strictly there are few tracks, whatever the filters, and no whole name.

    Were the filters to decide, a facet that says 2 would lead to a page of 40. One word is easily the name of something
    by mistake (there is a Metalica), several hardly are. Phrases beside other words are read as plain words only where
    nothing has them.
    """
    request = answers.search.request
    terms = terms_of(request.text.without_phrases)
    if not request.text or not terms.has_fuzzy_stage or answers.total >= FEW_HITS:
        return False
    best, total = answers.hits[:1], answers.total
    if request.filters or request.sort is not Sort.RELEVANCE or not request.size:
        (answer,) = ask(search_request.strict_check_body(answers.search))
        best, total = answer["hits"]["hits"], total_of(answer)
    is_name = any((hit["sort"][0] if "sort" in hit else hit["_score"]) >= WHOLE for hit in best)
    return total < (1 if request.text.phrases else FEW_HITS) and not (is_name and len(terms.words) > 1)


def _suggestions(ask: Ask, answers: _Answers) -> tuple[SpellingSuggestion, ...]:
    """Return texts without slips that find something, for the first page of a text that finds little as it is."""
    search = answers.search
    if search.stage is not Stage.FUZZY or search.after:
        return ()
    texts = did_you_mean(search.text, answers.hits)
    chosen = filters.clauses(search.request.filters)
    queries = [Bool(filter=[text_query.match(parse(text), Stage.STRICT), *chosen]).to_dict() for text in texts]
    counts = ask(*({"query": query, "size": 0, "track_total_hits": True} for query in queries)) if queries else []
    both = zip(texts, map(total_of, counts), strict=True)
    return tuple(SpellingSuggestion(text, count) for text, count in both if count)


def did_you_mean(text: Text, hits: Iterable[Json]) -> list[str]:
    """Return texts without the slips, made of the names of hits of the fuzzy stage, the likeliest first.

    >>> did_you_mean(parse("metalica one"), [{"_source": {"title": "One", "artists": ["Metallica"]}}])
    ['metallica one']
    """
    if text.clauses or not text.words:
        return []
    terms = terms_of(text)
    needed = {words(terms.words[number].typed) for number in terms.required(Stage.FUZZY)}
    typed = [folded for word in text.words for folded in words(word).split()]
    suggestions = dict[str, None]()
    for hit in hits:
        known = {word for name in names_of(hit["_source"]) for word in words(name).split()}
        suggestion = []
        for word in typed:
            is_right = word in known or word not in needed
            suggestion += [word] if is_right else get_close_matches(word, sorted(known), n=1, cutoff=_LEAST_ALIKE)
        if len(suggestion) == len(typed) and suggestion != typed:
            suggestions[" ".join(suggestion)] = None
    return list(suggestions)[:MAX_SUGGESTIONS]


def _result(
    answers: _Answers, page: RecordingsPage | None, suggestions: tuple[SpellingSuggestion, ...], took_ms: int
) -> SearchResult:
    search, request = answers.search, answers.search.request
    raw = page.heads if page else answers.hits[: request.size]
    last = page.last if page else raw[-1] if len(answers.hits) > request.size > 0 else None
    explanations = explain(search.text, raw, highlight=request.highlight)
    rows = page.recordings if page else [None] * len(raw)
    following = search_request.behind(search, last).after if last else None
    counts, aggs = total_of(answers.counts), answers.counts.get("aggregations", {})
    has_score = "_score" in search.keys
    return SearchResult(
        total=Total(answers.total),
        took_ms=took_ms,
        hits=tuple(
            Hit(
                id=hit["_id"],
                score=hit["sort"][0] if has_score else None,
                match=why.match,
                track={name: value for name, value in hit["_source"].items() if name not in SEARCH_ONLY},
                highlights=why.highlights,
                recording=recording,
            )
            for hit, why, recording in zip(raw, explanations, rows, strict=True)
        ),
        facets=aggregations.read(search.facet_plan, counts, aggs),
        next=write_cursor(following, request.fingerprint) if following else None,
        stage=search.stage if request.text else None,
        text_truncated=request.text.truncated,
        recordings=page.count if page else None,
        did_you_mean=suggestions,
    )
