"""The first rows of a check as the page shows them: short enough to be kept in memory, whatever a catalogue holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mappings.cards import is_synthetic
from mappings.track import ARTISTS, DATASET, REVISION, TITLE
from queries.catalogue import CatalogueMatch, RowResult, Verdict

LISTED = 4
"""Matches of a row, of as many data sets as there are; the report lists more."""

LONGEST = 200
"""Characters of a name."""


@dataclass(frozen=True)
class Match:
    """A track that a row stands for, and why."""

    id: str
    dataset: str
    artists: str
    title: str
    reason: str
    synthetic: bool


@dataclass(frozen=True)
class Row:
    """A row of the catalogue; `more` matches aren't listed."""

    row: int
    artist: str
    title: str
    reason: str
    matches: tuple[Match, ...]
    more: int


def rows(first: Mapping[Verdict, list[RowResult]]) -> dict[str, list[Row]]:
    """Return the first rows of each verdict that has some."""
    return {verdict.value: [_row(each) for each in some] for verdict, some in first.items() if some}


def _row(answer: RowResult) -> Row:
    asked, listed = answer.row, _chosen(answer.matches)
    ids = ", ".join(f"{each.kind} {each.value}" for each in asked.identifiers)
    artist, title = (asked.artist, asked.title) if asked.artist or asked.title else ("", ids)
    more = sum(answer.tracks.values()) - len(listed)
    return Row(asked.number, cut(artist), cut(title), cut(answer.reason), tuple(map(_match, listed)), more)


def _chosen(matches: Sequence[CatalogueMatch]) -> list[CatalogueMatch]:
    """Return the surest of each data set, then others, surest first."""
    first: dict[str, CatalogueMatch] = {}
    for match in matches:
        first.setdefault(match.track[DATASET], match)
    rest = [match for match in matches if match not in first.values()]
    return sorted([*first.values(), *rest][:LISTED], key=lambda match: match.order)


def _match(match: CatalogueMatch) -> Match:
    track = match.track
    artists = cut(", ".join(track.get(ARTISTS) or ()))
    synthetic = is_synthetic(track.get(REVISION))
    title = cut(track.get(TITLE) or "")
    return Match(match.id, track[DATASET], artists, title, cut(match.reason), synthetic)


def cut(text: str) -> str:
    """Return a text, shortened if it is very long.

    >>> len(cut("la" * 5_000))
    200
    """
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
