"""Which parts of a hit matched, for showing: Elasticsearch marks them, since only its analyzers know (stems, slips)."""

from collections.abc import Mapping
from typing import Any

from mappings import fields

Span = tuple[int, int]
"""Start and end of a matched part, in characters."""

Marked = Mapping[str, Mapping[str, tuple[Span, ...]]]
"""Field name to each of its texts that matched, with the parts that did."""

# Noncharacters: no text that is meant for exchange holds them, and the page and terminal never see them.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"

_SHOWN = (fields.TITLE, fields.ARTISTS, fields.ALBUM, fields.CONTRIBUTORS)
_STEMMED = f"{fields.TITLE_BY_LANGUAGE}."
_WHOLE = {fields.TITLE_SPELLINGS: fields.TITLE, fields.ARTISTS_SPELLINGS: fields.ARTISTS}
"""A match of another spelling can't be placed in the name: the whole name is marked, if there is one only."""


def asked() -> dict[str, Any]:
    """Return the `highlight` part of a request: whole values, each field marked for its own matches only."""
    names = (*_SHOWN, *_WHOLE, f"{_STEMMED}*")
    return {
        "number_of_fragments": 0,
        "pre_tags": [_OPEN],
        "post_tags": [_CLOSE],
        "fields": {name: {} for name in names},
    }


def read(highlight: Mapping[str, list[str]], track: Mapping[str, Any]) -> Marked:
    r"""Return the marked parts of a hit's names, given what Elasticsearch marked.

    >>> read({"title": ["\ufdd0Pink\ufdd1 Moon"]}, {"title": "Pink Moon"})
    {'title': {'Pink Moon': ((0, 4),)}}
    """
    found: dict[str, dict[str, tuple[Span, ...]]] = {}
    for name, values in highlight.items():
        field = fields.TITLE if name.startswith(_STEMMED) else name
        if field in _SHOWN:
            for value in values:
                text, spans = _spans(value)
                found.setdefault(field, {}).setdefault(text, spans)
    for name, field in _WHOLE.items():
        texts = [track[field]] if isinstance(track.get(field), str) else track.get(field) or []
        if name in highlight and field not in found and len(texts) == 1:
            found[field] = {texts[0]: ((0, len(texts[0])),)}
    return found


def _spans(value: str) -> tuple[str, tuple[Span, ...]]:
    """Return a marked text without its marks, and where they were."""
    first, *rest = value.split(_OPEN)
    text, spans = first, []
    for piece in rest:
        marked, _, after = piece.partition(_CLOSE)
        spans.append((len(text), len(text) + len(marked)))
        text += marked + after
    return text, tuple(spans)
