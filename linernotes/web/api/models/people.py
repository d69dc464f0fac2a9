"""Shapes of suggestions and artists."""

from typing import Annotated

from pydantic import Field

from linernotes.web.api.models.shape import ByDataset, Count, Cut, Note, Shape, TookMs
from mappings.cards import Claim
from queries import FacetCount, Match, Total
from queries.artists.profile import Collaborator, NameCount


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
