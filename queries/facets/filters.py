r"""Filters: what a user may say about a facet, read once and turned into a clause.

Values of one facet are joined by OR, facets by AND. A value that begins with `-` excludes: no track that has it is
found, whatever else is asked for. The value `none` asks for tracks that have no value there. A value that really is
called none or begins with `-` is written with a backslash before it: `\none`, `\-`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from elasticsearch.dsl.query import Bool, Exists, MatchAll, Query, Range, Terms

from mappings.errors import InputError
from mappings.spelling import whole_names
from mappings.track import ARTIST_ROLE, FACETS, LONGEST_NAME, WHOLE_NAMES
from queries.facets.table import DURATION_STEPS, Facet, Kind

NONE = "none"
"""The value that asks for tracks without one."""

NOT = "-"
"""What a value begins with that excludes."""

LITERAL = "\\"
"""What a value begins with that means the rest as it is."""

MOST_VALUES = 100
"""Values of one facet in one request; an address of a page with more would be longer than servers take."""

LONGEST = 1000
"""Characters of a value. An artist's name of more than 512 isn't in the facet (`ignore_above`)."""

FIRST_YEAR, LAST_YEAR = 1000, 2999
"""Years that can be asked for. The oldest year in the four data sets is 1902, wrong ones go up to 2021."""

LONGEST_S = 10_000_000
"""Seconds that can be asked for: 115 days, where the column of 32-bit floats still tells one second from the next."""

_YEARS = re.compile(r"(?P<first>\d{4})?(?P<dots>\.\.)?(?P<last>\d{4})?", re.ASCII)
_DECADE = re.compile(r"(\d{3}0)s?", re.ASCII)
_CLOCK = re.compile(r"\d{1,8}|(?:\d{1,4}:)?\d{1,6}:[0-5]\d", re.ASCII)


@dataclass(frozen=True, order=True)
class Years:
    """A range of years, both ends included."""

    first: int
    last: int

    def __contains__(self, year: object) -> bool:
        """Tell whether a year lies in the range."""
        return isinstance(year, int) and self.first <= year <= self.last


@dataclass(frozen=True, order=True)
class Seconds:
    """A range of durations: from `start` to less than `end` (None: without end), so that ranges can stand in a row."""

    start: int
    end: int | None

    def __str__(self) -> str:
        """Return the range as it is written in a filter.

        >>> str(Seconds(90, 120)), str(Seconds(3600, None))
        ('1:30..2:00', '60:00..')
        """
        return f"{_clock(self.start)}..{'' if self.end is None else _clock(self.end)}"


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


DURATIONS = tuple(Seconds(start, end) for start, end in pairwise(DURATION_STEPS) if start is not None)
"""The ranges of the facet `duration`."""


Plain = str | bool | Years | Seconds | None
"""One value; None stands for no value."""


@dataclass(frozen=True)
class Not:
    """A value that is excluded."""

    value: Plain


Value = Plain | Not
"""What one value of a filter says."""


def parse_values(facet: Facet, given: Iterable[str]) -> tuple[Value, ...]:
    r"""Return the values of one filter, without repeats and in a fixed order; raises InputError.

    >>> from queries.facets.table import FACETS
    >>> parse_values(FACETS["year"], ["1990..1999", "none", "-1994"])
    (None, Not(value=Years(first=1994, last=1994)), Years(first=1990, last=1999))
    >>> parse_values(FACETS["artist"], [r"\-none", r"-\none"])
    ('-none', Not(value='none'))
    """
    texts = list(dict.fromkeys(given))
    if len(texts) > MOST_VALUES:
        raise InputError(f"{len(texts)} values of {facet.name} are too many.", f"Ask for {MOST_VALUES} at most.")
    read = {_value(facet, text) for text in texts}
    return tuple(sorted(read, key=lambda value: (value is not None, repr(value))))


def _value(facet: Facet, text: str) -> Value:
    if len(text) > LONGEST:
        raise InputError(f"A value of {facet.name} can't have {len(text):,} characters.", "Shorten it.")
    return Not(_plain(facet, text.removeprefix(NOT))) if text.startswith(NOT) else _plain(facet, text)


def _plain(facet: Facet, text: str) -> Plain:
    return None if text == NONE else _READERS[facet.kind](facet, text)


def is_storable(given: str) -> bool:
    """Tell whether a text could stand in a record: no control characters, no lone surrogates.

    Whatever else there is, joiners and private letters too, stands in some artist's name.
    """
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in given)


def _word(facet: Facet, text: str) -> str:
    word = text.removeprefix(LITERAL)
    if not word or not is_storable(word):
        raise InputError(f"{text[:80]!r} can't be a value of {facet.name}.", f"Write {NONE} for tracks without one.")
    return word


def _flag(facet: Facet, text: str) -> bool:
    if text not in ("true", "false"):
        raise InputError(f"{text[:80]!r} is no value of {facet.name}.", f"Write true, false or {NONE}.")
    return text == "true"


def _years(facet: Facet, text: str) -> Years:
    found = _YEARS.fullmatch(text.strip())
    if found is None or not (found["first"] or found["last"]) or (found["last"] and not found["dots"]):
        raise InputError(f"{text[:80]!r} is no {facet.name}.", "Write 1994, 1990..1999, 1990.. or ..1999.")
    first = int(found["first"] or FIRST_YEAR)
    last = int(found["last"] or (LAST_YEAR if found["dots"] else first))
    if not FIRST_YEAR <= first <= last <= LAST_YEAR:
        raise InputError(
            f"The years {text[:80]!r} hold nothing.",
            f"Write the earlier year first; years go from {FIRST_YEAR} to {LAST_YEAR}.",
        )
    return Years(first, last)


def _decade(facet: Facet, text: str) -> Years:
    found = _DECADE.fullmatch(text.strip())
    if found is None or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        raise InputError(f"{text[:80]!r} is no {facet.name}.", "Write 1990 or 1990s.")
    return Years(int(found[1]), int(found[1]) + 9)


def _seconds(facet: Facet, text: str) -> Seconds:
    """Read a range, or one duration: all that is shown as that many seconds."""
    start, dots, end = (part.strip() for part in text.partition(".."))
    ends = [part for part in (start, end) if part]
    if not ends or not all(map(_CLOCK.fullmatch, ends)):
        raise InputError(f"{text[:80]!r} is no {facet.name}.", "Write 3:25, 3:00..4:00, 180..240, 10:00.. or ..1:00.")
    first = _in_seconds(start) if start else 0
    last = (_in_seconds(end) if end else None) if dots else first + 1
    if first >= LONGEST_S or (last is not None and not first < last <= LONGEST_S):
        raise InputError(
            f"No track lasts {text[:80]!r}.", f"Write the shorter one first, and less than {LONGEST_S:,} seconds."
        )
    return Seconds(first, last)


def _in_seconds(text: str) -> int:
    total = 0
    for part in text.split(":"):
        total = total * 60 + int(part)
    return total


_READERS: Mapping[Kind, Callable[[Facet, str], Plain]] = {
    Kind.WORDS: _word,
    Kind.FLAG: _flag,
    Kind.YEARS: _years,
    Kind.DECADES: _decade,
    Kind.DURATIONS: _seconds,
}


def wanted(given: Iterable[Value]) -> tuple[Plain, ...]:
    """Return the values that a track should have one of."""
    return tuple(value for value in given if not isinstance(value, Not))


def excluded(given: Iterable[Value]) -> tuple[Plain, ...]:
    """Return the values that no track should have."""
    return tuple(value.value for value in given if isinstance(value, Not))


def clause(facet: Facet, given: tuple[Value, ...]) -> Query:
    """Return what selects the tracks that have one of the wanted values, if any are, and no excluded one."""
    some, none = wanted(given), excluded(given)
    chosen = _any(facet, some) if some else MatchAll()
    if not none:
        return chosen
    return Bool(filter=[chosen] if some else [], must_not=[_any(facet, none)])


def _any(facet: Facet, some: tuple[Plain, ...]) -> Query:
    alternatives: list[Query] = [
        Range(facet.field, {"gte": str(value.first), "lte": str(value.last)})
        for value in some
        if isinstance(value, Years)
    ]
    alternatives += [Range(facet.field, _bounds(value)) for value in some if isinstance(value, Seconds)]
    if plain := [value for value in some if isinstance(value, str | bool)]:
        alternatives.append(artists(map(str, plain)) if facet.name == "artist" else Terms(facet.field, plain))
    if None in some:
        alternatives.append(Bool(must_not=[Exists(field=facet.field)]))
    return alternatives[0] if len(alternatives) == 1 else Bool(should=alternatives)


def artists(names: Iterable[str]) -> Query:
    """Return what selects the tracks of artists, written just so.

    The facet's field has columns only, which Elasticsearch would scan; `whole_names` finds the few to look at.
    """
    given = [name for name in dict.fromkeys(names) if len(name) <= LONGEST_NAME]
    looked_up = [whole_names.written_term(name, ARTIST_ROLE) for name in given]
    return Bool(filter=[Terms(WHOLE_NAMES, looked_up), Terms(FACETS["artist"], given)])


def _bounds(seconds: Seconds) -> dict[str, int]:
    return {"gte": seconds.start} | ({} if seconds.end is None else {"lt": seconds.end})
