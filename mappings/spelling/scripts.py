"""Which scripts a word is written in, and so which languages' analyzers can know it."""

import unicodedata
from collections.abc import Mapping

from mappings.languages import LANGUAGES

# First word of a letter's Unicode name to ISO 15924, as `mappings.languages` has it.
_SCRIPTS: Mapping[str, tuple[str, ...]] = {
    "LATIN": ("Latn",),
    "CYRILLIC": ("Cyrl",),
    "GREEK": ("Grek",),
    "ARABIC": ("Arab",),
    "ARMENIAN": ("Armn",),
    "BENGALI": ("Beng",),
    "DEVANAGARI": ("Deva",),
    "THAI": ("Thai",),
    "CJK": ("Hani", "Jpan"),
    "HIRAGANA": ("Jpan",),
    "KATAKANA": ("Jpan",),
    "HALFWIDTH": ("Jpan",),
    "FULLWIDTH": ("Latn",),
    "HANGUL": ("Hang",),
}

_WITHOUT_SPELLING = frozenset({"Hani", "Jpan", "Hang", "Thai"})

# The `cjk` analyzer makes the same pairs as the names' own, so asking it again could find nothing new.
_BY_SCRIPT: Mapping[str, tuple[str, ...]] = {
    script: tuple(entry.code for entry in LANGUAGES if entry.script == script and entry.analyzer != "cjk")
    for script in {entry.script for entry in LANGUAGES}
}


def scripts(word: str) -> frozenset[str]:
    """Return the scripts of a word's letters, ISO 15924; empty for digits, signs and scripts without an analyzer.

    >>> sorted(scripts("Кино2")), sorted(scripts("42"))
    (['Cyrl'], [])
    """
    names = (unicodedata.name(character, "").split(" ")[0].split("-")[0] for character in word if character.isalpha())
    return frozenset(script for name in names for script in _SCRIPTS.get(name, ()))


def languages(word: str) -> tuple[str, ...]:
    """Return the codes of the languages whose analyzer may stem this word.

    >>> languages("песни")
    ('bg', 'ru', 'sr')
    """
    known = scripts(word)
    return tuple(code for script in sorted(known) for code in _BY_SCRIPT.get(script, ()))


def may_be_misspelt(word: str) -> bool:
    """Tell whether one letter more or less is a slip: not so in numbers, and where a letter is a syllable or a word.

    >>> may_be_misspelt("metalica,"), may_be_misspelt("東京事変"), may_be_misspelt("1999")
    (True, False, False)
    """
    return any(map(str.isalpha, word)) and not scripts(word) & _WITHOUT_SPELLING
