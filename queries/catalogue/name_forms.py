"""Names in all their spellings, for comparing two of them."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from mappings.spelling import variants
from mappings.spelling.folding import compact, words
from queries.types import MATCH_RANK, Match


@dataclass(frozen=True)
class NameForms:
    """One name, `given` as it came, with its spellings; those that cost something are made when they are asked for."""

    given: str

    @cached_property
    def written(self) -> str:
        """Return the name as written but for case, width and white space."""
        return " ".join(unicodedata.normalize("NFKC", self.given).casefold().split())

    @cached_property
    def folded(self) -> str:
        """Return the folded words of the name."""
        return words(self.given)

    @cached_property
    def spelled(self) -> Mapping[str, str]:
        """Return the name in each of `variants.WAYS`."""
        return variants.spell(self.given)

    @cached_property
    def ways(self) -> tuple[str, ...]:
        """Return other spellings of the name, as words."""
        return tuple(dict.fromkeys(filter(None, (self.spelled[way] for way in _OTHER_WAYS))))

    @cached_property
    def joined(self) -> frozenset[str]:
        """Return the name as one word."""
        return frozenset({self.folded.replace(" ", ""), compact(self.spelled["joined"])} - {""})

    @cached_property
    def symbols(self) -> str:
        """Return the name as one word, symbols read as letters."""
        return compact(self.spelled["symbols"])

    @cached_property
    def latin(self) -> str:
        """Return the name as one word in Latin letters."""
        return compact(self.spelled["transliterated"])

    @cached_property
    def sounds(self) -> frozenset[str]:
        """Return what the name sounds like as one word, in each way in which it may be read."""
        return frozenset(sound.replace(" ", "").replace("0", "") for sound in variants.sounds(self.given)) - {""}

    @cached_property
    def is_foreign(self) -> bool:
        """Tell whether the name has letters of another script than the Latin one."""
        return variants.is_foreign(self.given)


_OTHER_WAYS = ("joined", "symbols", "transliterated")


@lru_cache(maxsize=20_000)
def forms_of(name: str) -> NameForms:
    """Return a name with its spellings. A catalogue's artists come in a row, so the last are kept.

    >>> same(forms_of("AC/DC"), forms_of("acdc")), same(forms_of("Кино"), forms_of("Kino"))
    (<Match.JOINED: 'joined'>, <Match.TRANSLITERATED: 'transliterated'>)
    """
    return NameForms(name)


def same(one: NameForms, other: NameForms) -> Match | None:
    """Return in which way two names are the same, None if they aren't.

    >>> same(forms_of("!!!"), forms_of("Kino")) is None
    True
    """
    if one.written == other.written:
        return Match.EXACT
    if one.folded and one.folded == other.folded:
        return Match.FOLDED
    if one.joined & other.joined:
        return Match.JOINED
    if variants.is_plain(one.given) and variants.is_plain(other.given):
        return None
    if _with(one.joined, one.symbols) & _with(other.joined, other.symbols):
        return Match.SYMBOLS
    return Match.TRANSLITERATED if _with(one.joined, one.latin) & _with(other.joined, other.latin) else None


def _with(joined: frozenset[str], further: str) -> frozenset[str]:
    return joined | {further} if further else joined


def sounds_alike(one: NameForms, other: NameForms) -> bool:
    """Tell whether one of both names is another script's, and the other a way to write it in Latin letters.

    Two names in Latin letters are two names: Kat is not Cat.

    >>> sounds_alike(forms_of("Перемен"), forms_of("peremen")), sounds_alike(forms_of("kat"), forms_of("cat"))
    (True, False)
    """
    return one.is_foreign != other.is_foreign and bool(one.sounds & other.sounds)


def best(mine: Iterable[str], others: Iterable[str]) -> Match | None:
    """Return the surest way in which one of some names is one of others, None if none is."""
    theirs = list(others)
    labels = (same(forms_of(name), forms_of(other)) for name in mine for other in theirs)
    return min(filter(None, labels), key=MATCH_RANK.__getitem__, default=None)
