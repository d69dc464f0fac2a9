"""Suggestions while somebody types: artists and titles that begin so, with exact numbers of tracks."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mappings.errors import InputError
from mappings.spelling.folding import exact_form
from mappings.track import ARTIST_ROLE, ARTISTS, LONGEST_NAME, TITLE, TITLE_ROLE
from queries.artists import candidates, name_queries
from queries.artists.candidates import Candidate
from queries.artists.name_input import NameInput, parse_name
from queries.model import Ask, Contract, Json

MAX_SUGGESTIONS = 50
"""Suggestions of each kind at most."""

_ARTISTS_OF_TITLE = 3
_OF_ONE_NAME = 3
"""Artists of one name, so that they don't hide the others."""


@dataclass(frozen=True)
class SuggestRequest:
    """What was typed, and how many suggestions of each kind to return at most. Make it with `suggest_request`."""

    name: NameInput
    size: int


@dataclass(frozen=True)
class TitleSuggestion(Contract):
    """A title: how many tracks are called so, whatever the case and typography, and artists of some of them."""

    title: str
    artists: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Suggestions(Contract):
    """Artists and titles; counts are exact.

    `complete` is False where so many tracks begin like that that only a part was looked at to choose what is shown.
    """

    artists: tuple[Candidate, ...]
    titles: tuple[TitleSuggestion, ...]
    complete: bool
    text_truncated: bool
    took_ms: int


def suggest_request(typed: str, *, size: int = 10) -> SuggestRequest:
    """Return a checked request; raises InputError for nothing typed, or a size that can't be."""
    if not 1 <= size <= MAX_SUGGESTIONS:
        raise InputError(f"There can't be {size} suggestions.", f"Ask for 1 to {MAX_SUGGESTIONS}.")
    return SuggestRequest(parse_name(typed), size)


def run(ask: Ask, request: SuggestRequest) -> Suggestions:
    """Return artists and titles that begin as was typed, the nearest first. Raises what `ask` raises."""
    began = time.monotonic()
    answers = ask(*candidate_bodies(request.name))
    by_name = [answer for answer in answers if "aggregations" in answer]
    names = candidates.nearest(request.name, name_queries.read_names(by_name), request.size)
    titles = _titles(request, answers)
    artists, counts = _count(ask, request, names, list(titles))
    suggested = (
        TitleSuggestion(title, tuple(dict.fromkeys(of))[:_ARTISTS_OF_TITLE], count)
        for (title, of), count in zip(titles.items(), counts, strict=True)
    )
    return Suggestions(
        artists=tuple(_few_of_each_name(artists))[: request.size],
        titles=tuple(suggested),
        complete=not any(answer.get("terminated_early") for answer in answers),
        text_truncated=request.name.truncated,
        took_ms=round((time.monotonic() - began) * 1000),
    )


def candidate_bodies(name: NameInput) -> list[Json]:
    """Return the requests for names that are what was typed, begin so, or have its words, the nearest first.

    The last, which is there where the words are long enough, is for tracks that have them in whatever spelling.
    """
    bodies = [
        name_queries.candidates_body(name_queries.same_name(name, ARTIST_ROLE), names=True, bounded=False),
        name_queries.candidates_body(name_queries.begins_or_has_words(name), names=True),
        name_queries.candidates_body(name_queries.same_name(name, TITLE_ROLE), titles=True, bounded=False),
        name_queries.candidates_body(name_queries.begins(name, TITLE_ROLE), titles=True),
    ]
    if in_title := name_queries.title_words(name):
        bodies.append(name_queries.candidates_body(in_title, titles=True))
    if spelled := name_queries.spelled_words(name):
        bodies.append(name_queries.candidates_body(spelled, names=True, titles=True))
    return bodies


def _titles(request: SuggestRequest, answers: Iterable[Json]) -> dict[str, list[str]]:
    """Return the first titles that differ by more than case and typography, each with its artists."""
    written: dict[str, str] = {}
    artists: dict[str, list[str]] = {}
    for answer in answers:
        # Where artists are asked for, too, the words may be those of any name of the track.
        any_name = "aggregations" in answer
        for hit in answer["hits"]["hits"]:
            title, named = hit["_source"].get(TITLE) or "", hit["_source"].get(ARTISTS) or []
            form = exact_form(title)
            if not 0 < len(form) <= LONGEST_NAME:
                continue
            if any_name and form not in written and not candidates.has_words(request.name, [title], named):
                continue
            artists.setdefault(written.setdefault(form, title), []).extend(named)
    return dict(list(artists.items())[: request.size])


def _count(
    ask: Ask, request: SuggestRequest, names: Sequence[str], titles: Sequence[str]
) -> tuple[tuple[Candidate, ...], list[int]]:
    """Return the artists of some names, and the number of tracks of each title."""
    bodies = [name_queries.count_artists_body(names)] if names else []
    bodies += [name_queries.count_titles_body(titles)] if titles else []
    answers = ask(*bodies) if bodies else []
    artists = candidates.read_artists(request.name.written, names, answers[0]) if names else ()
    buckets = answers[-1]["aggregations"]["titles"]["buckets"] if titles else {}
    return artists, [int(buckets[str(number)]["doc_count"]) for number in range(len(titles))]


def _few_of_each_name(artists: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield the artists, but few of one name, unless it is the one that was typed."""
    counts: Counter[str] = Counter()
    for artist in artists:
        counts[artist.name] += 1
        if artist.match or counts[artist.name] <= _OF_ONE_NAME:
            yield artist
