"""Text as published to text as shown: composed letters, one blank between words, no markup left over."""

import html
import re
import unicodedata

import polars as pl

# Zero-width space, soft hyphen, marks of direction, byte order marks. Joiners stay: Persian and emoji need them.
_INVISIBLE = "[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
_BLANK = r"[\s\p{Cc}]+"
_ENTITY = r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
_SPECIAL = rf"[\p{{Cc}}]|\s\s|[^\S ]|^\s|\s$|{_INVISIBLE}"

_PY_ENTITY = re.compile(_ENTITY)
_PY_INVISIBLE = re.compile(_INVISIBLE)
_PY_BLANK = re.compile("[\\s\x00-\x1f\x7f-\x9f]+")


def tidy(text: pl.Expr) -> pl.Expr:
    r"""Return text in NFC, without control and invisible characters, entities resolved; null where nothing is left.

    >>> frame = pl.DataFrame({"a": ["  Rock &amp;\tRoll\x00 ", " ", "AT&T; R&B"]})
    >>> frame.select(tidy(pl.col("a")))["a"].to_list()
    ['Rock & Roll', None, 'AT&T; R&B']
    """
    composed = text.str.normalize("NFC")
    special = composed.str.contains(_SPECIAL)
    plain = composed.str.replace_all(_INVISIBLE, "").str.replace_all(_BLANK, " ").str.strip_chars(" ")
    clean = pl.when(special).then(plain.str.normalize("NFC")).otherwise(composed)
    resolved = clean.map_batches(_without_entities, return_dtype=pl.String, is_elementwise=True)
    return pl.when(resolved != "").then(resolved)


def tidy_list(texts: pl.Expr) -> pl.Expr:
    """Return each list's tidied, distinct members in order; null where none is left."""
    return some(texts.list.eval(tidy(pl.element())).list.drop_nulls().list.unique(maintain_order=True))


def some(lists: pl.Expr) -> pl.Expr:
    """Return null for an empty list: it means the same, and isn't written."""
    return pl.when(lists.list.len() > 0).then(lists)


def tidied(text: str) -> str:
    """Return the same as `tidy` for one text that has entities: over and over, as some were escaped twice."""
    while True:
        resolved = _PY_ENTITY.sub(lambda found: html.unescape(found[0]), unicodedata.normalize("NFC", text))
        clean = _PY_BLANK.sub(" ", _PY_INVISIBLE.sub("", resolved)).strip(" ")
        clean = unicodedata.normalize("NFC", clean.encode("utf-8", "replace").decode())
        if clean == text:
            return text
        text = clean


def _without_entities(texts: pl.Series) -> pl.Series:
    rows = texts.str.contains(_ENTITY).arg_true()
    if rows.is_empty():
        return texts
    return texts.clone().scatter(rows, [tidied(text) for text in texts.gather(rows)])
