"""What is kept of a record that could not be read."""

import re

from indexer.records import Rejection

RECORD_CHARACTERS = 4_000
"""So much of a rejected record is kept: enough to see what is wrong with it, and where it is in its file."""

_LYRICS = re.compile(r'("(?:lyrics|genius_annotation|qna)"\s*:\s*")(?:[^"\\]|\\.)*')


def rejection(file: str, row: int, kind: str, reason: str, record: str | bytes, source_id: str = "") -> Rejection:
    """Return a Rejection that keeps the record's beginning, without lyrics: those are never stored."""
    text = record if isinstance(record, str) else record.decode("utf-8", "replace")
    text = _LYRICS.sub(r"\1…", text.replace("\0", "\N{SYMBOL FOR NULL}"))
    kept = text if len(text) <= RECORD_CHARACTERS else text[:RECORD_CHARACTERS] + "…"
    return Rejection(file, row, kind, reason, kept, source_id)
