"""Exports over HTTP: what search pages through, of one moment, whole or visibly broken off."""

import csv
import io
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import polars as pl
import pytest
from elasticsearch import Elasticsearch

from linernotes.elastic import connect
from linernotes.settings import from_environment
from linernotes.web.config import Options
from linernotes.web.services import streaming
from linernotes.web.services.streaming import DownloadSlots
from mappings.track import FINGERPRINT
from queries import Searcher, retry
from tests.browser.hostile import NAMES
from tests.browser.hostile import TRACKS as HOSTILE
from tests.cli.test_export import as_texts
from tests.faults import proxy
from tests.queries import made
from tests.queries.tracks import documents, load, track, write
from tests.web.serving import serving
from tests.web.uploads import refused

EXPORT = "/api/v1/export"
ROWS = 20_000
"""Some 14 MB of NDJSON: more than sockets hold that nobody reads from."""

PLAIN = {"accept-encoding": "identity"}
"""Packed, all of it would find room in the sockets."""

Row = Mapping[str, Any]


def ndjson(content: bytes) -> dict[str, Row]:
    rows = [orjson.loads(line) for line in content.splitlines()]
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row for row in rows}


def paged(web: httpx.Client, **asked: Any) -> dict[str, Row]:
    """Return all hits of a search, page by page."""
    rows: dict[str, Row] = {}
    after = None
    while True:
        page = web.get(
            "/api/v1/search", params={**asked, "size": 1000, "facets": "none", **({"after": after} if after else {})}
        )
        answer = page.json()
        for hit in answer["hits"]:
            del hit["score"], hit["match"]
            rows[hit["id"]] = hit
        after = answer["next"]
        if not after:
            assert len(rows) == answer["total"]["value"]
            return rows


ASKED: list[dict[str, Any]] = [
    {},
    {"q": "love"},
    {"q": "Sigur Rós", "genre": ["-rock", "none"]},
    {"genre": ["rock", "jazz"], "year": "1990.."},
    {"q": "nobody has ever heard of this zzzzqqq"},
]


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_it_is_what_search_pages_through(web: httpx.Client, asked: dict[str, Any]) -> None:
    expected = paged(web, **asked)
    for address in (EXPORT, "/export"):
        answer = web.get(address, params=asked)
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert int(answer.headers["x-rows"]) == len(expected)
        assert ndjson(answer.content) == expected
    told = dict(each.split("=") for each in answer.headers["x-generations"].split(", "))
    assert sum(map(int, told.values())) == len(expected)
    table = web.get(EXPORT, params={**asked, "format": "csv"})
    texts = {
        row["id"]: [cell.replace("'", "") for cell in row.values()] for row in csv.DictReader(io.StringIO(table.text))
    }
    assert texts == {name: [cell.replace("'", "") for cell in as_texts(row)] for name, row in expected.items()}
    packed = web.get(EXPORT, params={**asked, "format": "parquet"})
    assert int(packed.headers["content-length"]) == len(packed.content)
    assert "content-encoding" not in packed.headers
    frame = pl.read_parquet(packed.content).with_columns(pl.col("release_date").dt.to_string())
    assert {row["id"]: row for row in frame.to_dicts()} == expected


def test_its_name_says_what_it_is(web: httpx.Client) -> None:
    name = web.get(EXPORT, params={"q": "nothing\r\nx-evil: 1", "genre": "rock", "format": "csv"}).headers
    assert name["content-disposition"].startswith('attachment; filename="linernotes-nothing-x-evil-1-rock-2')
    assert "x-evil" not in name
    assert len(name["x-edition"]) == 16


def test_what_cant_be_asked(web: httpx.Client) -> None:
    for address in (EXPORT, "/export"):
        refused(web.get(address, params={"genre": "polka-core"}), 400, "genre")
        refused(web.get(address, params={"format": "xlsx"}), 400, "format")
    assert "no-store" in web.get(EXPORT, params={"q": "zzzzqqq"}).headers["cache-control"]


@dataclass(frozen=True)
class Many:
    """A server over many rows, which are all its own."""

    web: httpx.Client
    prefix: str
    client: Elasticsearch
    faults: proxy.Faults

    def contexts(self) -> int:
        """Return how many points in time, and searches, are open."""
        stats = self.client.indices.stats(index=f"{self.prefix}*", metric="search").body
        return int(stats["_all"]["total"]["search"]["open_contexts"])

    def closed(self) -> None:
        """Wait until nothing is open any more."""
        until = time.monotonic() + 5
        while self.contexts():
            assert time.monotonic() < until
            time.sleep(0.02)


@contextmanager
def served(prefix: str, faults: proxy.Faults, options: Options) -> Iterator[httpx.Client]:
    with proxy.running(faults) as address:
        environment = {"LINERNOTES_URL": address, "LINERNOTES_PREFIX": prefix}
        with connect(from_environment(environment)) as client:
            searcher = Searcher(client, prefix)
            with serving(lambda: searcher, options) as server, httpx.Client(base_url=server, timeout=30) as web:
                yield web


@pytest.fixture(scope="module")
def many(client: Elasticsearch, es_url: str) -> Iterator[Many]:
    prefix = f"texport{time.time_ns():x}"
    hostile = [entry | {"dataset": "free-music-archive"} for entry in HOSTILE]
    load(client, prefix, [*made.tracks(ROWS, seed=3), *hostile], shards=2)
    faults = proxy.Faults(es_url, (), share=1)
    try:
        with served(prefix, faults, Options(max_exports=1)) as web:
            yield Many(web, prefix, client, faults)
    finally:
        for index in client.indices.get(index=f"{prefix}*").body:
            client.indices.delete(index=index)


def test_it_is_of_one_moment(many: Many) -> None:
    expected = set(paged(many.web))
    done = threading.Event()
    rounds: list[int] = []
    writer = threading.Thread(target=_disturb, args=(many, done, rounds))
    with many.web.stream("GET", EXPORT) as answer:
        writer.start()
        while not rounds:
            time.sleep(0.01)
        try:
            content = answer.read()
        finally:
            done.set()
            writer.join()
    rows = ndjson(content)
    assert set(rows) == expected
    assert len(expected) == int(answer.headers["x-rows"]) == ROWS + len(HOSTILE)
    assert not [row for row in rows.values() if row["artists"] == ["Newcomer"]]
    assert paged(many.web, artist="Newcomer")
    many.client.delete_by_query(index=f"{many.prefix}*", query={"term": {"artists": "newcomer"}}, refresh=True)
    many.closed()


def _disturb(many: Many, done: threading.Event, rounds: list[int]) -> None:
    while not done.is_set():
        first = ROWS + 300 * len(rounds)
        write(many.client, many.prefix, documents(track(first + n, "newcomer", ["Newcomer"]) for n in range(300)))
        rounds.append(first)


def test_formulas_and_markup(many: Many) -> None:
    table = many.web.get(EXPORT, params={"dataset": "free-music-archive", "q": "zyxquorl", "format": "csv"}).text
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == len(NAMES)
    texts = [cell for row in rows for name, cell in row.items() if name != FINGERPRINT]  # a number, below 0 or not
    assert not [cell for cell in texts if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    lines = ndjson(many.web.get(EXPORT, params={"q": "zyxquorl"}).content)
    assert {row["title"] for row in lines.values()} == set(NAMES.values())


def test_more_than_are_sent_at_a_time(many: Many) -> None:
    with many.web.stream("GET", EXPORT, headers=PLAIN) as first:
        pieces = first.iter_raw()  # held, or it would be closed
        next(pieces)
        full = many.web.get(EXPORT)
        refused(full, 503, "Too many downloads")
        assert int(full.headers["retry-after"]) > 0
        refused(many.web.get("/export"), 503, "Too many downloads")
        assert many.web.get("/api/v1/search", params={"q": "love"}).status_code == 200
        assert many.contexts()
    many.closed()
    assert _whole(many)


def test_a_client_has_one_at_a_time(many: Many) -> None:
    one, other = ({"x-forwarded-for": f"192.0.2.{n}", **PLAIN} for n in (1, 2))
    with (
        served(many.prefix, many.faults, Options(max_exports=2)) as web,
        web.stream("GET", EXPORT, headers=one) as first,
    ):
        pieces = first.iter_raw()  # held, or it would be closed
        next(pieces)
        for address in (EXPORT, "/export"):
            refused(again := web.get(address, headers=one), 429, "downloading a file already")
            assert int(again.headers["retry-after"]) > 0
        assert len(ndjson(web.get(EXPORT, headers=other).content)) == ROWS + len(HOSTILE)
    many.closed()


def test_who_reads_slowly_is_cut_off(many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though no piece takes long."""
    monkeypatch.setattr(streaming, "SLOW_GRACE_S", 0.2)
    with served(many.prefix, many.faults, Options(export_bytes_per_s=100_000_000)) as web:
        assert cut_off(web, pause_s=0.02)
    many.closed()


def test_a_download_takes_no_longer_than_it_may(many: Many) -> None:
    with served(many.prefix, many.faults, Options(export_s=1.0)) as web:
        assert cut_off(web, pause_s=0.05)
    many.closed()


def cut_off(web: httpx.Client, pause_s: float) -> bool:
    with web.stream("GET", EXPORT, headers=PLAIN) as answer:
        began = time.monotonic()
        try:
            for _ in answer.iter_raw(1 << 16):
                time.sleep(pause_s)
                assert time.monotonic() < began + 20
        except httpx.RemoteProtocolError:
            return True
    return False


def test_slow_ones_dont_have_all_slots() -> None:
    slots = DownloadSlots(3, per_client=1, bytes_per_s=1, max_s=1.0)
    for client in ("a", "b", "c"):
        slots.acquire(client)
    slots.slow_down()
    slots.slow_down()
    with pytest.raises(TimeoutError, match="slow"):
        slots.slow_down()
    slots.release("a", slow=True)
    slots.slow_down()
    DownloadSlots(1, per_client=1, bytes_per_s=1, max_s=1.0).slow_down()


def _whole(many: Many) -> bool:
    """Say whether an export comes as it should, once the one before is noticed to have gone."""
    until = time.monotonic() + 5
    while (answer := many.web.get(EXPORT)).status_code == 503:
        assert time.monotonic() < until
    return len(ndjson(answer.content)) == int(answer.headers["x-rows"]) == ROWS + len(HOSTILE)


def test_only_the_head(many: Many) -> None:
    answer = many.web.head(EXPORT)
    assert answer.status_code == 200
    assert int(answer.headers["x-rows"]) == ROWS + len(HOSTILE)
    many.closed()
    assert _whole(many)


class Watched(proxy.Faults):
    """Notes what is asked of points in time."""

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> proxy.Answer:
        self.happened["pages"] += b"_shard_doc" in body
        self.happened["5m"] += b'"5m"' in body or "keep_alive=5m" in path
        return super().forward(method, path, headers, body)


@pytest.mark.parametrize("kind", ["ndjson", "csv", "parquet"])
def test_for_a_head_no_row_is_read(many: Many, es_url: str, kind: str) -> None:
    faults = Watched(es_url, ())
    with served(many.prefix, faults, Options()) as web:
        answer = web.head(EXPORT, params={"format": kind})
        assert (answer.status_code, answer.headers["x-rows"]) == (200, str(ROWS + len(HOSTILE)))
        assert not faults.happened["pages"]
        assert web.get(EXPORT, params={"format": kind, "q": "zyxquorl"}).status_code == 200
        assert faults.happened["pages"]
        assert not faults.happened["5m"]
    many.closed()


def test_who_doesnt_read_is_given_up(many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linernotes.web.services.streaming.STALL_S", 0.3)
    with many.web.stream("GET", EXPORT, headers=PLAIN) as answer:
        pieces = answer.iter_raw()
        next(pieces)
        many.closed()
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            for _ in pieces:
                pass


@pytest.mark.parametrize("kind", ["ndjson", "csv"])
@pytest.mark.parametrize("packing", ["gzip", "identity"])
def test_elasticsearch_ends_in_the_middle(
    many: Many, monkeypatch: pytest.MonkeyPatch, kind: str, packing: str, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(retry, "LONG_DELAY_S", 0.5)
    monkeypatch.setitem(proxy.FITS, "503", lambda _, body: b"_shard_doc" in body)
    size = 0
    with many.web.stream("GET", EXPORT, params={"format": kind}, headers={"accept-encoding": packing}) as answer:
        pieces = answer.iter_raw()
        size += len(next(pieces))
        many.faults.kinds = ("503",)
        try:
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
                for piece in pieces:
                    size += len(piece)
        finally:
            many.faults.kinds = ()
    assert size > 10_000
    assert [line for line in caplog.messages if line.startswith("a download was cut off: Elasticsearch")]
    many.closed()
    assert _whole(many)


def test_elasticsearch_isnt_there(many: Many) -> None:
    many.faults.kinds = ("reset_before",)
    try:
        refused(many.web.get(EXPORT), 503, "temporarily unavailable")
    finally:
        many.faults.kinds = ()
    until = time.monotonic() + 10
    while many.web.get(EXPORT, params={"q": "love"}).status_code != 200:
        assert time.monotonic() < until


class Losing(proxy.Faults):
    """Loses a hit of each page, and says nothing of it."""

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> proxy.Answer:
        answer = super().forward(method, path, headers, body)
        if b"_shard_doc" in body:
            found = orjson.loads(answer.body)
            found["hits"]["hits"].pop(0)
            answer.body = orjson.dumps(found)
        return answer


@pytest.mark.parametrize("kind", ["ndjson", "csv", "parquet"])
def test_fewer_rows_than_were_counted_are_no_answer(many: Many, es_url: str, kind: str) -> None:
    with served(many.prefix, Losing(es_url, ()), Options()) as web:
        if kind == "parquet":
            refused(web.get(EXPORT, params={"format": kind}), 503, "temporarily unavailable")
            return
        with pytest.raises(httpx.RemoteProtocolError):
            web.get(EXPORT, params={"format": kind})
