"""How people write a track otherwise: a table of ways, each a function of a real track.

These rules are the benchmark's own: nothing here asks the code that is measured how a name is spelt.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from benchmarks.known_kinds import ARTICLES, slip


@dataclass(frozen=True)
class Track:
    """A real track of the index; `typed` is how artist and title are typed in Latin letters, where that is known."""

    id: str
    artists: tuple[str, ...]
    title: str
    album: str
    typed: tuple[str, str] | None = None


Names = tuple[str, str]
"""Artist and title."""

Way = Callable[[Track, Random], Names]
"""What changes nothing doesn't apply to a track."""

_SUFFIX = re.compile(r"\s*(?:[(\[]from\b[^)\]]*[)\]]|\s-\s.*(?:Remaster|Version|Edit|From).*$)", re.IGNORECASE)
_GUEST = re.compile(r"\s*[(\[](?:feat|ft|with)\b[^)\]]*[)\]]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{5,}")
_ACCENT = re.compile("(?<![иИ])[\u0300-\u036f]")
_NEIGHBOURS = "qwertyuiopasdfghjklzxcvbnm"


def plain(text: str) -> str:
    """Return a text without its accents; voicing of kana is none, and й is a letter of its own.

    >>> plain("Sigur Rós"), plain("ガ")
    ('Sigur Ros', 'ガ')
    """
    return unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", text)))


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


def _slip(text: str, rng: Random) -> str:
    return slip(text, rng) or text


def _both_slips(track: Track, rng: Random) -> Names:
    artist, title = _names(track)
    wrong = slip(artist, rng), slip(title, rng)
    return (wrong[0], wrong[1]) if wrong[0] and wrong[1] else (artist, title)


def _joined(text: str, rng: Random) -> str:
    blanks = [found.start() for found in re.finditer(r"(?<=\w) (?=\w)", text)]
    at = rng.choice(blanks) if blanks else None
    return text if at is None else text[:at] + text[at + 1 :]


def _reordered(text: str, rng: Random) -> str:
    words = text.split()
    plain = len(words) > 1 and not re.search(r"[(\[&,+-]|\b(?:feat|ft)\b", text)
    return " ".join(rng.sample(words, len(words))) if plain else text


def _split(text: str, rng: Random) -> str:
    words = [word for word in _WORD.finditer(text) if len(word[0]) > 6]
    if not words:
        return text
    word = rng.choice(words)
    at = rng.randrange(word.start() + 3, word.end() - 2)
    return f"{text[:at]} {text[at:]}"


def _either(change: Callable[[str, Random], str]) -> Way:
    """Return what changes the title or the artist."""

    def changed(track: Track, rng: Random) -> Names:
        artist, title = _names(track)
        return (change(artist, rng), title) if rng.random() < 0.5 else (artist, change(title, rng))

    return changed


def _names(track: Track) -> Names:
    return track.artists[0], track.title


def _both(change: Callable[[str], str]) -> Way:
    return lambda track, _: (change(track.artists[0]), change(track.title))


def _artist(change: Callable[[str], str]) -> Way:
    return lambda track, _: (change(track.artists[0]), track.title)


def _title(change: Callable[[str], str]) -> Way:
    return lambda track, _: (track.artists[0], change(track.title))


def _turned(name: str) -> str:
    first, _, last = name.rpartition(" ")
    return f"{last}, {first}" if first and not re.search(r"[,&+/]| and ", name) else name


def _without(part: re.Pattern[str]) -> Callable[[str], str]:
    """Return what leaves a part out, unless a bracket would stay open."""

    def bare(title: str) -> str:
        left = part.sub("", title).strip()
        return left if left and left.count("(") == left.count(")") else title

    return bare


def _suffixed(track: Track, rng: Random) -> Names:
    added = (" - Remastered 2011", " (Official Video)", " (feat. Somebody Else)", " [Official Audio]")
    return track.artists[0], track.title + rng.choice(added)


def _article(name: str) -> str:
    """Return the name with The, or without it; one that has another article stays: nobody writes The A Song."""
    first, _, rest = name.partition(" ")
    if first == "The" and rest:
        return rest
    return name if first.lower() in ARTICLES else f"The {name}"


def _and(text: str) -> str:
    return text.replace(" & ", " and ") if " & " in text else text.replace(" and ", " & ")


WAYS: Mapping[str, Way] = {
    "as it is": lambda track, _: _names(track),
    "lower case": _both(str.lower),
    "accents dropped": _both(plain),
    "typing mistake": _either(_typo),
    "slip in one name": _either(_slip),
    "slip in both names": _both_slips,
    "words joined": _either(_joined),
    "word split": _either(_split),
    "words reordered": _either(_reordered),
    "suffix dropped": _title(_without(_SUFFIX)),
    "suffix added": _suffixed,
    "guest dropped": _title(_without(_GUEST)),
    "hyphens": _both(lambda text: text.replace("-", " ") if "-" in text else text.replace(" - ", " – ")),
    "apostrophes": _both(lambda text: text.replace("'", "") if "'" in text else text.replace("’", "'")),
    "& and and": _both(_and),
    "symbols": _either(lambda text, _: text.replace("s", "$", 1) if re.search("[a-z]s[a-z]", text) else text),
    "artist's article": _artist(_article),
    "title's article": _title(_article),
    "last name first": _artist(_turned),
    "all artists": lambda track, _: (", ".join(track.artists), track.title),
    "artist in the title": lambda track, _: (track.artists[0], f"{track.artists[0]} - {track.title}"),
    "other script": lambda track, _: track.typed or _names(track),
}
"""Those of known-item search (`known_kinds`), and what only a catalogue has: a cell for each name."""


def misspelt(kind: str, track: Track, rng: Random) -> Names | None:
    """Return a track written in one way, None where it applies to nothing in it.

    >>> misspelt("last name first", Track("x", ("Kurt Vile",), "Freeway", ""), Random(1))
    ('Vile, Kurt', 'Freeway')
    """
    names = WAYS[kind](track, rng)
    return names if names != _names(track) or kind == "as it is" else None
