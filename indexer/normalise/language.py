"""The title's language: what the set declares, unless the title says otherwise; then the script; then the words.

The script alone decides for Hangul, kana, Greek, Vietnamese and the like. Latin and Cyrillic letters are those of many
languages: there a detector decides (`detect`), and where it isn't sure, the answer is `und`.
"""

from collections.abc import Mapping

import polars as pl

from indexer.normalise.detect import FOUND, detected
from indexer.normalise.scripts import CYRILLIC, told
from indexer.normalise.sparse import found_where
from mappings.languages import UNDETERMINED
from mappings.track import TITLE

DECLARED, SCRIPT, DETECTED = "declared", "script", "detected"

_TELLING = r"[^\p{Latin}\p{Common}\p{Inherited}]|[\u1ea0-\u1ef9ƠơƯư]"
_WORDS = r"\p{L}[^\p{L}]+\p{L}|\p{L}{5}"
"""Two words, or one of five letters: of less, nothing was ever told."""

_CODE = r"^[a-z]{2,3}(?:-[a-z]{2,4})?$"

_ALIASES: Mapping[str, str] = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "zh-cn": "zh", "zh-tw": "zh"}

_SAME_SCRIPT: Mapping[str, tuple[str, ...]] = {
    # What the letters tell, and the languages that may be meant: one declared among them is believed.
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


def tells(title: pl.Expr) -> pl.Expr:
    """Tell whether a title has letters that may tell its language: a test that costs little, for most have none."""
    return title.str.contains(_TELLING)


def by_script(title: pl.Expr, context: pl.Expr) -> pl.Expr:
    """Return the language that the letters of a title tell, null where they don't; see `scripts.told`."""

    def apply(named: pl.Series) -> pl.Series:
        columns = named.struct.unnest()
        found = map(told, columns["title"], columns["context"].fill_null(""))
        return pl.Series(named.name, found, dtype=pl.String)

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
    asked = pl.when(needs_words(declared, script, pl.col(TITLE), dataset)).then(pl.col(TITLE))
    return found_where(asked, lambda title: title.is_not_null(), _detected, FOUND)


def _detected(title: pl.Expr) -> pl.Expr:
    return title.map_batches(lambda titles: detected(titles).to_struct(titles.name), return_dtype=FOUND)


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
