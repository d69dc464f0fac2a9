"""The title's language: what the set declares, unless the script says otherwise; then the script.

What is written in Latin letters stays undetermined here, but for Vietnamese, whose letters tell. A detector for Latin
and Cyrillic text is a later step: it goes between the script and `und`, and says `detected`.
"""

from collections.abc import Mapping

import polars as pl

from indexer.normalise.scripts import told
from mappings.languages import UNDETERMINED

DECLARED, SCRIPT, DETECTED = "declared", "script", "detected"

_TELLING = r"[^\p{Latin}\p{Common}\p{Inherited}]|[\u1ea0-\u1ef9ƠơƯư]"
_CODE = r"^[a-z]{2,3}(?:-[a-z]{2,4})?$"

_ALIASES: Mapping[str, str] = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "zh-cn": "zh", "zh-tw": "zh"}

_SAME_SCRIPT: Mapping[str, tuple[str, ...]] = {
    # What the letters tell, and the languages that may be meant: one declared among them is believed.
    "ru": ("uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg", "tt", "uz", "sh"),
    "ar": ("fa", "ur", "ckb", "ps", "sd", "ug", "ku"),
    "hi": ("mr", "ne", "sa", "bho"),
    "zh": ("ja", "yue"),
    "bn": ("as",),
    "he": ("yi",),
}
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


def language(declared: pl.Expr, script: pl.Expr) -> pl.Expr:
    """Return the declared language where the title's script doesn't speak against it, else the script's, else und."""
    return pl.coalesce(pl.when(agrees(declared, script)).then(declared), script, pl.lit(UNDETERMINED))


def source(declared: pl.Expr, script: pl.Expr) -> pl.Expr:
    """Return how `language` came to its answer: declared, script, or null for und."""
    believed = declared.is_not_null() & agrees(declared, script)
    return pl.when(believed).then(pl.lit(DECLARED)).when(script.is_not_null()).then(pl.lit(SCRIPT))
