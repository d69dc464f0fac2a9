"""Names in all their spellings, for comparing: made for a whole batch at once, as asking Polars has its price."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from mappings import romanise
from queries import variants
from queries.labels import Match


@dataclass(frozen=True)
class Spelled:
    """One name: as written but for case, its folded words, other spellings (`ways`), and those without blanks."""

    written: str
    folded: str
    ways: tuple[str, ...]
    joined: frozenset[str]
    symbols: str
    latin: str

    @cached_property
    def read(self) -> frozenset[str]:
        """Return what it may be with symbols read as letters."""
        return self.joined | ({self.symbols} - {""})

    @cached_property
    def sounds(self) -> frozenset[str]:
        """Return what the name sounds like, in each way in which it may be read; the index holds the same."""
        ways = (romanise.latin, romanise.latin_otherwise)
        foreign = [way(name) for way in ways for name in {self.written, self.written.replace("ё", "е")}]
        reads = foreign if self.is_foreign else [self.folded]
        return frozenset(romanise.sounds("".join(read.split())) for read in reads) - {""}

    @cached_property
    def is_foreign(self) -> bool:
        """Say whether the name has letters of another script than the Latin one."""
        return not self.written.isascii() and any(map(_is_foreign, self.written))

    @cached_property
    def latinised(self) -> frozenset[str]:
        """Return what it may be in Latin letters."""
        return self.joined | ({self.latin} - {""})


_ASKED = ("joined", "symbols", "transliterated")

Names = Mapping[str, Spelled]


def spell(names: Iterable[str]) -> Names:
    """Return every name with its spellings.

    >>> names = spell(["AC/DC", "acdc", "Кино", "Kino", "!!!"])
    >>> same(names["AC/DC"], names["acdc"]), same(names["Кино"], names["Kino"]), same(names["!!!"], names["Kino"])
    (<Match.JOINED: 'joined'>, <Match.TRANSLITERATED: 'transliterated'>, None)
    """
    given = list(dict.fromkeys(names))
    ways = variants.spell(given)
    return {
        name: Spelled(
            written=" ".join(unicodedata.normalize("NFKC", name).casefold().split()),
            folded=" ".join((ways["folded"][name] or "").split()),
            ways=tuple(dict.fromkeys(spelt for way in _ASKED if (spelt := ways[way][name]))),
            joined=frozenset({_compact(ways["folded"][name]), _compact(ways["joined"][name])} - {""}),
            symbols=_compact(ways["symbols"][name]),
            latin=_compact(ways["transliterated"][name]),
        )
        for name in given
    }


def same(one: Spelled, other: Spelled) -> Match | None:
    """Return in which way two names are the same, None if they aren't."""
    if one.written == other.written:
        return Match.EXACT
    if one.folded and one.folded == other.folded:
        return Match.FOLDED
    if one.joined & other.joined:
        return Match.JOINED
    if one.read & other.read:
        return Match.SYMBOLS
    return Match.TRANSLITERATED if one.latinised & other.latinised else None


def sounds_the_same(one: Spelled, other: Spelled) -> bool:
    """Say whether one of both names is another script's, and the other a way to write it in Latin letters.

    Two names in Latin letters are two names: Kat is not Cat.

    >>> names = spell(["Перемен", "peryemen", "peremen"])
    >>> sounds_the_same(names["Перемен"], names["peremen"]), sounds_the_same(names["peryemen"], names["peremen"])
    (True, False)
    """
    return one.is_foreign != other.is_foreign and bool(one.sounds & other.sounds)


def _is_foreign(letter: str) -> bool:
    return letter.isalpha() and not unicodedata.name(letter, "").startswith("LATIN")


def _compact(name: str | None) -> str:
    """Return letters, digits and the marks on them; a vowel sign of Thai or Hindi is a mark."""
    return "".join(letter for letter in name or "" if letter.isalnum() or unicodedata.category(letter)[0] == "M")
