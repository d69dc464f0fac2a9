"""Exports: all tracks of a search from one point in time, in slices that are read side by side, as data frames.

Writes, deletions and new generations change nothing of what a point in time shows. It is opened first, so that stage,
count and rows are of one state, and closed at the end, whatever the end is.

A row is a hit of `queries.model` without score, match and highlights. Answers stay bytes until Polars reads
them, so Python touches no single row. `_source` comes as it is, and what is search-only falls away here, where the
schema doesn't name it: filtering it in Elasticsearch costs more.
"""

import io
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
from elastic_transport import ConnectionTimeout, SerializationError, SerializerCollection, TlsError, TransportError
from elasticsearch import ApiError, Elasticsearch, NotFoundError
from elasticsearch.dsl import A, Q
from elasticsearch.dsl import Search as SearchBody
from elasticsearch.serializer import OrjsonSerializer

from mappings import track
from mappings.errors import CheckFailedError, UnreachableError
from mappings.index_names import alias
from mappings.schema import SCHEMA
from queries.client import KEEP_ALIVE, LONG_SECONDS, Searcher
from queries.errors import translated_errors
from queries.model import Ask, Hit, Json, Stage, total_of
from queries.retry import call_with_long_retry, call_with_retry, is_transient
from queries.search import run
from queries.search.search_request import Search, SearchRequest, matched

DType = pl.DataType | type[pl.DataType]

ID = "id"

_ABOUT_THE_SEARCH = ("score", "match")
_EMPTY: Mapping[str, object] = {
    name: empty for name, empty in Hit("", None, None, {}).as_json().items() if name not in _ABOUT_THE_SEARCH
}
"""A row of a track that has nothing, in the order of a hit: that is the one place that says what a row is."""

_TYPES: Mapping[str, DType] = {**SCHEMA, ID: pl.String, track.RELEASE_DATE: pl.String}
"""As JSON has them: a date is a text."""

ROW: Mapping[str, DType] = {name: _TYPES[name] for name in _EMPTY}
"""Columns of an export, and their types."""

_LISTS = tuple(name for name, empty in _EMPTY.items() if empty == [])

_HIT = pl.Struct(
    {
        "_id": pl.String,
        "_source": pl.Struct({name: dtype for name, dtype in ROW.items() if name != ID}),
        "sort": pl.List(pl.Int64),
    }
)
_ANSWER: dict[str, DType] = {"pit_id": pl.String, "timed_out": pl.Boolean, "hits": pl.Struct({"hits": pl.List(_HIT)})}

FIRST_PAGE = 2_000
MAX_ROWS = 10_000
"""Elasticsearch's own limit of a page (`index.max_result_window`)."""

PAGE_BYTES = 4_000_000
"""Pages grow or shrink to this size, so memory depends neither on the number of rows nor on how long they are."""

BACKGROUND_PAGE_BYTES = 1_000_000
"""The same in the background, where searches are let go first from one page to the next."""

PAGE_SECONDS = 60.0
"""How long Elasticsearch may take for one page."""

STOP_POLL_S, CLOSE_S = 0.2, 0.5
"""How long a stopped export goes on waiting for a page, and for the end of the point in time."""

SLICES = 4
MAX_GENERATIONS = 1000


@dataclass(frozen=True)
class Place:
    """Where a slice goes on: which of how many it is, after which key, and how many rows and bytes to ask for."""

    number: int
    slices: int
    after: int | None = None
    size: int = FIRST_PAGE
    page_bytes: int = PAGE_BYTES


@dataclass(frozen=True)
class Page:
    """Rows, in the columns of `ROW`; where the slice goes on, if it does; the id of the point in time from now on."""

    rows: pl.DataFrame
    following: Place | None
    point_in_time: str


@dataclass(frozen=True)
class Count:
    """How many tracks a point in time holds for a search, and how many of them each generation has."""

    rows: int
    generations: Mapping[str, int]


def _count(ask: Ask, search: Search) -> Count:
    """Return the number of tracks by generation; a generation without a track of this search is named too."""
    body: SearchBody[Any] = SearchBody().query(Q(matched(search))).extra(size=0, track_total_hits=True)
    by_index = A("terms", field="_index", size=MAX_GENERATIONS)
    body.aggs.bucket("matching", by_index)
    body.aggs.bucket("all", "global").bucket("indices", by_index)
    (answer,) = ask(body.to_dict())
    aggs = answer["aggregations"]
    matching = {bucket["key"]: int(bucket["doc_count"]) for bucket in aggs["matching"]["buckets"]}
    names = sorted(bucket["key"] for bucket in aggs["all"]["indices"]["buckets"])
    return Count(total_of(answer), {name: matching.get(name, 0) for name in names})


def _page_body(search: Search, point_in_time: str, keep_alive: str, place: Place) -> Json:
    """Return the request for the next rows of a slice.

    They come as they lie in the shards (`_shard_doc`), which no two rows share, so there are no ties to break.
    """
    body: Json = {
        "query": matched(search),
        "pit": {"id": point_in_time, "keep_alive": keep_alive},
        "size": place.size,
        "sort": ["_shard_doc"],
        "track_total_hits": False,
        "timeout": f"{PAGE_SECONDS:.0f}s",
    }
    if place.slices > 1:
        body["slice"] = {"id": place.number, "max": place.slices}
    if place.after is not None:
        body["search_after"] = [place.after]
    return body


def read_page(answer: bytes, place: Place) -> Page:
    """Return the rows of an answer and where its slice goes on; raises UnreachableError for anything else."""
    unreadable = UnreachableError(f"Elasticsearch's answer can't be read ({answer[:80]!r}).", "Run it again.")
    try:
        answers = pl.read_json(io.BytesIO(answer), schema=_ANSWER).unnest("hits").drop_nulls(["pit_id", "hits"])
    except pl.exceptions.PolarsError as error:
        raise unreadable from error
    if answers.height != 1 or answers["timed_out"][0]:
        raise unreadable
    hits = answers["hits"].explode(empty_as_null=False)
    following = None
    if hits.len() == place.size:
        size = max(1, min(MAX_ROWS, place.size * place.page_bytes // len(answer)))
        following = replace(place, after=int(hits.struct.field("sort")[-1][0]), size=size)
    columns = hits.struct.unnest()
    tracks = columns["_source"].struct.unnest().with_columns(columns["_id"].alias(ID))
    empty = [pl.col(name).fill_null(pl.lit([], dtype=ROW[name])) for name in _LISTS]
    return Page(tracks.with_columns(empty).select(list(ROW)), following, answers["pit_id"][0])


@dataclass
class Scan:
    """The tracks of one search as they stood at one moment: counted, and to be read once. `stage`: None without text.

    `text_truncated` says that only the first words of the text were searched.
    """

    count: Count
    stage: Stage | None
    text_truncated: bool
    _client: Elasticsearch = field(repr=False)
    _search: Search = field(repr=False)
    _point_in_time: str = field(repr=False)
    _stop_event: threading.Event = field(repr=False)
    _keep_alive: str = field(default=KEEP_ALIVE, repr=False)
    _one_shard_at_a_time: bool = False

    def frames(self, slices: int = SLICES) -> Iterator[pl.DataFrame]:
        """Yield all rows, in the columns of `ROW` and no particular order.

        At most one page of each slice is in memory. Raises CheckFailedError when the point in time is lost, and
        UnreachableError when Elasticsearch doesn't answer for long, CancelledError once the stop event is set.
        """
        pool = ThreadPoolExecutor(slices, thread_name_prefix="slice")
        try:
            with translated_errors():
                yield from self._frames(pool, slices)
        finally:
            self._stop_event.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _frames(self, pool: ThreadPoolExecutor, slices: int) -> Iterator[pl.DataFrame]:
        # Nothing is asked for without rows, and few slices for few of them.
        number = min(slices, -(-self.count.rows // FIRST_PAGE))
        page_bytes = BACKGROUND_PAGE_BYTES if self._one_shard_at_a_time else PAGE_BYTES
        places = (Place(each, number, page_bytes=page_bytes) for each in range(number))
        running: dict[Future[bytes], Place] = {pool.submit(self._fetch, place): place for place in places}
        while running:
            done = wait(running, STOP_POLL_S, FIRST_COMPLETED).done
            if self._stop_event.is_set():
                raise CancelledError
            for fetched in done:
                page = read_page(fetched.result(), running.pop(fetched))
                self._point_in_time = page.point_in_time
                if page.following:
                    running[pool.submit(self._fetch, page.following)] = page.following
                if page.rows.height:
                    yield page.rows

    def _fetch(self, place: Place) -> bytes:
        """Return the answer to the request for one page; a page changes nothing, so it may be asked for again."""
        body = _page_body(self._search, self._point_in_time, self._keep_alive, place)
        try:
            return call_with_long_retry(lambda: self._send(body), _is_retryable, self._stop_event)
        except NotFoundError as error:
            raise CheckFailedError(
                "Elasticsearch lost the point in time: a node was restarted, or a generation deleted.",
                "Nothing was written. Run it again.",
            ) from error

    def _send(self, body: Json) -> bytes:
        most = 1 if self._one_shard_at_a_time else None
        answer = self._client.search(
            body=body, allow_partial_search_results=False, max_concurrent_shard_requests=most
        ).body
        if not isinstance(answer, bytes):
            raise SerializationError("no JSON", ())  # a proxy between us and Elasticsearch answered
        return answer


def _is_retryable(error: BaseException) -> bool:
    """Tell whether the same page may be there a moment later; a point in time that is lost won't be."""
    if isinstance(error, NotFoundError | TlsError):
        return False
    return is_transient(error) or isinstance(error, ConnectionTimeout | SerializationError)


@contextmanager
def open_scan(
    searcher: Searcher,
    request: SearchRequest,
    stop_event: threading.Event | None = None,
    keep_alive: str = KEEP_ALIVE,
) -> Iterator[Scan]:
    """Give all tracks of a search: those that `Searcher.search` would page through, at the stage that it would take.

    Page size, facets, order, group and cursor of the request mean nothing here. Once `stop_event` is set, no
    request is repeated; it is set at the end, at the latest. From one page to the next the point in time is kept open
    for `keep_alive`. Raises what `Searcher.search` raises.
    """
    with translated_errors():
        opened = call_with_retry(lambda: _open_point_in_time(searcher, keep_alive))
    stop_event = stop_event or threading.Event()
    scan: Scan | None = None
    try:
        ask = searcher.question(LONG_SECONDS, point_in_time=opened, keep_alive=keep_alive)
        search, stage = run.for_all_tracks(ask, request)
        scan = Scan(
            count=_count(ask, search),
            stage=stage,
            text_truncated=request.text.truncated,
            _client=_undecoded(searcher.client.options(request_timeout=PAGE_SECONDS + 1.0)),
            _search=search,
            _point_in_time=opened,
            _stop_event=stop_event,
            _keep_alive=keep_alive,
            _one_shard_at_a_time=searcher.background,
        )
        yield scan
    finally:
        # An error's traceback may keep the frames from being closed, and slices would repeat requests for minutes.
        stop_event.set()
        with suppress(ApiError, TransportError):  # it ends by itself, later
            searcher.client.options(request_timeout=CLOSE_S, max_retries=0).close_point_in_time(
                id=scan._point_in_time if scan else opened
            )


def _open_point_in_time(searcher: Searcher, keep_alive: str) -> str:
    return str(searcher.client.open_point_in_time(index=alias(searcher.prefix), keep_alive=keep_alive)["id"])


class _Undecoded(OrjsonSerializer):
    """Leaves answers as bytes; only errors are read."""

    def loads(self, data: bytes) -> Any:
        return super().loads(data) if data.startswith(b'{"error"') else data


def _undecoded(client: Elasticsearch) -> Elasticsearch:
    """Return a client with the same connections, credentials and options, whose answers come as bytes."""
    transport = copy(client.transport)
    decoders: Mapping[str, Any] = transport.serializers.serializers
    json = {mimetype: _Undecoded() for mimetype in decoders if mimetype.endswith("json")}
    transport.serializers = SerializerCollection({**decoders, **json})
    copied = client.options()
    # The library has no public way to read answers otherwise and keep connections and credentials.
    copied._transport = transport
    return copied
