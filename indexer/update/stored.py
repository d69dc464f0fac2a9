"""What the current generation holds: from its sketch in the ledger, else from the index itself, id by id."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import polars as pl
from elasticsearch import ApiError, Elasticsearch, TransportError

from indexer import generations, provenance, sketch
from indexer.patience import Patience
from indexer.sketch import ID, NO_RAW, PRINT, RAW
from indexer.update.spool import Spool
from mappings.index_names import Generation
from mappings.track import FINGERPRINT, SOURCE_ID

OLD = "old"
PAGE = 10_000
SLICES = 2
KEEP_ALIVE = "5m"


def spool_sketch(client: Elasticsearch, current: Generation, plan: Mapping[str, Any], to: Spool, how: Patience) -> bool:
    """Spool the current generation's sketch; return False where it can't be trusted, and then nothing is spooled.

    It is trusted when the same code hashed it, no rejected record was replayed since, and it has just as many distinct
    ids as the index has documents.
    """
    meta = generations.meta(client, current)
    same = meta.get("normalisation") == provenance.normalisation() == plan.get("normalisation")
    if not same or meta.get("totals") != plan.get("totals") or plan.get("replay"):
        return False
    for frame in sketch.read(client, current, how):
        to.put(OLD, frame)
    if distinct(to, OLD) == generations.count(client, current):
        return True
    to.clear(OLD)
    return False


def distinct(spool: Spool, name: str) -> int:
    """Return how many ids there are."""
    return sum(part[ID].n_unique() for part in spool.parts(name, spool.parted(name)))


def spool_index(client: Elasticsearch, current: Generation, to: Spool, how: Patience) -> None:
    """Spool id and fingerprint of all documents, from one point in time: no document is decoded."""
    pit = how(lambda: client.open_point_in_time(index=current.index, keep_alive=KEEP_ALIVE)).body["id"]
    try:
        with ThreadPoolExecutor(SLICES) as pool:
            list(pool.map(lambda number: _slice(client, pit, current.dataset, number, to, how), range(SLICES)))
    finally:
        with suppress(ApiError, TransportError):  # it ends by itself, later
            client.close_point_in_time(id=pit)


def _slice(client: Elasticsearch, pit: str, dataset: str, number: int, to: Spool, how: Patience) -> None:
    after: list[Any] | None = None
    own = f"{dataset}:"
    while True:
        asked = _asked(pit, number, after)
        found = how(lambda asked=asked: client.search(**asked))["hits"]["hits"]  # type: ignore[misc]
        if not found:
            return
        ids = pl.Series([hit["_id"].removeprefix(own) for hit in found], dtype=pl.String)
        prints = pl.Series([hit["fields"][FINGERPRINT][0] for hit in found], dtype=pl.Int64)
        frame = pl.DataFrame({SOURCE_ID: ids, PRINT: prints})
        to.put(OLD, frame.select(sketch.hashed_id(pl.col(SOURCE_ID)), PRINT, pl.lit(NO_RAW, pl.UInt64).alias(RAW)))
        after = found[-1]["sort"]


def _asked(pit: str, number: int, after: list[Any] | None) -> dict[str, Any]:
    return {
        "pit": {"id": pit, "keep_alive": KEEP_ALIVE},
        "slice": {"id": number, "max": SLICES},
        "size": PAGE,
        "sort": ["_shard_doc"],
        "source": False,
        "docvalue_fields": [FINGERPRINT],
        "track_total_hits": False,
        **({"search_after": after} if after else {}),
    }
