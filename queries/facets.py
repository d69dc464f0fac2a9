"""The facets, a row each: what can be counted and filtered, and how.

Names and fields come from the field table (`mappings.fields.FACETS`); what differs from a plain keyword is said here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

import polars as pl

from mappings import fields
from mappings.errors import InputError
from mappings.fields import BY_NAME, FACETS


class Kind(StrEnum):
    """What a facet's values are: words, true or false, years, tens of years, ranges of seconds."""

    WORDS = "words"
    FLAG = "flag"
    YEARS = "years"
    DECADES = "decades"
    DURATIONS = "durations"


ROOM = 1000
"""Values asked for, which is more than a narrow facet has (ISO 639 in use, licences, years), and more than are shown:
so counts, `distinct` and `other` follow from one complete list, and are exact, without a second aggregation."""

WIDE_SHARD_SIZE = 2000
"""Values that each shard offers of a wide facet, which may have more than `ROOM`: a value that one shard ranks among
its first and another doesn't is counted too low, and the more are offered, the less of that can matter."""

PRECISION = 10_000
"""Up to about so many different values the distinct count of a wide facet is close to exact (HyperLogLog++)."""

DURATION_STEPS = (0, 30, 60, 120, 180, 240, 300, 360, 480, 600, 1200, 3600, None)
"""Seconds where one range of the facet `duration` ends and the next begins; the last is open. Steps of a minute where
songs are, wider ones for what is rare."""


@dataclass(frozen=True)
class Facet:
    """One facet. `shown` values are listed; a `wide` one has too many values to ask for all of them."""

    name: str
    field: str
    kind: Kind
    shown: int
    wide: bool
    several: bool

    @property
    def by_value(self) -> bool:
        """Say whether values are listed in their own order instead of by count."""
        return self.kind in (Kind.YEARS, Kind.DECADES, Kind.DURATIONS)


_DERIVED: Mapping[str, str] = {"decade": fields.YEAR}
"""Facets that are another way to count a field that has one already: no field of their own, so nothing to index."""

_KINDS: Mapping[str, Kind] = {
    "year": Kind.YEARS,
    "decade": Kind.DECADES,
    "duration": Kind.DURATIONS,
    "explicit": Kind.FLAG,
}
_WIDE = frozenset({"artist"})
_SHOWN: Mapping[str, int] = {"artist": 20, "year": ROOM, "decade": ROOM, "duration": ROOM}
_SHOWN_OTHERWISE = 50


def _row(name: str, field: str) -> Facet:
    return Facet(
        name=name,
        field=field,
        kind=_KINDS.get(name, Kind.WORDS),
        shown=_SHOWN.get(name, _SHOWN_OTHERWISE),
        wide=name in _WIDE,
        several=isinstance(BY_NAME[field.split(".")[0]].dtype, pl.List),
    )


TABLE: Mapping[str, Facet] = {name: _row(name, field) for name, field in {**FACETS, **_DERIVED}.items()}

USUAL: tuple[str, ...] = ("dataset", "genre", "licence", "commercial_use", "language", "year")
"""What is counted when nobody says what to count."""


def known(name: str) -> Facet:
    """Return the facet of this name (`-` counts as `_`); raises InputError with the nearest one.

    >>> known("commercial-use").field
    'commercial_use'
    """
    facet = TABLE.get(name.strip().replace("-", "_"))
    if facet is None:
        raise unknown("facet", name, TABLE)
    return facet


def unknown(what: str, given: str, names: Iterable[str]) -> InputError:
    """Return the problem of a name that isn't among those known, with the nearest one."""
    listed = list(names)
    near = get_close_matches(given[:80], listed, n=1, cutoff=0.5)
    guess = f"Did you mean {near[0]}? " if near else ""
    return InputError(f"There is no {what} called {given[:80]!r}.", f"{guess}Known: {', '.join(listed)}.")
