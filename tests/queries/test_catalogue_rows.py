"""Rows asked of a real Elasticsearch: what is counted, what is listed, in which order, and the wide request."""

import uuid
from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch

from mappings.errors import UnreachableError
from queries import Searcher
from queries.catalogue import MAX_LISTED, RowResult, Tally, check, parse_row, row_queries
from tests.queries.tracks import forget, load, track

MANY = 10 * row_queries.FEW


@pytest.fixture(scope="module")
def searcher(client: Elasticsearch) -> Iterator[Searcher]:
    prefix = f"t{uuid.uuid4().hex[:10]}"
    tracks = [track(number, "Prelude", ["Johann Bach"]) for number in range(MANY)]
    tracks += [
        track(1_000, "Lady Song", ["Lady Gaga"], dataset="sleeping-disco-9m"),
        track(1_001, "Werewolf", ["Nena"]),
    ]
    tracks += [track(1_002, "Duet", ["Somebody"], contributors=["Nena"]), track(1_003, "Creep", ["Radiohead"])]
    tracks += [track(1_004, "Praise the Lord", ["A$AP Rocky"]), track(1_005, "Whats Poppin Now", ["Kesha Band"])]
    tracks += [track(1_006, "Группа крови", ["Кино"]), track(1_007, "T.N.T. Now", ["AC/DC"])]
    tracks += [track(2_000 + number, f"Prelude {number}", ["Johann Bach"]) for number in range(MANY)]
    try:
        load(client, prefix, tracks, shards=2)
        yield Searcher(client, prefix)
    finally:
        forget(client, prefix)


def answered(searcher: Searcher, *rows: tuple[str, str]) -> list[RowResult]:
    given = [parse_row(number, {"artist": artist, "title": title}) for number, (artist, title) in enumerate(rows, 1)]
    return list(check(searcher.ask, given))


def test_all_matches_are_counted_though_some_are_listed(searcher: Searcher) -> None:
    (answer,) = answered(searcher, ("Johann Bach", "Prelude"))
    assert answer.tracks == {"laion-disco-12m": MANY}
    assert len(answer.matches) == MAX_LISTED
    assert answer.exact
    assert [match.id for match in answer.matches] == sorted(match.id for match in answer.matches)
    tally = Tally(["free-music-archive"])
    tally.add(answer)
    assert tally.as_json()["by_dataset"]["laion-disco-12m"]["tracks"] == MANY
    assert tally.as_json()["by_dataset"]["free-music-archive"]["coverage_percent"] == 0


@pytest.mark.parametrize(
    ("artist", "title", "verdict"),
    [
        ("ladygaga", "Lady Song", "found"),
        ("Radio head", "Creep", "found"),
        ("Nena", "The Were wolf", "not found"),
        ("Nena", "Were wolf", "found"),
        ("Nena", "Werewulf", "likely"),
        ("Nena", "Duet", "likely"),
        ("Radiohaed", "Creep", "likely"),
        ("ASAP Rocky", "Praise the Lord", "found"),
        ("Ke$ha Band", "What's Poppin Now", "found"),
        ("Kino", "Gruppa Krovi", "found"),
        ("ACDC", "TNT Now", "found"),
        ("Rocky A$AP", "Lord Praise The", "likely"),
        ("Nena", "A Werewolf", "likely"),
        ("Nobody", "Creep", "not found"),
    ],
)
def test_what_the_first_request_misses_the_wide_one_finds(
    searcher: Searcher, artist: str, title: str, verdict: str
) -> None:
    (answer,) = answered(searcher, (artist, title))
    assert answer.verdict.value == verdict


def test_answers_come_in_order_and_repeats_are_marked(searcher: Searcher) -> None:
    rows = [("Nena", f"No song {number}") for number in range(450)] + [("NENA", "No Song 7"), ("Radiohead", "Creep")]
    found = answered(searcher, *rows)
    assert [answer.row.number for answer in found] == list(range(1, 453))
    assert [answer.row.number for answer in found if answer.duplicate_of] == [451]
    assert found[450].duplicate_of == 8
    assert found[451].verdict.value == "found"


def test_rows_of_ids_alone_and_rows_too_long_cost_no_other(searcher: Searcher) -> None:
    cells = [
        {"fma": "999999"},
        {"fma": "999999"},
        {"artist": "\u200b", "title": "x", "fma": "999998"},
        {"artist": "Nena", "title": "word " * 100_000},
        {"artist": "Nena", "title": "Werewolf " * 130, "youtube": "hTWKbfoikeg"},
        {"artist": "Nena", "title": "Werewolf"},
    ]
    found = list(check(searcher.ask, [parse_row(number, each) for number, each in enumerate(cells, 1)]))
    assert [answer.verdict.value for answer in found] == [*["not found"] * 3, "unreadable", "not found", "found"]
    assert found[1].duplicate_of == 1
    assert found[0].reason == "no track has this id"
    assert found[4].reason == "no track has this id, or this artist and title"


def test_stopping_early_stops_asking(searcher: Searcher) -> None:
    seen = 0

    def rows() -> Iterator[tuple[str, str]]:
        nonlocal seen
        for number in range(100_000):
            seen += 1
            yield "Nena", f"No song {number}"

    given = (parse_row(number, {"artist": artist, "title": title}) for number, (artist, title) in enumerate(rows(), 1))
    answers = check(searcher.ask, given)
    assert next(answers).row.number == 1
    answers.close()
    assert seen <= 500


def test_what_isnt_reachable_is_told(client: Elasticsearch) -> None:
    with Elasticsearch("http://127.0.0.1:9", max_retries=0) as nowhere, pytest.raises(UnreachableError):
        next(check(Searcher(nowhere, "x").ask, [parse_row(1, {"artist": "a", "title": "b"})]))
