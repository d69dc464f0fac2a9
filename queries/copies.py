"""The same recording elsewhere: tracks that share a recording key or a video with a track, asked for and read."""

from collections.abc import Mapping, Sequence
from typing import Any

from elasticsearch.dsl.query import Bool, Ids, Query, Terms

from mappings import fields
from queries.answer import Hit

MOST = 30
"""Tracks that are listed."""

_READ = (fields.DATASET, fields.SOURCE_ID, fields.TITLE, fields.ARTISTS, fields.ALBUM, fields.YEAR, fields.REVISION)


def body(found: Hit) -> dict[str, Any] | None:
    """Return the request for the others; None for a track that has neither key nor video."""
    held: Mapping[str, Sequence[str]] = {
        fields.RECORDING_KEY: [key] if (key := found.track.get(fields.RECORDING_KEY)) else [],
        fields.VIDEO_IDS: list(found.track.get(fields.VIDEO_IDS) or ()),
    }
    some: list[Query] = [Terms(name, values) for name, values in held.items() if values]
    if not some:
        return None
    query = Bool(should=some, minimum_should_match=1, must_not=[Ids(values=[found.id])]).to_dict()
    order = [{fields.DATASET: "asc"}, {fields.SOURCE_ID: "asc"}]
    return {"query": query, "size": MOST, "sort": order, "track_total_hits": True, "_source": list(_READ)}


def read(answer: Mapping[str, Any]) -> tuple[list[Hit], int]:
    """Return the tracks of the answer, and how many there are."""
    hits = [Hit(hit["_id"], None, None, hit["_source"]) for hit in answer["hits"]["hits"]]
    return hits, int(answer["hits"]["total"]["value"])
