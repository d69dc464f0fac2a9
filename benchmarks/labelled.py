"""A labelled catalogue: real tracks as people write them, and rows that are near to real tracks but aren't any.

Half of the rows are tracks of the index, each written in one way; the other half are none: another title by the same
artist, the same title by another artist, names that differ by a word, and, where such are given, real tracks that
aren't in the index. Labels come from the rows themselves and from a plain comparison of all pairs, not from what is
measured.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

from benchmarks.misspelt import WAYS, Names, Track, misspelt, plain

_GUEST = re.compile(r"\s+(?:[(\[]?(?:feat|ft)\b|[(\[]with\b).*", re.IGNORECASE)
"""Guests in the name of an artist; in the index they are none of it."""


@dataclass(frozen=True)
class Labelled:
    """A row of the catalogue, in which way it was made, and the track that it stands for, None for none."""

    artist: str
    title: str
    album: str
    kind: str
    id: str | None


@dataclass(frozen=True)
class Other:
    """A real track, as some list has it, that may not be in the index."""

    artist: str
    title: str


def rows(tracks: Sequence[Track], number: int, seed: int, others: Sequence[Other] = ()) -> list[Labelled]:
    """Return so many rows, shuffled: half of them tracks, half of them none; the same seed gives the same ones."""
    rng = Random(seed)
    shuffled = list(tracks)
    rng.shuffle(shuffled)
    there = list(islice(_there(shuffled, rng), number - number // 2))
    absent = list(islice(_absent(shuffled, others, rng), number // 2))
    made = there + absent
    rng.shuffle(made)
    return made


def _there(tracks: Sequence[Track], rng: Random) -> Iterator[Labelled]:
    """Yield tracks, each way in turn with a track that it changes; none twice."""
    left = list(tracks)
    kinds = list(WAYS)
    while left and kinds:
        for kind in list(kinds):
            row = next((row for row in enumerate(misspelt(kind, track, rng) for track in left) if row[1]), None)
            if row is None:
                kinds.remove(kind)
                continue
            place, names = row
            track = left.pop(place)
            yield Labelled(*(names or ("", "")), _sometimes(track.album, rng), kind, track.id)


def _sometimes(album: str, rng: Random) -> str:
    return album if rng.random() < 0.3 else ""


class _Known:
    """All pairs of artist and title that are there, compared by their letters alone."""

    def __init__(self, tracks: Sequence[Track]) -> None:
        self.titles: dict[str, set[str]] = {}
        for track in tracks:
            for artist in track.artists:
                self.titles.setdefault(_letters(artist), set()).add(_letters(track.title))

    def by(self, artist: str) -> set[str]:
        """Return the letters of the titles that an artist has."""
        return self.titles.get(_letters(artist), set())

    def has(self, artist: str, title: str) -> bool:
        """Say whether the artist has a title of which this one is a part, or that is part of this one."""
        wanted = _letters(title)
        return any(wanted in there or there in wanted for there in self.by(artist))


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, plain(name).casefold())) or name


def _absent(tracks: Sequence[Track], others: Sequence[Other], rng: Random) -> Iterator[Labelled]:
    """Yield rows that are near to tracks, but aren't any: each way of making one in turn."""
    makers: dict[str, Callable[[Track, Track], Names]] = {
        "other title, same artist": lambda one, two: (one.artists[0], two.title),
        "same title, other artist": lambda one, two: (two.artists[0], one.title),
        "a word of the title is another": lambda one, two: (one.artists[0], _one_word(one.title, two.title, rng)),
        "a word of the artist is another": lambda one, two: (_one_word(one.artists[0], two.artists[0], rng), one.title),
        "another number": lambda one, _: (one.artists[0], f"{one.title} {rng.choice(('II', '2', 'Part 3'))}"),
    }
    known = _Known(tracks)
    real = _not_there(others, known, rng)
    while True:
        if other := next(real, None):
            by = any(map(known.by, _called(other.artist)))
            kind = "real track, its artist is there" if by else "real track, artist not there"
            yield Labelled(other.artist, other.title, "", kind, None)
        for kind, make in makers.items():
            one, two = rng.sample(tracks, 2)
            artist, title = make(one, two)
            numbered = kind == "another number" and _letters(title) not in known.by(artist)
            if numbered or not known.has(artist, title):
                yield Labelled(artist, title, _sometimes(one.album, rng), kind, None)


def _not_there(others: Sequence[Other], known: _Known, rng: Random) -> Iterator[Other]:
    """Yield the tracks that aren't there, those whose artist is there first: they are nearest."""
    named = [each for each in others if each.artist and each.title]
    left = [each for each in named if not any(known.has(name, each.title) for name in _called(each.artist))]
    rng.shuffle(left)
    yield from sorted(left, key=lambda each: not any(map(known.by, _called(each.artist))))


def _called(artist: str) -> tuple[str, str]:
    """Return an artist's name as it is, and without guests."""
    return artist, _GUEST.sub("", artist)


def _one_word(name: str, other: str, rng: Random) -> str:
    words, others = name.split(), [word for word in other.split() if len(word) > 3]
    if len(words) < 2 or not others:
        return other
    words[rng.randrange(len(words))] = rng.choice(others)
    return " ".join(words)
