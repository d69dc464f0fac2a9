"""All tracks of a search from one point in time, in slices, read side by side: the network part of exports.

A point in time stands still: tracks that are written, changed or deleted meanwhile, and generations that come, change
nothing of what is read. It is closed at the end, whatever the end is.
"""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import polars as pl
from elastic_transport import SerializationError, SerializerCollection, TlsError, TransportError
from elasticsearch import ApiError, Elasticsearch, NotFoundError
from elasticsearch.serializer import OrjsonSerializer
from tenacity import Retrying, retry_if_exception, sleep_using_event, stop_after_delay, stop_when_event_set
from tenacity.wait import wait_exponential_jitter

from mappings.errors import CheckFailedError
from mappings.index_names import alias
from queries import again, export
from queries.client import Searcher, told
from queries.export import Count, Page, Place
from queries.matching import Stage
from queries.request import SearchRequest

SLICES = 4
KEEP_ALIVE = "5m"
"""From one page to the next; a consumer that stands still for longer loses the point in time."""

PATIENCE_S = 120.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 5.0


@dataclass
class Scan:
    """The tracks of one search as they stood at one moment: counted, and to be read once."""

    count: Count
    stage: Stage | None
    text_cut: bool
    _client: Elasticsearch = field(repr=False)
    _asked: SearchRequest = field(repr=False)
    _pit: str = field(repr=False)
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)

    def frames(self, slices: int = SLICES) -> Iterator[pl.DataFrame]:
        """Yield all rows, in the columns of `export.ROW` and no particular order.

        At most one page of each slice is in memory. Raises CheckFailedError when the point in time is lost, and
        UnreachableError when Elasticsearch doesn't answer for long.
        """
        pool = ThreadPoolExecutor(slices, thread_name_prefix="slice")
        try:
            with told():
                yield from self._frames(pool, slices)
        finally:
            self._ended.set()
            pool.shutdown(cancel_futures=True)

    def _frames(self, pool: ThreadPoolExecutor, slices: int) -> Iterator[pl.DataFrame]:
        asked: dict[Future[bytes], Place] = {}

        def ask(place: Place) -> None:
            asked[pool.submit(self._fetch, place)] = place

        for place in export.places(self.count.rows, slices):
            ask(place)
        while asked:
            for answered in wait(asked, return_when=FIRST_COMPLETED).done:
                page = self._read(answered.result(), asked.pop(answered))
                if page.following:
                    ask(page.following)
                if page.rows.height:
                    yield page.rows

    def _read(self, answer: bytes, place: Place) -> Page:
        page = export.read_page(answer, place)
        self._pit = page.pit
        return page

    def _fetch(self, place: Place) -> bytes:
        """Return the answer to the request for one page; a page changes nothing, so it may be asked for again."""
        body = export.page_body(self._asked, self.stage or Stage.STRICT, self._pit, KEEP_ALIVE, place)
        patiently = Retrying(
            retry=retry_if_exception(_may_pass),
            wait=wait_exponential_jitter(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S, jitter=FIRST_WAIT_S),
            stop=stop_after_delay(PATIENCE_S) | stop_when_event_set(self._ended),
            sleep=sleep_using_event(self._ended),
            reraise=True,
        )
        try:
            return patiently(self._ask, body)
        except NotFoundError as error:
            raise CheckFailedError(
                "Elasticsearch lost the point in time: a node was restarted, or a generation deleted.",
                "Nothing was written. Run it again.",
            ) from error

    def _ask(self, body: Mapping[str, Any]) -> bytes:
        answer = self._client.search(body=dict(body), allow_partial_search_results=False).body
        if not isinstance(answer, bytes):
            raise SerializationError("no JSON", ())  # a proxy between us and Elasticsearch speaks for itself
        return answer


@contextmanager
def opened(searcher: Searcher, asked: SearchRequest, ended: threading.Event | None = None) -> Iterator[Scan]:
    """Give all tracks of a search: those that `Searcher.search` would page through, at the stage that it would take.

    Page size, facets, order and cursor of the request mean nothing here. Once `ended` is set, nothing is asked again.
    Raises what `Searcher.search` raises.
    """
    found = searcher.search(export.bare(asked))
    client = _undecoded(searcher.client)
    with told():
        pit = again.patiently(lambda: _point_in_time(searcher))
    scan = None
    try:
        with told():
            body = export.count_body(asked, found.stage or Stage.STRICT, pit, KEEP_ALIVE)
            ask = partial(searcher.client.search, body=body, allow_partial_search_results=False)
            count = export.read_count(again.patiently(ask).body)
        scan = Scan(count, found.stage, found.text_cut, client, asked, pit, ended or threading.Event())
        yield scan
    finally:
        with suppress(ApiError, TransportError):  # it ends by itself, later
            searcher.client.close_point_in_time(id=scan._pit if scan else pit)


def _point_in_time(searcher: Searcher) -> str:
    return str(searcher.client.open_point_in_time(index=alias(searcher.prefix), keep_alive=KEEP_ALIVE)["id"])


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, ApiError):
        return error.status_code in again.PASSING
    return isinstance(error, TransportError) and not isinstance(error, TlsError)


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
    bare = client.options()
    bare._transport = transport
    return bare
