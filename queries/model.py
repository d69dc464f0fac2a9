"""Types that every part shares: stages, labels, counts, hits and search results. Imports nothing of this package."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from mappings.track import ALBUM, ARTISTS, DATASET, FIELDS, GENRE, LANGUAGE, LICENCE, SHOWN, SOURCE_ID, TITLE, URL, YEAR

Json = dict[str, Any]


class Ask(Protocol):
    """Sends request bodies together and returns Elasticsearch's answers in their order, none of them partial.

    All bodies that one question sends share its deadline. Raises LinernotesError.
    """

    def __call__(self, *bodies: Json) -> list[Json]:
        """Ask."""
        ...  # pragma: no cover


class Contract:
    """A dataclass whose fields, in their order, are the JSON of the contract."""

    __dataclass_fields__: Mapping[str, Any]

    def as_json(self) -> Json:
        """Return it as the contract has it, ready for orjson."""
        return {name: to_json(getattr(self, name)) for name in self.__dataclass_fields__}


def to_json(value: Any) -> Any:
    """Return a field of a result as JSON has it."""
    if isinstance(value, Contract):
        return value.as_json()
    if isinstance(value, tuple):
        return [to_json(each) for each in value]
    return {key: to_json(each) for key, each in value.items()} if isinstance(value, Mapping) else value


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
class Total(Contract):
    """A number of tracks, and whether it is exact."""

    value: int
    exact: bool = True


@dataclass(frozen=True)
class Bucket(Contract):
    """One value of a facet: the tracks that have it under all other filters; whether a filter selects or excludes it.

    A value that is both is excluded.
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
class FacetCount(Contract):
    """One facet, counted.

    `missing` tracks have no value. `other` is the sum of the counts of values that aren't listed. `distinct` is the
    number of different values, listed or not. `exact` is False if any of these numbers may be off.
    """

    buckets: tuple[Bucket, ...]
    missing: int
    other: int
    distinct: int
    exact: bool


Span = tuple[int, int]
"""Start and end of a matched part of a text, in characters."""

Highlights = Mapping[str, Mapping[str, tuple[Span, ...]]]
"""Field name to each of its texts that matched, with the parts that did."""

_FIRST = (DATASET, SOURCE_ID, TITLE, ARTISTS, ALBUM, GENRE, LICENCE, YEAR, LANGUAGE, URL)
"""What the contract names comes first, in its order; the rest of what may be shown follows the field table."""
_EMPTY: Mapping[str, Any] = {name: [] if FIELDS[name].multi else None for name in SHOWN}
_REST = {name: empty for name, empty in _EMPTY.items() if name not in _FIRST}


@dataclass(frozen=True)
class Member(Contract):
    """A track of a recording, and whether it matches the search."""

    id: str
    dataset: str
    source_id: str
    matched: bool


@dataclass(frozen=True)
class Recording(Contract):
    """All tracks of one recording, also those that don't match: how many, in which data sets, and the first of them.

    `matched` of them match the search; these are listed first. `exact` is False where there are more than were read.
    """

    by_dataset: Mapping[str, int]
    matched: int
    tracks: tuple[Member, ...]
    exact: bool = True

    @property
    def count(self) -> int:
        """Return the number of tracks."""
        return sum(self.by_dataset.values())

    @property
    def datasets(self) -> tuple[str, ...]:
        """Return the data sets that the recording is in."""
        return tuple(self.by_dataset)

    def as_json(self) -> Json:
        """Return the recording as the contract has it."""
        return {
            "datasets": dict(self.by_dataset),
            "count": self.count,
            "matched": self.matched,
            "exact": self.exact,
            "tracks": to_json(self.tracks),
        }


@dataclass(frozen=True)
class Hit(Contract):
    """One track: its stored fields, its score (None unless sorted by relevance), and why it matched.

    Where recordings are asked for, it stands for its recording.
    """

    id: str
    score: float | None
    match: str | None
    track: Mapping[str, Any]
    highlights: Highlights = field(default_factory=dict)
    recording: Recording | None = None

    def as_json(self) -> Json:
        """Return the hit as the contract has it; what a track lacks is null, or an empty list."""
        first = {name: self.track.get(name, _EMPTY[name]) for name in _FIRST}
        rest = {name: self.track.get(name, empty) for name, empty in _REST.items()}
        recording = {"recording": self.recording.as_json()} if self.recording else {}
        return {"id": self.id, **first, "score": self.score, "match": self.match, **recording, **rest}


@dataclass(frozen=True)
class SpellingSuggestion(Contract):
    """A text without slips, and how many tracks it finds under the same filters."""

    text: str
    count: int


@dataclass(frozen=True)
class SearchResult(Contract):
    """A page of hits, the total, and the facets, all of one stage (None without a text).

    `text_truncated` says that only the first words of the text were searched. `recordings`, where they are asked for,
    is the number of recordings that the total's tracks are of. `did_you_mean` are texts without slips.
    """

    total: Total
    took_ms: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, FacetCount]
    next: str | None
    stage: Stage | None
    text_truncated: bool
    recordings: Total | None = None
    did_you_mean: tuple[SpellingSuggestion, ...] = ()

    def as_json(self) -> Json:
        """Return the result as the contract has it, ready for orjson; `recordings` only where they were asked for."""
        content = super().as_json()
        recordings = content.pop("recordings")
        return {"total": content.pop("total"), **({"recordings": recordings} if self.recordings else {}), **content}


def total_of(answer: Mapping[str, Any]) -> int:
    """Return the number of hits that an answer of Elasticsearch tells."""
    return int(answer["hits"]["total"]["value"])
