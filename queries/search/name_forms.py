"""Names in all their spellings, for comparing two of them."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from mappings.spelling import variants
from mappings.spelling.folding import compact, words
from queries.model import MATCH_RANK, Match


@dataclass(frozen=True)
class NameForms:
    """One name, `given` as it came, with its spellings; those that cost something are made when they are needed."""

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
        """Return the name in each spelling of `variants.spell`."""
        return variants.spell(self.given)

    @cached_property
    def other_spellings(self) -> tuple[str, ...]:
        """Return other spellings of the name, as words."""
        others = (self.spelled[spelling] for spelling in ("joined", "symbols", "transliterated"))
        return tuple(dict.fromkeys(filter(None, others)))

    @cached_property
    def joined(self) -> frozenset[str]:
        """Return the name as one word."""
        return frozenset({self.folded.replace(" ", ""), compact(self.spelled["joined"])} - {""})

    @cached_property
    def symbols(self) -> frozenset[str]:
        """Return the name as one word, symbols read as letters or not."""
        return self.joined | {compact(self.spelled["symbols"])} - {""}

    @cached_property
    def latin(self) -> frozenset[str]:
        """Return the name as one word, in Latin letters or not."""
        return self.joined | {compact(self.spelled["transliterated"])} - {""}

    @cached_property
    def sounds(self) -> frozenset[str]:
        """Return what the name may sound like, as one word."""
        return frozenset(sound.replace(" ", "").replace("0", "") for sound in variants.sounds(self.given)) - {""}

    @cached_property
    def is_foreign(self) -> bool:
        """Tell whether the name has letters of another script than the Latin one."""
        return variants.is_foreign(self.given)


@lru_cache(maxsize=20_000)
def forms_of(name: str) -> NameForms:
    """Return a name with its spellings. A catalogue's artists come in a row, so the last are cached."""
    return NameForms(name)


def same(name: str, another: str) -> Match | None:
    """Return in which spelling two names are the same, None if they aren't.

    >>> same("AC/DC", "acdc"), same("Кино", "Kino"), same("!!!", "Kino")
    (<Match.JOINED: 'joined'>, <Match.TRANSLITERATED: 'transliterated'>, None)
    """
    one, other = forms_of(name), forms_of(another)
    if one.written == other.written:
        return Match.EXACT
    if one.folded and one.folded == other.folded:
        return Match.FOLDED
    if one.joined & other.joined:
        return Match.JOINED
    if variants.is_plain(name) and variants.is_plain(another):
        return None
    if one.symbols & other.symbols:
        return Match.SYMBOLS
    return Match.TRANSLITERATED if one.latin & other.latin else None


def sounds_alike(name: str, another: str) -> bool:
    """Tell whether one of both names is another script's, and the other one spelling of it in Latin letters.

    Two names in Latin letters are two names: Kat is not Cat.

    >>> sounds_alike("Перемен", "peremen"), sounds_alike("kat", "cat")
    (True, False)
    """
    one, other = forms_of(name), forms_of(another)
    return one.is_foreign != other.is_foreign and bool(one.sounds & other.sounds)


def best(names: Iterable[str], others: Iterable[str]) -> Match | None:
    """Return the surest match of some names with others, None if there is none."""
    theirs = list(others)
    labels = (same(name, other) for name in names for other in theirs)
    return min(filter(None, labels), key=MATCH_RANK.__getitem__, default=None)
