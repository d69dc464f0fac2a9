"""Which parts of a hit matched, for showing.

Elasticsearch marks the words, as its analyzers know them, by a query of nothing but words: marking by the whole query
cost it 17 ms of CPU a page on 1,100,000 tracks, by the words 1 to 2 (100 texts, 20 hits each, alternating, twice). With
the stems of 36 languages it would be 9, so a word that was met by its stem is told here, by how it begins.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from elasticsearch.dsl.query import Bool, Match, Query

from mappings import fields
from queries import matching
from queries.matching import Stage
from queries.text import Text
from queries.variants import Variants

Span = tuple[int, int]
"""Start and end of a matched part, in characters."""

Marked = Mapping[str, Mapping[str, tuple[Span, ...]]]
"""Field name to each of its texts that matched, with the parts that did."""

# Noncharacters: no text that is meant for exchange holds them, and the page and terminal never see them.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"

_SHOWN = (fields.TITLE, fields.ARTISTS, fields.ALBUM, fields.CONTRIBUTORS)
_WHOLE = {fields.TITLE_SPELLINGS: fields.TITLE, fields.ARTISTS_SPELLINGS: fields.ARTISTS}
"""A match of another spelling can't be placed in the name: the whole name is marked, if there is one only."""

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_SHORTEST_BEGINNING, _LONGEST_ENDING = 3, 3
"""Letters that a word and its stem's other form have in common at least, and those that may differ at the end."""


def asked(text: Text, variants: Variants, stage: Stage) -> dict[str, Any]:
    """Return the `highlight` part of a request: whole values, each field marked for its own matches only."""
    names = (*_SHOWN, *_WHOLE)
    return {
        "highlight_query": Bool(should=list(_marking(text, variants, stage))).to_dict(),
        "number_of_fragments": 0,
        "pre_tags": [_OPEN],
        "post_tags": [_CLOSE],
        "fields": {name: {} for name in names},
    }


def _marking(text: Text, variants: Variants, stage: Stage) -> Iterator[Query]:
    parts = [part.words for part in text.parts if part.words and not part.excluded]
    spelled = [spelling for word in variants.words for _, spelling in word]
    words, otherwise = " ".join([*text.words, *parts]), " ".join([*text.words, *parts, *spelled])
    for field in _SHOWN:
        yield Match(field, {"query": words})
        if stage is Stage.FUZZY:
            yield from (Match(field, matching.slip(text, number)) for number in matching.slippery(text))
    for field in _WHOLE:
        yield Match(field, {"query": otherwise})


def read(highlight: Mapping[str, list[str]], track: Mapping[str, Any]) -> Marked:
    r"""Return the marked parts of a hit's names, given what Elasticsearch marked.

    >>> read({"title": ["\ufdd0Pink\ufdd1 Moon"]}, {"title": "Pink Moon"})
    {'title': {'Pink Moon': ((0, 4),)}}
    """
    found: dict[str, dict[str, tuple[Span, ...]]] = {}
    for name, values in highlight.items():
        if name in _SHOWN:
            found[name] = dict(map(_spans, values))
    for name, field in _WHOLE.items():
        texts = [track[field]] if isinstance(track.get(field), str) else track.get(field) or []
        if name in highlight and field not in found and len(texts) == 1:
            found[field] = {texts[0]: ((0, len(texts[0])),)}
    return found


def with_stems(marked: Marked, title: str, text: Text) -> Marked:
    """Return the marks of a hit that a stem met, with those words of the title that begin like one of the text.

    >>> from queries import text
    >>> with_stems({}, "Une chanson", text.read("chansons"))
    {'title': {'Une chanson': ((4, 11),)}}
    """
    begun = [_folded(word) for word in text.words]
    stems = {match.span() for match in _WORD.finditer(title) if _is_begun(_folded(match[0]), begun)}
    spans = {*marked.get(fields.TITLE, {}).get(title, ()), *stems}
    return {**marked, fields.TITLE: {title: tuple(sorted(spans))}} if spans else marked


def _is_begun(word: str, others: Iterable[str]) -> bool:
    shortest = (max(_SHORTEST_BEGINNING, min(len(word), len(other)) - _LONGEST_ENDING) for other in others)
    return any(word[:letters] == other[:letters] for letters, other in zip(shortest, others, strict=True))


def _folded(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def _spans(value: str) -> tuple[str, tuple[Span, ...]]:
    """Return a marked text without its marks, and where they were."""
    first, *rest = value.split(_OPEN)
    text, spans = first, []
    for piece in rest:
        marked, _, after = piece.partition(_CLOSE)
        spans.append((len(text), len(text) + len(marked)))
        text += marked + after
    return text, tuple(spans)
