"""Types that every part of this package shares; imports nothing of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

Json = dict[str, Any]


class Ask(Protocol):
    """Sends request bodies together and returns Elasticsearch's answers in their order, none of them partial.

    All bodies that one question sends share its deadline. Raises LinernotesError.
    """

    def __call__(self, *bodies: Json) -> list[Json]:
        """Ask."""
        ...  # pragma: no cover


class Stage(StrEnum):
    """How far a search goes: `FUZZY` also takes misspelt words, when `STRICT` finds little."""

    STRICT = "strict"
    FUZZY = "fuzzy"


class Match(StrEnum):
    """Why a hit matched, from best to worst; the README says what each means."""

    EXACT = "exact"
    FOLDED = "folded"
    JOINED = "joined"
    SYMBOLS = "symbols"
    TRANSLITERATED = "transliterated"
    STEMMED = "stemmed"
    FUZZY = "fuzzy"


MATCH_RANK: Mapping[Match, int] = {match: rank for rank, match in enumerate(Match)}


class Sort(StrEnum):
    """The order of hits. Tracks without plays or year come last; ties are broken by the row in the source file."""

    RELEVANCE = "relevance"
    PLAYS = "plays"
    YEAR = "year"


class Group(StrEnum):
    """What one row stands for, where it isn't one track."""

    RECORDING = "recording"


@dataclass(frozen=True)
class Total:
    """A number of tracks, and whether it is exact."""

    value: int
    exact: bool = True


@dataclass(frozen=True)
class Bucket:
    """One value of a facet: tracks that have it under all other filters, and whether the request wants or excludes it.

    A value that is both wanted and excluded is excluded.
    """

    value: str | int | bool
    count: int
    selected: bool
    excluded: bool = False

    def as_json(self) -> Json:
        """Return the value as the contract has it; `excluded` is there only where it is true.

        >>> Bucket("rock", 8, selected=False, excluded=True).as_json()
        {'value': 'rock', 'count': 8, 'selected': False, 'excluded': True}
        """
        excluded = {"excluded": True} if self.excluded else {}
        return {"value": self.value, "count": self.count, "selected": self.selected, **excluded}


@dataclass(frozen=True)
class FacetCount:
    """One facet, counted.

    `missing` tracks have no value. `other` is the sum of the counts of values that aren't listed. `distinct` is the
    number of different values, listed or not. `exact` is False if any of these numbers may be off.
    """

    buckets: tuple[Bucket, ...]
    missing: int
    other: int
    distinct: int
    exact: bool

    def as_json(self) -> Json:
        """Return the facet as the contract has it."""
        return {
            "buckets": [bucket.as_json() for bucket in self.buckets],
            "missing": self.missing,
            "other": self.other,
            "distinct": self.distinct,
            "exact": self.exact,
        }


Span = tuple[int, int]
"""Start and end of a matched part of a text, in characters."""

Highlights = Mapping[str, Mapping[str, tuple[Span, ...]]]
"""Field name to each of its texts that matched, with the parts that did."""


def total_of(answer: Mapping[str, Any]) -> int:
    """Return the number of hits that an answer of Elasticsearch tells."""
    return int(answer["hits"]["total"]["value"])
