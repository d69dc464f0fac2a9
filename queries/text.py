"""What a user typed, made fit to be asked: any bytes become a bounded list of words."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from queries import parts
from queries.parts import Part

MAX_CHARS = 300
"""Longest text that is asked. The longest FMA title has 247 characters; a Han text of 300 is 299 bigrams."""

MAX_WORDS = 24
"""Most words that are asked. Each costs some 40 look-ups in the term dictionary, in every segment."""

LONGEST_CUT = 12
"""Up to so many words, each place where artist may end and title begin is tried: 22 pairs of look-ups."""

# Invisible, and never part of a name: direction marks, zero-width space, word joiner, byte order mark. The zero-width
# (non-)joiners stay: Persian and emoji are written with them.
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]")
_BROKEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


_MAY_BE_TERM = ("So", "No", "Nl")


@dataclass(frozen=True)
class Text:
    """The plain words of a query, as typed but for white space, and what else it says (`queries.parts`).

    `cut` says that more was typed than is asked.
    """

    words: tuple[str, ...]
    cut: bool = False
    parts: tuple[Part, ...] = ()

    @property
    def asks(self) -> bool:
        """Say whether it asks for anything at all."""
        return bool(self.words or self.parts)

    @property
    def whole(self) -> str:
        """Return the text as one name."""
        return " ".join(self.words)


def read(typed: str) -> Text:
    r"""Return the words of what was typed, however odd; never raises.

    Control characters and lone surrogates separate words, letters are composed (NFC, as in the index), and what
    exceeds `MAX_CHARS` or `MAX_WORDS` is left out.

    >>> read("  guns\x00n’ \udcff roses ")
    Text(words=('guns', 'n’', 'roses'), cut=False, parts=())
    >>> read("la " * 30).cut
    True
    """
    # Four times the bound is looked at: composing letters only shortens, and 100 kB must not cost 100 kB of work.
    start = typed[: 4 * MAX_CHARS]
    tidy = " ".join(_INVISIBLE.sub("", _BROKEN.sub(" ", unicodedata.normalize("NFC", start))).split())
    words, further = parts.read(tidy[:MAX_CHARS])
    cut = len(tidy) > MAX_CHARS or len(words) > MAX_WORDS or bool(typed[4 * MAX_CHARS :].strip())
    return Text(tuple(words[:MAX_WORDS]), cut, further)


def cuts(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield what is before and behind each place where one name may end and another begin.

    Signs on their own between the two are of neither. Longer texts than `LONGEST_CUT` are one name.

    >>> list(cuts(("kino", "-", "gruppa")))
    [('kino', '- gruppa'), ('kino', 'gruppa')]
    """
    for cut in range(1, len(words) if len(words) <= LONGEST_CUT else 0):
        before = words[: cut - 1] if cut > 1 and not has_letters(words[cut - 1]) else words[:cut]
        yield " ".join(before), " ".join(words[cut:])


def has_letters(word: str) -> bool:
    """Say whether a word has a letter or digit, so that the analyzer makes a term of it.

    >>> has_letters("!!!"), has_letters("2Pac")
    (False, True)
    """
    return any(character.isalpha() or character.isdecimal() for character in word)


def may_be_term(word: str) -> bool:
    """Say whether the analyzer may make a term of a word: of many pictographs and fractions it does, of some not.

    >>> may_be_term("!!!"), may_be_term("♥"), may_be_term("½")
    (False, True, True)
    """
    return any(unicodedata.category(character) in _MAY_BE_TERM or has_letters(character) for character in word)
