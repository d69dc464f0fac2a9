"""What is kept of a record that could not be read."""

import re
from collections.abc import Iterable

from indexer.records import Rejection

RECORD_CHARACTERS = 4_000
"""So much of a rejected record is kept: enough to see what is wrong with it, and where it is in its file."""

CUT_OFF = "cut_off"
CUT_REASON = "the packed file is cut off here: this record and those after it are missing"

_NEVER = "lyrics|genius_annotation|qna"
_LYRICS = re.compile(rf'("(?:{_NEVER})"\s*:\s*")(?:[^"\\]|\\.)*', re.DOTALL)
_UNQUOTED = re.compile(rf"""["']?(?:{_NEVER})\\*["']?\s*[:=].*""", re.DOTALL | re.IGNORECASE)

_STRING = r'"(?:[^"\\]|\\.)*+(?:"|\Z)'
_ITEM = rf"(?:{_STRING}|null)\s*(?:,\s*|(?=\])|\Z)"
_VALUE = rf"(?:{_STRING}|\[\s*(?:{_ITEM})*+\]?|-?[0-9][-+.0-9eE]*|true|false|null)"


def rejection(file: str, row: int, kind: str, reason: str, record: str | bytes, source_id: str = "") -> Rejection:
    """Return a Rejection that keeps the record's beginning, without lyrics: those are never stored."""
    text = record if isinstance(record, str) else record.decode("utf-8", "replace")
    text = _LYRICS.sub(r"\1…", text.replace("\0", "\N{SYMBOL FOR NULL}"))
    kept = text if len(text) <= RECORD_CHARACTERS else text[:RECORD_CHARACTERS] + "…"
    return Rejection(file, row, kind, reason, kept, source_id)


def only(keys: Iterable[str], line: bytes) -> str:
    r"""Return what may be kept of a line that is no JSON: the keys that are read anyhow, with their values.

    Where lyrics end can't be known in a line that is damaged, cut off, or only a part of a record. So nothing is
    kept but what is certainly something else.

    >>> only(["id", "title"], b'{"lyrics": "la "la" la", "id": 5, "title": "T')
    '… "id": 5 … "title": "T …'
    >>> only(["id"], b"la la la")
    '… (8 bytes)'
    """
    text = line.decode("utf-8", "replace")
    pair = rf'"(?:{"|".join(map(re.escape, keys))})"\s*:\s*{_VALUE}'
    found = [_UNQUOTED.sub("", piece) for piece in re.findall(pair, text, re.DOTALL)]
    return " … ".join(["", *found, ""]).strip() if found else f"… ({len(line)} bytes)"
