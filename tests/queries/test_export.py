"""A scan reads what a search finds, all of it once, as it stood at one moment."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import polars as pl
import pytest
from elasticsearch import Elasticsearch
from elasticsearch.serializer import OrjsonSerializer

import queries
from mappings.errors import CheckFailedError, InputError, UnreachableError
from queries import Hit, Searcher, Stage, export, retry
from queries.export import Place, open_scan
from tests.faults import proxy
from tests.queries import made
from tests.queries.conftest import Collection
from tests.queries.tracks import documents, load, track, write

ROWS = 9_000


def rows_of(docs: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return documents as a hit shows them, by id."""
    hits = [Hit(f"{doc['dataset']}:{doc['source_id']}", None, None, doc).as_json() for doc in docs]
    return {hit["id"]: {k: v for k, v in hit.items() if k not in ("score", "match")} for hit in hits}


def read(frames: Iterable[pl.DataFrame]) -> list[dict[str, Any]]:
    return [row for frame in frames for row in frame.to_dicts()]


def open_contexts(client: Elasticsearch, prefix: str) -> int:
    stats = client.indices.stats(index=f"{prefix}*", metric="search")
    return int(stats["_all"]["total"]["search"]["open_contexts"])


@pytest.mark.parametrize("slices", [3, *(pytest.param(each, marks=pytest.mark.slow) for each in (1, 7))])
def test_all_rows_once_while_others_write(client: Elasticsearch, prefix: str, slices: int) -> None:
    docs = documents(made.tracks(ROWS, seed=slices))
    load(client, prefix, made.tracks(ROWS, seed=slices), shards=2)
    with open_scan(Searcher(client, prefix), queries.request("")) as scan:
        frames = scan.frames(slices)
        first = next(frames)
        write(client, prefix, [doc | {"plays": 99} for doc in docs[: ROWS // 2]])
        write(client, prefix, documents(track(n, "new", ["Newcomer"]) for n in range(ROWS, ROWS + 500)))
        client.delete_by_query(index=prefix, query={"term": {"genre": "jazz"}}, refresh=True, conflicts="proceed")
        client.indices.forcemerge(index=prefix, max_num_segments=1)
        rows = [*first.to_dicts(), *read(frames)]

    assert len(rows) == scan.count.rows == sum(scan.count.generations.values()) == ROWS
    assert {row["id"]: row for row in rows} == rows_of(docs)


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("", {}),
        ("", {"genre": ["rock", "none"], "year": ["1990..1999"]}),
        (made.WORDS[0], {}),
        (made.WORDS[0], {"dataset": ["laion-disco-12m"]}),
        (made.WORDS[0][:-1] + "x", {}),
        (f"{made.WORDS[0][:-1]}x {made.WORDS[1]}", {"explicit": ["true"]}),
        ("no such thing anywhere", {}),
    ],
)
def test_a_scan_is_what_a_search_pages_through(
    collection: Collection, text: str, filters: dict[str, list[str]]
) -> None:
    request = queries.request(text, filters_by_facet=filters, size=1000)
    result = collection.searcher.search(request)
    hits = {hit.id: hit for hit in result.hits}
    while result.next:
        more = queries.request(text, filters_by_facet=filters, size=1000, after=result.next)
        result = collection.searcher.search(more)
        hits |= {hit.id: hit for hit in result.hits}

    with open_scan(collection.searcher, request) as scan:
        rows = read(scan.frames())

    assert scan.stage == result.stage
    assert len(rows) == len(hits) == result.total.value == scan.count.rows
    expected = rows_of(hit.track for hit in hits.values())
    assert {row["id"]: row for row in rows} == expected
    assert [*rows[0]] == [*next(iter(expected.values()))] if rows else not expected


def test_stage_count_and_rows_are_of_one_state(
    client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(client, prefix, [track(number, "bakolu dremon", ["Horzin"]) for number in range(3)])
    open_point_in_time = export._open_point_in_time

    def open_and_load(searcher: Searcher, keep_alive: str) -> str:
        opened = open_point_in_time(searcher, keep_alive)
        write(client, prefix, documents(track(100 + number, "bakollu dremon", ["Horzin"]) for number in range(20)))
        return opened

    monkeypatch.setattr(export, "_open_point_in_time", open_and_load)
    with open_scan(Searcher(client, prefix), queries.request("bakollu dremon")) as scan:
        rows = read(scan.frames())
    assert scan.stage is Stage.FUZZY
    assert scan.count.rows == len(rows) == 3
    assert Searcher(client, prefix).search(queries.request("bakollu dremon")).stage is Stage.STRICT


def test_nothing_search_only_is_in_a_row(collection: Collection) -> None:
    with open_scan(collection.searcher, queries.request("")) as scan:
        columns = set(next(scan.frames()).columns)
    assert not columns & {"all_words", "whole_names", "title_by_language"}
    assert {"fingerprint", "source_file", "source_row", "recording_key"} < columns


def test_the_point_in_time_is_closed_whatever_happens(client: Elasticsearch, prefix: str) -> None:
    load(client, prefix, made.tracks(5_000, seed=1))
    searcher = Searcher(client, prefix)
    with open_scan(searcher, queries.request("")) as scan:
        assert open_contexts(client, prefix) > 0
        assert len(read(scan.frames())) == 5_000
    assert open_contexts(client, prefix) == 0

    with pytest.raises(KeyError), open_scan(searcher, queries.request("")) as scan:
        next(scan.frames())
        raise KeyError
    assert open_contexts(client, prefix) == 0


def test_a_lost_point_in_time_is_an_error(client: Elasticsearch, prefix: str) -> None:
    load(client, prefix, made.tracks(ROWS, seed=1))
    with open_scan(Searcher(client, prefix), queries.request("")) as scan:
        frames = scan.frames(2)
        next(frames)
        client.close_point_in_time(id=scan._point_in_time)
        with pytest.raises(CheckFailedError, match="lost the point in time"):
            read(frames)


def test_a_deleted_generation_is_an_error(client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PAGE_BYTES", 100_000)
    load(client, prefix, made.tracks(ROWS, seed=1))
    with open_scan(Searcher(client, prefix), queries.request("")) as scan:
        frames = scan.frames(1)
        next(frames)
        client.indices.delete(index=f"{prefix}-spotify-tracks-dataset-g000001")
        with pytest.raises(CheckFailedError, match="lost the point in time"):
            read(frames)


class PageFaults(proxy.Faults):
    """Faults that only befall requests for a page."""

    def chosen(self, path: str, body: bytes) -> str:
        return super().chosen(path, body) if b"_shard_doc" in body else ""


def test_what_passes_is_waited_for(
    client: Elasticsearch, es_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE_BYTES", 100_000)
    tracks = made.tracks(12_000, seed=1)
    load(client, prefix, tracks)
    kinds = ("429", "503", "reset_after", "cut", "not_json")
    faults = PageFaults(es_url, kinds, share=0.2)
    with (
        proxy.running(faults) as address,
        Elasticsearch(address, serializer=OrjsonSerializer(), max_retries=0) as through,
        open_scan(Searcher(through, prefix), queries.request("")) as scan,
    ):
        rows = read(scan.frames(3))
    assert all(faults.happened[kind] for kind in kinds), faults.happened
    assert {row["id"]: row for row in rows} == rows_of(documents(tracks))
    assert len(rows) == len(tracks)


def test_what_does_not_pass_is_an_error(
    client: Elasticsearch, es_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "LONG_DELAY_S", 0.5)
    load(client, prefix, made.tracks(100, seed=1))
    for kind, said in (("503", "can't answer just now"), ("reset_before", "can't be reached"), ("not_json", "503")):
        faults = PageFaults(es_url, (kind,), share=1)
        with (
            proxy.running(faults) as address,
            Elasticsearch(address, serializer=OrjsonSerializer(), max_retries=0) as through,
            open_scan(Searcher(through, prefix), queries.request("")) as scan,
            pytest.raises(UnreachableError, match=said),
        ):
            read(scan.frames())
        assert faults.happened[kind] > 1


class LaterPageFaults(PageFaults):
    """Faults that befall each request for a page but the first."""

    asked = 0

    def chosen(self, path: str, body: bytes) -> str:
        self.asked += b"_shard_doc" in body
        return super().chosen(path, body) if self.asked > 1 else ""


def test_no_slice_goes_on_when_the_scan_has_ended(client: Elasticsearch, es_url: str, prefix: str) -> None:
    load(client, prefix, made.tracks(ROWS, seed=1))
    faults = LaterPageFaults(es_url, ("503",), share=1)
    with (
        proxy.running(faults) as address,
        Elasticsearch(address, serializer=OrjsonSerializer(), max_retries=0) as through,
    ):
        with pytest.raises(OSError, match="full"), open_scan(Searcher(through, prefix), queries.request("")) as scan:
            frames = scan.frames()  # held, as by the traceback of an error
            next(frames)
            raise OSError("the disk is full")
        time.sleep(0.5)
        asked = faults.asked
        assert asked > 1
        time.sleep(1.5)  # five attempts come in 2 s
        assert faults.asked == asked


def test_nothing_loaded_is_an_error(client: Elasticsearch) -> None:
    with (
        pytest.raises(InputError, match="Nothing is loaded yet"),
        open_scan(Searcher(client, "nobody-has-this"), queries.request("")),
    ):
        pass


def test_other_users_of_the_client_still_get_json(collection: Collection) -> None:
    with open_scan(collection.searcher, queries.request("")) as scan:
        threads = [threading.Thread(target=collection.searcher.loaded) for _ in range(3)]
        for thread in threads:
            thread.start()
        assert len(read(scan.frames())) == len(collection.tracks)
        assert collection.searcher.client.info()["version"]
        for thread in threads:
            thread.join()


PLACE = Place(0, 4, size=2)


PARTIAL = b'{"pit_id":"x","timed_out":true,"hits":{"hits":[]}}'


@pytest.mark.parametrize(
    "answer", [b"", b"<html>", b"{}", b"[]", b'{"took":1}', b'{"pit_id":"x","hits":null}', PARTIAL]
)
def test_an_answer_that_is_none_is_an_error(answer: bytes) -> None:
    with pytest.raises(UnreachableError, match="can't be read"):
        export.read_page(answer, PLACE)


def page_of(titles: list[str]) -> bytes:
    hits = [{"_id": f"d:{n}", "_source": {"title": title}, "sort": [n]} for n, title in enumerate(titles)]
    return orjson.dumps({"pit_id": "p", "hits": {"hits": hits}})


def test_a_slice_ends_with_a_page_that_is_not_full() -> None:
    assert export.read_page(page_of(["a"]), PLACE).following is None
    following = export.read_page(page_of(["a", "b"]), PLACE).following
    assert following is not None
    assert (following.after, following.number, following.slices) == (1, 0, 4)


def test_pages_are_bounded_by_bytes() -> None:
    sizes = {}
    for length in (1, 1_000, 100_000, 10_000_000):
        following = export.read_page(page_of(["x" * length] * 2), PLACE).following
        assert following is not None
        sizes[length] = following.size
    assert sizes[1] == export.MAX_ROWS
    assert sizes[10_000_000] == 1
    assert all(size * length <= export.PAGE_BYTES for length, size in sizes.items() if size > 1)


def test_searching_needs_no_polars() -> None:
    code = "import queries, sys; assert 'polars' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
