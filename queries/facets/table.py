"""The facets, a row each: what can be counted and filtered, and how.

Names and fields come from the declaration of a track (`mappings.track.FACETS`); what differs from a plain keyword is
said here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

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

WIDE_SHARD_SIZE = 2000
"""Values that each shard offers of a wide facet, which may have more than `MAX_BUCKETS`: a value that one shard ranks
among its first and another doesn't is counted too low, and the more are offered, the less of that can matter."""

PRECISION = 10_000
"""Up to about so many different values the distinct count of a wide facet is close to exact (HyperLogLog++)."""

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


_DERIVED: Mapping[str, str] = {"decade": track.FACETS["year"]}
"""Facets that are another way to count a field that has one already: no field of their own, so nothing to index."""

_KINDS: Mapping[str, Kind] = {
    "year": Kind.YEARS,
    "decade": Kind.DECADES,
    "duration": Kind.DURATIONS,
    "explicit": Kind.FLAG,
}
_WIDE = frozenset({"artist"})
_SHOWN: Mapping[str, int] = {"artist": 20, "year": MAX_BUCKETS, "decade": MAX_BUCKETS, "duration": MAX_BUCKETS}
_SHOWN_OTHERWISE = 50


def _row(name: str, field: str) -> Facet:
    return Facet(
        name=name,
        field=field,
        kind=_KINDS.get(name, Kind.WORDS),
        shown=_SHOWN.get(name, _SHOWN_OTHERWISE),
        wide=name in _WIDE,
        multi_valued=track.FIELDS[field.partition(".")[0]].multi,
    )


FACETS: Mapping[str, Facet] = {name: _row(name, field) for name, field in {**track.FACETS, **_DERIVED}.items()}

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
