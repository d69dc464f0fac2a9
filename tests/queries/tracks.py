"""Tracks for the tests of queries: made of a few words each, indexed as the loader does."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import polars as pl
from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk

from indexer.documents.bulk_body import encode
from mappings import index
from mappings.index_names import Generation, alias
from mappings.schema import SCHEMA
from mappings.spelling.columns import search_fields
from mappings.track import FINGERPRINT, SEARCH_ONLY

Track = Mapping[str, Any]


def track(number: int, title: str | None, artists: Iterable[str] = (), **fields: Any) -> dict[str, Any]:
    """Return a track with what every track has; `number` is its id in its data set."""
    made = {
        "dataset": "laion-disco-12m",
        "revision": "1",
        "source_id": f"t{number:05d}",
        "platform": "youtube-music",
        "title": title,
        "artists": list(artists),
        "commercial_use": "unknown",
        "language": "und",
        "source_row": number + 1,
    }
    return made | fields


def documents(tracks: Iterable[Track]) -> list[dict[str, Any]]:
    """Return the tracks as the loader sends them, search-only fields included."""
    columns = {name: dtype for name, dtype in SCHEMA.items() if name not in (*SEARCH_ONLY, FINGERPRINT)}
    frame = pl.DataFrame(list(tracks), schema=columns, orient="row")
    bodies = encode(frame.with_columns(**search_fields(frame)), file_number=0, max_bytes=1_000_000)
    return [orjson.loads(line) for body in bodies for line in body.lines()[1::2]]


def load(client: Elasticsearch, prefix: str, tracks: Iterable[Track], shards: int = 1) -> None:
    """Index tracks, one generation per data set, and move the aliases there."""
    docs = documents(tracks)
    for dataset in sorted({doc["dataset"] for doc in docs}):
        name = Generation(prefix, dataset, 1).index
        meta = {"dataset": dataset, "revision": "1"}
        client.indices.create(index=name, **index.body(shards=shards, meta=meta, index_settings={}))
        for each in (alias(prefix), alias(prefix, dataset)):
            client.indices.put_alias(index=name, name=each)
    write(client, prefix, docs)


def write(client: Elasticsearch, prefix: str, docs: Iterable[Mapping[str, Any]]) -> None:
    """Write documents into their data sets' generations and refresh."""
    actions = (
        {
            "_index": Generation(prefix, doc["dataset"], 1).index,
            "_id": f"{doc['dataset']}:{doc['source_id']}",
            "_source": doc,
        }
        for doc in docs
    )
    bulk(client, actions, refresh=True)


def forget(client: Elasticsearch, prefix: str) -> None:
    """Delete what has this prefix."""
    for name in client.indices.get(index=f"{prefix}-*", features="aliases").body:
        client.indices.delete(index=name)
