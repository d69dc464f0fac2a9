"""Suggestions while somebody types: artists and titles that begin so, with exact counts of tracks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mappings import fields
from mappings.errors import InputError
from queries.people import bodies, candidates, typed
from queries.people.candidates import Candidate
from queries.people.typed import Typed

Json = dict[str, Any]

MOST = 50
"""Suggestions of each kind at most."""

_ARTISTS_OF_TITLE = 3

_NAMESAKES = 3


@dataclass(frozen=True)
class SuggestRequest:
    """What was typed, and how many suggestions of each kind are wanted."""

    typed: Typed
    size: int


@dataclass(frozen=True)
class Title:
    """A title: how many tracks are called so, whatever the case, and artists of some of them."""

    title: str
    artists: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Suggestions:
    """Artists and titles; counts are exact.

    `complete` is False where so many tracks begin like that that only a part was looked at to choose what is shown.
    """

    artists: tuple[Candidate, ...]
    titles: tuple[Title, ...]
    complete: bool
    text_cut: bool
    took_ms: int

    def as_json(self) -> Json:
        """Return the suggestions as the contract has them."""
        titles = [{"title": one.title, "artists": list(one.artists), "count": one.count} for one in self.titles]
        return {
            "artists": [artist.as_json() for artist in self.artists],
            "titles": titles,
            "complete": self.complete,
            "text_cut": self.text_cut,
            "took_ms": self.took_ms,
        }


def request(text: str, *, size: int = 10) -> SuggestRequest:
    """Return a checked request; raises InputError for nothing typed, or a size that can't be."""
    if not 1 <= size <= MOST:
        raise InputError(f"There can't be {size} suggestions.", f"Ask for 1 to {MOST}.")
    return SuggestRequest(typed.read(text), size)


def first(asked: SuggestRequest) -> list[Json]:
    """Return the requests for candidates: artists and titles, whole, begun, and titles with the words inside."""
    inside = [bodies.begun(fields.TITLE, asked.typed), *bodies.of_artist(asked.typed)]
    return [
        bodies.offered(bodies.whole(fields.ARTISTS, asked.typed), bounded=False),
        bodies.offered(bodies.begun(fields.ARTISTS, asked.typed)),
        bodies.played(bodies.whole(fields.TITLE, asked.typed), bounded=False),
        bodies.played(bodies.any_of(list(bodies.prefixes(fields.TITLE, asked.typed)))),
        bodies.played(bodies.any_of(inside)),
    ]


@dataclass(frozen=True)
class Chosen:
    """Names and titles that are going to be counted, with artists of each title."""

    names: list[str]
    titles: dict[str, list[str]]
    complete: bool


def choose(asked: SuggestRequest, found: Sequence[Json]) -> Chosen:
    """Return what is worth counting of Elasticsearch's candidates."""
    names = candidates.nearest(asked.typed, candidates.offered(found[:2]), asked.size)
    complete = not any(answer.get("terminated_early") for answer in found)
    return Chosen(names, _titles(asked, found[2:]), complete)


def _titles(asked: SuggestRequest, answers: Iterable[Json]) -> dict[str, list[str]]:
    """Return the first titles that differ by more than case, each with its artists."""
    written: dict[str, str] = {}
    artists: dict[str, list[str]] = {}
    for answer in answers:
        for hit in answer["hits"]["hits"]:
            track = hit["_source"]
            if 0 < len(track.get(fields.TITLE) or "") <= bodies.LONGEST:
                title = written.setdefault(track[fields.TITLE].lower(), track[fields.TITLE])
                artists.setdefault(title, []).extend(track.get(fields.ARTISTS) or [])
    return dict(list(artists.items())[: asked.size])


def second(chosen: Chosen) -> list[Json]:
    """Return the requests that count what was chosen; none where there is nothing to count."""
    names = [bodies.counted(chosen.names)] if chosen.names else []
    return [*names, *([bodies.counted_titles(chosen.titles)] if chosen.titles else [])]


def _few(artists: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield the artists, but not so many of one name that they hide the others, unless that is the name asked for."""
    met: Counter[str] = Counter()
    for artist in artists:
        met[artist.name] += 1
        if artist.match or met[artist.name] <= _NAMESAKES:
            yield artist


def answer(asked: SuggestRequest, chosen: Chosen, counted: Sequence[Json], took_ms: int) -> Suggestions:
    """Return the suggestions, each name in place and its namesakes behind it."""
    rest = list(counted)
    artists = candidates.read(asked.typed.whole, chosen.names, rest.pop(0)) if chosen.names else ()
    counts = rest.pop(0)["aggregations"]["titles"]["buckets"] if chosen.titles else {}
    titles = [
        Title(title, tuple(dict.fromkeys(names))[:_ARTISTS_OF_TITLE], int(counts[str(number)]["doc_count"]))
        for number, (title, names) in enumerate(chosen.titles.items())
    ]
    return Suggestions(tuple(_few(artists))[: asked.size], tuple(titles), chosen.complete, asked.typed.cut, took_ms)
