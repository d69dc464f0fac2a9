"""The title's language: what the set declares, unless the script says otherwise; then the script.

What is written in Latin letters stays undetermined here, but for Vietnamese, whose letters tell. A detector for Latin
and Cyrillic text is a later step: it goes between the script and `und`, and says `detected`.
"""

from collections.abc import Mapping

import polars as pl

from mappings.languages import LANGUAGES, UNDETERMINED

DECLARED, SCRIPT, DETECTED = "declared", "script", "detected"

_BY_LETTERS: tuple[tuple[str, str], ...] = (
    # The first that is found decides: letters of few languages come before those of many.
    ("ja", r"[\p{Hiragana}\p{Katakana}]"),
    ("ko", r"\p{Hangul}"),
    ("zh", r"\p{Han}"),
    ("th", r"\p{Thai}"),
    ("km", r"\p{Khmer}"),
    ("lo", r"\p{Lao}"),
    ("my", r"\p{Myanmar}"),
    ("bo", r"\p{Tibetan}"),
    ("hi", r"\p{Devanagari}"),
    ("bn", r"\p{Bengali}"),
    ("ta", r"\p{Tamil}"),
    ("te", r"\p{Telugu}"),
    ("kn", r"\p{Kannada}"),
    ("ml", r"\p{Malayalam}"),
    ("gu", r"\p{Gujarati}"),
    ("pa", r"\p{Gurmukhi}"),
    ("si", r"\p{Sinhala}"),
    ("am", r"\p{Ethiopic}"),
    ("ka", r"\p{Georgian}"),
    ("hy", r"\p{Armenian}{2}"),
    ("he", r"\p{Hebrew}{2}"),
    ("ur", r"[ٹڈڑںھے]"),
    ("fa", r"[پچژگ]"),
    ("ar", r"\p{Arabic}{2}"),
    # Two letters: Δ and Ω alone are signs.
    ("el", r"\p{Greek}{2}"),
    ("uk", r"[ЄєЇїҐґ]"),
    ("be", r"[Ўў]"),
    ("sr", r"[ЂђЋћЏџЉљЊњЈј]"),
    ("ru", r"[ЫыЭэЁё]"),
    ("uk", r"[Іі]"),
    ("bg", r"\p{Cyrillic}[Ъъ]\p{Cyrillic}"),
    # Most Cyrillic titles have no letter that tells; Russian is by far the largest language that it writes.
    ("ru", r"\p{Cyrillic}{2}"),
    ("vi", r"[ẠạẢảẤấẦầẨẩẪẫẬậẮắẰằẲẳẴẵẶặẸẹẺẻẾếỀềỂểỄễỆệỈỉỊịỌọỎỏỐốỒồỔổỖỗỘộỚớỜờỞởỠỡỢợỤụỦủỨứỪừỬửỮữỰựỲỳỴỵỶỷỸỹƠơƯư]"),
)
_NOT_ASCII = r"[^\x00-\x7f]"
_CODE = r"^[a-z]{2,3}(?:-[a-z]{2,4})?$"

_ALIASES: Mapping[str, str] = {
    "nb": "no",
    "nn": "no",
    "iw": "he",
    "in": "id",
    "cmn": "zh",
    "zh-cn": "zh",
    "zh-tw": "zh",
}
_NOT_LATIN = tuple(language.code for language in LANGUAGES if language.script != "Latn")
_OF_SCRIPT: Mapping[str, tuple[str, ...]] = {
    # A script's own languages: one declared among them is believed rather than the letters.
    "ru": ("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg"),
    "ar": ("ar", "fa", "ur", "ckb", "ps"),
    "hi": ("hi", "mr", "ne", "sa"),
    "zh": ("zh", "ja", "yue"),
    "bn": ("bn", "as"),
    "he": ("he", "yi"),
}


def by_script(title: pl.Expr, context: pl.Expr | None = None) -> pl.Expr:
    """Return the language that the letters of a title tell, null where they don't.

    Han letters alone are Chinese, unless kana or Hangul stand in `context` (the artist's name, the album).

    >>> frame = pl.DataFrame({"a": ["Моя песня", "東京", "ゲーム", "Song", "Ω", "Tuổi thơ"]})
    >>> frame.select(by_script(pl.col("a"))).to_series().to_list()
    ['ru', 'zh', 'ja', None, None, 'vi']
    """
    found = pl.coalesce(*[pl.when(title.str.contains(letters)).then(pl.lit(code)) for code, letters in _BY_LETTERS])
    if context is not None:
        japanese = (found == "zh") & context.str.contains(r"[\p{Hiragana}\p{Katakana}]")
        found = pl.when(japanese).then(pl.lit("ja")).otherwise(found)
    return pl.when(title.str.contains(_NOT_ASCII)).then(found)


def code(declared: pl.Expr) -> pl.Expr:
    """Return a declared language as a lower-case code, null for what is none."""
    text = declared.str.strip_chars().str.to_lowercase().str.replace("_", "-")
    text = text.replace(_ALIASES)
    return pl.when(text.str.contains(_CODE) & (text != UNDETERMINED)).then(text)


def agrees(declared: pl.Expr, script: pl.Expr) -> pl.Expr:
    """Tell whether a declared language may be written in the script that a title has."""
    family = script.replace({member: name for name, members in _OF_SCRIPT.items() for member in members})
    return (
        script.is_null()
        | (declared == script)
        | (declared.replace({member: name for name, members in _OF_SCRIPT.items() for member in members}) == family)
    )


def language(declared: pl.Expr, script: pl.Expr) -> pl.Expr:
    """Return the declared language where the title's script doesn't speak against it, else the script's, else und."""
    return pl.coalesce(pl.when(agrees(declared, script)).then(declared), script, pl.lit(UNDETERMINED))


def source(declared: pl.Expr, script: pl.Expr) -> pl.Expr:
    """Return how `language` came to its answer: declared, script, or null for und."""
    believed = declared.is_not_null() & agrees(declared, script)
    return pl.when(believed).then(pl.lit(DECLARED)).when(script.is_not_null()).then(pl.lit(SCRIPT))
