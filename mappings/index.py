"""The body of an index, made from the field table."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from mappings import analysis
from mappings.fields import FIELDS

Body = dict[str, Any]


def mapping() -> Body:
    """Return the strict mapping of all fields: a field that the table lacks is refused, not guessed.

    >>> mapping()["dynamic"]
    'strict'
    """
    return {"dynamic": "strict", "properties": {entry.name: dict(entry.mapping) for entry in FIELDS}}


def mapping_hash() -> str:
    """Return 16 hex digits that change whenever the mapping or the analysis does."""
    content = orjson.dumps([mapping(), analysis.settings(), analysis.similarity()], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()[:16]


def body(*, shards: int, meta: Mapping[str, Any], index_settings: Mapping[str, Any]) -> Body:
    """Return what creates an index: its settings (`index.*`), analysis, mapping, and notes in `_meta`."""
    settings = {
        "number_of_shards": shards,
        **index_settings,
        "analysis": analysis.settings(),
        "similarity": analysis.similarity(),
    }
    return {"settings": settings, "mappings": mapping() | {"_meta": dict(meta)}}
