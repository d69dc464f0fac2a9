"""Other spellings of a name: what a listener types where it isn't what the label printed.

    joined          AC/DC → acdc            R.E.M. → rem               punctuation inside a word left out
    symbols         P!nk → pink             deadmau5 → deadmaus        symbols and digits read as letters
    latin           Кино → kino             방탄소년단 → bangtansonyeondan  other scripts in Latin letters
    written_out     Die Ärzte → die aerzte  Røyksopp → roeyksopp       umlauts as two letters
    apart           rock'n'roll → rock n roll                          words that an apostrophe joins

The index holds those of a name that differ from its words; a typed text is spelled likewise, since either side may be
the odd one. Patterns are shared with `columns`. A name of punctuation only (`!!!`) has no other spelling: it is found
by its exact form.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

from mappings.spelling import folding, transliteration
from mappings.spelling.folding import APOSTROPHES, SPOKEN, fold_characters, words

WRITTEN_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
"""Letters that are written as two where the keyboard lacks them; folding makes one of each."""
UMLAUT = "[äöüøåÄÖÜØÅ]"

SIGN_MARK = "\ue000"
"""Put before a sign that is read as a letter; private use, so that no name has it."""

SIGNS = (
    r"([a-z])([$!@€013457])([a-z])"
    r"|([a-z])(\$)"
    r"|(\$)([a-z])"
    r"|(^|\s)(!)([a-z])"
    r"|([a-z]{4})([013457])(NO_WORD|$)"
)
"""Signs that are read as letters; `NO_WORD` stands for a class that Polars and Python write differently."""
SIGNS_MARKED = ((1, 4, 8, 11), (2, 5, 6, 9, 12), (3, 7, 10, 13))
"""Groups of `SIGNS` before a sign, of the sign, and behind it."""

SIGN_AS_LETTER = {
    "$": "s", "!": "i", "@": "a", "€": "e", "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t",
}  # fmt: skip
SPOKEN_ALONE = {" & ": " and ", " + ": " and "}
LOOKALIKES = {"я": "r", "и": "n", "д": "a", "ш": "w", "ц": "u", "λ": "a", "δ": "a", "σ": "e", "ξ": "e", "∆": "a"}
"""Letters of other scripts that stand for Latin ones next to such: KoЯn, CHΛNGE."""
LOOKALIKE = "[a-z][{0}]|[{0}][a-z]".format("".join(LOOKALIKES))

MAY_HAVE_SIGNS = (
    r"[A-Za-zÀ-ɏ][$!@€013457][A-Za-zÀ-ɏ]|[A-Za-zÀ-ɏ]\$|\$[A-Za-zÀ-ɏ]|(?:^|\s)![A-Za-zÀ-ɏ]|[A-Za-zÀ-ɏ]{4}[013457]"
    r"|[a-zA-Z][ЯИДШЦяидшцΛΔΣΞλδσξ∆]|[ЯИДШЦяидшцΛΔΣΞλδσξ∆][a-zA-Z]"
)
"""What `symbols` changes, as a cheap test."""

READ_IN_TWO_WAYS = (
    r"[χΧ\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3005\u3007\u3041-\u3096\u30a1-\u30ff\uff66-\uff9f]"
    r"|[αΑεΕ][υύΥ]|[μΜ][πΠ]|[νΝ][τΤ]|[εοΕΟ][ιίΙ]"
)
"""Where `transliteration.latin_otherwise` may read something else than `latin`: Han, kana, some Greek."""

_SIGNS = re.compile(SIGNS.replace("NO_WORD", r"[\W_]"))
_SIGN_TABLE = str.maketrans(SIGN_AS_LETTER)
_MARKED_SIGN = re.compile(f"{SIGN_MARK}([{''.join(SIGN_AS_LETTER)}])")
_LOOKALIKE = re.compile(LOOKALIKE)
_LOOKALIKE_TABLE = str.maketrans(LOOKALIKES)
_MAY_HAVE_SIGNS = re.compile(MAY_HAVE_SIGNS)
_READ_IN_TWO_WAYS = re.compile(READ_IN_TWO_WAYS)
_UMLAUT = re.compile(UMLAUT)
_WRITTEN_OUT_TABLE = str.maketrans(WRITTEN_OUT)
_APOSTROPHE = re.compile(f"[{APOSTROPHES}]")
_YO_AS_YE = str.maketrans("ёЁ", "еЕ")
_PLAIN = re.compile("[A-Za-z ]*")


def joined(name: str) -> str:
    """Return the folded words with punctuation left out, so that what it divides is one word.

    Signs that may be letters stay where they are: `symbols` reads them.

    >>> joined("The Notorious B.I.G. & AC/DC")
    'the notorious big and acdc'
    """
    spoken = fold_characters(name).replace(" & ", " and ").replace(" + ", " and ")
    kept = "".join(each for each in spoken if folding.is_word_character(each) or each.isspace() or each in "$!@€")
    return " ".join(kept.split())


def symbols(name: str) -> str:
    """Return the folded name with symbols and digits read as the letters that they stand for.

    `$` is s beside a letter; `!` is i between letters or before a word; `@` is a and `€` is e between letters. A digit
    of 0 1 3 4 5 7 is a letter when it stands alone between letters, or alone after a word of four letters or more: so
    deadmau5 and S3RL are read, but blink182, U2, MP3, Sum 41, 50 Cent and 2Pac are left as they are.

    >>> [symbols(name) for name in ("A$AP Rocky", "deadmau5", "!llmind", "KoЯn", "Wham!", "MP3 by U2")]
    ['asap rocky', 'deadmaus', 'illmind', 'korn', 'wham!', 'mp3 by u2']
    """
    read = fold_characters(name)
    for _ in range(2):  # once more, for letters that were between two signs: h3ll0w0rld
        read = _SIGNS.sub(_mark_sign, read)
    read = _MARKED_SIGN.sub(lambda match: match[1].translate(_SIGN_TABLE), read).replace(SIGN_MARK, "")
    if _LOOKALIKE.search(read):
        read = read.translate(_LOOKALIKE_TABLE)
    return " ".join(read.replace("&", SPOKEN["&"]).replace("+", SPOKEN["+"]).split())


def _mark_sign(match: "re.Match[str]") -> str:
    before, sign, behind = ("".join(match[group] or "" for group in groups) for groups in SIGNS_MARKED)
    return f"{before}{SIGN_MARK}{sign}{behind}"


def latin(name: str) -> str:
    """Return the name in lower-case Latin letters, whatever its script (`transliteration.latin`).

    >>> latin("東京事変 Кино")
    'dongjingshibian kino'
    """
    return " ".join(transliteration.latin(unicodedata.normalize("NFKC", name)).split())


def latin_otherwise(name: str) -> str:
    """Return the other usual reading in Latin letters, empty where there is none (`transliteration.latin_otherwise`).

    >>> latin_otherwise("とうきょう"), latin_otherwise("Кино")
    ('tokyo', '')
    """
    if not _READ_IN_TWO_WAYS.search(name):
        return ""
    return " ".join(transliteration.latin_otherwise(unicodedata.normalize("NFKC", name)).split())


def written_out(name: str) -> str:
    """Return the folded words with umlauts and the like written as two letters.

    >>> written_out("Die Ärzte")
    'die aerzte'
    """
    return words(name.lower().translate(_WRITTEN_OUT_TABLE))


def apart(name: str) -> str:
    """Return the folded words with those apart that an apostrophe joins.

    >>> apart("Rock’n’Roll")
    'rock n roll'
    """

    def separate(apostrophe: "re.Match[str]") -> str:
        at = apostrophe.start()
        beside = (name[at - 1 : at], name[at + 1 : at + 2])
        return " " if all(each and folding.is_word_character(each) for each in beside) else apostrophe[0]

    return words(_APOSTROPHE.sub(separate, name))


def is_plain(name: str) -> bool:
    """Tell whether a name is Latin letters and blanks only, which every spelling leaves as they are.

    >>> is_plain("Pink Moon"), is_plain("P!nk")
    (True, False)
    """
    return _PLAIN.fullmatch(name) is not None


def is_foreign(name: str) -> bool:
    """Tell whether a name has letters of another script than the Latin one.

    >>> is_foreign("Кино"), is_foreign("Björk"), is_foreign("!!!")
    (True, False, False)
    """
    return not name.isascii() and any(map(_is_foreign, name))


def _is_foreign(letter: str) -> bool:
    return letter.isalpha() and not unicodedata.name(letter, "").startswith(("LATIN", "FULLWIDTH LATIN"))


def may_have_signs(name: str) -> bool:
    """Tell whether `symbols` may change a name.

    >>> may_have_signs("P!nk"), may_have_signs("Sum 41")
    (True, False)
    """
    return _MAY_HAVE_SIGNS.search(name) is not None


def may_sound_alike(typed: str) -> bool:
    """Tell whether a typed word may stand for what another script sounds like: Latin letters only.

    >>> may_sound_alike("tsoy"), may_sound_alike("42")
    (True, False)
    """
    return typed.isascii() and any(map(str.isalpha, typed))


def sounds(name: str) -> tuple[str, ...]:
    """Return what a name sounds like in each way in which it may be read, as the index holds it.

    A name in Latin letters has one reading; of signs alone there is none.

    >>> sounds("Viktor Tsoy"), sounds("Цой")
    (('0viktor 0tsoi',), ('0tsoi',))
    """
    foreign = is_foreign(name)
    readings = [latin(name), latin(name.translate(_YO_AS_YE)), latin_otherwise(name)] if foreign else [words(name)]
    spelled = (transliteration.sounds(reading) for reading in readings if any(map(str.isalnum, reading)))
    return tuple(dict.fromkeys(" ".join(sound.split()) for sound in spelled))


SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "folded": words,
    "joined": joined,
    "symbols": symbols,
    "transliterated": latin,
    "written_out": written_out,
}
"""Label of a match to the spelling that explains it, in the order in which to ask."""


def spell(name: str) -> dict[str, str]:
    """Return a name in each of `SPELLINGS`.

    >>> spell("P!nk")["symbols"], spell("Nena")["transliterated"]
    ('pink', 'nena')
    """
    if is_plain(name):
        return dict.fromkeys(SPELLINGS, " ".join(name.lower().split()))
    folded = words(name)
    return {
        "folded": folded,
        "joined": joined(name),
        "symbols": symbols(name) if may_have_signs(name) else folded,
        "transliterated": latin(name) if not name.isascii() else folded,
        "written_out": written_out(name) if _UMLAUT.search(name) else folded,
    }
