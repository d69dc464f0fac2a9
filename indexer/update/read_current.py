"""What the current generation holds: from its digests in the ledger, else from the index itself, id by id."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import polars as pl
from elasticsearch import ApiError, Elasticsearch, TransportError

from indexer.cluster import indices
from indexer.cluster.ledger import Ledger
from indexer.cluster.retry import complete, sending_once
from indexer.documents.digest import ID, NO_RAW, PRINT, RAW, hashed_id
from indexer.normalise.track import normalisation
from indexer.update.workdir import OLD, WorkDir
from mappings.errors import CheckFailedError
from mappings.index_names import Generation
from mappings.track import FINGERPRINT, SOURCE_ID

PAGE = 10_000
SLICES = 2
KEEP_ALIVE, CLOSE_S = "5m", 0.5


def read_digests(
    client: Elasticsearch, current: Generation, meta: Mapping[str, Any], plan: Mapping[str, Any], to: WorkDir
) -> bool:
    """Read the current generation's digests; return False, having read none, where they can't be trusted.

    They are trusted when the same code hashed them, and there are just as many distinct ids as documents in the index.
    """
    same = meta.get("normalisation") == normalisation() == plan.get("normalisation")
    if not same or meta.get("totals") != plan.get("totals"):
        return False
    for frame in Ledger(client, current.prefix).sketches(current):
        to.put(OLD, frame)
    ids = sum(part[ID].n_unique() for part in to.parts(OLD, to.parted(OLD)))
    if ids == indices.count(client, current):
        return True
    to.clear(OLD)
    return False


def read_index(client: Elasticsearch, current: Generation, to: WorkDir) -> None:
    """Read id and fingerprint of all documents, from one point in time: no document is decoded.

    Raises CheckFailedError when other documents were read than the index counts.
    """
    pool = ThreadPoolExecutor(SLICES)
    try:
        with _point_in_time(client, current.index) as pit:
            count = sum(pool.map(lambda number: _slice(client, pit, current.dataset, number, to), range(SLICES)))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # who is interrupted waits for no answer
    documents = indices.count(client, current)
    if count != documents:
        raise CheckFailedError(
            f"{count:,} of the {documents:,} documents of {current.index} were read.", "Run it again."
        )


def _slice(client: Elasticsearch, pit: str, dataset: str, number: int, to: WorkDir) -> int:
    count = 0
    search = {"slice": {"id": number, "max": SLICES}, "docvalue_fields": [FINGERPRINT]}
    for hits in _pages(client, pit, search):
        ids = pl.Series([hit["_id"].removeprefix(f"{dataset}:") for hit in hits], dtype=pl.String)
        prints = pl.Series([hit["fields"][FINGERPRINT][0] for hit in hits], dtype=pl.Int64)
        frame = pl.DataFrame({SOURCE_ID: ids, PRINT: prints})
        to.put(OLD, frame.select(hashed_id(pl.col(SOURCE_ID)), PRINT, pl.lit(NO_RAW, pl.UInt64).alias(RAW)))
        count += len(hits)
    return count


def matching(client: Elasticsearch, index: str, query: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield the `_id` of all documents that match, in pages: together they go through the index once."""
    with _point_in_time(client, index) as pit:
        for hits in _pages(client, pit, {"query": query}):
            yield [hit["_id"] for hit in hits]


@contextmanager
def _point_in_time(client: Elasticsearch, index: str) -> Iterator[str]:
    pit = client.open_point_in_time(index=index, keep_alive=KEEP_ALIVE).body["id"]
    try:
        yield pit
    finally:
        with suppress(ApiError, TransportError):  # it ends by itself, later
            sending_once(client).options(request_timeout=CLOSE_S).close_point_in_time(id=pit)


def _pages(client: Elasticsearch, pit: str, search: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """Yield all hits of a search in the order of the shards' documents, in which each page begins where one ended."""
    request: dict[str, Any] = {"size": PAGE, "sort": ["_shard_doc"], "source": False, "track_total_hits": False}
    request |= search
    while True:
        request["pit"] = {"id": pit, "keep_alive": KEEP_ALIVE}
        response = complete(client, partial(client.search, **request))
        hits, pit = response["hits"]["hits"], response["pit_id"]  # Elasticsearch may give another one at any time
        if not hits:
            return
        yield hits
        request["search_after"] = hits[-1]["sort"]
