"""Compares the names of a track with those of a row: the label, and the kind of agreement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mappings.spelling.edit_distance import count_slips
from mappings.track import ALBUM, ARTISTS, CONTRIBUTORS, TITLE
from queries.catalogue.name_parts import Artist, Title, parse_artist, parse_title, people, without_article
from queries.model import MATCH_RANK, Match
from queries.search.name_forms import best, forms_of, same, sounds_alike

Track = Mapping[str, Any]


class MatchKind(StrEnum):
    """How one name agrees with another."""

    EXACT = "exact"
    RELEASE = "release"
    VERSION = "version"
    SHORTER = "shorter"
    FIRST_ARTIST = "first artist"
    SHARED_CREDIT = "shared credit"
    GUEST = "guest"
    OTHER_GUEST = "other guest"
    WORD_ORDER = "word order"
    ARTICLE = "article"
    PHONETIC = "phonetic"
    MISSPELT = "misspelt"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How one name agrees: the label, the kind, and how many slips it takes."""

    label: Match
    kind: MatchKind
    slips: int = 0


@dataclass(frozen=True)
class Candidate:
    """A track that Elasticsearch returned, its names taken apart."""

    id: str
    track: Track
    title: Title
    artists: tuple[Artist, ...]
    contributors: tuple[str, ...]
    album: str


def parse_candidate(hit: Mapping[str, Any]) -> Candidate:
    """Return a hit as a candidate."""
    track = hit["_source"]
    names = track.get(ARTISTS) or []
    return Candidate(
        hit["_id"],
        track,
        parse_title(track.get(TITLE) or "", names[0] if names else ""),
        tuple(map(parse_artist, names)),
        tuple(track.get(CONTRIBUTORS) or ()),
        parse_title(track.get(ALBUM) or "").core,
    )


def compare_titles(mine: Title, theirs: Title) -> Agreement | None:
    """Return how two titles agree, None if they are two titles."""
    if label := same(mine.full, theirs.full):
        return Agreement(label, MatchKind.EXACT)
    if mine.number != theirs.number:
        return None
    equal = mine.versions == theirs.versions
    if label := same(mine.core, theirs.core):
        other = mine.guests and theirs.guests and mine.guests != theirs.guests
        kind = MatchKind.VERSION if not equal else MatchKind.OTHER_GUEST if other else MatchKind.RELEASE
        return Agreement(_not_exact(label), kind)
    one_is_bare = mine.core == mine.bare or theirs.core == theirs.bare
    if equal and one_is_bare and (label := same(mine.bare, theirs.bare)):
        return Agreement(_not_exact(label), MatchKind.SHORTER)
    if not equal:
        return _misspelt(forms_of(mine.full).folded, [forms_of(theirs.full).folded])
    if sounds_alike(mine.core, theirs.core):
        return Agreement(Match.TRANSLITERATED, MatchKind.PHONETIC)
    my_words, their_words = forms_of(mine.core).folded, forms_of(theirs.core).folded
    if my_words and without_article(my_words) == without_article(their_words):
        return Agreement(Match.FOLDED, MatchKind.ARTICLE)
    if _reordered(my_words, their_words):
        return Agreement(Match.FOLDED, MatchKind.WORD_ORDER)
    return _misspelt(my_words, [their_words])


def _not_exact(label: Match) -> Match:
    return max(label, Match.FOLDED, key=MATCH_RANK.__getitem__)


def _misspelt(mine: str, others: Iterable[str]) -> Agreement | None:
    near = [slips for other in others if (slips := count_slips(mine, other))]
    return Agreement(Match.FUZZY, MatchKind.MISSPELT, min(near)) if near else None


def _reordered(mine: str, theirs: str) -> bool:
    """Tell whether two names have the same words in another order; numbers keep theirs: 1-2 is not 2-1."""
    my_words, their_words = mine.split(), theirs.split()
    numbers = [[word for word in words if word.isdecimal()] for words in (my_words, their_words)]
    return len(my_words) > 1 and sorted(my_words) == sorted(their_words) and numbers[0] == numbers[1]


def compare_artists(mine: Artist, candidate: Candidate) -> Agreement | None:
    """Return how the artist of a row agrees with the best of a track's artists, None if it is another one."""
    theirs = [each.full for each in candidate.artists]
    names = [(mine.full, MatchKind.EXACT), (mine.turned, MatchKind.EXACT)]
    for name, kind in (*names, *((part, MatchKind.FIRST_ARTIST) for part in mine.firsts)):
        if name and (label := _among(name, theirs)):
            return Agreement(label, kind)
    plain = forms_of(without_article(mine.full)).folded
    if mine.parts and people(plain) == people(*(forms_of(without_article(name)).folded for name in theirs)):
        return Agreement(Match.FOLDED, MatchKind.EXACT)
    if any(_reordered(forms_of(mine.full).folded, forms_of(name).folded) for name in theirs):
        return Agreement(Match.FOLDED, MatchKind.WORD_ORDER)
    if label := _among(mine.full, [each.turned for each in candidate.artists if each.turned]):
        return Agreement(label, MatchKind.EXACT)
    if any(sounds_alike(mine.full, name) for name in theirs):
        return Agreement(Match.TRANSLITERATED, MatchKind.PHONETIC)
    parts = [part for each in candidate.artists for part in each.parts]
    if label := _among(mine.full, parts) or _best(mine.parts, theirs):
        return Agreement(label, MatchKind.SHARED_CREDIT)
    if label := _best((mine.full, *mine.parts), candidate.contributors):
        return Agreement(label, MatchKind.GUEST)
    return _misspelt(plain, (forms_of(without_article(name)).folded for name in theirs))


def _best(mine: Iterable[str], others: Iterable[str]) -> Match | None:
    theirs = list(others)
    labels = [label for name in mine if (label := _among(name, theirs))]
    return min(labels, key=MATCH_RANK.__getitem__, default=None)


def _among(name: str, others: Iterable[str]) -> Match | None:
    """Return how a name is one of others, as it is or without its article: A Ha is a-ha."""
    theirs = list(others)
    pairs = ((name, theirs), (without_article(name), [without_article(other) for other in theirs]))
    labels = [label for each, against in pairs if (label := best([each], against))]
    return min(labels, key=MATCH_RANK.__getitem__, default=None)
