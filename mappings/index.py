"""The body of an index: settings, analysis and mapping of `Track`, with notes in `_meta`."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from mappings import track
from mappings.analysis import similarity

Body = dict[str, Any]


def mapping_hash() -> str:
    """Return 16 hex digits that change whenever the mapping or the analysis does."""
    content = orjson.dumps([track.mapping(), analysis(), similarity()], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()[:16]


def analysis() -> Body:
    """Return the `analysis` part of the index settings: the analyzers that the fields of `Track` name.

    >>> sorted(analysis()["analyzer"])
    ['name', 'terms']
    """
    return dict(track.Track._doc_type.mapping._collect_analysis())


def body(*, shards: int, meta: Mapping[str, Any], index_settings: Mapping[str, Any]) -> Body:
    """Return what creates an index: `index_settings` (`index.*`) beside our own, the mapping, and `meta`."""
    settings = {
        "number_of_shards": shards,
        # What Kibana's search bar asks where no field is named.
        "query.default_field": [track.ALL_WORDS],
        **index_settings,
        "analysis": analysis(),
        "similarity": similarity(),
    }
    return {"settings": settings, "mappings": track.mapping() | {"_meta": dict(meta)}}
