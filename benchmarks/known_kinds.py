"""How a name is typed: the kinds of queries, a function each. What doesn't apply to an item gives None.

These rules are the benchmark's own: nothing here asks the code that is measured how a name is spelt.
"""

import random
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_MISTYPED_FROM = 5
"""Letters from which a word gets a typing mistake."""

_SLIP_FROM = 5
"""Letters from which a name gets a slip at any place."""

ENOUGH_RIGHT = 3
"""Words, a misspelt one of three letters included, from which the others tell what is meant."""

MOST_MISTYPED = 4
"""Words that get a mistake each; who mistypes more of them means nothing that can be told."""

_SPLIT_FROM = 6
"""Letters from which a word is split, and no part is shorter than three."""

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
ARTICLES = ("the", "a", "an", "le", "la", "les", "el", "los", "las", "der", "die", "das")

_WORD = re.compile(r"[^\W_]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_GUEST = re.compile(r"\s*[(\[]?\b(?:feat\.?|ft\.?|featuring)\s[^)\]]*[)\]]?", re.IGNORECASE)
_RELEASE = "remaster(?:ed)?|live|remix|mix|edit|version|acoustic|demo|mono|stereo|instrumental|deluxe|bonus track"
_SUFFIX = re.compile(
    rf"\s+(?:-\s[^-()]*\b(?:{_RELEASE})\b[^-()]*|[(\[][^()\[\]]*\b(?:{_RELEASE})\b[^()\[\]]*[)\]])$", re.IGNORECASE
)
_SIGN = re.compile(r"(?<=[^\W\d_])[$!@€](?=[^\W\d_])|(?<=[^\W\d_])\$+|\$(?=[^\W\d_])|(?<!\S)!(?=[^\W\d_])")
_LETTER_OF = {"$": "s", "!": "i", "@": "a", "€": "e"}
_UNDECOMPOSED = str.maketrans("øØłŁđĐı", "oOlLdDi")
_APOSTROPHES, _HYPHENS = "'’‘`´", "-‐‑–"


@dataclass(frozen=True)
class Asked:
    """An item's names; `core` is the title without guest and release suffix, `base` what is typed without mistakes."""

    title: str
    artist: str
    core: str
    base: str
    typed: tuple[str, str] | None = None


def core(title: str) -> str:
    """Return a title without guests and release suffixes.

    >>> core("Under Pressure - Remastered 2011"), core("Stan (feat. Dido)"), core("Live")
    ('Under Pressure', 'Stan', 'Live')
    """
    return _without_suffix(_without_guest(title)) or title


def _without_guest(title: str) -> str:
    return _GUEST.sub("", title).strip()


def _without_suffix(title: str) -> str:
    return _SUFFIX.sub("", title).strip()


def _as_written(asked: Asked, _: random.Random) -> str:
    return asked.base


def _no_accents(asked: Asked, _: random.Random) -> str | None:
    plain = "".join(c for c in unicodedata.normalize("NFD", asked.base) if not unicodedata.combining(c))
    plain = plain.translate(_UNDECOMPOSED)
    # Not in other scripts: voiced kana and й are letters of their own.
    return plain if plain != unicodedata.normalize("NFC", asked.base) and _only_latin(asked.base) else None


def _only_latin(name: str) -> bool:
    return all(_LATIN.fullmatch(letter) for letter in name if letter.isalpha())


def mistyped(word: str, rng: random.Random) -> str:
    """Return a Latin word with one mistake that isn't in its first letter."""
    at = rng.randrange(1, len(word))
    letter = rng.choice([other for other in ALPHABET if other != word[at].lower()])
    swaps = [i for i in range(1, len(word) - 1) if word[i].lower() != word[i + 1].lower()]
    kinds = {
        "substituted": word[:at] + letter + word[at + 1 :],
        "left out": word[:at] + word[at + 1 :],
        "added": word[:at] + letter + word[at:],
    }
    if swaps:
        i = rng.choice(swaps)
        kinds["swapped"] = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    return rng.choice(list(kinds.values()))


def _mistake(asked: Asked, rng: random.Random) -> str | None:
    words = [found for found in _WORD.finditer(asked.base) if _fit(found.group(), _MISTYPED_FROM)]
    if not words:
        return None
    word = rng.choice(words)
    return asked.base[: word.start()] + mistyped(word.group(), rng) + asked.base[word.end() :]


def slip(text: str, rng: random.Random, places: range | None = None) -> str | None:
    """Return a name with one letter left out, added, replaced or swapped with the next sign; None if it has no room.

    Any place may be the one, the first letter and blanks included; `places` narrows it down.
    """
    here = [at for at in places or range(len(text)) if _is_letter(text[at])]
    if not here or sum(map(_is_letter, text)) < _SLIP_FROM:
        return None
    at = rng.choice(here)
    letter = rng.choice([other for other in ALPHABET if other != text[at].lower()])
    kinds = [text[:at] + text[at + 1 :], text[:at] + letter + text[at:], text[:at] + letter + text[at + 1 :]]
    if at + 1 < len(text) and text[at].lower() != text[at + 1].lower():
        kinds.append(text[:at] + text[at + 1] + text[at] + text[at + 2 :])
    # Blanks at the ends and between others are none, and what differs in case only is no slip.
    made = [kind for kind in kinds if " ".join(kind.split()).lower() != " ".join(text.split()).lower()]
    return " ".join(rng.choice(made).split())


def _is_letter(sign: str) -> bool:
    return _LATIN.fullmatch(sign) is not None


def _first_letter(asked: Asked, rng: random.Random) -> str | None:
    words = [found for found in _WORD.finditer(asked.base) if _fit(found.group(), _MISTYPED_FROM)]
    if not words:
        return None
    at = rng.choice(words).start()
    return slip(asked.base, rng, range(at, at + 1))


def _across_a_blank(asked: Asked, rng: random.Random) -> str | None:
    swaps = [
        (number, at)
        for number, name in enumerate(_names(asked))
        for at in range(1, len(name) - 1)
        # Not where nothing is left on one side, and not where the names' other words would do.
        if " " in name[at : at + 2] and _is_letter(name[at].strip() or name[at + 1]) and len(name) > _SPLIT_FROM
    ]
    if not swaps:
        return None
    names = list(_names(asked))
    number, at = rng.choice(swaps)
    name = names[number]
    names[number] = " ".join((name[:at] + name[at + 1] + name[at] + name[at + 2 :]).split())
    return " ".join(names) if names[number] != name else None


def _short_word(asked: Asked, rng: random.Random) -> str | None:
    words = [found for found in _WORD.finditer(asked.base) if len(found.group()) == 3 and _fit(found.group(), 3)]
    if not words or len(_WORD.findall(asked.base)) < ENOUGH_RIGHT:
        return None
    word = rng.choice(words)
    at = rng.randrange(word.start() + 1, word.end())
    letter = rng.choice([other for other in ALPHABET if other != asked.base[at].lower()])
    return asked.base[:at] + letter + asked.base[at + 1 :]


def _each_word(asked: Asked, rng: random.Random) -> str | None:
    words = [found for found in _WORD.finditer(asked.base) if _fit(found.group(), _MISTYPED_FROM)]
    if not 2 <= len(words) <= MOST_MISTYPED:
        return None
    text = asked.base
    for word in reversed(words):
        text = text[: word.start()] + mistyped(word.group(), rng) + text[word.end() :]
    return text


def _both_names(asked: Asked, rng: random.Random) -> str | None:
    title, artist = slip(asked.title, rng), slip(asked.artist, rng)
    return f"{title} {artist}" if title and artist else None


def _fit(word: str, length: int) -> bool:
    return len(word) >= length and _LATIN.fullmatch(word) is not None


def _names(asked: Asked) -> list[str]:
    """Return the names that are typed, without joining the title's last word to the artist's first."""
    return [asked.title] if asked.base == asked.title else [asked.title, asked.artist]


def _joined(asked: Asked, rng: random.Random) -> str | None:
    names = [name.split() for name in _names(asked)]
    places = [
        (number, at)
        for number, words in enumerate(names)
        for at in range(len(words) - 1)
        if words[at][-1].isalpha() and words[at + 1][0].isalpha()
    ]
    if not places:
        return None
    number, at = rng.choice(places)
    names[number][at : at + 2] = ["".join(names[number][at : at + 2])]
    return " ".join(word for words in names for word in words)


def _split(asked: Asked, rng: random.Random) -> str | None:
    words = [found for found in _WORD.finditer(asked.base) if _fit(found.group(), _SPLIT_FROM)]
    if not words:
        return None
    word = rng.choice(words)
    at = word.start() + rng.randint(3, len(word.group()) - 3)
    return f"{asked.base[:at]} {asked.base[at:]}"


def _reordered(asked: Asked, rng: random.Random) -> str | None:
    words = [word for word in asked.base.split() if any(map(str.isalnum, word))]
    if len({word.lower() for word in words}) < 2:
        return None
    shuffled = words
    while shuffled == words:
        shuffled = rng.sample(words, len(words))
    return " ".join(shuffled)


def _article_dropped(asked: Asked, _: random.Random) -> str | None:
    names = [_without_article(name) for name in (asked.title, asked.artist)]
    return " ".join(names) if names != [asked.title, asked.artist] else None


def _without_article(name: str) -> str:
    first, _, rest = name.partition(" ")
    return rest if rest and first.lower() in ARTICLES else name


def _article_added(asked: Asked, _: random.Random) -> str | None:
    fits = _only_latin(asked.artist) and asked.artist == _without_article(asked.artist)
    return f"the {asked.artist} {asked.title}" if fits else None


def _symbols(asked: Asked, _: random.Random) -> str | None:
    """Read signs as the letters that they stand for; more than one `$` at a word's end are as many letters s."""
    both = f"{asked.title} {asked.artist}"
    read = _SIGN.sub(lambda found: "".join(_LETTER_OF[sign] for sign in found.group()), both)
    return read if read != both else None


def _ampersand(asked: Asked, _: random.Random) -> str | None:
    both = f"{asked.title} {asked.artist}"
    read = re.sub(r"\s[&+]\s", " and ", both)
    return read if read != both else re.sub(r"\band\b", "&", both) if re.search(r"\band\b", both) else None


def _other_marks(marks: str, choices: tuple[str, ...]) -> Callable[[Asked, random.Random], str | None]:
    inside = re.compile(rf"(?<=\w)[{re.escape(marks)}](?=\w)")

    def make(asked: Asked, rng: random.Random) -> str | None:
        found = inside.search(asked.base)
        if not found:
            return None
        return inside.sub(rng.choice([other for other in choices if other != found.group()]), asked.base)

    return make


def _suffix_dropped(asked: Asked, _: random.Random) -> str | None:
    short = _without_suffix(asked.title)
    return f"{short} {asked.artist}" if short not in ("", asked.title) else None


def _guest_dropped(asked: Asked, _: random.Random) -> str | None:
    short = _without_guest(asked.title)
    return f"{short} {asked.artist}" if short not in ("", asked.title) else None


def _artist_first(asked: Asked, rng: random.Random) -> str:
    return f"{asked.artist}{rng.choice((' ', ' - '))}{asked.title}"


def _artist_last(asked: Asked, rng: random.Random) -> str:
    return f"{asked.title}{rng.choice((' ', ' by ', ' - '))}{asked.artist}"


def _other_script(asked: Asked, _: random.Random) -> str | None:
    if not asked.typed or not asked.typed[1] or _only_latin(f"{asked.artist}{asked.title}"):
        return None
    artist, title = asked.typed
    return title if asked.base == asked.title else f"{title} {artist}"


KINDS: Mapping[str, Callable[[Asked, random.Random], str | None]] = {
    "as written": _as_written,
    "accents dropped": _no_accents,
    "typing mistake": _mistake,
    "first letter mistyped": _first_letter,
    "swapped across a blank": _across_a_blank,
    "short word mistyped": _short_word,
    "each word mistyped": _each_word,
    "title and artist mistyped": _both_names,
    "words joined": _joined,
    "word split": _split,
    "words reordered": _reordered,
    "article dropped": _article_dropped,
    "article added": _article_added,
    "symbols as letters": _symbols,
    "& and and": _ampersand,
    "apostrophe variant": _other_marks(_APOSTROPHES, ("", "'", "’")),
    "hyphen variant": _other_marks(_HYPHENS, ("", " ", "-", "‐", "–")),
    "suffix dropped": _suffix_dropped,
    "guest dropped": _guest_dropped,
    "artist, then title": _artist_first,
    "title, then artist": _artist_last,
    "other script": _other_script,
}
"""Kind to what makes its query of an item."""

OF_CORE = frozenset(("suffix dropped", "guest dropped"))
"""Kinds that any release of the recording answers."""
