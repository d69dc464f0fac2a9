"""Pydantic models of all answers, for the OpenAPI document; answers themselves are not validated."""

from collections.abc import Mapping
from dataclasses import fields as fields_of
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from linernotes.web.errors import PROBLEM_TYPES, PROBLEMS_PATH
from mappings.cards import Card, Claim
from mappings.track import DATASET, FIELDS, SHOWN, SOURCE_ID
from queries import FacetCount, Match, SpellingSuggestion, Stage, Total
from queries.artists.artist_profile import Collaborator, NameCount
from queries.catalogue import MAX_LISTED, Verdict
from queries.model import Member

Count = Annotated[int, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]
ByDataset = Annotated[dict[str, Count], Field(description="Tracks, by data set.")]
TookMs = Annotated[Count, Field(description="Milliseconds that the query took; the same in a cached response.")]
Next = Annotated[str | None, Field(description="Cursor of the next page, for the parameter `after`.")]
MatchStage = Annotated[
    Stage | None,
    Field(description="Whether the text was matched strictly or with similar spellings; null without a text."),
]
Truncated = Annotated[bool, Field(description="Whether only the first words of the text were searched.")]
Note = Annotated[str, Field(description="What presence in a data set doesn't prove.")]

_PROBLEMS = ", ".join(f"{PROBLEMS_PATH}/{name}" for name in PROBLEM_TYPES)
_PROBLEMS_HELP = f"The kind of problem, which never changes, and the address of a page on it: one of {_PROBLEMS}."


class Shape(BaseModel):
    """An object with these properties and no others; the document allows further ones, for later versions."""

    model_config = ConfigDict(extra="forbid")


class InvalidParameter(Shape):
    """What is wrong with one parameter."""

    parameter: Annotated[str, Field(description="Its name; of a property of the body its path, as in rows.0.year.")]
    detail: str


class Problem(Shape):
    """What went wrong (RFC 9457), and what to do."""

    type: Annotated[str, Field(description=_PROBLEMS_HELP)]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    hint: str
    errors: Annotated[list[InvalidParameter], Field(description="All invalid parameters, where it is about these.")]


class Status(Shape):
    """Status of the server."""

    status: str


class Generation(Shape):
    """What is loaded of a data set."""

    records: Count
    generation: str
    revision: str | None


_HINTS = get_type_hints(Card)
_CARD: dict[str, Any] = {each.name: (_HINTS[each.name], ...) for each in fields_of(Card)}
_CARD |= {"loaded": (Generation | None, ...)}
_ORIGIN = "A data set: origin, licence, acknowledged use with its sources, and what is loaded here."
DataSet: type[Shape] = create_model("DataSet", __base__=Shape, __doc__=_ORIGIN, **_CARD)


class DataSets(Shape):
    """All data sets. `known` is false where Elasticsearch didn't say what is loaded."""

    known: bool
    datasets: list[DataSet]  # type: ignore[valid-type]  # made from the card
    note: Note


class OneDataSet(Shape):
    """One data set."""

    known: bool
    dataset: DataSet  # type: ignore[valid-type]  # made from the card
    note: Note


class Artist(Shape):
    """An artist by name; artists of the same name are listed separately where their ids differ."""

    name: str
    count: Annotated[int, Field(ge=1)]
    datasets: ByDataset
    ids: list[str]


class Title(Shape):
    """A title, the number of tracks with it, and artists of some of them."""

    title: str
    artists: list[str]
    count: Annotated[int, Field(ge=1)]


class Suggestions(Shape):
    """Artists and titles that begin with a text, with exact counts."""

    artists: list[Artist]
    titles: list[Title]
    complete: Annotated[bool, Field(description="Whether all matching artists and titles were considered.")]
    text_truncated: Truncated
    took_ms: TookMs


class Candidate(Artist):
    """An artist that may be meant, with details to recognise it."""

    match: Annotated[Match | None, Field(description="How the whole name matches; null if it doesn't.")]
    shares_name: Annotated[bool, Field(description="Whether other artists have the same name.")]
    spellings: list[str]
    titles: list[str]


class Plays(Shape):
    """Plays as published, and the number of tracks for which they are known."""

    sum: Count
    tracks: Count


class NameList(Shape):
    """The first entries of a list, and the number of all."""

    rows: list[NameCount]
    distinct: Total


class Collaborators(Shape):
    """Other artists of the same tracks."""

    rows: list[Collaborator]
    exact: bool


class Profile(Shape):
    """One artist: tracks, data sets, titles, albums and collaborators."""

    name: str
    id: str | None
    namesakes: Annotated[int, Field(ge=1, description="Number of artists that are known to share the name.")]
    tracks: Total
    recordings: Total
    plays: Plays
    facets: dict[str, FacetCount]
    albums: NameList
    collaborators: Collaborators
    titles: NameList
    used_by: Annotated[dict[str, list[Claim]], Field(description="Acknowledged or reported use, by data set.")]


class Artists(Shape):
    """The artists that may be meant, best match first, and the profile if only one is meant."""

    candidates: list[Candidate]
    candidates_omitted: Annotated[Count, Field(description="Candidates that aren't listed.")]
    misspelt: Annotated[bool, Field(description="No artist has this name; these have similar ones.")]
    artist: Profile | None
    note: Note
    text_truncated: Truncated
    took_ms: TookMs


class Estimate(Shape):
    """A number, with its 95 % confidence interval unless it is exact."""

    value: Count
    exact: bool
    low: Count
    high: Count


class OfDataset(Shape):
    """A data set: its tracks, those without a key of this kind, and its distinct keys."""

    dataset: str
    tracks: Count
    without: Count
    distinct: Estimate


class Pair(Shape):
    """What two data sets share, also as percentages of each."""

    datasets: Annotated[list[str], Field(min_length=2, max_length=2)]
    shared: Estimate
    shares: Annotated[list[float | None], Field(min_length=2, max_length=2)]


class InDatasets(Shape):
    """How many keys are in exactly this many data sets."""

    datasets: Annotated[int, Field(ge=1)]
    distinct: Estimate


class Shared(Shape):
    """The overlap by one kind of key."""

    distinct: Estimate
    datasets: list[OfDataset]
    pairs: list[Pair]
    in_datasets: list[InDatasets]


class Overlap(Shape):
    """The overlap between data sets, by recording and by YouTube video."""

    exact: bool
    confidence: float | None
    tracks: Total
    recordings: Shared
    videos: Shared | None
    took_ms: TookMs


class Share(Shape):
    """A value, its tracks, and their percentage."""

    value: str | int
    count: Annotated[int, Field(ge=1)]
    percent: Percent


class Shares(Shape):
    """The values of one facet with their shares, and the tracks without a value."""

    values: list[Share]
    missing: Count


class SomeTracks(Shape):
    """A number of tracks, and their shares by facet."""

    name: str
    tracks: Count
    shares: dict[str, Shares]


class Over(Shape):
    """A value that a data set has a larger share of than all others together, which are the rest."""

    value: str | int
    count: Count
    tracks: Annotated[Count, Field(description="Tracks of the data set that have any value.")]
    rest_count: Count
    rest_tracks: Annotated[Count, Field(description="Tracks of all other data sets that have any value.")]
    ratio: Annotated[float | None, Field(description="Ratio of the two shares; null if the rest has none.")]
    ratio_low: Annotated[float, Field(gt=1, description="Lower end of the ratio's confidence interval.")]
    ratio_high: Annotated[float, Field(description="Upper end of the ratio's confidence interval.")]
    p_value: Annotated[float, Field(gt=0, lt=0.05, description="Of a G-test, corrected for all comparisons.")]
    percent: Percent
    rest_percent: Percent


class Comparison(Shape):
    """What a data set has significantly more of than all others."""

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
    text_truncated: Truncated
    took_ms: TookMs


def _without_default(schema: dict[str, Any]) -> None:
    """Remove the default from a schema: what is missing isn't null."""
    schema.pop("default")


GROUPED: Any = Field(description="Only with group=recording.", json_schema_extra=_without_default)


class Recording(Shape):
    """All tracks of one recording: by data set, how many match the search, and the first of them."""

    datasets: ByDataset
    count: Annotated[int, Field(ge=1)]
    matched: Annotated[int, Field(ge=1)]
    exact: Annotated[bool, Field(description="False if there are more tracks than were read.")]
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
_ALWAYS_SET = (DATASET, SOURCE_ID)
"""Fields that every track has; others may be null, and lists may be empty."""


def _of_field(name: str) -> tuple[Any, Any]:
    entry = FIELDS[name]
    python = list[str] if entry.multi else _PYTHON[entry.mapping["type"]]
    required = name in _ALWAYS_SET or entry.multi
    return python if required else python | None, Field(description=entry.meaning)


_TRACK: dict[str, Any] = {
    "id": (Annotated[str, Field(description="Data set and id of the track there.")], ...),
    **{name: _of_field(name) for name in SHOWN},
    "score": (Annotated[float | None, Field(description="Null unless sorted by relevance.")], ...),
    "match": (Annotated[Match | None, Field(description="How it matched, by its worst matching word.")], ...),
    "recording": (Annotated[Recording, GROUPED], None),
}
_MEANING = "A track as its data set has it."
Track: type[Shape] = create_model("Track", __base__=Shape, __doc__=_MEANING, **_TRACK)


class Search(Shape):
    """A page of hits, the total, and the facets."""

    total: Total
    recordings: Annotated[Total, GROUPED] = None  # type: ignore[assignment]  # left out, never null
    took_ms: TookMs
    hits: list[Track]  # type: ignore[valid-type]  # made from the field table
    facets: dict[str, FacetCount]
    next: Next
    stage: MatchStage
    text_truncated: Truncated
    did_you_mean: Annotated[list[SpellingSuggestion], Field(max_length=3)]


class OneTrack(Shape):
    """A track by its id."""

    track: Track  # type: ignore[valid-type]  # made from the field table
    note: Note


class Value(Shape):
    """One value of a facet, with its tracks under all other filters, and whether a filter selects or excludes it."""

    value: str | int | bool
    count: Count
    selected: bool
    excluded: Annotated[bool, Field(description="Only present if true.")] = False


class Values(Shape):
    """A page of the values of one facet, with exact counts."""

    facet: str
    values: list[Value]
    distinct: Annotated[Count | None, Field(description="Number of all values; null where they weren't counted.")]
    missing: Annotated[Count, Field(description="Tracks without a value.")]
    total: Total
    exact: bool
    next: Next
    stage: MatchStage
    text_truncated: Truncated
    took_ms: TookMs


class CatalogueMatch(Shape):
    """A track that a row stands for, how sure that is, why, and where it stands in the data set's file."""

    id: str
    dataset: str
    title: str | None
    artists: list[str]
    match: Annotated[Literal["id"] | Match, Field(description="How it matched: by an id, or by artist and title.")]
    url: str | None
    verdict: Annotated[Literal["found", "likely"], Field(description="How sure it is.")]
    reason: str
    album: str | None
    year: int | None
    revision: str | None
    source_file: str | None
    source_row: int | None


class RowVerdict(Shape):
    """The verdict on one row: all matches are counted, the surest 50 are listed."""

    row: Annotated[int, Field(ge=1, description="Number of the row, from 1.")]
    artist: str
    title: str
    verdict: Verdict
    matches: Annotated[list[CatalogueMatch], Field(max_length=MAX_LISTED)]
    reason: str
    matches_total: Count
    exact: Annotated[bool, Field(description="False if there are more candidates than could be compared.")]
    duplicate_of: Annotated[int | None, Field(description="An earlier row of the same song.")]
    album: Annotated[str, Field(description="Only present if given.", json_schema_extra=_without_default)] = ""
    year: Annotated[int, Field(description="Only present if given.", json_schema_extra=_without_default)] = 0
    identifiers: Annotated[
        list[tuple[str, str]], Field(description="Ids that were read, by kind.", json_schema_extra=_without_default)
    ] = []


class Matches(Shape):
    """The verdicts on some rows, in their order."""

    rows: list[RowVerdict]
    note: Note


__all__ = [
    "Artists",
    "Count",
    "DataSets",
    "Matches",
    "OneDataSet",
    "OneTrack",
    "Overlap",
    "Percent",
    "Problem",
    "Search",
    "Shape",
    "Stats",
    "Status",
    "Suggestions",
    "Track",
    "Values",
]
