"""What the current generation holds: from its sketch in the ledger, else from the index itself, id by id."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import polars as pl
from elasticsearch import ApiError, Elasticsearch, TransportError

from indexer.cluster import indices
from indexer.cluster.ledger import Ledger
from indexer.cluster.retry import sending_once, whole
from indexer.documents import digest
from indexer.documents.digest import ID, NO_RAW, PRINT, RAW
from indexer.normalise.track import normalisation
from indexer.update.workdir import WorkDir
from mappings.errors import CheckFailedError
from mappings.index_names import Generation
from mappings.track import FINGERPRINT, SOURCE_ID

OLD = "old"
PAGE = 10_000
SLICES = 2
KEEP_ALIVE, CLOSE_S = "5m", 0.5


def spool_sketch(client: Elasticsearch, current: Generation, plan: Mapping[str, Any], to: WorkDir) -> bool:
    """Spool the current generation's sketch; return False where it can't be trusted, and then nothing is spooled.

    It is trusted when the same code hashed it, and it has just as many distinct ids as the index has documents.
    """
    meta = indices.meta(client, current)
    same = meta.get("normalisation") == normalisation() == plan.get("normalisation")
    if not same or meta.get("totals") != plan.get("totals"):
        return False
    for frame in Ledger(client, current.prefix).sketches(current):
        to.put(OLD, frame)
    if distinct(to, OLD) == indices.count(client, current):
        return True
    to.clear(OLD)
    return False


def distinct(spool: WorkDir, name: str) -> int:
    """Return how many ids there are."""
    return sum(part[ID].n_unique() for part in spool.parts(name, spool.parted(name)))


def spool_index(client: Elasticsearch, current: Generation, to: WorkDir) -> None:
    """Spool id and fingerprint of all documents, from one point in time: no document is decoded.

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
    count, own = 0, f"{dataset}:"
    search = {"slice": {"id": number, "max": SLICES}, "docvalue_fields": [FINGERPRINT]}
    for hits in _pages(client, pit, search):
        ids = pl.Series([hit["_id"].removeprefix(own) for hit in hits], dtype=pl.String)
        prints = pl.Series([hit["fields"][FINGERPRINT][0] for hit in hits], dtype=pl.Int64)
        frame = pl.DataFrame({SOURCE_ID: ids, PRINT: prints})
        to.put(OLD, frame.select(digest.hashed_id(pl.col(SOURCE_ID)), PRINT, pl.lit(NO_RAW, pl.UInt64).alias(RAW)))
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
    plain: dict[str, Any] = {"size": PAGE, "sort": ["_shard_doc"], "source": False, "track_total_hits": False}
    after: list[Any] | None = None
    while True:
        where: dict[str, Any] = {
            "pit": {"id": pit, "keep_alive": KEEP_ALIVE},
            **({"search_after": after} if after else {}),
        }
        found = whole(client, partial(client.search, **search, **plain, **where))
        hits, pit = found["hits"]["hits"], found["pit_id"]  # Elasticsearch may give another one at any time
        if not hits:
            return
        yield hits
        after = hits[-1]["sort"]
