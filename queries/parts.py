"""What a text says beyond plain words: "phrases", -not, artist: title: album: year:, read and turned into clauses.

    "the wall"   these words side by side, as written        -live        none of the names has this word
    artist:björk title:"the wall" album:ok   in that name     year:1994 year:1990..1999   in these years

Anything that isn't quite so is plain text: a quote that isn't closed, a colon with a blank behind it, `-182`, `-Ah,`,
and a text of nothing but exclusions (-M- is an artist).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from elasticsearch.dsl.query import (
    Bool,
    ConstantScore,
    DisMax,
    Match,
    MatchPhrase,
    MultiMatch,
    Query,
    Range,
    Term,
    Terms,
)

from mappings import fields
from mappings.errors import InputError
from mappings.fields import COMPACT_SUBFIELD, EXACT_SUBFIELD
from queries import facets, filters, weights
from queries.filters import Years

MOST_PARTS = 8
"""Phrases and prefixes in one text; further ones are read as plain words. Each costs as much as three words."""


class Scope(StrEnum):
    """Where a part is looked for."""

    ANY = "any"
    ARTIST = "artist"
    TITLE = "title"
    ALBUM = "album"
    YEAR = "year"


@dataclass(frozen=True)
class Part:
    """A phrase, or what one name has to hold, or must not; `years` for the scope of that name."""

    words: str
    scope: Scope = Scope.ANY
    phrase: bool = False
    excluded: bool = False
    years: Years | None = None


_NAMES: Mapping[Scope, tuple[str, ...]] = {
    Scope.ANY: (fields.ARTISTS, fields.TITLE, fields.ALBUM, fields.CONTRIBUTORS),
    Scope.ARTIST: (fields.ARTISTS,),
    Scope.TITLE: (fields.TITLE,),
    Scope.ALBUM: (fields.ALBUM,),
}
_SPELLED: Mapping[str, str] = {
    fields.ARTISTS: fields.ARTISTS_SPELLINGS,
    fields.TITLE: fields.TITLE_SPELLINGS,
    fields.ALBUM: fields.ALBUM_SPELLINGS,
}
_EXACT: Mapping[str, float] = {fields.ARTISTS: weights.EXACT_ARTIST, fields.TITLE: weights.EXACT_TITLE}
_OTHERWISE = ("joined", "symbols", "transliterated")

_OPEN, _CLOSE = '"“„«”', '"”“»'
_PIECE = re.compile(
    rf"(?<!\S)(?P<dash>-?)(?:(?P<scope>artist|title|album|year):)?"
    rf"(?:[{_OPEN}](?P<phrase>[^{_OPEN}{_CLOSE}]*\w[^{_OPEN}{_CLOSE}]*)[{_CLOSE}](?![^\s,.;:!?)])|(?P<word>\S+))",
    re.IGNORECASE,
)


def read(tidy: str) -> tuple[list[str], tuple[Part, ...]]:
    """Return the plain words of a text, and its parts.

    >>> read('"the wall" -live pink')
    (['pink'], (Part(words='the wall', scope=<Scope.ANY: 'any'>, phrase=True, excluded=False, years=None), \
Part(words='live', scope=<Scope.ANY: 'any'>, phrase=False, excluded=True, years=None)))
    >>> read("-M-")
    (['-M-'], ())
    """
    words, parts = list[str](), list[Part]()
    for piece in _PIECE.finditer(tidy):
        part = _part(piece) if len(parts) < MOST_PARTS else None
        if part is None:
            words += piece.group().split()
        else:
            parts.append(part)
    if words or any(not part.excluded for part in parts):
        return words, tuple(parts)
    return tidy.split(), ()


def _part(piece: "re.Match[str]") -> Part | None:
    scope = Scope((piece["scope"] or "any").lower())
    excluded, phrase, word = bool(piece["dash"]), piece["phrase"], piece["word"]
    if scope is Scope.YEAR:
        years = _years(phrase or word)
        return Part(word or phrase, scope, excluded=excluded, years=years) if years else None
    if phrase is not None:
        return Part(" ".join(phrase.split()), scope, phrase=True, excluded=excluded)
    if excluded and not (word[0].isalpha() and word[-1].isalnum()):
        return None
    if (excluded or scope is not Scope.ANY) and any(map(str.isalnum, word)):
        return Part(word, scope, excluded=excluded)
    return None


def _years(written: str) -> Years | None:
    try:
        (value,) = filters.values(facets.TABLE["year"], [written])
    except InputError:
        return None
    return value if isinstance(value, Years) else None


def wanted(parts: tuple[Part, ...], spellings: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, Query]]:
    """Yield number and clause of each part that has to be met by a name, each way named `<way>:<number>`."""
    for number, part in named(parts):
        yield number, DisMax(queries=list(_ways(part, number, spellings)))


def named(parts: tuple[Part, ...]) -> list[tuple[str, Part]]:
    """Return the parts that names have to meet, with the numbers by which clauses are called."""
    return [
        (f"p{number}", part) for number, part in enumerate(parts) if not (part.excluded or part.scope is Scope.YEAR)
    ]


def within(parts: tuple[Part, ...]) -> list[Query]:
    """Return the clauses of the years that are wanted."""
    return [_in_years(part.years) for part in parts if part.years and not part.excluded]


def without(parts: tuple[Part, ...]) -> list[Query]:
    """Return the clauses of what must not be."""
    excluded = [part for part in parts if part.excluded]
    return [_in_years(part.years) if part.years else Bool(should=list(_plainly(part))) for part in excluded]


def _in_years(years: Years) -> Query:
    return Range(fields.YEAR, {"gte": years.first, "lte": years.last})


def _plainly(part: Part) -> Iterator[Query]:
    for field in _NAMES[part.scope]:
        yield _in_name(field, part.words, phrase=part.phrase)
        if field in _SPELLED and not (part.phrase and " " in part.words):
            yield _in_name(_SPELLED[field], part.words, phrase=False)


def _in_name(field: str, words: str, *, phrase: bool, boost: float = 1.0) -> Query:
    if phrase:
        return MatchPhrase(field, {"query": words, "boost": boost})
    return Match(field, {"query": words, "operator": "and", "boost": boost})


def _ways(part: Part, number: str, spellings: Mapping[str, Mapping[str, str]]) -> Iterator[Query]:
    """Yield every way in which names may meet a part, the worthiest first."""
    names, words = _NAMES[part.scope], part.words
    whole = [field for field in names if field in _EXACT]
    for field in whole:
        is_it = Term(f"{field}.{EXACT_SUBFIELD}", {"value": words})
        yield ConstantScore(filter=is_it, boost=_EXACT[field], _name=f"exact:{number}")
    written = [_in_name(field, words, phrase=part.phrase, boost=weights.WRITTEN[field]) for field in names]
    yield DisMax(queries=written, _name=f"folded:{number}")
    if part.phrase and " " in words:  # spellings are kept without positions: whole names only
        compact: list[Query] = [Terms(f"{field}.{COMPACT_SUBFIELD}", [words]) for field in whole]
        if compact:
            yield ConstantScore(filter=Bool(should=compact), boost=weights.JOINED_ALL, _name=f"joined:{number}")
        return
    table = {_SPELLED[field]: weights.SPELLED[_SPELLED[field]] for field in names if field in _SPELLED}
    yield _words(words, f"spelled:{number}", table)
    for way in () if part.phrase else _OTHERWISE:
        if (spelling := spellings[way][words]) not in ("", words.lower(), spellings["folded"][words]):
            both = {**{field: weights.WRITTEN[field] for field in names}, **table}
            yield _words(spelling, f"{way}:{number}", both, weights.ASKED_OTHERWISE)


def _words(words: str, name: str, table: Mapping[str, float], factor: float = 1.0) -> Query:
    weighted = weights.weighted(table, factor)
    return MultiMatch(query=words, type="cross_fields", operator="and", fields=weighted, _name=name)
