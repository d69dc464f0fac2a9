"""What all shapes are made of."""

from collections.abc import Mapping
from dataclasses import fields as fields_of
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from mappings.cards import Card, Claim
from mappings.track import DATASET, FIELDS, SHOWN, SOURCE_ID
from queries import FacetCount, Match, SpellingSuggestion, Stage, Total
from queries.artists.artist_profile import Collaborator, NameCount
from queries.model import Member

Count = Annotated[int, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]
ByDataset = Annotated[dict[str, Count], Field(description="Tracks, by data set.")]
TookMs = Annotated[Count, Field(description="Milliseconds when it was asked; a kept answer says the same again.")]
Next = Annotated[str | None, Field(description="Cursor of the next page: `after` of the same address.")]
FoundBy = Annotated[Stage | None, Field(description="How the text was met; null without one.")]
Cut = Annotated[bool, Field(description="Whether only the first words of the text were asked.")]
Note = Annotated[str, Field(description="What presence in a data set doesn't prove.")]


class Shape(BaseModel):
    """An object with the properties that are named, and no others."""

    model_config = ConfigDict(extra="forbid")


class Problem(Shape):
    """What went wrong, in one sentence (RFC 9457), and what to do."""

    type: Annotated[str, Field(description="Always about:blank: the status says it all.")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    hint: str


class Alive(Shape):
    """That the server is alive, or ready."""

    status: str


class Generation(Shape):
    """What of a data set is loaded."""

    records: Count
    generation: str
    revision: str | None


_HINTS = get_type_hints(Card)
_CARD: dict[str, Any] = {each.name: (_HINTS[each.name], ...) for each in fields_of(Card)}
_CARD |= {"loaded": (Generation | None, ...)}
_ORIGIN = "A data set's card: origin, licence, acknowledged use with its sources, and what of it is loaded here."
DataSet: type[Shape] = create_model("DataSet", __base__=Shape, __doc__=_ORIGIN, **_CARD)


class DataSets(Shape):
    """All cards. `known` is false where Elasticsearch couldn't say what is loaded."""

    known: bool
    datasets: list[DataSet]  # type: ignore[valid-type]  # made from the card
    note: Note


class OneDataSet(Shape):
    """One card."""

    known: bool
    dataset: DataSet  # type: ignore[valid-type]  # made from the card
    note: Note


class Artist(Shape):
    """An artist, by name; those of one name are listed apart where ids tell them apart."""

    name: str
    count: Annotated[int, Field(ge=1)]
    datasets: ByDataset
    ids: list[str]


class Title(Shape):
    """A title, with how many tracks are called so, and artists of some of them."""

    title: str
    artists: list[str]
    count: Annotated[int, Field(ge=1)]


class Suggestions(Shape):
    """Artists and titles that begin as was typed, with exact counts."""

    artists: list[Artist]
    titles: list[Title]
    complete: Annotated[bool, Field(description="Whether all that begin so were looked at to choose these.")]
    text_truncated: Cut
    took_ms: TookMs


class Candidate(Artist):
    """An artist that may be meant, and what to know it by."""

    match: Annotated[Match | None, Field(description="How the whole name is what was asked; null if it isn't.")]
    shares_name: Annotated[bool, Field(description="Whether others have the same name.")]
    spellings: list[str]
    titles: list[str]


class Plays(Shape):
    """Plays as published, and of how many tracks they are known."""

    sum: Count
    tracks: Count


class NameList(Shape):
    """The first of a list, and how many there are."""

    rows: list[NameCount]
    distinct: Total


class Collaborators(Shape):
    """Who else is on these tracks."""

    rows: list[Collaborator]
    exact: bool


class Profile(Shape):
    """What of one artist is in which data set."""

    name: str
    id: str | None
    namesakes: Annotated[int, Field(ge=1, description="How many artists share the name, for certain.")]
    tracks: Total
    recordings: Total
    plays: Plays
    facets: dict[str, FacetCount]
    albums: NameList
    collaborators: Collaborators
    titles: NameList
    used_by: Annotated[dict[str, list[Claim]], Field(description="Acknowledged or reported use, by data set.")]


class Artists(Shape):
    """Who may be meant, the nearest first, and the profile of the one who is, if one is."""

    candidates: list[Candidate]
    more: Annotated[Count, Field(description="Candidates that aren't listed.")]
    misspelt: Annotated[bool, Field(description="Nobody is spelt so; these are spelt nearly so.")]
    artist: Profile | None
    note: Note
    text_truncated: Cut
    took_ms: TookMs


class Estimate(Shape):
    """A number; unless it is exact, between `low` and `high` in 95 of 100 answers like this."""

    value: Count
    exact: bool
    low: Count
    high: Count


class OfDataset(Shape):
    """A data set's tracks, those without such a key, and its distinct keys."""

    dataset: str
    tracks: Count
    without: Count
    distinct: Estimate


class Pair(Shape):
    """What two data sets share, also in per cent of each."""

    datasets: Annotated[list[str], Field(min_length=2, max_length=2)]
    shared: Estimate
    shares: Annotated[list[float | None], Field(min_length=2, max_length=2)]


class InDatasets(Shape):
    """How many are in exactly so many data sets."""

    datasets: Annotated[int, Field(ge=1)]
    distinct: Estimate


class Shared(Shape):
    """What data sets share of one kind of key."""

    distinct: Estimate
    datasets: list[OfDataset]
    pairs: list[Pair]
    in_datasets: list[InDatasets]


class Overlap(Shape):
    """What data sets share, by recording and by YouTube video."""

    exact: bool
    confidence: float | None
    tracks: Total
    recordings: Shared
    videos: Shared | None
    took_ms: TookMs


class Share(Shape):
    """A value, its tracks, and their part of all in per cent."""

    value: str | int
    count: Annotated[int, Field(ge=1)]
    percent: Percent


class Shares(Shape):
    """The values of one facet with their shares, and tracks without one."""

    values: list[Share]
    missing: Count


class SomeTracks(Shape):
    """Some tracks, and their shares by facet."""

    name: str
    tracks: Count
    shares: dict[str, Shares]


class Over(Shape):
    """A value that a data set has more of: `count` of `of` tracks there, `rest` of `rest_of` in all others."""

    value: str | int
    count: Count
    of: Count
    rest: Count
    rest_of: Count
    ratio: float | None
    low: Annotated[float, Field(gt=1, description="At least so many times, corrected for all that were compared.")]
    high: float
    p: Annotated[float, Field(gt=0, lt=0.05)]
    percent: Percent
    rest_percent: Percent


class Comparison(Shape):
    """What a data set certainly has more of than the rest."""

    dataset: str
    kind: str
    confidence: float
    compared: Annotated[int, Field(ge=1)]
    offered: Annotated[int, Field(ge=1)]
    rows: list[Over]


class Stats(Shape):
    """Shares, and what is over-represented."""

    total: Total
    recordings: Total
    artists: Total
    all: SomeTracks
    datasets: list[SomeTracks]
    rest: SomeTracks | None
    over_represented: list[Comparison]
    exact: bool
    text_truncated: Cut
    took_ms: TookMs


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


__all__ = [
    "Alive",
    "Artists",
    "Count",
    "DataSets",
    "OneDataSet",
    "OneTrack",
    "Overlap",
    "Percent",
    "Problem",
    "Search",
    "Shape",
    "Stats",
    "Suggestions",
    "Track",
    "Values",
]
