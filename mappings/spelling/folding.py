"""Folds a name to what makes two ways of writing it equal: its words, and the name as one word.

    fold         Sigur Rós → sigur ros          case, accents, width, hyphens, apostrophes; & and + read as "and"
    words        will.i.am – #1 → will i am 1   folded, punctuation read as a blank
    compact      Guns N’ Roses → gunsnroses     the words as one
    exact_form   P!nk → p!nk   R.E.M. → r.e.m.  only case, width and typography made equal, without blanks, brackets,
                                                quotes, commas and dashes between words

The tables are shared with `columns`, which does the same to Polars columns. Kana keep their voicing: ガ is not カ.
"""

import re
import unicodedata
from operator import add

APOSTROPHES = "'’‘ʼ`´′＇"
HYPHENS = "-‐‑–‒—―−﹣－"

_FULL_AND_HALF_WIDTH = range(0xFF00, 0xFFF0)
_LETTER_BLOCKS = (
    range(0x00A0, 0x0250),  # Latin-1, Latin Extended-A and -B
    range(0x0370, 0x0400),  # Greek
    range(0x1E00, 0x2000),  # Latin Extended Additional, Greek Extended
    _FULL_AND_HALF_WIDTH,
)
_UNDECOMPOSED = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "ŋ": "n", "ħ": "h",
    "ŧ": "t", "ĸ": "q", "ſ": "s", "ə": "a", "ǝ": "e", "ɐ": "a", "ƒ": "f", "ɓ": "b", "ɗ": "d", "ɛ": "e", "ɔ": "o",
    "ς": "σ", "ё": "е",
}  # fmt: skip
_COMBINING = range(0x0300, 0x0370)
_JOINERS = "\u200c\u200d"
"""Zero-width (non-)joiners: Persian has them inside words, and they are often left out."""

SPOKEN = {"&": " and ", "+": " and "}
"""Signs that are read as a word."""

CJK = r"\u3005\u3007\u3040-\u309f\u30a0-\u30ff\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7a3"
"""Han, kana, bopomofo and Hangul, as the inside of a character class: scripts whose words are found by pairs."""

ACCENTED = r"[À-ÖØ-öø-ɏḀ-ỿёЁ]"
"""A letter whose accent may be typed or not."""


def _half_width_kana() -> dict[str, str]:
    """Return half-width kana with their voicing mark: two characters that are one letter."""
    pairs = (kana + mark for kana in map(chr, range(0xFF66, 0xFF9E)) for mark in "ﾞﾟ")
    return {pair: unicodedata.normalize("NFKC", pair) for pair in pairs}


def _single_characters() -> dict[str, str]:
    table = dict.fromkeys([*map(chr, _COMBINING), *_JOINERS], "")
    for block in _LETTER_BLOCKS:
        for character in map(chr, block):
            base = unicodedata.normalize("NFKD", character)
            base = "".join(mark for mark in base if not unicodedata.combining(mark)).lower()
            if unicodedata.category(character)[0] in "LNP" or ord(character) >= _FULL_AND_HALF_WIDTH.start:
                table.setdefault(character.lower(), "".join(_UNDECOMPOSED.get(letter, letter) for letter in base))
    table |= _UNDECOMPOSED | dict.fromkeys(HYPHENS, "-") | dict.fromkeys(APOSTROPHES, "") | {"ﾞ": "゛", "ﾟ": "゜"}
    # İ in lower case is two characters, an i and a loose accent: that is folded by itself.
    return {character: base for character, base in _closed(table).items() if character != base and len(character) == 1}


def _closed(table: dict[str, str]) -> dict[str, str]:
    """Return the table with what it does to its own results: a full-width ( is a ( and so is left out, too."""
    return {character: "".join(table.get(each, each) for each in equal) for character, equal in table.items()}


SET_APART = '()[]{}<>"“”„«»‹›,;:'
"""Marks that set words apart and are part of none: names that differ by them alone are written alike."""
DASH_BETWEEN_WORDS = r"\s-\s"
GUEST_MARK = r"\b(feat|ft)\."


def _typography() -> dict[str, str]:
    """Return full- and half-width forms, hyphens, apostrophes and `SET_APART` with what they are made equal to."""
    table = dict.fromkeys([*SET_APART, *_JOINERS], "")
    table |= {chr(point): unicodedata.normalize("NFKC", chr(point)).lower() for point in _FULL_AND_HALF_WIDTH}
    table |= dict.fromkeys(HYPHENS, "-") | dict.fromkeys(APOSTROPHES, "'") | {"ﾞ": "゛", "ﾟ": "゜"}
    return {character: equal for character, equal in _closed(table).items() if character != equal}


HALF_WIDTH_KANA = _half_width_kana()
FOLDS = _single_characters()
"""Each lower-case character that is folded, with what it becomes; `HALF_WIDTH_KANA` comes first."""
TYPOGRAPHY = _typography()

_HALF_WIDTH_PAIR = re.compile("[\uff66-\uff9d][ﾞﾟ]")
_FOLD_TABLE = str.maketrans(_closed(FOLDS | SPOKEN))
_TYPOGRAPHY_TABLE = str.maketrans(TYPOGRAPHY)
_DASH_BETWEEN_WORDS, _GUEST_MARK = re.compile(DASH_BETWEEN_WORDS), re.compile(GUEST_MARK)


class _WordTable(dict[int, str]):
    """Maps a lower-case character to its folded letters, marks and digits, and anything else to a blank."""

    def __missing__(self, point: int) -> str:
        folded = _FOLD_TABLE.get(point, chr(point))
        self[point] = "".join(each if is_word_character(each) else " " for each in folded)
        return self[point]


def is_word_character(character: str) -> bool:
    """Tell whether a character is part of a word: a letter, a mark or a number.

    >>> is_word_character("é"), is_word_character("♥")
    (True, False)
    """
    return unicodedata.category(character)[0] in "LMN"


_WORDS = _WordTable()


def lower(name: str) -> str:
    """Return a name in lower case, half-width kana with a voicing mark as the one letter that they are."""
    text = name.lower()
    return text if text.isascii() else _HALF_WIDTH_PAIR.sub(lambda match: HALF_WIDTH_KANA[match[0]], text)


def fold(name: str) -> str:
    """Return a name with case, accents, width, hyphens and apostrophes made equal, & and + read as "and".

    >>> fold("Simon & Garfunkel’s ÆRØ, ｹﾞｰﾑ")
    'simon and garfunkels aero, ゲーム'
    """
    return " ".join(lower(name).translate(_FOLD_TABLE).split())


def fold_characters(name: str) -> str:
    """Return the same with & and + as they are, and blanks untouched: the first step of other spellings."""
    return lower(name).translate(_CHARACTER_TABLE)


_CHARACTER_TABLE = str.maketrans(FOLDS)


def words(name: str) -> str:
    """Return the folded words of a name, one blank between them, punctuation read as a blank.

    >>> words("will.i.am – #1 (Live)"), words("!!!")
    ('will i am 1 live', '')
    """
    return " ".join(lower(name).translate(_WORDS).split())


def compact(name: str) -> str:
    """Return the words of a name as one word.

    >>> compact("Guns N’ Roses"), compact("AC/DC")
    ('gunsnroses', 'acdc')
    """
    return words(name).replace(" ", "")


def exact_form(name: str) -> str:
    """Return a name with only case, width and typography made equal, without blanks.

    A name of nothing but marks that set words apart stays as it is.

    >>> exact_form("Guns N’ Roses"), exact_form("!!!"), exact_form("Sigur Rós"), exact_form("Roads (Live) - Remastered")
    ("gunsn'roses", '!!!', 'sigurrós', 'roadsliveremastered')
    """
    equal = _DASH_BETWEEN_WORDS.sub(" ", lower(name).translate(_TYPOGRAPHY_TABLE))
    return "".join(_GUEST_MARK.sub(r"\1", equal).split()) or "".join(lower(name).split())


_CJK_RUN = re.compile(f"[{CJK}]+")


def split_cjk(text: str, *, singles: bool = False) -> str:
    r"""Return folded words with each run of CJK cut into overlapping pairs, a lone character being a word.

    The index also holds the `singles`, so that 東 alone finds 東京. The text may hold several names, a line each.

    >>> split_cjk("東京事変 live"), split_cjk("aiko東"), split_cjk("東京\nピアノ", singles=True)
    ('東京 京事 事変 live', 'aiko 東', '東京 東 京 \n ピア アノ ピ ア ノ')
    """

    def cut(run: "re.Match[str]") -> str:
        characters = run[0]
        pairs = [*map(add, characters, characters[1:])]
        return f" {' '.join([*pairs, *(characters if singles or not pairs else '')])} "

    return re.sub("  +", " ", _CJK_RUN.sub(cut, text)).strip(" ")


def tokens(name: str) -> list[str]:
    """Return the words by which a name is searched: its folded words, CJK as pairs.

    >>> tokens("The B‐52’s"), tokens("東京事変")
    (['the', 'b', '52s'], ['東京', '京事', '事変'])
    """
    folded = words(name)
    return (folded if folded.isascii() else split_cjk(folded)).split()
