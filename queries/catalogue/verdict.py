"""What a candidate is worth: names compared, in the order from surest to least sure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mappings import fields
from queries.catalogue import artists, identifiers, titles
from queries.catalogue.identifiers import Kind
from queries.catalogue.question import Parsed, Question
from queries.catalogue.slips import slips
from queries.catalogue.spelled import Names, same
from queries.labels import Match

Track = Mapping[str, Any]


class Verdict(StrEnum):
    """Of a row, from surest; of a match only the first two."""

    FOUND = "found"
    LIKELY = "likely"
    NOT_FOUND = "not found"
    UNREADABLE = "unreadable"


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
    SLIPS = "slips"


_SURE = frozenset((Way.SAME, Way.RELEASE, Way.FIRST))
_SURE_OF_ARTISTS = _SURE | {Way.ORDER}
"""Vile Kurt is Kurt Vile; a title in another order may be another song."""

_SAID: Mapping[Way, str] = {
    Way.RELEASE: "but for a guest or the release in the title",
    Way.VERSION: "but another version",
    Way.SHORTER: "but for what stands in brackets",
    Way.FIRST: "one of several artists",
    Way.CREDITED: "who is credited together with others",
    Way.GUEST: "who is named as contributor",
    Way.OTHER_GUEST: "but with another guest",
    Way.ORDER: "words in another order",
    Way.ARTICLE: "but for an article in the title",
}

_HOW: Mapping[Match, str] = {
    Match.EXACT: "same artist and title",
    Match.FOLDED: "same artist and title, but for accents or punctuation",
    Match.JOINED: "same artist and title, but for joints between words",
    Match.SYMBOLS: "same artist and title, symbols read as letters",
    Match.TRANSLITERATED: "same artist and title, in Latin letters",
}

BY_ID = "id"
"""Label of a match that an identifier made."""

_RANK = {match: rank for rank, match in enumerate((BY_ID, *Match))}

_GENERIC = frozenset(
    (
        "intro",
        "outro",
        "untitled",
        "interlude",
        "prelude",
        "skit",
        "track",
        "overture",
        "reprise",
        "introduction",
        "live",
    )
)
"""Titles that an artist gives to several songs: the album has to tell which."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How one name agrees: the label, the way, and for slips their number."""

    label: Match
    way: Way
    slips: int = 0


@dataclass(frozen=True, slots=True)
class CatalogueMatch:
    """One track that a row stands for, how sure that is, and why."""

    id: str
    verdict: Verdict
    match: str
    reason: str
    track: Track

    @property
    def order(self) -> tuple[int, int, str, str]:
        """Return what matches are ordered by: surest first, then data set and id."""
        return (self.verdict is not Verdict.FOUND, _RANK[self.match], str(self.track[fields.DATASET]), self.id)


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


def judge(asked: Question, parsed: Parsed, found: Candidate, names: Names) -> CatalogueMatch | None:
    """Return what a candidate is to a row, None if it is another track."""
    if by := _by_id(asked, found):
        return CatalogueMatch(found.id, Verdict.FOUND, BY_ID, f"by {by}", found.track)
    if not asked.artist or not asked.title:
        return None
    artist = _artist(parsed.artist, found, names)
    title = _title(parsed.title, found.title, names) if artist else None
    if artist is None or title is None:
        return None
    verdict, aside = _verdict(asked, parsed, title, artist, found, names)
    if verdict is None:
        return None
    label = max((artist.label, title.label), key=_RANK.__getitem__)
    return CatalogueMatch(found.id, verdict, label, _reason(label, title, artist) + aside, found.track)


def _by_id(asked: Question, found: Candidate) -> Kind | None:
    for each in asked.identifiers:
        mine = {
            Kind.YOUTUBE: lambda value: value in (found.track.get(fields.VIDEO_IDS) or ()),
            Kind.ADDRESS: lambda value: value == identifiers.clean(found.track.get(fields.URL) or ""),
        }.get(each.kind, lambda value, kind=each.kind: found.id == f"{identifiers.DATASETS[kind]}:{value}")
        if mine(each.value):
            return each.kind
    return None


def _title(mine: titles.Title, theirs: titles.Title, names: Names) -> Agreement | None:
    if label := same(names[mine.whole], names[theirs.whole]):
        return Agreement(label, Way.SAME)
    equal = mine.versions == theirs.versions
    if label := same(names[mine.core], names[theirs.core]):
        other = mine.guests and theirs.guests and mine.guests != theirs.guests
        way = Way.VERSION if not equal else Way.OTHER_GUEST if other else Way.RELEASE
        return Agreement(max(label, Match.FOLDED, key=_RANK.__getitem__), way)
    if equal and (label := same(names[mine.bare], names[theirs.bare])):
        return Agreement(max(label, Match.FOLDED, key=_RANK.__getitem__), Way.SHORTER)
    if not equal:
        return None
    my_words, their_words = names[mine.core].folded, names[theirs.core].folded
    if my_words and artists.without_article(my_words) == artists.without_article(their_words):
        return Agreement(Match.FOLDED, Way.ARTICLE)
    if _reordered(my_words, their_words):
        return Agreement(Match.FOLDED, Way.ORDER)
    apart = slips(my_words, their_words)
    return Agreement(Match.FUZZY, Way.SLIPS, apart) if apart else None


def _reordered(mine: str, theirs: str) -> bool:
    return " " in mine and sorted(mine.split()) == sorted(theirs.split())


def _artist(mine: artists.Artist, found: Candidate, names: Names) -> Agreement | None:
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
    return min(labels, key=_RANK.__getitem__, default=None)


def _among(name: str, others: Iterable[str], names: Names) -> Match | None:
    """Return how a name is one of others, as it is or without its article: A Ha is a-ha."""
    labels = [
        label
        for other in others
        for mine, theirs in ((name, other), (artists.without_article(name), artists.without_article(other)))
        if (label := same(names[mine], names[theirs]))
    ]
    return min(labels, key=_RANK.__getitem__, default=None)


def _verdict(
    asked: Question, parsed: Parsed, title: Agreement, artist: Agreement, found: Candidate, names: Names
) -> tuple[Verdict | None, str]:
    """Return the verdict, and what album and year had to say."""
    doubts = [each for each, sure in ((title, _SURE), (artist, _SURE_OF_ARTISTS)) if each.way not in sure]
    album = same(names[parsed.album], names[found.album]) is not None if parsed.album and found.album else None
    if not doubts:
        if album is False and names[parsed.title.core].folded in _GENERIC:
            return Verdict.LIKELY, ", but on another album"
        if album is False and artist.way is Way.FIRST and _years_apart(asked, found):
            return Verdict.LIKELY, ", but of another album and year"
        return Verdict.FOUND, ""
    if len(doubts) > 1:
        return None, ""
    if doubts[0].slips and album and not _years_apart(asked, found):
        return Verdict.FOUND, ", on the same album"
    return Verdict.LIKELY, ""


def _years_apart(asked: Question, found: Candidate) -> bool:
    year = found.track.get(fields.YEAR)
    return bool(asked.year and year and abs(asked.year - int(year)) > 1)


_TITLE_ONLY = frozenset((Way.RELEASE, Way.VERSION, Way.SHORTER, Way.OTHER_GUEST, Way.ORDER, Way.ARTICLE))


def _reason(label: Match, title: Agreement, artist: Agreement) -> str:
    if label is Match.FUZZY:
        which, number = ("title", title.slips) if title.slips else ("artist's name", artist.slips)
        said = f"same but for {'one letter' if number == 1 else f'{number} letters'} in the {which}"
    else:
        said = _HOW[label]
        if title.way in _TITLE_ONLY and label is Match.FOLDED:
            said = _HOW[Match.EXACT]
    asides = [_SAID[each.way] for each in (title, artist) if each.way in _SAID]
    return ", ".join([said, *asides])
