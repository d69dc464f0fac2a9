"""Sort orders, and cursors: where a page ended, in a form that can stand in an address.

A cursor holds the sort keys of the last hit, the stage, and a hash of the request. Keys don't depend on what else is
in the index (see `search.weights`), so a cursor never expires, survives a restart and a new generation, and loses or
doubles no track that stays. It is no secret and no permission: the checksum only tells a damaged one from a good one.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from mappings import track
from mappings.errors import InputError
from queries.model import Json, Sort, Stage

SORT_KEYS: Mapping[Sort, tuple[str, ...]] = {
    Sort.RELEVANCE: ("_score", track.PLAYS),
    Sort.PLAYS: (track.PLAYS,),
    Sort.YEAR: (track.YEAR,),
}
TIE_BREAKERS = (track.SOURCE_ROW, track.FINGERPRINT)
"""The last sort keys: the order of publication, and what no two tracks have in common, whatever their data sets."""

VERSION = 2
"""Raised whenever sort keys or weights change, so that an old cursor is refused instead of misread."""

_CHECKSUM = 6
_LONGEST = 4096
_HIGHEST_SCORE = 1e6
"""More than any score, however many clauses a text has."""


def order(keys: Iterable[str]) -> list[Json]:
    """Return the `sort` of a request: plays, years and scores descend, tracks without one come last."""
    descending: Json = {"order": "desc", "missing": "_last"}
    special: Json = {"_score": {"order": "desc"}, **{key: {"order": "asc"} for key in TIE_BREAKERS}}
    return [{key: special.get(key, descending)} for key in keys]


def may_be_key(name: str, key: object) -> bool:
    """Tell whether a hit may have a sort key. A forged cursor must not become an error of Elasticsearch."""
    if isinstance(key, bool):
        return False
    if name == "_score":
        return isinstance(key, int | float) and 0 <= key <= _HIGHEST_SCORE
    return isinstance(key, int) and -(2**63) <= key < 2**63


@dataclass(frozen=True)
class Cursor:
    """The end of a page: stage, and the last hit's sort keys."""

    stage: Stage
    keys: tuple[Any, ...]


def write_cursor(cursor: Cursor, fingerprint: str) -> str:
    """Return the cursor as text of letters, digits, - and _."""
    content = orjson.dumps([VERSION, fingerprint, cursor.stage, cursor.keys])
    return base64.urlsafe_b64encode(_checksum(content) + content).rstrip(b"=").decode("ascii")


def read_cursor(written: str, fingerprint: str) -> Cursor:
    """Return what a cursor says; raises InputError for one that is damaged, old or of another request.

    >>> page = Cursor(Stage.STRICT, (1.5, "laion-disco-12m", "a"))
    >>> read_cursor(write_cursor(page, "of this"), "of this") == page
    True
    """
    damaged = InputError("Bad cursor: it is damaged or incomplete.", "Copy all of it, or start with the first page.")
    try:
        raw = base64.b64decode(written[:_LONGEST] + "=" * (-len(written) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise damaged from error
    if len(written) > _LONGEST or _checksum(raw[_CHECKSUM:]) != raw[:_CHECKSUM]:
        raise damaged
    try:
        version, request, stage, keys = orjson.loads(raw[_CHECKSUM:])
        cursor = Cursor(Stage(stage), tuple(keys))
    except (ValueError, TypeError) as error:
        raise damaged from error
    if version != VERSION:
        raise InputError("Bad cursor: it was made by another version.", "Start again with the first page.")
    if request != fingerprint:
        raise InputError(
            "Bad cursor: it belongs to another search.", "Keep text, filters and order as they were, or leave it out."
        )
    return cursor


def _checksum(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_CHECKSUM).digest()
