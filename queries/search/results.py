"""Search results: typed, and as the JSON of the contract, made in one place."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mappings.track import ALBUM, ARTISTS, DATASET, FIELDS, GENRE, LANGUAGE, LICENCE, SHOWN, SOURCE_ID, TITLE, URL, YEAR
from queries.types import FacetCount, Highlights, Json, Stage, Total

_CONTRACT = (
    DATASET,
    SOURCE_ID,
    TITLE,
    ARTISTS,
    ALBUM,
    GENRE,
    LICENCE,
    YEAR,
    LANGUAGE,
    URL,
)
"""What the contract names comes first, in its order; the rest of what may be shown follows the field table."""
_REST = tuple(name for name in SHOWN if name not in _CONTRACT)


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
        tracks = [asdict(track) for track in self.tracks]
        return {
            "datasets": dict(self.by_dataset),
            "count": self.count,
            "matched": self.matched,
            "exact": self.exact,
            "tracks": tracks,
        }


@dataclass(frozen=True)
class RecordingsPage:
    """A page of recordings: Elasticsearch's hit for the best track of each; and how many recordings there are.

    The next page begins behind the hit `last`, None at the end.
    """

    heads: tuple[Json, ...]
    recordings: tuple[Recording, ...]
    count: Total
    last: Json | None


@dataclass(frozen=True)
class Hit:
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
        shown = {name: self.track.get(name, _empty(name)) for name in (*_CONTRACT, *_REST)}
        first = {name: shown.pop(name) for name in _CONTRACT}
        recording = {"recording": self.recording.as_json()} if self.recording else {}
        return {"id": self.id, **first, "score": self.score, "match": self.match, **recording, **shown}


def _empty(name: str) -> list[str] | None:
    return [] if FIELDS[name].multi else None


@dataclass(frozen=True)
class SpellingSuggestion:
    """A text that may have been meant, and how many tracks it finds without slips, under the same filters."""

    text: str
    count: int


@dataclass(frozen=True)
class SearchResult:
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
        """Return the answer as the contract has it, ready for orjson."""
        return {
            "total": asdict(self.total),
            **({"recordings": asdict(self.recordings)} if self.recordings else {}),
            "took_ms": self.took_ms,
            "hits": [hit.as_json() for hit in self.hits],
            "facets": {name: facet.as_json() for name, facet in self.facets.items()},
            "next": self.next,
            "stage": self.stage,
            "text_truncated": self.text_truncated,
            "did_you_mean": [asdict(suggestion) for suggestion in self.did_you_mean],
        }
