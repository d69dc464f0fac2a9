"""One track by its id: the request, and the hit made of its answer."""

from collections.abc import Mapping
from typing import Any

from queries.answer import Hit

LONGEST = 512
"""Bytes of an id at most, as Elasticsearch has it."""


def body(track_id: str) -> dict[str, Any]:
    """Return the request for the track that has an id; the id begins with its data set, so there is one at most."""
    return {"query": {"ids": {"values": [track_id]}}, "size": 1, "track_total_hits": False}


def read(answer: Mapping[str, Any]) -> Hit | None:
    """Return the track of Elasticsearch's answer: a hit that nothing was looked for, so without score and match.

    >>> read({"hits": {"hits": [{"_id": "fma:10", "_source": {"dataset": "fma"}}]}}).id
    'fma:10'
    """
    hits = answer["hits"]["hits"]
    return Hit(hits[0]["_id"], None, None, hits[0]["_source"]) if hits else None


def may_be(track_id: str) -> bool:
    """Say whether a text can be an id at all.

    >>> may_be("free-music-archive:10"), may_be(""), may_be("é" * 257)
    (True, False, False)
    """
    return 0 < len(track_id.encode(errors="replace")) <= LONGEST
