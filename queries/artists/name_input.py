"""A name as somebody types it: cleaned, bounded, with the spellings under which the index may hold it."""

import unicodedata
from dataclasses import dataclass

from mappings.errors import InputError
from queries import text, variants
from queries.text import Text

_WHOLE_ONLY = 2
"""A word of so few Latin letters is looked for at the beginning of names only: `a` begins a word of every third."""


@dataclass(frozen=True)
class Typed:
    """The words of a name, of which the last may not be finished; `cut` says that more was typed than is asked."""

    words: tuple[str, ...]
    cut: bool = False

    @property
    def whole(self) -> str:
        """Return the name, lower-cased, as one text."""
        return " ".join(self.words).lower()

    @property
    def spellings(self) -> tuple[str, ...]:
        """Return the name and its other spellings, each as a whole."""
        return variants.of(Text(self.words)).whole

    @property
    def has_letters(self) -> bool:
        """Say whether there is a letter or digit; a name of signs alone is only compared as it is written."""
        return text.has_letters(self.whole)

    @property
    def may_be_inside(self) -> bool:
        """Say whether it may begin any word of a name, not only the name."""
        last = self.words[-1]
        return text.has_letters(last) and (len(self.words) > 1 or len(last) > _WHOLE_ONLY or not last.isascii())


def read(typed: str) -> Typed:
    r"""Return a name, however odd; raises InputError if nothing is left of it.

    >>> read(" Sigur\x00 Ró").whole
    'sigur ró'
    """
    start = unicodedata.normalize("NFC", typed[: 4 * text.MAX_CHARS])
    tidy = " ".join("".join(map(_clean, start)).split())
    words = tidy[: text.MAX_CHARS].split()
    if not words:
        raise InputError("There is no name to look for.", "Write some of its letters.")
    cut = len(tidy) > text.MAX_CHARS or len(words) > text.MAX_WORDS or bool(typed[4 * text.MAX_CHARS :].strip())
    return Typed(tuple(words[: text.MAX_WORDS]), cut)


def _clean(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Cs", "Zl", "Zp"):
        return " "
    # Joiners stay: Persian and emoji are written with them.
    return "" if category == "Cf" and character not in "\u200c\u200d" else character
