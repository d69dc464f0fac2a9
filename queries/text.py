"""Search texts: any bytes become a bounded list of words, and clauses ("phrases", -exclusions, artist:, year:).

The text is cleaned as the indexer cleans names (`mappings.spelling.cleaning`).

    "the wall"   these words side by side, as written        -live        none of the names has this word
    artist:björk title:"the wall" album:ok   in that name     year:1994 year:1990..1999   in these years

Anything that isn't quite so is plain text: a quote that isn't closed, a colon with a blank behind it, `-182`, `-Ah,`,
and a text of nothing but exclusions (-M- is an artist).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from mappings.errors import InputError
from mappings.spelling.cleaning import clean
from mappings.track import ALBUM, ARTISTS, CONTRIBUTORS, TITLE
from queries.facets.table import FACETS, Years, parse_values

MAX_CHARS = 300
"""Longest text that is searched. The longest FMA title has 247 characters."""

MAX_WORDS = 24
"""Most words that are searched."""

MAX_WORDS_CUT = 12
"""Up to so many words, each place where artist may end and title begin is tried."""

MAX_CLAUSES = 8
"""Phrases and prefixes in one text; further ones are read as plain words."""

_NO_TEXT = re.compile("[\ud800-\udfff\ufffe\uffff]")

_OPEN, _CLOSE = '"“„«”', '"”“»'
_PIECE = re.compile(
    rf"(?<!\S)(?P<dash>-?)(?:(?P<field>artist|title|album|year):)?"
    rf"(?:[{_OPEN}](?P<phrase>[^{_OPEN}{_CLOSE}]*\w[^{_OPEN}{_CLOSE}]*)[{_CLOSE}](?![^\s,.;:!?)])|(?P<word>\S+))",
    re.IGNORECASE,
)


class Field(StrEnum):
    """Where a clause is looked for."""

    ANY = "any"
    ARTIST = "artist"
    TITLE = "title"
    ALBUM = "album"
    YEAR = "year"


_FIELDS = {
    Field.ANY: (ARTISTS, TITLE, ALBUM, CONTRIBUTORS),
    Field.ARTIST: (ARTISTS,),
    Field.TITLE: (TITLE,),
    Field.ALBUM: (ALBUM,),
    Field.YEAR: (),
}


@dataclass(frozen=True)
class Clause:
    """A phrase, or what one name has to contain, or must not; `years` for the field of that name."""

    words: str
    field: Field = Field.ANY
    phrase: bool = False
    excluded: bool = False
    years: Years | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields of a track in which it is looked for."""
        return _FIELDS[self.field]


@dataclass(frozen=True)
class Text:
    """The plain words of a text, as typed but for cleaning, and its clauses. `truncated`: not all of it is searched."""

    words: tuple[str, ...]
    truncated: bool = False
    clauses: tuple[Clause, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether it searches for anything at all."""
        return bool(self.words or self.clauses)

    @property
    def name(self) -> str:
        """Return the plain words as one name."""
        return " ".join(self.words)

    @property
    def required_clauses(self) -> tuple[Clause, ...]:
        """Return the clauses that a name has to match."""
        return tuple(clause for clause in self.clauses if not clause.excluded and clause.field is not Field.YEAR)

    @property
    def phrases(self) -> tuple[Clause, ...]:
        """Return the phrases that some name has to contain."""
        return tuple(each for each in self.required_clauses if each.phrase and each.field is Field.ANY)

    @property
    def without_phrases(self) -> "Text":
        """Return the text with its phrases read as plain words, if it has others: a phrase alone stays one.

        >>> parse('gang wizard "mens restrooc"').without_phrases.words
        ('gang', 'wizard', 'mens', 'restrooc')
        """
        if not (self.words and self.phrases):
            return self
        words = (*self.words, *(word for clause in self.phrases for word in clause.words.split()))
        return replace(self, words=words[:MAX_WORDS], clauses=tuple(c for c in self.clauses if c not in self.phrases))


def parse(typed: str) -> Text:
    r"""Return the words and clauses of what was typed; never raises. What exceeds the bounds is left out.

    >>> parse("  guns\x00n’ \udcff roses &amp; ")
    Text(words=('guns', 'n’', 'roses', '&'), truncated=False, clauses=())
    >>> parse("la " * 30).truncated
    True
    >>> [(clause.words, clause.phrase, clause.excluded) for clause in parse('"the wall" -live pink').clauses]
    [('the wall', True, False), ('live', False, True)]
    >>> parse("-M-").words
    ('-M-',)
    """
    cleaned, truncated = clean_typed(typed)
    words, clauses = list[str](), list[Clause]()
    for piece in _PIECE.finditer(cleaned):
        clause = _parse_clause(piece) if len(clauses) < MAX_CLAUSES else None
        if clause is None:
            words += piece.group().split()
        else:
            clauses.append(clause)
    if not words and all(clause.excluded for clause in clauses):
        words, clauses = cleaned.split(), []
    return Text(tuple(words[:MAX_WORDS]), truncated or len(words) > MAX_WORDS, tuple(clauses))


def _parse_clause(piece: "re.Match[str]") -> Clause | None:
    field = Field((piece["field"] or "any").lower())
    excluded, phrase, word = bool(piece["dash"]), piece["phrase"], piece["word"]
    if field is Field.YEAR:
        try:
            (years,) = parse_values(FACETS["year"], [phrase or word])
        except InputError:
            return None
        return Clause(word or phrase, field, excluded=excluded, years=years) if isinstance(years, Years) else None
    if phrase is not None:
        return Clause(" ".join(phrase.split()), field, phrase=True, excluded=excluded)
    if excluded and not (word[0].isalpha() and word[-1].isalnum()):
        return None
    if (excluded or field is not Field.ANY) and any(map(str.isalnum, word)):
        return Clause(word, field, excluded=excluded)
    return None


def clean_typed(typed: str) -> tuple[str, bool]:
    r"""Return what was typed, cleaned and cut to `MAX_CHARS`, and whether it was longer.

    >>> clean_typed(" Sigur\x00 \udcff Ró")
    ('Sigur Ró', False)
    """
    # Four times the bound is cleaned: cleaning mostly shortens, and 100 kB must not cost 100 kB of work.
    cleaned = clean(_NO_TEXT.sub(" ", typed[: 4 * MAX_CHARS]))
    return cleaned[:MAX_CHARS], len(cleaned) > MAX_CHARS or bool(typed[4 * MAX_CHARS :].strip())


def cuts(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield what is before and behind each place where one name may end and another begin.

    Signs on their own between the two belong to neither. A text of more than `MAX_WORDS_CUT` words is one name.

    >>> list(cuts(("kino", "-", "gruppa")))
    [('kino', '- gruppa'), ('kino', 'gruppa')]
    """
    for cut in range(1, len(words) if len(words) <= MAX_WORDS_CUT else 0):
        before = words[: cut - 1] if cut > 1 and not has_letters(words[cut - 1]) else words[:cut]
        yield " ".join(before), " ".join(words[cut:])


def has_letters(text: str) -> bool:
    """Tell whether a text has a letter or digit.

    >>> has_letters("!!!"), has_letters("2Pac")
    (False, True)
    """
    return any(character.isalpha() or character.isdecimal() for character in text)
