"""Text as published to text as shown: composed letters, one blank between words, no markup left over."""

import html
import re
import unicodedata

import polars as pl

from indexer.normalise.sparse import only_where
from indexer.normalise.unique import STRINGS

# Zero-width space, soft hyphen, marks of direction, byte order marks. Joiners stay: Persian and emoji need them.
_INVISIBLES = ["\u00ad", "\u200b", *"\u200e\u200f\u202a\u202b\u202c\u202d\u202e", "\ufeff"]
_INVISIBLES += list("\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069")
_INVISIBLE = f"[{''.join(_INVISIBLES)}]"
_BLANK = r"[\s\p{Cc}]+"
_ENTITY = r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"

_PY_ENTITY = re.compile(_ENTITY)
_PY_INVISIBLE = re.compile(_INVISIBLE)
_PY_BLANK = re.compile("[\\s\x00-\x1f\x7f-\x9f]+")


def _not_composed() -> str:
    """Return a class of the characters of which NFC may make others: without them, text is in NFC."""
    planes = (*range(0x00A0, 0xD800), *range(0xF900, 0x30000))
    changed = [point for point in planes if not unicodedata.is_normalized("NFC", chr(point))]
    ranges = [f"{chr(first)}-{chr(last)}" for first, last in _runs(changed)]
    jamo = "\u1161-\u1175\u11a8-\u11c2"
    return rf"[\p{{M}}{jamo}{''.join(ranges)}]"


def _runs(points: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for point in points:
        if runs and runs[-1][1] == point - 1:
            runs[-1] = (runs[-1][0], point)
        else:
            runs.append((point, point))
    return runs


_UNTIDY = rf"^\s|\s$|\s\s|[^\S ]|\p{{Cc}}|{_INVISIBLE}|{_ENTITY}|^$|{_not_composed()}"


def tidy(text: pl.Expr) -> pl.Expr:
    r"""Return text in NFC, without control and invisible characters, entities resolved; null where nothing is left.

    >>> frame = pl.DataFrame({"a": ["  Rock &amp;\tRoll\x00 ", " ", "AT&T; R&B"]})
    >>> frame.select(tidy(pl.col("a")))["a"].to_list()
    ['Rock & Roll', None, 'AT&T; R&B']
    """
    return only_where(text, _is_untidy, _tidied)


def tidy_list(texts: pl.Expr) -> pl.Expr:
    """Return each list's tidied, distinct members in order; null where none is left."""
    return only_where(texts, _holds_untidy, lambda lists: distinct(lists.list.eval(tidy(pl.element()))), STRINGS)


def distinct(lists: pl.Expr) -> pl.Expr:
    """Return each list's members that aren't null, each once, in order; null for none: it means the same as []."""
    found = lists.list.drop_nulls().list.unique(maintain_order=True)
    return only_where(found, lambda e: e.list.len() == 0, lambda _: pl.lit(None, STRINGS), STRINGS)


def _is_untidy(text: pl.Expr) -> pl.Expr:
    return text.str.contains(_UNTIDY)


def _holds_untidy(lists: pl.Expr) -> pl.Expr:
    # A list of one tidy name, the usual case, has nothing to be dropped and nothing that is there twice.
    first = lists.list.first()
    return (lists.list.len() != 1) | first.is_null() | _is_untidy(first)


def _tidied(text: pl.Expr) -> pl.Expr:
    visible = text.str.normalize("NFC").str.replace_many(dict.fromkeys(_INVISIBLES, ""))
    seen = visible.str.replace_all(_BLANK, " ").str.strip_chars(" ").str.normalize("NFC")
    return only_where(seen, _may_have_entities, _resolved).replace("", None)


def _may_have_entities(text: pl.Expr) -> pl.Expr:
    return text.str.contains("&", literal=True) & text.str.contains(";", literal=True)


def _resolved(text: pl.Expr) -> pl.Expr:
    return text.map_batches(lambda found: pl.Series(map(tidied, found), dtype=pl.String), return_dtype=pl.String)


def tidied(text: str) -> str:
    """Return the same as `tidy` for one text that has entities: over and over, as some were escaped twice."""
    while True:
        resolved = _PY_ENTITY.sub(lambda found: html.unescape(found[0]), unicodedata.normalize("NFC", text))
        clean = _PY_BLANK.sub(" ", _PY_INVISIBLE.sub("", resolved)).strip(" ")
        clean = unicodedata.normalize("NFC", clean.encode("utf-8", "replace").decode())
        if clean == text:
            return text
        text = clean
