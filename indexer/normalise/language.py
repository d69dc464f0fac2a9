"""The language of a title: declared, or by its script and letters, or by its words.

Letters decide by the Unicode block of each, then by letters that few languages have: a plain function, called only for
titles with a letter of another script than Latin, or one of Vietnamese.
"""

from bisect import bisect_right
from collections.abc import Mapping

import polars as pl

from indexer.normalise.expressions import extract_where
from indexer.normalise.language_model import ANSWER, detected
from mappings.languages import UNDETERMINED
from mappings.track import TITLE

_BLOCKS: tuple[tuple[int, int, str], ...] = (
    # Blocks of letters, as Unicode names them, and the script (ISO 15924) that they are of.
    (0x0370, 0x03FF, "Grek"),
    (0x0400, 0x052F, "Cyrl"),
    (0x0530, 0x058F, "Armn"),
    (0x0590, 0x05FF, "Hebr"),
    (0x0600, 0x06FF, "Arab"),
    (0x0750, 0x077F, "Arab"),
    (0x08A0, 0x08FF, "Arab"),
    (0x0900, 0x097F, "Deva"),
    (0x0980, 0x09FF, "Beng"),
    (0x0A00, 0x0A7F, "Guru"),
    (0x0A80, 0x0AFF, "Gujr"),
    (0x0B80, 0x0BFF, "Taml"),
    (0x0C00, 0x0C7F, "Telu"),
    (0x0C80, 0x0CFF, "Knda"),
    (0x0D00, 0x0D7F, "Mlym"),
    (0x0D80, 0x0DFF, "Sinh"),
    (0x0E00, 0x0E7F, "Thai"),
    (0x0E80, 0x0EFF, "Laoo"),
    (0x0F00, 0x0FFF, "Tibt"),
    (0x1000, 0x109F, "Mymr"),
    (0x10A0, 0x10FF, "Geor"),
    (0x1100, 0x11FF, "Hang"),
    (0x1200, 0x139F, "Ethi"),
    (0x1780, 0x17FF, "Khmr"),
    (0x1EA0, 0x1EF9, "Viet"),  # Latin letters with two marks: Vietnamese alone has them
    (0x1F00, 0x1FFF, "Grek"),
    (0x3005, 0x3007, "Hani"),
    (0x3041, 0x3096, "Kana"),
    (0x30A1, 0x30FA, "Kana"),
    (0x3131, 0x318E, "Hang"),
    (0x31F0, 0x31FF, "Kana"),
    (0x3400, 0x4DBF, "Hani"),
    (0x4E00, 0x9FFF, "Hani"),
    (0xAC00, 0xD7AF, "Hang"),
    (0xF900, 0xFAFF, "Hani"),
    (0xFB50, 0xFDFF, "Arab"),
    (0xFE70, 0xFEFC, "Arab"),
    (0xFF66, 0xFF9D, "Kana"),
    (0x20000, 0x3134F, "Hani"),
)
_STARTS = [first for first, _, _ in _BLOCKS]
_VIETNAMESE = frozenset("ƠơƯư")

CYRILLIC = "Cyrl"
"""The answer for Cyrillic without a distinctive letter: ISO 15924, for it is a script and no language."""

_DECIDES = ("Kana", "Hang", "Hani")
"""One letter of these decides: カ, 한 and 東 stand for words. The others need two, as Ω and Я are used as signs."""

_LANGUAGE: Mapping[str, str] = {
    "Armn": "hy", "Beng": "bn", "Deva": "hi", "Ethi": "am", "Geor": "ka", "Grek": "el", "Gujr": "gu", "Guru": "pa",
    "Hang": "ko", "Hani": "zh", "Hebr": "he", "Kana": "ja", "Khmr": "km", "Knda": "kn", "Laoo": "lo", "Mlym": "ml",
    "Mymr": "my", "Sinh": "si", "Taml": "ta", "Telu": "te", "Thai": "th", "Tibt": "bo", "Viet": "vi",
    "Cyrl": CYRILLIC, "Arab": "ar",
}  # fmt: skip
"""The language of a script where no letter is distinctive. Those that write Cyrillic are left to `language_model`."""

_TELLING: Mapping[str, tuple[tuple[str, frozenset[str]], ...]] = {
    # The first language one of whose letters occurs; letters of two languages come after those of one.
    "Cyrl": (
        ("uk", frozenset("ЄєЇїҐґ")),
        ("be", frozenset("Ўў")),
        ("kk", frozenset("ӘәҢңҰұҚқҒғ")),
        ("mk", frozenset("ЃѓЅѕЌќ")),
        ("sr", frozenset("ЂђЋћЏџЉљЊњЈј")),
        ("ru", frozenset("ЫыЭэЁё")),
        ("uk", frozenset("Іі")),
        ("bg", frozenset("Ъъ")),
    ),
    "Arab": (("ur", frozenset("ٹڈڑںھے")), ("fa", frozenset("پچژگ"))),
}


def language_of_letters(title: str, context: str = "") -> str | None:
    """Return the language that the letters of a title determine, None where they don't.

    Cyrillic without a distinctive letter is `CYRILLIC`. Han letters alone are Chinese, unless kana stand in `context`
    (the artist's name, the album).

    >>> [language_of_letters(title) for title in ("Моя песня", "Мы", "東京", "東京の夜", "Song", "Ω", "Tuổi thơ")]
    ['Cyrl', 'ru', 'zh', 'ja', None, None, 'vi']
    >>> language_of_letters("東京", context="東京スカパラダイスオーケストラ")
    'ja'
    """
    letters = [script for script in map(_SCRIPTS.__getitem__, title) if script]
    seen = dict.fromkeys(letters)
    for script in _DECIDES:
        if script in seen:
            japanese = script == "Hani" and "Kana" in map(_SCRIPTS.__getitem__, context)
            return _LANGUAGE["Kana" if japanese else script]
    # Of two that are as frequent the first: in the order of a set it would be another one in each process.
    script = max(seen, key=letters.count, default="")
    if not script or (script != "Viet" and letters.count(script) < 2):
        return None
    characters = set(title)
    telling = _TELLING.get(script, ())
    return next((language for language, few in telling if not few.isdisjoint(characters)), _LANGUAGE[script])


class _Scripts(dict[str, str]):
    """A character's script, looked up once; "" for Latin letters and for what is no letter."""

    def __missing__(self, character: str) -> str:
        self[character] = _script(character)
        return self[character]


def _script(character: str) -> str:
    if character in _VIETNAMESE:
        return "Viet"
    first, last, script = _BLOCKS[max(bisect_right(_STARTS, ord(character)) - 1, 0)]
    letter = character.isalpha() or character == "々"
    return script if letter and first <= ord(character) <= last else ""


_SCRIPTS = _Scripts()


DECLARED, SCRIPT, DETECTED = "declared", "script", "detected"

_SPECIFIC_LETTERS = r"[^\p{Latin}\p{Common}\p{Inherited}]|[\u1ea0-\u1ef9ƠơƯư]"
_WORDS = r"\p{L}[^\p{L}]+\p{L}|\p{L}{5}"
"""Two words, or one of five letters: from less, no language was ever detected."""

_CODE = r"^[a-z]{2,3}(?:-[a-z]{2,4})?$"

_ALIASES: Mapping[str, str] = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "zh-cn": "zh", "zh-tw": "zh"}

_SAME_SCRIPT: Mapping[str, tuple[str, ...]] = {
    # What the letters determine, and the languages that are possible: one declared among them is believed.
    CYRILLIC: ("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg", "tt", "uz", "sh"),
    "ar": ("fa", "ur", "ckb", "ps", "sd", "ug", "ku"),
    "hi": ("mr", "ne", "sa", "bho"),
    "zh": ("ja", "yue"),
    "bn": ("as",),
    "he": ("yi",),
}
WEAKLY_DECLARED: Mapping[str, tuple[str, ...]] = {"free-music-archive": ("en",)}
"""What a data set declares unless somebody changes it: of FMA's oldest 682 tracks 676 say English."""

OVERRULES = 0.9
"""Probability from which the words overrule such a declaration."""

_FAMILY = {member: name for name, members in _SAME_SCRIPT.items() for member in members}


def has_script_hint(title: pl.Expr) -> pl.Expr:
    """Cheap pre-filter: tell whether a title has letters that can identify its language."""
    return title.str.contains(_SPECIFIC_LETTERS)


def by_script(title: pl.Expr, context: pl.Expr) -> pl.Expr:
    """Return `language_of_letters` of each title."""

    def apply(named: pl.Series) -> pl.Series:
        columns = named.struct.unnest()
        languages = map(language_of_letters, columns["title"], columns["context"].fill_null(""))
        return pl.Series(named.name, languages, dtype=pl.String)

    return pl.struct(title.alias("title"), context.alias("context")).map_batches(apply, return_dtype=pl.String)


def code(declared: pl.Expr) -> pl.Expr:
    """Return a declared language as a lower-case code, null for what is none.

    >>> frame = pl.DataFrame({"a": ["EN", "nb", "pt_BR", "", "english", "und"]})
    >>> frame.select(code(pl.col("a")))["a"].to_list()
    ['en', 'no', 'pt-br', None, None, None]
    """
    text = declared.str.strip_chars().str.to_lowercase().str.replace("_", "-", literal=True).replace(_ALIASES)
    return pl.when(text.str.contains(_CODE) & (text != UNDETERMINED)).then(text)


def agrees(declared: pl.Expr, script: pl.Expr) -> pl.Expr:
    """Tell whether a declared language may be written in the script that a title has."""
    return script.is_null() | (declared.replace(_FAMILY) == script.replace(_FAMILY))


def is_weak(declared: pl.Expr, dataset: str) -> pl.Expr:
    """Tell whether a data set declares this language without anybody having looked."""
    return declared.is_in(WEAKLY_DECLARED.get(dataset, ()))


def needs_words(declared: pl.Expr, script: pl.Expr, title: pl.Expr, dataset: str) -> pl.Expr:
    """Tell whether the words decide: nothing that can be trusted is declared, and the letters don't tell."""
    open_ = declared.is_null() | is_weak(declared, dataset) | ~agrees(declared, script)
    return open_ & (script.is_null() | (script == CYRILLIC)) & title.str.contains(_WORDS)


def words(declared: pl.Expr, script: pl.Expr, dataset: str) -> pl.Expr:
    """Return what the words of the title say, a struct of language and probability; null where they needn't."""
    titles = pl.when(needs_words(declared, script, pl.col(TITLE), dataset)).then(pl.col(TITLE))
    return extract_where(titles, lambda title: title.is_not_null(), _detected, ANSWER)


def _detected(title: pl.Expr) -> pl.Expr:
    return title.map_batches(lambda titles: detected(titles).to_struct(titles.name), return_dtype=ANSWER)


def language(declared: pl.Expr, script: pl.Expr, words: pl.Expr, dataset: str) -> pl.Expr:
    """Return the declared language where it is believed, else the script's, else the words', else und."""
    believed = pl.when(_believed(declared, script, words, dataset)).then(declared)
    certain = pl.when(script != CYRILLIC).then(script)
    return pl.coalesce(believed, certain, words.struct.field("language"), pl.lit(UNDETERMINED))


def source(declared: pl.Expr, script: pl.Expr, words: pl.Expr, dataset: str) -> pl.Expr:
    """Return how `language` came to its answer: declared, script, detected, or null for und."""
    return (
        pl.when(_believed(declared, script, words, dataset))
        .then(pl.lit(DECLARED))
        .when(script != CYRILLIC)
        .then(pl.lit(SCRIPT))
        .when(words.struct.field("language").is_not_null())
        .then(pl.lit(DETECTED))
    )


def _believed(declared: pl.Expr, script: pl.Expr, words: pl.Expr, dataset: str) -> pl.Expr:
    other = (words.struct.field("language") != declared) & (words.struct.field("probability") >= OVERRULES)
    overruled = is_weak(declared, dataset) & other.fill_null(value=False)
    return declared.is_not_null() & agrees(declared, script) & ~overruled
