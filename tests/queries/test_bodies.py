"""Request bodies, without a server: their fields exist, filters filter, and building never fails."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import queries
from mappings.errors import InputError
from mappings.track import FIELDS
from queries import FACETS, Stage, text
from queries.search import text_query
from queries.search.search_request import Search, count_body, hits_body

QUERIES = frozenset({"match", "match_phrase", "term", "terms", "fuzzy", "regexp", "prefix", "range"})
"""Queries that hold a field's name as a key."""

OPTIONS = {"field", "size", "shard_size", "include", "ranges"}
"""What a `terms` or `range` aggregation holds; the query of that name holds a field."""

SPECIAL = {"_score", "_index"}

COLUMNS = {"artists.facet", "duration_s"}
"""Fields without an index that queries may name: artists beside their whole names, durations as ranges."""


def mapped() -> dict[str, Any]:
    """Return every field that a query may name, with its mapping."""
    result: dict[str, Any] = {}
    for name, info in FIELDS.items():
        result[name] = info.mapping
        for part in ("fields", "properties"):
            result |= {f"{name}.{inner}": mapping for inner, mapping in info.mapping.get(part, {}).items()}
    return result


def named(body: Any, key: str = "", inside: frozenset[str] = QUERIES | {"sort"}) -> Iterator[str]:
    """Yield every field that a body names."""
    if isinstance(body, list):
        for part in body:
            yield from named(part, key, inside)
    elif isinstance(body, dict):
        for name, value in body.items():
            if key in inside and name not in {"boost", "_name", *OPTIONS}:
                yield name
            elif name == "field":
                yield value
            elif name == "fields":
                yield from (entry.split("^")[0] for entry in value)
            elif not (key == "terms" and name in OPTIONS):
                yield from named(value, name, inside)


REQUESTS = [
    queries.request(words, filters_by_facet=filters, facet_names=FACETS, sort=sort, highlight=True)
    for words in ("", "!!!", "p!nk the Кино r.e.m. björk ♥", "a b c d", "東京")
    for filters in (
        {},
        {"artist": ["x", "none"], "year": ["none", "1990.."], "explicit": ["true", "none"]},
    )
    for sort in queries.Sort
]


def vocabularies(request: queries.SearchRequest) -> Iterator[dict[str, int]]:
    """Yield what the index may know of a text: nothing, its words, everything that is like them."""
    tokens = text_query.candidate_tokens(request.text)
    yield {}
    yield {token: 5 for token in tokens if token in request.text.name.lower().split()}
    yield dict.fromkeys(tokens, 5)


def searches(request: queries.SearchRequest) -> Iterator[Search]:
    """Yield a request at each stage."""
    yield Search(request, Stage.STRICT)
    yield from (Search(request, Stage.FUZZY, vocabulary=known) for known in vocabularies(request))


@pytest.mark.parametrize("checked", REQUESTS)
def test_every_field_that_is_named_is_mapped(checked: queries.SearchRequest) -> None:
    for search in searches(checked):
        names = set(named(hits_body(search))) | set(named(count_body(search)))
        assert names <= mapped().keys() | SPECIAL


@pytest.mark.parametrize("checked", REQUESTS)
def test_every_field_that_is_searched_is_indexed(checked: queries.SearchRequest) -> None:
    for search in searches(checked):
        names = set(named(hits_body(search)["query"])) | set(named(count_body(search)["query"]))
        assert all(mapped()[name].get("index", True) for name in names - COLUMNS)


def test_the_walk_sees_fields() -> None:
    body = hits_body(Search(queries.request("the canción"), Stage.FUZZY))
    names = {"title", "all_words", "whole_names", "title_by_language.es", "plays", "source_row", "fingerprint"}
    assert names <= set(named(body))


def test_elasticsearchs_counting_request_scores_nothing() -> None:
    body = count_body(Search(queries.request("pink", filters_by_facet={"genre": ["rock"]}), Stage.STRICT))
    assert set(body["query"]["bool"]) == {"filter"}
    assert body["size"] == 0


def test_facets_without_filters_share_one_group() -> None:
    filters = {"genre": ["rock"], "year": ["1990.."], "licence": ["none"]}
    request = queries.request("", filters_by_facet=filters, facet_names=["genre", "year", "language", "dataset"])
    body = count_body(Search(request, Stage.STRICT))
    assert set(body["aggs"]) == {"in:rest", "in:genre", "in:year"}
    assert "licence" in str(body["query"])
    assert len(body["aggs"]["in:rest"]["filter"]["bool"]["filter"]) == 2
    assert len(body["aggs"]["in:genre"]["filter"]["bool"]["filter"]) == 1


@given(st.text(max_size=400))
def test_any_text_can_be_asked(typed: str) -> None:
    request = queries.request(typed)
    assert len(request.text.name) <= text.MAX_CHARS
    for search in searches(request):
        hits_body(search)
        count_body(search)
    request.text.name.encode()


def clauses(body: Any, key: str = "") -> int:
    """Return how many terms a query looks for at least, as Lucene counts clauses."""
    if isinstance(body, list):
        return sum(clauses(part, key) for part in body)
    if isinstance(body, dict):
        if "query" in body and isinstance(body["query"], str):
            terms = len(body["query"].replace("-", " ").split())
            return terms * len(body.get("fields", "1"))
        if key == "fuzzy":
            return sum(int(options["max_expansions"]) for options in body.values())
        return sum(clauses(part, name) for name, part in body.items()) + (key in {"term", "terms"})
    return 0


def test_no_text_has_more_clauses_than_a_small_node_allows() -> None:
    # Elasticsearch allows 64 for each MB of heap, divided by the search threads: 16,384 on two cores with 1 GB.
    for words in (8, 24):
        typed = " ".join(f"{letter}é$š!ñ-{letter}o.ü" for letter in "abcdefghijklmnopqrstuvwx"[:words])
        for search in searches(queries.request(typed)):
            assert clauses(hits_body(search)["query"]) < (8192 if search.stage is Stage.STRICT else 16384)


LEAVES = QUERIES | {"multi_match", "exists", "ids"}
"""Queries that hold no other query: each is at least one look-up in every segment."""

_WORDS = "velvet golden river morning silence thunder electric wonder station highway midnight shadow"
WORDS = tuple(_WORDS.split())


def leaves(body: Any) -> int:
    """Return how many leaf queries a query has."""
    if isinstance(body, list):
        return sum(map(leaves, body))
    if isinstance(body, dict):
        return sum(1 if name in LEAVES else leaves(value) for name, value in body.items())
    return 0


@pytest.mark.parametrize(("words", "most"), [(1, 12), (3, 20), (12, 60)])
def test_texts_keep_to_their_budget_of_clauses(words: int, most: int) -> None:
    request = queries.request(" ".join(WORDS[:words]))
    known, unknown = dict.fromkeys(WORDS, 5), dict[str, int]()
    some = [Search(request, Stage.STRICT), *(Search(request, Stage.FUZZY, vocabulary=v) for v in (known, unknown))]
    for search in some:
        assert 0 < leaves(count_body(search)["query"]) <= leaves(hits_body(search)["query"]) <= most


def test_whatever_the_index_knows_twelve_words_have_few_clauses() -> None:
    """Words that the index lacks, all of whose halves and neighbours it has: each adds what can be found by it."""
    request = queries.request(" ".join(WORDS))
    halves = {token: 5 for token in text_query.candidate_tokens(request.text) if token not in WORDS}
    for words, most in ((3, 40), (12, 130)):
        request = queries.request(" ".join(WORDS[:words]))
        assert leaves(hits_body(Search(request, Stage.FUZZY, vocabulary=halves))["query"]) <= most


@given(st.text())
def test_reading_what_was_read_changes_nothing(typed: str) -> None:
    once = text.parse(typed)
    assert text.parse(once.name).words == once.words


@pytest.mark.parametrize(
    ("given_year", "first", "last"),
    [
        ("1994", 1994, 1994),
        ("1990..1999", 1990, 1999),
        ("1990..", 1990, 2999),
        ("..1999", 1000, 1999),
        (" 1994 ", 1994, 1994),
    ],
)
def test_years(given_year: str, first: int, last: int) -> None:
    ((year,),) = queries.request(filters_by_facet={"year": [given_year]}).filters.values()
    assert (year.first, year.last) == (first, last)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "year",
    ["2005..1990", "99999..", "..", "", "x", "90", "1990...1999", "1990-1999", "0000", "19９0", "--1990", "19901999"],
)
def test_absurd_years_are_an_error_of_one_sentence(year: str) -> None:
    with pytest.raises(InputError, match="year"):
        queries.request(filters_by_facet={"year": [year]})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"facet_names": ["gener"]}, "There is no facet called 'gener'. Did you mean genre?"),
        ({"filters_by_facet": {"lisence": ["x"]}}, "Did you mean licence?"),
        ({"sort": "play"}, "There is no order called 'play'. Did you mean plays?"),
        ({"size": -1}, "can't have -1 hits"),
        ({"size": 1001}, "Ask for 0 to 1000"),
        ({"filters_by_facet": {"explicit": ["yes"]}}, "Write true, false or none"),
        ({"filters_by_facet": {"genre": [""]}}, "can't be a value of genre"),
        ({"filters_by_facet": {"genre": ["a\x00b"]}}, "can't be a value of genre"),
        ({"filters_by_facet": {"genre": ["\udcff"]}}, "can't be a value of genre"),
        ({"filters_by_facet": {"genre": [str(n) for n in range(101)]}}, "too many"),
    ],
)
def test_what_cant_be_asked_is_an_error_of_one_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as problem:
        queries.request(**options)
    assert sentence in str(problem.value)


def test_a_value_called_none_can_be_asked_for() -> None:
    ((value,),) = queries.request(filters_by_facet={"artist": ["\\none"]}).filters.values()
    assert value == "none"
