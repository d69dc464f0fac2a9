"""Other spellings of what was asked: joints closed, signs read as letters, Latin letters.

The index holds the same of the names (`mappings.spellings`), so that either side may be the odd one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from mappings import romanise
from mappings.analysis import APOSTROPHES
from mappings.spellings import WAYS, Way
from queries import text
from queries.text import Text

_MOST_JOINTS = 12
"""Up to so many words, neighbours are also asked as one: radio head. Longer texts are titles, not split names."""

_LONGEST_RUN = 4
"""So many words are asked as one in the fuzzy stage: ten mi mi is tenmimi, as scripts without blanks are read."""

_ARTICLE = "the "
_SIGNS = ((" and ", " & "), (" & ", " and "), (" + ", " and "))

# Most queries are plain Latin words, which every way spells the same; asking Polars takes 2 ms, for symbols 7 more.
_PLAIN = re.compile("[A-Za-z ]*")
_MAY_BE_LETTERS = re.compile(r"[$!@€013457]|[a-zA-Z][^\x00-\u036f]|[^\x00-\u036f][a-zA-Z]")

_APOSTROPHE_INSIDE = re.compile(f"(?<=\\w)[{APOSTROPHES}](?=\\w)")
"""Where the analyzer joins what may be written apart: rock'n'roll, rock n roll."""

Spellings = dict[str, dict[str, str]]
"""Way to name to spelling."""


@dataclass(frozen=True, eq=False)
class Variants:
    """(Way, spelling) for each word, in the order of the words; `whole` are spellings of the text as one name.

    `runs` are, for each word, three words or more that it is among, as one. `halves` are the spellings of what is
    before and behind each cut, as names: artist and title, or the reverse.

    `accented` numbers the words that were typed with accents. `parts` are the spellings of phrases and the like.
    """

    words: tuple[tuple[tuple[str, str], ...], ...]
    runs: tuple[tuple[str, ...], ...]
    whole: tuple[str, ...]
    halves: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    accented: tuple[int, ...]
    parts: Spellings


def spell(names: Iterable[str]) -> Spellings:
    """Return every spelling of every name.

    >>> spell(["P!nk", "Nena"])["symbols"]["P!nk"]
    'pink'
    """
    lowered = {name: name.lower() for name in names if _PLAIN.fullmatch(name)}
    odd = [name for name in names if name not in lowered]
    ways = WAYS if any(map(_MAY_BE_LETTERS.search, odd)) else {way: WAYS[way] for way in WAYS if way != "symbols"}
    found = _asked_of_polars(odd, ways) if odd else {}
    return {way: {**lowered, **found.get(way, found.get("folded", {}))} for way in WAYS}


def _asked_of_polars(names: list[str], ways: Mapping[str, Way]) -> Spellings:
    # The first name is there because `latin` can't take names none of which has a Latin spelling.
    name, held = pl.col("name"), ["a", *names]
    frame = pl.DataFrame({"name": held}).select(name, **{way: spelled(name) for way, spelled in ways.items()})
    return {way: dict(zip(held, frame[way], strict=True)) for way in ways}


@lru_cache(maxsize=1024)
def of(asked: Text) -> Variants:
    """Return the other spellings of a text. Pages and facets of one text come in a row, so the last are kept.

    >>> of(text.read("radio head")).words[0]
    (('joined', 'radiohead'), ('transliterated', '0radio'), ('transliterated', '0radiohead'))
    >>> of(text.read("p!nk")).words
    ((('symbols', 'pink'), ('transliterated', '0p 0nk')),)
    """
    few = len(asked.words) <= _MOST_JOINTS
    pairs = _runs(asked.words, 2) if few else []
    halves = list(_halves(asked.words))
    names = [*asked.words, *pairs, asked.whole.lower(), *(half for both in halves for half in both)]
    spellings = spell(list(dict.fromkeys(names)))
    return Variants(
        words=tuple(tuple(_of_word(asked, number, pairs, spellings)) for number in range(len(asked.words))),
        runs=tuple(tuple(_around(asked.words, number)) if few else () for number in range(len(asked.words))),
        whole=tuple(_whole(asked.whole.lower(), spellings)),
        halves=tuple((_half(before, spellings), _half(behind, spellings)) for before, behind in halves),
        parts=spell([part.words for part in asked.parts]),
        accented=tuple(n for n, word in enumerate(asked.words) if word.isalpha() and _accented(word, spellings)),
    )


def _runs(words: tuple[str, ...], length: int) -> list[str]:
    return ["".join(words[start : start + length]) for start in range(len(words) - length + 1)]


def _around(words: tuple[str, ...], number: int) -> Iterator[str]:
    """Yield three words or more that stand together, this one among them, as one."""
    for length in range(3, min(_LONGEST_RUN, len(words) - 1) + 1):
        first, last = max(number - length + 1, 0), min(number + length, len(words))
        yield from _runs(words[first:last], length)


def _halves(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the cuts of the text, as names, where there are letters on both sides."""
    for before, behind in text.cuts(words):
        if text.has_letters(before) and text.has_letters(behind):
            yield before.lower(), behind.lower()


def _half(name: str, spellings: Spellings) -> tuple[str, ...]:
    """Return a half as it is, with and without its article, without blanks, and by its sound."""
    closed = spellings["joined"][name].replace(" ", "")
    other = name.removeprefix(_ARTICLE) if name.startswith(_ARTICLE) else _ARTICLE + name
    return tuple(dict.fromkeys(filter(None, (name, other, closed, _sounds(closed)))))


def _accented(word: str, spellings: Spellings) -> bool:
    return spellings["folded"][word] != word.lower()


def _of_word(asked: Text, number: int, pairs: list[str], spellings: Spellings) -> Iterator[tuple[str, str]]:
    """Yield the spellings of one word that say something new."""
    word = asked.words[number]
    seen = {"", word.lower(), spellings["folded"][word]}
    ways = [
        ("joined", spellings["joined"][word]),
        *(("joined", spellings["joined"][pair]) for pair in pairs[max(number - 1, 0) : number + 1]),
        ("symbols", spellings["symbols"][word]),
        ("transliterated", spellings["transliterated"][word]),
        ("joined", _APOSTROPHE_INSIDE.sub(" ", word)),
        ("transliterated", _sounds(spellings["folded"][word])),
        *(("transliterated", _sounds(spellings["folded"][pair])) for pair in pairs[max(number - 1, 0) : number + 1]),
    ]
    for way, spelling in ways:
        if spelling not in seen and text.has_letters(spelling):
            seen.add(spelling)
            yield way, spelling


def _sounds(folded: str) -> str:
    """Return what a word sounds like; one of signs or in another script sounds like nothing."""
    return romanise.sounds(folded) if folded.isascii() and text.has_letters(folded) else ""


def _whole(name: str, spellings: Spellings) -> Iterator[str]:
    """Yield other spellings of the text as one name, the text itself included: an index may hold it as one."""
    candidates = (
        name,
        name.removeprefix(_ARTICLE),
        _ARTICLE + name,
        *(name.replace(sign, other) for sign, other in _SIGNS),
        *(spelling[name] for spelling in spellings.values()),
        spellings["joined"][name].replace(" ", ""),
        _sounds(spellings["folded"][name]),
    )
    yield from dict.fromkeys(candidate for candidate in candidates if candidate)
