r"""The facets, a row each, and the values that a filter may name, parsed.

Names and fields come from the declaration of a track (`mappings.track.FACETS`); what differs from a plain keyword is
said here. A value that begins with `-` excludes: no track that has it matches, whatever else is asked for. `none` asks
for tracks that have no value. A value that really is called none or begins with `-` is written with a backslash before
it: `\none`, `\-`.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from itertools import pairwise

from mappings import track
from mappings.errors import InputError


class Kind(StrEnum):
    """What a facet's values are: words, true or false, years, tens of years, ranges of seconds."""

    WORDS = "words"
    FLAG = "flag"
    YEARS = "years"
    DECADES = "decades"
    DURATIONS = "durations"


MAX_BUCKETS = 1000
"""Values asked for, which is more than a narrow facet has (ISO 639 in use, licences, years), and more than are shown:
so counts, `distinct` and `other` follow from one complete list, and are exact, without a second aggregation."""

DURATION_STEPS = (0, 30, 60, 120, 180, 240, 300, 360, 480, 600, 1200, 3600, None)
"""Seconds where one range of the facet `duration` ends and the next begins; the last is open. Steps of a minute where
songs are, wider ones for what is rare."""


@dataclass(frozen=True)
class Facet:
    """One facet. `shown` values are listed; a `wide` one has too many values to ask for all of them.

    A track may have several values of one that is `multi_valued`.
    """

    name: str
    field: str
    kind: Kind
    shown: int
    wide: bool
    multi_valued: bool

    @property
    def by_value(self) -> bool:
        """Tell whether values are listed in their own order instead of by count."""
        return self.kind in (Kind.YEARS, Kind.DECADES, Kind.DURATIONS)


_KINDS: Mapping[str, Kind] = {
    "year": Kind.YEARS,
    "decade": Kind.DECADES,
    "duration": Kind.DURATIONS,
    "explicit": Kind.FLAG,
}
_SHOWN: Mapping[str, int] = {"artist": 20, **dict.fromkeys(("dataset", "year", "decade", "duration"), MAX_BUCKETS)}
_SHOWN_OTHERWISE = 50

FACETS: Mapping[str, Facet] = {
    name: Facet(
        name=name,
        field=field,
        kind=_KINDS.get(name, Kind.WORDS),
        shown=_SHOWN.get(name, _SHOWN_OTHERWISE),
        wide=name == "artist",
        multi_valued=track.FIELDS[field.partition(".")[0]].multi,
    )
    # A decade is another way to count years: no field of its own, so nothing to index.
    for name, field in {**track.FACETS, "decade": track.FACETS["year"]}.items()
}

DEFAULT_FACETS: tuple[str, ...] = ("dataset", "genre", "licence", "commercial_use", "language", "year")
"""What is counted when nobody says what to count."""


def get_facet(name: str) -> Facet:
    """Return the facet of this name (`-` counts as `_`); raises InputError with the nearest one.

    >>> get_facet("commercial-use").field
    'commercial_use'
    """
    facet = FACETS.get(name.strip().replace("-", "_"))
    if facet is None:
        raise unknown_name("facet", name, FACETS)
    return facet


def unknown_name(what: str, given: str, names: Iterable[str]) -> InputError:
    """Return the error for a name that isn't among those known, with the nearest one."""
    listed = list(names)
    near = get_close_matches(given[:80], listed, n=1, cutoff=0.5)
    guess = f"Did you mean {near[0]}? " if near else ""
    return InputError(f"There is no {what} called {given[:80]!r}.", f"{guess}Known: {', '.join(listed)}.")


NONE, NOT, LITERAL = "none", "-", "\\"
"""The value that asks for tracks without one; what a value begins with that excludes, or means the rest as it is."""

MAX_VALUES = 100
"""Values of one facet in one request; an address of a page with more would be longer than servers take."""

LONGEST_VALUE = 1000
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
        start, end = ("" if each is None else f"{each // 60}:{each % 60:02}" for each in (self.start, self.end))
        return f"{start}..{end}"


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

    >>> parse_values(FACETS["year"], ["1990..1999", "none", "-1994"])
    (None, Not(value=Years(first=1994, last=1994)), Years(first=1990, last=1999))
    >>> parse_values(FACETS["artist"], [r"\-none", r"-\none"])
    ('-none', Not(value='none'))
    """
    texts = list(dict.fromkeys(given))
    if len(texts) > MAX_VALUES:
        raise InputError(f"{len(texts)} values of {facet.name} are too many.", f"Ask for {MAX_VALUES} at most.")
    values = {_parse_value(facet, text) for text in texts}
    return tuple(sorted(values, key=lambda value: (value is not None, repr(value))))


def _parse_value(facet: Facet, text: str) -> Value:
    if len(text) > LONGEST_VALUE:
        raise InputError(f"A value of {facet.name} can't have {len(text):,} characters.", "Shorten it.")
    if text.startswith(NOT):
        return Not(_parse_plain(facet, text.removeprefix(NOT)))
    return _parse_plain(facet, text)


def _parse_plain(facet: Facet, text: str) -> Plain:
    if text == NONE:
        return None
    match facet.kind:
        case Kind.YEARS:
            return _parse_years(facet, text)
        case Kind.DECADES:
            decade = _DECADE.fullmatch(text.strip())
            if decade is None or not FIRST_YEAR <= int(decade[1]) <= LAST_YEAR:
                raise InputError(f"{text[:80]!r} is no {facet.name}.", "Write 1990 or 1990s.")
            return Years(int(decade[1]), int(decade[1]) + 9)
        case Kind.DURATIONS:
            return _parse_seconds(facet, text)
        case Kind.FLAG:
            if text not in ("true", "false"):
                raise InputError(f"{text[:80]!r} is no value of {facet.name}.", f"Write true, false or {NONE}.")
            return text == "true"
        case Kind.WORDS:
            word = text.removeprefix(LITERAL)
            if not word or not is_storable(word):
                raise InputError(
                    f"{text[:80]!r} can't be a value of {facet.name}.", f"Write {NONE} for tracks without one."
                )
            return word


def is_storable(given: str) -> bool:
    """Tell whether a text could stand in a record: no control characters, no lone surrogates.

    Whatever else there is, joiners and private letters too, stands in some artist's name.
    """
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in given)


def _parse_years(facet: Facet, text: str) -> Years:
    years = _YEARS.fullmatch(text.strip())
    if years is None or not (years["first"] or years["last"]) or (years["last"] and not years["dots"]):
        raise InputError(f"{text[:80]!r} is no {facet.name}.", "Write 1994, 1990..1999, 1990.. or ..1999.")
    first = int(years["first"] or FIRST_YEAR)
    last = int(years["last"] or (LAST_YEAR if years["dots"] else first))
    if not FIRST_YEAR <= first <= last <= LAST_YEAR:
        raise InputError(
            f"There are no years {text[:80]!r}.",
            f"Write the earlier year first; years go from {FIRST_YEAR} to {LAST_YEAR}.",
        )
    return Years(first, last)


def _parse_seconds(facet: Facet, text: str) -> Seconds:
    """Return a range, or for one duration all that is shown as that many seconds."""
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
