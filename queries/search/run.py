"""A search from request to result: the strict stage, the fuzzy one where it finds little, and what they return."""

import time
from dataclasses import dataclass, replace
from typing import Any

from mappings.errors import InputError
from mappings.track import SEARCH_ONLY
from queries import cursor
from queries.facets import aggregations
from queries.search import bodies, did_you_mean, explain, recordings, text_query
from queries.search.bodies import Search
from queries.search.request import SearchRequest
from queries.search.results import Hit, Recording, RecordingsPage, SearchResult, SpellingSuggestion
from queries.search.terms import of
from queries.search.text_query import FEW_HITS, Vocabulary
from queries.search.weights import WHOLE
from queries.text import Text
from queries.types import Ask, Json, Sort, Stage, Total, total_of

_HIGHEST_SCORE = 1e6
"""More than any score, however many clauses a text has."""


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
    start = first_stage(ask, request)
    found = _fetch(ask, start)
    if not start.after and _goes_on(ask, found):
        further = _fetch(ask, at_stage(ask, replace(start, stage=Stage.FUZZY)))
        found = further if further.total > found.total else found
    page = recordings.page(ask, found.search, found.hits, found.total) if request.group else None
    meant = _suggestions(ask, found)
    return _result(found, page, meant, round((time.monotonic() - began) * 1000))


def first_stage(ask: Ask, request: SearchRequest) -> Search:
    """Return the search for a request: where its cursor says, else at the strict stage's beginning."""
    if request.after is None:
        return Search(request, Stage.STRICT)
    after = cursor.read(request.after, request.fingerprint)
    search = Search(request, after.stage, after)
    if len(after.keys) != len(search.keys) or not all(map(_may_be_key, search.keys, after.keys)):
        raise InputError("Bad cursor: it belongs to another search.", "Start with the first page.")
    return at_stage(ask, search)


def at_stage(ask: Ask, search: Search) -> Search:
    """Return a search with the vocabulary that its stage needs."""
    needs_it = search.stage is Stage.FUZZY and search.text
    return replace(search, vocabulary=_vocabulary(ask, search.text)) if needs_it else search


def _may_be_key(name: str, key: object) -> bool:
    """Tell whether a hit may have a sort key. A forged cursor must not become an error of Elasticsearch."""
    if isinstance(key, bool):
        return False
    if name == "_score":
        return isinstance(key, int | float) and 0 <= key <= _HIGHEST_SCORE
    return isinstance(key, int) and -(2**63) <= key < 2**63


def _vocabulary(ask: Ask, text: Text) -> Vocabulary:
    tokens = text_query.candidate_tokens(text)
    if not tokens:
        return {}
    (answer,) = ask(text_query.vocabulary_body(tokens))
    return text_query.read_vocabulary(tokens, answer)


def _fetch(ask: Ask, search: Search) -> _Answers:
    planned = aggregations.plan(search.request.filters, search.request.facets)
    if bodies.is_one_request(search):
        (answer,) = ask(bodies.hits_body(search) | bodies.counting(search))
        return _Answers(search, answer["hits"]["hits"], answer, total_of(answer))
    valued = bodies.hits_with_value_body(search)
    hits, counts = ask(valued or bodies.hits_body(search), bodies.count_body(search))
    if valued and len(hits["hits"]["hits"]) < bodies.page_size(search.request):
        (hits,) = ask(bodies.hits_body(search))
    total = aggregations.total(planned, total_of(counts), counts.get("aggregations", {}))
    return _Answers(search, hits["hits"]["hits"], counts, total)


def _goes_on(ask: Ask, answers: _Answers) -> bool:
    """Tell whether to ask the fuzzy stage: strictly there are few tracks, whatever the filters, and no whole name.

    Were the filters to decide, a facet that says 2 would lead to a page of 40. One word is easily the name of something
    by mistake (there is a Metalica), several hardly are. Phrases beside other words are read as plain words only where
    nothing has them.
    """
    request = answers.search.request
    terms = of(request.text.without_phrases)
    if not request.text or not terms.has_fuzzy_stage or answers.total >= FEW_HITS:
        return False
    best, total = answers.hits[:1], answers.total
    if request.filters or request.sort is not Sort.RELEVANCE or not request.size:
        (answer,) = ask(bodies.strict_check_body(answers.search))
        best, total = answer["hits"]["hits"], total_of(answer)
    is_whole = any((hit["sort"][0] if "sort" in hit else hit["_score"]) >= WHOLE for hit in best)
    return total < (1 if request.text.phrases else FEW_HITS) and not (is_whole and len(terms.words) > 1)


def _suggestions(ask: Ask, answers: _Answers) -> tuple[SpellingSuggestion, ...]:
    """Return texts without slips that find something, for the first page of a text that found little as it is."""
    search = answers.search
    if search.stage is not Stage.FUZZY or search.after:
        return ()
    texts = did_you_mean.texts(search.text, answers.hits)
    if not texts:
        return ()
    counted = ask(*(did_you_mean.count_body(search.request, text) for text in texts))
    both = zip(texts, map(total_of, counted), strict=True)
    return tuple(SpellingSuggestion(text, count) for text, count in both if count)


def _result(
    answers: _Answers, page: RecordingsPage | None, meant: tuple[SpellingSuggestion, ...], took_ms: int
) -> SearchResult:
    search, request = answers.search, answers.search.request
    planned = aggregations.plan(request.filters, request.facets)
    total, facets = aggregations.read(planned, total_of(answers.counts), answers.counts.get("aggregations", {}))
    shown = page.heads if page else answers.hits[: request.size]
    last = page.last if page else shown[-1] if len(answers.hits) > request.size > 0 else None
    explained = explain.hits(search.text, shown, highlight=request.highlight)
    rows = page.recordings if page else [None] * len(shown)
    following = bodies.behind(search, last).after if last else None
    return SearchResult(
        total=Total(total),
        took_ms=took_ms,
        hits=tuple(_hit(search, *each) for each in zip(shown, explained, rows, strict=True)),
        facets=facets,
        next=cursor.write(following, request.fingerprint) if following else None,
        stage=search.stage if request.text else None,
        text_truncated=request.text.truncated,
        recordings=page.count if page else None,
        did_you_mean=meant,
    )


def _hit(search: Search, raw: Json, why: explain.Explanation, recording: Recording | None) -> Hit:
    score = raw["sort"][0] if "_score" in search.keys else None
    return Hit(raw["_id"], score, why.match, shown_fields(raw["_source"]), why.highlights, recording)


def shown_fields(source: Json) -> dict[str, Any]:
    """Return the fields of a track that may be shown."""
    return {name: value for name, value in source.items() if name not in SEARCH_ONLY}
