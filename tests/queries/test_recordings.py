"""Rows of recordings equal what brute force makes of the tracks, on every page, under ties, filters and all orders."""

import random
import uuid
from collections.abc import Iterator
from itertools import islice
from typing import Any

import polars as pl
import pytest
from elasticsearch import Elasticsearch
from hypothesis import given
from hypothesis import strategies as st

import queries
from mappings.errors import InputError
from mappings.index_names import alias
from queries import Hit, Searcher, SearchResult
from queries.model import Json
from queries.search import recordings, search_request
from queries.search.search_request import Search
from tests.queries import made
from tests.queries.conftest import Collection
from tests.queries.tracks import documents, forget, load, track, write

SORTS = ("relevance", "plays", "year")
WORD, PAIR = made.WORDS[0], f"{made.WORDS[0]} {made.WORDS[1]}"
FILTERS: dict[str, list[str]] = {"genre": ["rock", "none"], "year": ["1980.."], "dataset": ["laion-disco-12m"]}


@pytest.fixture(scope="module")
def joined(client: Elasticsearch) -> Iterator[Collection]:
    """Return 2,000 made-up tracks, many joined by key, by video or by both, 200 of them by one key."""
    rng, prefix = random.Random(7), f"t{uuid.uuid4().hex[:10]}"
    tracks = [one | _joins(rng, number) for number, one in enumerate(made.tracks(2_000, seed=7))]
    try:
        load(client, prefix, tracks, shards=2)
        yield Collection(tracks, Searcher(client, prefix), prefix)
    finally:
        forget(client, prefix)


def _joins(rng: random.Random, number: int) -> dict[str, Any]:
    key = "many / copies" if number % 10 == 0 else f"key / {rng.randint(0, 1000)}"
    videos = [f"video{rng.randint(0, 3000):06d}" for _ in range(rng.choice((0, 0, 1, 1, 2)))]
    return {"recording_key": key, "video_ids": videos or None}


def components(tracks: list[dict[str, Any]]) -> dict[str, int]:
    """Return a number for each track's id that those of one recording share, by handing the least number on."""
    frame = pl.DataFrame(
        {
            "id": [f"{one['dataset']}:{one['source_id']}" for one in tracks],
            "join": [
                [f"k{one['recording_key']}", *(f"v{video}" for video in one["video_ids"] or ())] for one in tracks
            ],
        }
    ).with_row_index("group")
    while True:
        joined = frame.explode("join").with_columns(pl.col("group").min().over("join"))
        least = joined.group_by("id").agg(pl.col("group").min())
        after = frame.drop("group").join(least, on="id")
        if after.sort("id")["group"].equals(frame.sort("id")["group"].cast(after["group"].dtype)):
            return dict(zip(after["id"], after["group"], strict=True))
        frame = after


def pages(searcher: Searcher, text: str = "", **options: Any) -> Iterator[SearchResult]:
    after = None
    for _ in range(3_000):
        answer = searcher.search(queries.request(text, after=after, group="recording", **options))
        assert len(answer.hits) == options["size"] or answer.next is None
        yield answer
        after = answer.next
        if after is None:
            return
    raise AssertionError("endless")


def singly(searcher: Searcher, text: str, **options: Any) -> list[Hit]:
    """Return all tracks that match, in their order."""
    after, hits = None, list[Hit]()
    while True:
        answer = searcher.search(queries.request(text, size=1000, after=after, **options))
        hits += answer.hits
        if answer.next is None:
            return hits
        after = answer.next


@pytest.mark.parametrize("filters", [{}, FILTERS], ids=["all", "filtered"])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(("text", "size"), [("", 333), (WORD, 97), (WORD, 1000), (PAIR, 12)])
def test_rows_are_what_brute_force_finds(
    joined: Collection, text: str, size: int, sort: str, filters: dict[str, list[str]]
) -> None:
    group = components(joined.tracks)
    matching = singly(joined.searcher, text, sort=sort, filters_by_facet=filters)
    best: dict[int, str] = {}
    for hit in matching:
        best.setdefault(group[hit.id], hit.id)

    result = [
        hit
        for page in pages(joined.searcher, text, size=size, sort=sort, filters_by_facet=filters)
        for hit in page.hits
    ]
    assert [hit.id for hit in result] == list(best.values())
    assert sum(hit.recording.matched for hit in result if hit.recording) == len(matching)

    ids = {hit.id for hit in matching}
    for hit in result:
        assert hit.recording is not None
        mine = {track for track, number in group.items() if number == group[hit.id]}
        listed = {member.id: member.matched for member in hit.recording.tracks}
        assert hit.recording.count == len(mine)
        assert set(hit.recording.datasets) == {track.split(":")[0] for track in mine}
        assert set(listed) <= mine
        assert len(listed) == min(len(mine), recordings.MAX_LISTED)
        assert all(matched == (track in ids) for track, matched in listed.items())


def test_facets_and_total_count_tracks(joined: Collection) -> None:
    options: dict[str, Any] = {"filters_by_facet": FILTERS, "facet_names": ["dataset", "genre", "year"], "size": 5}
    rows = joined.searcher.search(queries.request(WORD, group="recording", **options))
    tracks = joined.searcher.search(queries.request(WORD, **options))
    assert rows.total == tracks.total
    assert rows.facets == tracks.facets
    assert tracks.recordings is None


@pytest.mark.parametrize(("text", "exact"), [("", False), (WORD, True), (PAIR, True)])
@pytest.mark.parametrize("size", [0, 3, 1000])
def test_recordings_are_counted(joined: Collection, text: str, size: int, *, exact: bool) -> None:
    group = components(joined.tracks)
    right = len({group[hit.id] for hit in singly(joined.searcher, text)})
    counted = joined.searcher.search(queries.request(text, size=size, group="recording")).recordings
    assert counted is not None
    assert counted.exact is (exact or 0 < right <= size)
    keys = len({one["recording_key"] for one in joined.tracks})
    # The estimate is of keys, and made-up videos join many of them.
    assert counted.value == right if counted.exact else right < counted.value == pytest.approx(keys, rel=0.02)


@pytest.mark.parametrize("sort", SORTS)
def test_small_blocks_find_the_same(joined: Collection, sort: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def first() -> list[list[str]]:
        some = islice(pages(joined.searcher, WORD, size=10, sort=sort), 4)
        return [[hit.id for hit in page.hits] for page in some]

    usual = first()
    monkeypatch.setattr(search_request, "_SMALLEST_BLOCK", 1)
    assert first() == usual


def test_a_video_joins_two_data_sets(client: Elasticsearch, prefix: str) -> None:
    sleeping = {"dataset": "sleeping-disco-9m"}
    one = track(1, "Bakolu", ["Horzin"], recording_key="horzin / bakolu", video_ids=["aaaaaaaaaaa"], plays=1)
    two = track(2, "Dremon", ["Kelvum"], recording_key="kelvum / dremon", video_ids=["bbbbbbbbbbb", "aaaaaaaaaaa"])
    far = track(3, "Fithas", ["Kelvum"], recording_key="kelvum / dremon", video_ids=["ccccccccccc"], plays=9)
    alone = [track(number, None, recording_key=f"laion-disco-12m:t{number:05d}") for number in (4, 5)]
    load(client, prefix, [one, two | sleeping, far, *alone])
    searcher = Searcher(client, prefix)

    everything = searcher.search(queries.request(group="recording"))
    assert [hit.track["source_id"] for hit in everything.hits] == ["t00003", "t00004", "t00005"]
    assert everything.recordings == queries.Total(3)

    (result,) = searcher.search(queries.request("bakolu", group="recording")).hits
    assert result.recording is not None
    assert dict(result.recording.by_dataset) == {"laion-disco-12m": 2, "sleeping-disco-9m": 1}
    assert [member.id for member in result.recording.tracks if member.matched] == [result.id]


def test_recordings_that_stay_are_seen_once_while_others_come_and_go(client: Elasticsearch, prefix: str) -> None:
    staying = [track(n, "bakolu", ["Horzin"], recording_key=f"horzin / {n // 3}", plays=n % 7) for n in range(90)]
    load(client, prefix, staying)
    seen: list[str] = []
    for number, page in enumerate(pages(Searcher(client, prefix), "bakolu", size=4)):
        seen += [key for hit in page.hits if (key := hit.track["recording_key"]).startswith("horzin")]
        new = [track(1000 + number * 9 + n, "bakolu", ["X"], recording_key=f"x {number} / {n}") for n in range(9)]
        if number < 8:
            write(client, prefix, documents(new))
            client.indices.forcemerge(index=alias(prefix), max_num_segments=1)
    assert sorted(seen) == sorted(f"horzin / {number}" for number in range(30))


def test_tracks_without_a_key_are_recordings_of_their_own(client: Elasticsearch, prefix: str) -> None:
    load(client, prefix, [track(number, "bakolu") for number in range(3)])  # as older generations have them
    result = [hit.id for page in pages(Searcher(client, prefix), "bakolu", size=2) for hit in page.hits]
    assert len(set(result)) == len(result) == 3


def test_a_cursor_belongs_to_its_kind_of_row(joined: Collection) -> None:
    after = joined.searcher.search(queries.request(WORD, size=1, group="recording")).next
    with pytest.raises(InputError, match="belongs to another search"):
        joined.searcher.search(queries.request(WORD, size=1, after=after))


def test_an_unknown_group_is_an_error() -> None:
    with pytest.raises(InputError, match=r"no group called 'recordings'. Did you mean recording\?"):
        queries.request(group="recordings")


JOINS = st.lists(st.tuples(st.sampled_from("abcdef"), st.lists(st.sampled_from("uvwxyz"), max_size=3)), max_size=12)


@given(JOINS)
def test_groups_are_what_brute_force_finds(joins: list[tuple[str, list[str]]]) -> None:
    tracks = [
        {"dataset": "d", "source_id": str(number), "recording_key": key, "video_ids": videos}
        for number, (key, videos) in enumerate(joins)
    ]
    groups = recordings._Groups()
    groups.add({"_id": f"d:{one['source_id']}", "_source": one} for one in reversed(tracks))
    expected: dict[int, list[str]] = {}
    for name, number in sorted(components(tracks).items()) if tracks else ():
        expected.setdefault(number, []).append(name)
    assert sorted(groups.members().values()) == sorted(expected.values())


def test_a_page_without_copies_takes_one_further_request() -> None:
    hits = [
        {"_id": f"d:{n}", "_source": {"dataset": "d", "source_id": str(n), "recording_key": f"k{n}"}, "sort": [n]}
        for n in range(3)
    ]
    requests: list[Json] = []

    def ask(*some: Json) -> list[Json]:
        requests.extend(some)
        return [{"hits": {"hits": []}} for _ in some]

    page = recordings.page(ask, Search(queries.request(group="recording"), queries.Stage.STRICT), hits, 3)
    assert len(requests) == 1
    assert "recording_key" in str(requests)
    assert [head["_id"] for head in page.heads] == ["d:0", "d:1", "d:2"]


def unbounded(searcher: Searcher, text: str, size: int) -> Iterator[SearchResult]:
    """Yield pages to the end, be they full or not."""
    after = None
    for _ in range(2_000):
        page = searcher.search(queries.request(text, size=size, group="recording", after=after))
        yield page
        after = page.next
        if after is None:
            return
    raise AssertionError("endless")


@pytest.mark.slow
def test_a_page_of_few_blocks_is_shorter_and_loses_nothing(joined: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = [hit.id for page in pages(joined.searcher, WORD, size=40) for hit in page.hits]
    monkeypatch.setattr(recordings, "MAX_BLOCKS", 1)
    monkeypatch.setattr(search_request, "_SMALLEST_BLOCK", 1)
    matches = list(unbounded(joined.searcher, WORD, 12))
    assert [hit.id for page in matches for hit in page.hits] == usual
    assert any(len(page.hits) < 12 for page in matches[:-1])
    assert all(page.recordings == queries.Total(len(usual)) for page in matches)


def test_tracks_beyond_those_read_are_no_secret(joined: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a key with 200 copies."""
    monkeypatch.setattr(recordings, "MAX_TRACKS", 40)
    matches = list(unbounded(joined.searcher, WORD, 5))
    assert all(page.recordings and not page.recordings.exact for page in matches)
    rows = [hit.recording for page in matches for hit in page.hits if hit.recording]
    assert any(not row.exact for row in rows)
    assert sum(row.count for row in rows) > 100
