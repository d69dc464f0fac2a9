"""A labelled catalogue: real tracks as people write them, and rows that are near to real tracks but aren't any.

Half of the rows are tracks of the index, each misspelt in one way; the other half are none: another title by the same
artist, the same title by another artist, names that differ by a word. Labels come from the rows themselves and from a
plain comparison of all pairs, not from what is measured.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Track:
    """A real track of the index."""

    id: str
    artists: tuple[str, ...]
    title: str
    album: str


@dataclass(frozen=True)
class Labelled:
    """A row of the catalogue, in which way it was made, and the track that it stands for, None for none."""

    artist: str
    title: str
    album: str
    kind: str
    id: str | None


Names = tuple[str, str]
"""Artist and title."""

_SUFFIX = re.compile(
    r"\s*(?:[(\[](?:feat|ft|with|from)\b[^)\]]*[)\]]|\s-\s.*(?:Remaster|Version|Edit|From).*$)", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]{5,}")
_NEIGHBOURS = "qwertyuiopasdfghjklzxcvbnm"


def _plain(text: str) -> str:
    """Return a text without its accents; voicing of kana is none."""
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(letter for letter in apart if not "\u0300" <= letter <= "\u036f"))


def _typo(text: str, rng: Random) -> str:
    """Return the text with one letter off in one of its longer words, not its first."""
    words = list(_WORD.finditer(text))
    if not words:
        return text
    word = rng.choice(words)
    at = rng.randrange(word.start() + 1, word.end() - 1)
    return rng.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at] + text[at] + text[at:],
            text[:at] + text[at + 1] + text[at] + text[at + 2 :],
            text[:at] + rng.choice(_NEIGHBOURS) + text[at + 1 :],
        )
    )


def _joined(text: str, rng: Random) -> str:
    blanks = [found.start() for found in re.finditer(r"(?<=\w) (?=\w)", text)]
    at = rng.choice(blanks) if blanks else None
    return text if at is None else text[:at] + text[at + 1 :]


def _reordered(text: str, rng: Random) -> str:
    words = text.split()
    plain = len(words) > 1 and not re.search(r"[(\[&,+-]", text)
    return " ".join(rng.sample(words, len(words))) if plain else text


def _split(text: str, rng: Random) -> str:
    words = [word for word in _WORD.finditer(text) if len(word[0]) > 6]
    if not words:
        return text
    word = rng.choice(words)
    at = rng.randrange(word.start() + 3, word.end() - 2)
    return f"{text[:at]} {text[at:]}"


def _either(change: Callable[[str, Random], str]) -> Callable[[Names, Random], Names]:
    """Return what changes the title or the artist."""

    def changed(names: Names, rng: Random) -> Names:
        artist, title = names
        return (change(artist, rng), title) if rng.random() < 0.5 else (artist, change(title, rng))

    return changed


def _both(change: Callable[[str], str]) -> Callable[[Names, Random], Names]:
    return lambda names, _: (change(names[0]), change(names[1]))


def _turned(names: Names, _: Random) -> Names:
    first, _blank, last = names[0].rpartition(" ")
    plain = first and not re.search(r"[,&+/]| and ", names[0])
    return (f"{last}, {first}", names[1]) if plain else names


def _without_suffix(title: str) -> str:
    bare = _SUFFIX.sub("", title)
    return bare if bare.count("(") == bare.count(")") else title


def _and(text: str) -> str:
    return text.replace(" & ", " and ") if " & " in text else text.replace(" and ", " & ")


WAYS: Mapping[str, Callable[[Names, Random], Names]] = {
    "as it is": lambda names, _: names,
    "lower case": _both(str.lower),
    "accents dropped": _both(_plain),
    "typo": _either(_typo),
    "joined": _either(_joined),
    "split": _either(_split),
    "suffix dropped": lambda names, _: (names[0], _without_suffix(names[1])),
    "suffix added": lambda names, rng: (
        names[0],
        names[1]
        + rng.choice((" - Remastered 2011", " (Official Video)", " (feat. Somebody Else)", " [Official Audio]")),
    ),
    "hyphens": _both(lambda text: text.replace("-", " ") if "-" in text else text.replace(" - ", " – ")),
    "apostrophes": _both(lambda text: text.replace("'", "") if "'" in text else text.replace("’", "'")),
    "turned round": _turned,
    "and": _both(_and),
    "reordered": _either(_reordered),
    "symbols": _either(lambda text, _: text.replace("s", "$", 1) if re.search("[a-z]s[a-z]", text) else text),
    "title's article": lambda names, _: (
        names[0],
        names[1].removeprefix("The ") if names[1].startswith("The ") else f"The {names[1]}",
    ),
    "article": lambda names, _: (
        names[0].removeprefix("The ") if names[0].startswith("The ") else f"The {names[0]}",
        names[1],
    ),
}
"""How people write a track otherwise."""


def rows(tracks: Sequence[Track], number: int, seed: int) -> list[Labelled]:
    """Return so many rows, shuffled: half of them tracks, half of them none; the same seed gives the same ones."""
    rng = Random(seed)
    shuffled = list(tracks)
    rng.shuffle(shuffled)
    there = _there(shuffled, rng)
    known = _Known(tracks)
    absent = _absent(shuffled, known, rng)
    made = [next(there) for _ in range(number - number // 2)] + [next(absent) for _ in range(number // 2)]
    rng.shuffle(made)
    return made


def _there(tracks: Sequence[Track], rng: Random) -> Iterator[Labelled]:
    """Yield tracks, each way in turn with a track that it changes."""
    left = list(tracks)
    for turn in range(len(tracks)):
        kind = list(WAYS)[turn % len(WAYS)]
        for place, track in enumerate(left):
            names = (track.artists[0], track.title)
            artist, title = WAYS[kind](names, rng)
            if (artist, title) != names or kind == "as it is":
                del left[place]
                yield Labelled(artist, title, track.album if rng.random() < 0.3 else "", kind, track.id)
                break


class _Known:
    """All pairs of artist and title that are there, compared by their letters alone."""

    def __init__(self, tracks: Sequence[Track]) -> None:
        self.titles: dict[str, set[str]] = {}
        for track in tracks:
            for artist in track.artists:
                self.titles.setdefault(_letters(artist), set()).add(_letters(track.title))

    def has(self, artist: str, title: str) -> bool:
        """Say whether the artist has a title of which this one is a part, or that is part of this one."""
        wanted = _letters(title)
        return any(wanted in there or there in wanted for there in self.titles.get(_letters(artist), ()))


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, _plain(name).casefold())) or name


def _absent(tracks: Sequence[Track], known: _Known, rng: Random) -> Iterator[Labelled]:
    """Yield rows that are near to tracks, but aren't any."""
    makers: Mapping[str, Callable[[Track, Track], Names]] = {
        "other title, same artist": lambda one, two: (one.artists[0], two.title),
        "same title, other artist": lambda one, two: (two.artists[0], one.title),
        "a word of the title is another": lambda one, two: (one.artists[0], _one_word(one.title, two.title, rng)),
        "a word of the artist is another": lambda one, two: (_one_word(one.artists[0], two.artists[0], rng), one.title),
        "another number": lambda one, _: (one.artists[0], f"{one.title} {rng.choice(('II', '2', 'Part 3'))}"),
    }
    while True:
        for kind, make in makers.items():
            one, two = rng.sample(tracks, 2)
            artist, title = make(one, two)
            numbered = kind == "another number" and _letters(title) not in known.titles.get(_letters(artist), set())
            if numbered or not known.has(artist, title):
                yield Labelled(artist, title, one.album if rng.random() < 0.3 else "", kind, None)


def _one_word(name: str, other: str, rng: Random) -> str:
    words, others = name.split(), [word for word in other.split() if len(word) > 3]
    if len(words) < 2 or not others:
        return other
    words[rng.randrange(len(words))] = rng.choice(others)
    return " ".join(words)
