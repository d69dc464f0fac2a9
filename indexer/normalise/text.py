"""Text as published to text as shown: composed letters, one blank between words, no markup left over."""

import html
import re
import unicodedata
from collections.abc import Callable, Mapping

import polars as pl

from indexer.normalise import mojibake
from indexer.normalise.sparse import only_where
from indexer.normalise.unique import STRINGS

# Zero-width space, soft hyphen, marks of direction, byte order marks. Joiners stay: Persian and emoji need them.
_INVISIBLES = [
    "\u00ad",
    "\u061c",
    "\u200b",
    "\ufff9",
    "\ufffa",
    "\ufffb",
    *"\u200e\u200f\u202a\u202b\u202c\u202d\u202e",
    "\ufeff",
]
_INVISIBLES += list("\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069")
_INVISIBLE = f"[{''.join(_INVISIBLES)}]"
_BLANK = r"[\s\p{Cc}]+"
_ENTITY = r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"

_MARKUP = r"</[A-Za-z][A-Za-z0-9]*>|<[bB][rR]\s*/?>|<[pP](?:\s[^<>]*)?>"
"""What only markup has: an end tag, a line break, a paragraph. `<3`, `<i>` alone and `<Unknown>` are text."""

_PY_MARKUP = re.compile(_MARKUP)
_TAG = re.compile(
    r"</?(?:a|b|big|blockquote|br|center|div|em|font|h[1-6]|i|img|li|ol|p|s|small|span|strong|sub|sup|tt|u|ul)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"<(?:br|p|div|li|h[1-6])\b", re.IGNORECASE)
_PY_SUSPICIOUS = re.compile(mojibake.SUSPICIOUS)
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


_UNTIDY = rf"^\s|\s$|\s\s|[^\S ]|\p{{Cc}}|{_INVISIBLE}|^$|{_not_composed()}"
_UNTIDY = f"{_UNTIDY}|{_ENTITY}|{_MARKUP}|{mojibake.SUSPICIOUS}"
_NEEDS_MORE = ("&", "<", *mojibake.LEADS)
"""What entities, markup and mojibake begin with: told without one more regular expression."""


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
    found = only_where(text, _needs_more, _resolved)
    visible = found.str.normalize("NFC").str.replace_many(dict.fromkeys(_INVISIBLES, ""))
    seen = visible.str.replace_all(_BLANK, " ").str.strip_chars(" ").str.normalize("NFC")
    return only_where(seen, _needs_more, _resolved).replace("", None)


def _needs_more(text: pl.Expr) -> pl.Expr:
    return text.str.contains_any(list(_NEEDS_MORE))


def _resolved(text: pl.Expr) -> pl.Expr:
    return text.map_batches(lambda found: pl.Series(map(tidied, found), dtype=pl.String), return_dtype=pl.String)


def tidied(text: str) -> str:
    """Return the same as `tidy` for one text: over and over, as entities and mojibake were made twice in some."""
    while True:
        resolved = _without_markup(_PY_ENTITY.sub(lambda found: html.unescape(found[0]), _composed(text)))
        clean = _PY_BLANK.sub(" ", _PY_INVISIBLE.sub("", resolved)).strip(" ")
        clean = unicodedata.normalize("NFC", clean.encode("utf-8", "replace").decode())
        if clean == text:
            return text
        text = clean


def _composed(text: str) -> str:
    # Before invisible characters and blanks are dealt with: some of them are half of a broken letter.
    meant = mojibake.repaired(text) if _PY_SUSPICIOUS.search(text) else text
    return unicodedata.normalize("NFC", meant)


def _without_markup(text: str) -> str:
    return _TAG.sub(" " if _BLOCK.search(text) else "", text) if _PY_MARKUP.search(text) else text


def causes(written: str) -> list[str]:
    """Return the rules that change a text, of which `tidy` makes another one.

    >>> causes("Rock &amp; BeyoncÃ©"), causes(" Rock")
    (['text: entities resolved', 'text: mojibake repaired'], ['text: blanks and characters tidied'])
    """
    found = [rule for rule, test in _RULES.items() if test(written)]
    return found or [OTHERWISE]


OTHERWISE = "text: blanks and characters tidied"
_RULES: Mapping[str, Callable[[str], object]] = {
    "text: entities resolved": _PY_ENTITY.search,
    "text: markup removed": lambda text: _PY_MARKUP.search(html.unescape(text)),
    "text: mojibake repaired": lambda text: mojibake.repaired(text) != text,
}
