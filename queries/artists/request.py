"""Who is meant: what is asked for an artist's name or id, and which candidate it determines."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from mappings import fields
from mappings.errors import InputError
from queries import filters
from queries.catalogue import spelled
from queries.labels import Match
from queries.people import bodies, candidates, typed
from queries.people.candidates import Candidate
from queries.people.typed import Typed

Json = dict[str, Any]

MOST = 100
"""Candidates at most; also the values of each list on a page."""

_NEAR = 0.6
"""Letters in common (difflib's ratio): two slips in a word of eight leave 0.75, one in a word of four too."""

_LONGEST_ID = 200
_TITLES = 3
_ORDER = {match: number for number, match in enumerate((*Match, None))}


@dataclass(frozen=True)
class ArtistRequest:
    """A name as it was `written`, or an id, or both; `size` is how long lists get."""

    written: str
    typed: Typed | None
    id: str | None
    size: int


def request(name: str = "", *, artist_id: str | None = None, size: int = 10) -> ArtistRequest:
    """Return a checked request; raises InputError where neither a name nor an id is given, or a size can't be."""
    if not 1 <= size <= MOST:
        raise InputError(f"A list can't have {size} rows.", f"Ask for 1 to {MOST}.")
    if artist_id is not None and not (0 < len(artist_id) <= _LONGEST_ID and filters.is_text(artist_id)):
        raise InputError(f"{artist_id[:80]!r} can't be an artist's id.", "Copy it from the candidates.")
    read = typed.read(name) if artist_id is None or name.strip() else None
    return ArtistRequest(" ".join(read.words) if read else "", read, artist_id, size)


def first(asked: ArtistRequest) -> list[Json]:
    """Return the requests for names: whole ones, and those that hold the words; or those of an id."""
    if asked.typed is None:
        return [bodies.offered({"term": {fields.ARTIST_IDS: {"value": asked.id}}}, bounded=False)]
    return [
        bodies.offered(bodies.whole(fields.ARTISTS, asked.typed), bounded=False),
        bodies.offered(bodies.begun(fields.ARTISTS, asked.typed)),
    ]


def slipped(asked: ArtistRequest) -> Json:
    """Return the request for names with a slip in a word, for when none is spelt so."""
    words = asked.typed.whole if asked.typed else ""
    slips = {"query": words, "operator": "and", "fuzziness": "AUTO:4,8", "prefix_length": 1, "max_expansions": 50}
    return bodies.offered({"match": {fields.ARTISTS: slips}})


def names(asked: ArtistRequest, found: Sequence[Json]) -> list[str]:
    """Return the names that are worth counting, the nearest first."""
    offered = candidates.offered(found)
    if asked.typed is None:
        return list(offered)
    return candidates.nearest(asked.typed, offered, MOST)


def other_names(asked: ArtistRequest, found: Json) -> list[str]:
    """Return names each word of which is near by letters, the most frequent first, without others on their tracks."""
    offered = candidates.offered([found])
    forms = spelled.spell([asked.written, *offered])
    words = forms[asked.written].folded.split()
    return [
        name
        for name in sorted(offered, key=lambda name: (-offered[name], name))
        if all(get_close_matches(word, forms[name].folded.split(), 1, _NEAR) for word in words)
    ][:MOST]


def counted(named: Sequence[str]) -> Json:
    """Return the request that counts them, with titles to know them by."""
    return bodies.counted(named, _TITLES)


def read(asked: ArtistRequest, named: Sequence[str], answer: Json) -> tuple[Candidate, ...]:
    """Return all candidates, the nearest first; with an id only those that have it."""
    found = candidates.read(asked.written or (named[0] if named else ""), named, answer, _TITLES)
    if asked.id:
        found = tuple(one for one in found if asked.id in one.ids)
    # As written comes before all others, Noah before NOAH.
    return tuple(sorted(found, key=lambda one: (one.name != asked.written, _ORDER[one.match], found.index(one))))


def determined(asked: ArtistRequest, found: Sequence[Candidate]) -> str | None:
    """Return the name that is meant: as written, else the only whole one; None where several may be."""
    if asked.id:
        return found[0].name if found else None
    names = list(dict.fromkeys(one.name for one in found if one.match))
    if asked.written in names:
        return asked.written
    return names[0] if len(names) == 1 else None
