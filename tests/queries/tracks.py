"""Tracks for the tests of queries: made of a few words each, indexed as the loader does."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk

from mappings import index
from mappings.fields import SCHEMA
from mappings.names import Generation, alias
from mappings.spellings import with_search_fields

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
    """Return the tracks as they are sent, search-only fields included, without what is null."""
    columns = {name: dtype for name, dtype in SCHEMA.items() if not _is_search_only(name)}
    frame = pl.DataFrame([*tracks, track(0, "a filler", ["Кино"], language="en")], schema=columns, orient="row")
    return [_filled(row) for row in with_search_fields(frame).to_dicts()[:-1]]


def _is_search_only(name: str) -> bool:
    return name.endswith(("_accented", "_spellings", "_by_language"))


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    filled = {name: value for name, value in row.items() if value is not None}
    if "title_by_language" in filled:
        filled["title_by_language"] = {k: v for k, v in filled["title_by_language"].items() if v is not None}
    return filled


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
