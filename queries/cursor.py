"""Cursors: where a page ended, in a form that can stand in an address.

A cursor holds the sort keys of the last hit, the stage, and a hash of the request. Keys don't depend on what else is
in the index (see `search.weights`), so a cursor never expires, survives a restart and a new generation, and loses or
doubles no track that stays. It is no secret and no permission: the checksum only tells a damaged one from a good one.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from mappings.errors import InputError
from queries.types import Stage

VERSION = 2
"""Raised whenever sort keys or weights change, so that an old cursor is refused instead of misread."""

_CHECKSUM = 6
_LONGEST = 4096


@dataclass(frozen=True)
class Cursor:
    """The end of a page: stage, and the last hit's sort keys."""

    stage: Stage
    keys: tuple[Any, ...]


def write(cursor: Cursor, fingerprint: str) -> str:
    """Return the cursor as text of letters, digits, - and _."""
    content = orjson.dumps([VERSION, fingerprint, cursor.stage, cursor.keys])
    return base64.urlsafe_b64encode(_checksum(content) + content).rstrip(b"=").decode("ascii")


def read(written: str, fingerprint: str) -> Cursor:
    """Return what a cursor says; raises InputError for one that is damaged, old or of another request.

    >>> page = Cursor(Stage.STRICT, (1.5, "laion-disco-12m", "a"))
    >>> read(write(page, "of this"), "of this") == page
    True
    """
    version, whose, stage, keys = _content(written)
    if version != VERSION:
        raise InputError("Bad cursor: it was made by another version.", "Start again with the first page.")
    if whose != fingerprint:
        raise InputError(
            "Bad cursor: it belongs to another search.", "Keep text, filters and order as they were, or leave it out."
        )
    return Cursor(stage, keys)


def _content(written: str) -> tuple[int, str, Stage, tuple[Any, ...]]:
    damaged = InputError("Bad cursor: it is damaged or incomplete.", "Copy it whole, or start with the first page.")
    try:
        raw = base64.b64decode(written[:_LONGEST] + "=" * (-len(written) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise damaged from error
    if len(written) > _LONGEST or _checksum(raw[_CHECKSUM:]) != raw[:_CHECKSUM]:
        raise damaged
    try:
        version, whose, stage, keys = orjson.loads(raw[_CHECKSUM:])
        return version, whose, Stage(stage), tuple(keys)
    except (ValueError, TypeError) as error:
        raise damaged from error


def _checksum(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_CHECKSUM).digest()
