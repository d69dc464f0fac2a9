"""What a text says beyond plain words: "phrases", -exclusions, artist: title: album: year:.

    "the wall"   these words side by side, as written        -live        none of the names has this word
    artist:björk title:"the wall" album:ok   in that name     year:1994 year:1990..1999   in these years

Anything that isn't quite so is plain text: a quote that isn't closed, a colon with a blank behind it, `-182`, `-Ah,`,
and a text of nothing but exclusions (-M- is an artist).
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from mappings.errors import InputError
from queries.facets import filters, table
from queries.facets.filters import Years

MAX_CLAUSES = 8
"""Phrases and prefixes in one text; further ones are read as plain words."""


class Field(StrEnum):
    """Where a clause is looked for."""

    ANY = "any"
    ARTIST = "artist"
    TITLE = "title"
    ALBUM = "album"
    YEAR = "year"


@dataclass(frozen=True)
class Clause:
    """A phrase, or what one name has to hold, or must not; `years` for the field of that name."""

    words: str
    field: Field = Field.ANY
    phrase: bool = False
    excluded: bool = False
    years: Years | None = None

    @property
    def is_anywhere(self) -> bool:
        """Tell whether any name may hold it."""
        return self.field is Field.ANY and not self.excluded


_OPEN, _CLOSE = '"“„«”', '"”“»'
_PIECE = re.compile(
    rf"(?<!\S)(?P<dash>-?)(?:(?P<field>artist|title|album|year):)?"
    rf"(?:[{_OPEN}](?P<phrase>[^{_OPEN}{_CLOSE}]*\w[^{_OPEN}{_CLOSE}]*)[{_CLOSE}](?![^\s,.;:!?)])|(?P<word>\S+))",
    re.IGNORECASE,
)


def parse(cleaned: str) -> tuple[list[str], tuple[Clause, ...]]:
    """Return the plain words of a cleaned text, and its clauses.

    >>> words, clauses = parse('"the wall" -live pink')
    >>> words, [(clause.words, clause.phrase, clause.excluded) for clause in clauses]
    (['pink'], [('the wall', True, False), ('live', False, True)])
    >>> parse("-M-")
    (['-M-'], ())
    """
    words, clauses = list[str](), list[Clause]()
    for piece in _PIECE.finditer(cleaned):
        clause = _clause(piece) if len(clauses) < MAX_CLAUSES else None
        if clause is None:
            words += piece.group().split()
        else:
            clauses.append(clause)
    if words or any(not clause.excluded for clause in clauses):
        return words, tuple(clauses)
    return cleaned.split(), ()


def _clause(piece: "re.Match[str]") -> Clause | None:
    field = Field((piece["field"] or "any").lower())
    excluded, phrase, word = bool(piece["dash"]), piece["phrase"], piece["word"]
    if field is Field.YEAR:
        years = _years(phrase or word)
        return Clause(word or phrase, field, excluded=excluded, years=years) if years else None
    if phrase is not None:
        return Clause(" ".join(phrase.split()), field, phrase=True, excluded=excluded)
    if excluded and not (word[0].isalpha() and word[-1].isalnum()):
        return None
    if (excluded or field is not Field.ANY) and any(map(str.isalnum, word)):
        return Clause(word, field, excluded=excluded)
    return None


def _years(written: str) -> Years | None:
    try:
        (value,) = filters.parse_values(table.FACETS["year"], [written])
    except InputError:
        return None
    return value if isinstance(value, Years) else None
