"""What comes back: typed, and as the JSON of the contract, made in one place."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from mappings import fields
from queries.guesses import Guess
from queries.marks import Marked
from queries.matching import Stage

# What the contract names comes first, in its order; the rest of what may be shown follows the field table.
_FIRST = (
    fields.DATASET,
    fields.SOURCE_ID,
    fields.TITLE,
    fields.ARTISTS,
    fields.ALBUM,
    fields.GENRE,
    fields.LICENCE,
    fields.YEAR,
    fields.LANGUAGE,
    fields.URL,
)
_REST = tuple(name for name in fields.SHOWN if name not in _FIRST)


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

    def as_json(self) -> dict[str, Any]:
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


@dataclass(frozen=True)
class Member:
    """A track of a recording, and whether it matches what was asked."""

    id: str
    dataset: str
    source_id: str
    matched: bool


@dataclass(frozen=True)
class Recording:
    """All tracks of one recording, also those that don't match: how many, in which data sets, and the first of them.

    `matched` of them match what was asked; these are listed first.
    """

    by_dataset: Mapping[str, int]
    matched: int
    tracks: tuple[Member, ...]

    @property
    def count(self) -> int:
        """Return the number of tracks."""
        return sum(self.by_dataset.values())

    @property
    def datasets(self) -> tuple[str, ...]:
        """Return the data sets that the recording is in."""
        return tuple(self.by_dataset)

    def as_json(self) -> dict[str, Any]:
        """Return the recording as the contract has it."""
        tracks = [asdict(track) for track in self.tracks]
        return {"datasets": dict(self.by_dataset), "count": self.count, "matched": self.matched, "tracks": tracks}


@dataclass(frozen=True)
class Grouped:
    """A page of recordings: Elasticsearch's hit for the best track of each, perhaps one more; and how many there are.

    `recordings` has those of the page only.
    """

    heads: tuple[dict[str, Any], ...]
    recordings: tuple[Recording, ...]
    count: Total


@dataclass(frozen=True)
class Hit:
    """One track: its stored fields, its score (None unless sorted by relevance), and why it matched.

    Where recordings are asked for, it stands for its recording.
    """

    id: str
    score: float | None
    match: str | None
    track: Mapping[str, Any]
    marked: Marked = field(default_factory=dict)
    recording: Recording | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the hit as the contract has it; what a track lacks is null, or an empty list."""
        shown = {name: self.track.get(name, _empty(name)) for name in (*_FIRST, *_REST)}
        first = {name: shown.pop(name) for name in _FIRST}
        recording = {"recording": self.recording.as_json()} if self.recording else {}
        return {"id": self.id, **first, "score": self.score, "match": self.match, **recording, **shown}


def _empty(name: str) -> list[str] | None:
    return [] if isinstance(fields.BY_NAME[name].dtype, pl.List) else None


@dataclass(frozen=True)
class SearchAnswer:
    """A page of hits, the total, and the facets, all of one stage (None without a text).

    `text_cut` says that only the first words of the text were asked. `recordings`, where they are asked for, is the
    number of recordings that the total's tracks are of. `did_you_mean` are texts without slips.
    """

    total: Total
    took_ms: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, FacetCount]
    next: str | None
    stage: Stage | None
    text_cut: bool
    recordings: Total | None = None
    did_you_mean: tuple[Guess, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the answer as the contract has it, ready for orjson."""
        return {
            "total": asdict(self.total),
            **({"recordings": asdict(self.recordings)} if self.recordings else {}),
            "took_ms": self.took_ms,
            "hits": [hit.as_json() for hit in self.hits],
            "facets": {name: _facet(facet) for name, facet in self.facets.items()},
            "next": self.next,
            "stage": self.stage,
            "text_cut": self.text_cut,
            "did_you_mean": [asdict(guess) for guess in self.did_you_mean],
        }


def _facet(facet: FacetCount) -> dict[str, Any]:
    return {
        "buckets": [bucket.as_json() for bucket in facet.buckets],
        "missing": facet.missing,
        "other": facet.other,
        "distinct": facet.distinct,
        "exact": facet.exact,
    }
