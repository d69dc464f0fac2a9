"""Shapes of tracks, searches and facets. What a track has comes from the field table."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, create_model

from linernotes.web.api.models.shape import ByDataset, Count, Cut, FoundBy, Next, Note, Shape, TookMs
from mappings.track import DATASET, FIELDS, SHOWN, SOURCE_ID
from queries import FacetCount, Match, SpellingSuggestion, Total
from queries.search.results import Member


def _without_default(schema: dict[str, Any]) -> None:
    """Take a default out of a schema: what isn't there isn't null."""
    schema.pop("default")


GROUPED: Any = Field(description="There with group=recording.", json_schema_extra=_without_default)


class Recording(Shape):
    """All tracks of one recording: by data set, how many match what was asked, and the first of them."""

    datasets: ByDataset
    count: Annotated[int, Field(ge=1)]
    matched: Annotated[int, Field(ge=1)]
    exact: Annotated[bool, Field(description="False where there are more tracks than were read.")]
    tracks: Annotated[list[Member], Field(max_length=100)]


_PYTHON: Mapping[str, Any] = {
    "keyword": str,
    "text": str,
    "boolean": bool,
    "short": int,
    "long": int,
    "float": float,
    "date": Annotated[str, Field(json_schema_extra={"format": "date"})],
}
_CERTAIN = (DATASET, SOURCE_ID)
"""What every track has; anything else may be null, but lists are empty instead."""


def _of_field(name: str) -> tuple[Any, Any]:
    entry = FIELDS[name]
    python = list[str] if entry.multi else _PYTHON[entry.mapping["type"]]
    certain = name in _CERTAIN or entry.multi
    return python if certain else python | None, Field(description=entry.meaning)


_TRACK: dict[str, Any] = {
    "id": (Annotated[str, Field(description="Data set and the track's id there.")], ...),
    **{name: _of_field(name) for name in SHOWN},
    "score": (Annotated[float | None, Field(description="Null unless sorted by relevance.")], ...),
    "match": (Annotated[Match | None, Field(description="Why it matched: the best way of its worst word.")], ...),
    "recording": (Annotated[Recording, GROUPED], None),
}
_MEANING = "A track as its data set has it, as a hit: why it matched is null where nothing was looked for."
Track: type[Shape] = create_model("Track", __base__=Shape, __doc__=_MEANING, **_TRACK)


class Search(Shape):
    """A page of hits, the total, and the facets."""

    total: Total
    recordings: Annotated[Total, GROUPED] = None  # type: ignore[assignment]  # left out, never null
    took_ms: TookMs
    hits: list[Track]  # type: ignore[valid-type]  # made from the field table
    facets: dict[str, FacetCount]
    next: Next
    stage: FoundBy
    text_truncated: Cut
    did_you_mean: Annotated[list[SpellingSuggestion], Field(max_length=3)]


class OneTrack(Shape):
    """A track by its id."""

    track: Track  # type: ignore[valid-type]  # made from the field table
    note: Note


class Value(Shape):
    """One value of a facet, with its tracks under all other filters, and what the address says of it."""

    value: str | int | bool
    count: Count
    selected: bool
    excluded: Annotated[bool, Field(description="There where it is true.")] = False


class Values(Shape):
    """A page of the values of one facet, with exact counts."""

    facet: str
    values: list[Value]
    distinct: Annotated[Count | None, Field(description="Values on all pages; null where nobody had to count them.")]
    missing: Annotated[Count, Field(description="Tracks without a value.")]
    total: Total
    exact: bool
    next: Next
    stage: FoundBy
    text_truncated: Cut
    took_ms: TookMs
