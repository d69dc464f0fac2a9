"""Request bodies, without a server: their fields exist, filters filter, and building never fails."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import queries
from mappings.errors import InputError
from mappings.track import FIELDS
from queries import FACETS, Stage, search, text
from queries.search import Search

OPTIONS = {"field", "size", "shard_size", "include", "ranges"}
"""What a `terms` or `range` aggregation holds; the query of that name holds a field."""

SPECIAL = {"_score", "_index"}


def mapped() -> set[str]:
    """Return every field that a query may name."""
    names: set[str] = set()
    for field in FIELDS:
        names.add(field.name)
        for part in ("fields", "properties"):
            names.update(f"{field.name}.{name}" for name in field.mapping.get(part, {}))
    return names


def named(body: Any, key: str = "") -> Iterator[str]:
    """Yield every field that a body names."""
    if isinstance(body, list):
        for part in body:
            yield from named(part, key)
    elif isinstance(body, dict):
        for name, value in body.items():
            if key in {"match", "term", "terms", "range", "sort"} and name not in {"boost", "_name", *OPTIONS}:
                yield name
            elif name == "field":
                yield value
            elif name == "fields":
                yield from (entry.split("^")[0] for entry in value)
            elif not (key == "terms" and name in OPTIONS):
                yield from named(value, name)


REQUESTS = [
    queries.request(words, filters_by_facet=filters, facet_names=FACETS, sort=sort, highlight=True)
    for words in ("", "!!!", "p!nk the Кино r.e.m. björk ♥", "a b c d", "東京")
    for filters in (
        {},
        {"artist": ["x", "none"], "year": ["none", "1990.."], "explicit": ["true", "none"]},
    )
    for sort in queries.Sort
]


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("asked", REQUESTS)
def test_every_field_that_is_named_is_mapped(asked: queries.SearchRequest, stage: Stage) -> None:
    found = Search(asked, stage)
    names = set(named(search.hits_body(found))) | set(named(search.count_body(found)))
    wild = {name for name in names if name.endswith(".*")}
    assert names - wild <= mapped() | SPECIAL
    assert {name[:-2] for name in wild} <= mapped()


def test_the_walk_sees_fields() -> None:
    body = search.hits_body(Search(queries.request("the canción"), Stage.FUZZY))
    assert {"title", "artists.exact", "title_by_language.es", "title_accented", "plays", "dataset"} <= set(named(body))


def test_elasticsearchs_counting_request_scores_nothing() -> None:
    body = search.count_body(Search(queries.request("pink", filters_by_facet={"genre": ["rock"]}), Stage.STRICT))
    assert set(body["query"]["bool"]) == {"filter"}
    assert body["size"] == 0


def test_facets_without_filters_share_one_group() -> None:
    filters = {"genre": ["rock"], "year": ["1990.."], "licence": ["none"]}
    asked = queries.request("", filters_by_facet=filters, facet_names=["genre", "year", "language", "dataset"])
    body = search.count_body(Search(asked, Stage.STRICT))
    assert set(body["aggs"]) == {"in:rest", "in:genre", "in:year"}
    assert "licence" in str(body["query"])
    assert len(body["aggs"]["in:rest"]["filter"]["bool"]["filter"]) == 2
    assert len(body["aggs"]["in:genre"]["filter"]["bool"]["filter"]) == 1


@given(st.text(max_size=400))
def test_any_text_can_be_asked(typed: str) -> None:
    asked = queries.request(typed)
    assert len(asked.text.whole) <= text.MAX_CHARS
    for stage in Stage:
        search.hits_body(Search(asked, stage))
        search.count_body(Search(asked, stage))
    asked.text.whole.encode()


def leaves(body: Any, key: str = "") -> int:
    """Return how many terms a query looks for at least, as Lucene counts clauses."""
    if isinstance(body, list):
        return sum(leaves(part, key) for part in body)
    if isinstance(body, dict):
        if "query" in body and isinstance(body["query"], str):
            terms = len(body["query"].replace("-", " ").split())
            return terms * len(body.get("fields", "1")) * int(body.get("max_expansions", 1))
        return sum(leaves(part, name) for name, part in body.items()) + (key in {"term", "terms"})
    return 0


def test_no_text_has_more_clauses_than_a_small_node_allows() -> None:
    # Elasticsearch allows 64 for each MB of heap, divided by the search threads: 16,384 on two cores with 1 GB.
    for words in (8, 24):
        typed = " ".join(f"{letter}é$š!ñ-{letter}o.ü" for letter in "abcdefghijklmnopqrstuvwx"[:words])
        for stage in Stage:
            body = search.hits_body(Search(queries.request(typed), stage))
            assert leaves(body["query"]) < (8192 if stage is Stage.STRICT else 16384)


@given(st.text())
def test_reading_what_was_read_changes_nothing(typed: str) -> None:
    once = text.read(typed)
    assert text.read(once.whole).words == once.words


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
def test_absurd_years_are_told_in_a_sentence(year: str) -> None:
    with pytest.raises(InputError, match="year"):
        queries.request(filters_by_facet={"year": [year]})


@pytest.mark.parametrize(
    ("asked", "sentence"),
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
def test_what_cant_be_asked_is_told_in_a_sentence(asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as problem:
        queries.request(**asked)
    assert sentence in str(problem.value)


def test_a_value_called_none_can_be_asked_for() -> None:
    ((value,),) = queries.request(filters_by_facet={"artist": ["\\none"]}).filters.values()
    assert value == "none"
