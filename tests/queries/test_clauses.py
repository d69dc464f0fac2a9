"""What a text says beyond plain words: phrases, exclusions, and in which name to look."""

import uuid
from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch

import queries
from queries import Match, Searcher, text
from queries.text import MAX_CLAUSES
from tests.queries.tracks import forget, load, track

TRACKS = [
    track(0, "The Wall", ["Pink Floyd"], album="The Wall", year=1979),
    track(1, "Wall of the Sea", ["Pink"], album="Live", year=1990),
    track(2, "The Wall (Live)", ["Pink Floyd"], album="Is There Anybody Out There?", year=2000),
    track(3, "Pink", ["Aerosmith"], album="Nine Lives", year=1997),
    track(4, "Back in Black", ["AC/DC"], album="Back in Black", year=1980),
    track(5, "-M-", ["-M-"], album="Labo M"),
    track(6, "Группа крови", ["Кино"], album="Группа крови", year=1988),
    track(7, "Artist: Unknown", ["Nobody"], album="Year: 2000"),
    track(8, "So What", ["P!nk"], album="Funhouse", year=2008),
]


@pytest.fixture(scope="module")
def searcher(client: Elasticsearch) -> Iterator[Searcher]:
    prefix = f"t{uuid.uuid4().hex[:10]}"
    try:
        load(client, prefix, TRACKS)
        yield Searcher(client, prefix)
    finally:
        forget(client, prefix)


def rows_of(searcher: Searcher, typed: str) -> set[int]:
    answer = searcher.search(queries.request(typed, facet_names=["dataset"]))
    assert answer.total.value == len(answer.hits) == sum(b.count for b in answer.facets["dataset"].buckets)
    return {int(hit.track["source_id"][1:]) for hit in answer.hits}


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ('"the wall"', {0, 2}),
        ("“the wall”", {0, 2}),
        ("«the wall» pink", {0, 2}),
        ("wall -live", {0}),
        ('wall -"the wall"', {1}),
        ("artist:pink", {0, 1, 2, 8}),
        ("title:pink", {3}),
        ('artist:"pink floyd" -live', {0}),
        ("ARTIST:acdc", {4}),
        ("artist:kino", {6}),
        ("album:wall", {0}),
        ("pink year:1990..1999", {1, 3}),
        ("year:1979", {0}),
        ("wall -year:..1989", {1, 2}),
        ("wall -artist:floyd", {1}),
        ('artist:"p!nk"', {8}),
        ("-M-", {5}),
        ("artist: unknown", {7}),
        ('pink "floyd', {0, 2}),
        ("title:wall artist:pink year:2000", {2}),
        ('"back in black" artist:"ac dc"', {4}),
    ],
)
def test_parts_select(searcher: Searcher, typed: str, numbers: set[int]) -> None:
    assert rows_of(searcher, typed) == numbers


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ('"the wall"', Match.EXACT),
        ('artist:"Pink Floyd"', Match.EXACT),
        ("artist:floyd", Match.FOLDED),
        ("artist:acdc", Match.JOINED),
        ("artist:kino", Match.TRANSLITERATED),
        ("artist:pink title:what", Match.SYMBOLS),
        ("year:1979", None),
    ],
)
def test_parts_say_why(searcher: Searcher, typed: str, label: Match | None) -> None:
    assert searcher.search(queries.request(typed)).hits[0].match == label


@pytest.mark.parametrize(
    "typed", ["year:soon", "artist:", '"', '""', "-", "--", '-"', 'x:"', '12" 7"', "rock-'n'-roll", "-182"]
)
def test_what_is_not_quite_a_part_is_plain_text(typed: str) -> None:
    assert text.parse(typed).words == tuple(typed.split())
    assert not text.parse(typed).clauses


def test_too_many_parts_are_plain_text() -> None:
    parsed = text.parse(" ".join(f'"a{number}"' for number in range(MAX_CLAUSES + 3)))
    assert len(parsed.clauses) == MAX_CLAUSES
    assert len(parsed.words) == 3


def test_a_page_of_other_parts_is_another_search(searcher: Searcher) -> None:
    first = searcher.search(queries.request("artist:pink", size=1))
    with pytest.raises(Exception, match="Bad cursor"):
        searcher.search(queries.request("title:pink", size=1, after=first.next))
