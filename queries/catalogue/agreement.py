"""How the names of a track agree with those of a row: the label, and the way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mappings import fields
from queries.catalogue import artists, titles
from queries.catalogue.slips import slips
from queries.catalogue.spelled import Names, same, sounds_the_same
from queries.labels import Match

Track = Mapping[str, Any]

RANK = {match: rank for rank, match in enumerate(Match)}
"""Labels from surest."""


class Way(StrEnum):
    """How one name agrees with another."""

    SAME = "same"
    RELEASE = "release"
    VERSION = "version"
    SHORTER = "shorter"
    FIRST = "first"
    CREDITED = "credited"
    GUEST = "guest"
    OTHER_GUEST = "other guest"
    ORDER = "order"
    ARTICLE = "article"
    SOUND = "sound"
    SLIPS = "slips"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How one name agrees: the label, the way, and for slips their number."""

    label: Match
    way: Way
    slips: int = 0


@dataclass(frozen=True)
class Candidate:
    """A track that Elasticsearch returned, its names taken apart."""

    id: str
    track: Track
    title: titles.Title
    artists: tuple[artists.Artist, ...]
    contributors: tuple[str, ...]
    album: str

    @property
    def names(self) -> Iterable[str]:
        """Return what has to be spelt to compare it."""
        yield from self.title.names
        for artist in self.artists:
            yield from artist.names
        yield from self.contributors
        yield from map(artists.without_article, self.contributors)
        yield self.album


def candidate(hit: Mapping[str, Any]) -> Candidate:
    """Return a hit as a candidate."""
    track = hit["_source"]
    people = track.get(fields.ARTISTS) or []
    return Candidate(
        hit["_id"],
        track,
        titles.read(track.get(fields.TITLE) or "", people[0] if people else ""),
        tuple(artists.read(name) for name in people),
        tuple(track.get(fields.CONTRIBUTORS) or ()),
        titles.read(track.get(fields.ALBUM) or "").core,
    )


def of_titles(mine: titles.Title, theirs: titles.Title, names: Names) -> Agreement | None:
    """Return how two titles agree, None if they are two titles."""
    if label := same(names[mine.whole], names[theirs.whole]):
        return Agreement(label, Way.SAME)
    equal = mine.versions == theirs.versions
    if label := same(names[mine.core], names[theirs.core]):
        other = mine.guests and theirs.guests and mine.guests != theirs.guests
        way = Way.VERSION if not equal else Way.OTHER_GUEST if other else Way.RELEASE
        return Agreement(max(label, Match.FOLDED, key=RANK.__getitem__), way)
    one_is_bare = mine.core == mine.bare or theirs.core == theirs.bare
    if equal and one_is_bare and (label := same(names[mine.bare], names[theirs.bare])):
        return Agreement(max(label, Match.FOLDED, key=RANK.__getitem__), Way.SHORTER)
    if not equal:
        apart = slips(names[mine.whole].folded, names[theirs.whole].folded)
        return Agreement(Match.FUZZY, Way.SLIPS, apart) if apart else None
    if sounds_the_same(names[mine.core], names[theirs.core]):
        return Agreement(Match.TRANSLITERATED, Way.SOUND)
    my_words, their_words = names[mine.core].folded, names[theirs.core].folded
    if my_words and artists.without_article(my_words) == artists.without_article(their_words):
        return Agreement(Match.FOLDED, Way.ARTICLE)
    if _reordered(my_words, their_words):
        return Agreement(Match.FOLDED, Way.ORDER)
    apart = slips(my_words, their_words)
    return Agreement(Match.FUZZY, Way.SLIPS, apart) if apart else None


def _reordered(mine: str, theirs: str) -> bool:
    """Say whether two names have the same words in another order; numbers keep theirs: 1-2 is not 2-1."""
    my_words, their_words = mine.split(), theirs.split()
    numbers = [[word for word in words if word.isdecimal()] for words in (my_words, their_words)]
    return len(my_words) > 1 and sorted(my_words) == sorted(their_words) and numbers[0] == numbers[1]


def of_artists(mine: artists.Artist, found: Candidate, names: Names) -> Agreement | None:
    """Return how the artist agrees with the best of a track's artists."""
    ways = [(mine.whole, Way.SAME), (mine.turned, Way.SAME), *((part, Way.FIRST) for part in mine.firsts)]
    for name, way in ways:
        if name and (label := _among(name, (each.whole for each in found.artists), names)):
            return Agreement(label, way)
    if _same_people(mine, found, names):
        return Agreement(Match.FOLDED, Way.SAME)
    if any(_reordered(names[mine.whole].folded, names[each.whole].folded) for each in found.artists):
        return Agreement(Match.FOLDED, Way.ORDER)
    for theirs in found.artists:
        if theirs.turned and (label := _among(mine.whole, [theirs.turned], names)):
            return Agreement(label, Way.SAME)
    if any(sounds_the_same(names[mine.whole], names[each.whole]) for each in found.artists):
        return Agreement(Match.TRANSLITERATED, Way.SOUND)
    parts = [part for each in found.artists for part in each.parts]
    wholes = [each.whole for each in found.artists]
    if label := _among(mine.whole, parts, names) or _best(mine.parts, wholes, names):
        return Agreement(label, Way.CREDITED)
    if label := _best((mine.whole, *mine.parts), found.contributors, names):
        return Agreement(label, Way.GUEST)
    own = names[artists.without_article(mine.whole)].folded
    near = [n for each in found.artists if (n := slips(own, names[artists.without_article(each.whole)].folded))]
    return Agreement(Match.FUZZY, Way.SLIPS, min(near)) if near else None


def _same_people(mine: artists.Artist, found: Candidate, names: Names) -> bool:
    theirs = artists.people(*(names[artists.without_article(each.whole)].folded for each in found.artists))
    return bool(mine.parts) and artists.people(names[artists.without_article(mine.whole)].folded) == theirs


def _best(mine: Iterable[str], others: Iterable[str], names: Names) -> Match | None:
    theirs = list(others)
    labels = [label for name in mine if (label := _among(name, theirs, names))]
    return min(labels, key=RANK.__getitem__, default=None)


def _among(name: str, others: Iterable[str], names: Names) -> Match | None:
    """Return how a name is one of others, as it is or without its article: A Ha is a-ha."""
    labels = [
        label
        for other in others
        for mine, theirs in ((name, other), (artists.without_article(name), artists.without_article(other)))
        if (label := same(names[mine], names[theirs]))
    ]
    return min(labels, key=RANK.__getitem__, default=None)
