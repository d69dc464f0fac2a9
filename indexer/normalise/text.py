"""Text columns as published to text as shown: `mappings.spelling.cleaning`, vectorised."""

import polars as pl

from indexer.normalise.expressions import STRINGS, map_where
from mappings.spelling import mojibake
from mappings.spelling.cleaning import ENTITY, INVISIBLE, MARKUP, clean, not_composed

_BLANK = r"[\s\p{Cc}]+"
_UNTIDY = rf"^\s|\s$|\s\s|[^\S ]|\p{{Cc}}|[{INVISIBLE}]|^$|{not_composed()}"
_UNTIDY = f"{_UNTIDY}|{ENTITY}|{MARKUP}|{mojibake.SUSPICIOUS}"
_NEEDS_MORE = ("&", "<", *mojibake.LEADS)
"""What entities, markup and mojibake begin with: a cheaper test than one more regular expression."""


def tidy(text: pl.Expr) -> pl.Expr:
    r"""Return text in NFC, without control and invisible characters, entities resolved; null where nothing is left.

    >>> frame = pl.DataFrame({"a": ["  Rock &amp;\tRoll\x00 ", " ", "AT&T; R&B"]})
    >>> frame.select(tidy(pl.col("a")))["a"].to_list()
    ['Rock & Roll', None, 'AT&T; R&B']
    """
    return map_where(text, _is_untidy, _tidied)


def tidy_list(texts: pl.Expr) -> pl.Expr:
    """Return each list's tidied, distinct members in order; null where none is left."""
    return map_where(texts, _holds_untidy, lambda lists: distinct(lists.list.eval(tidy(pl.element()))), STRINGS)


def distinct(lists: pl.Expr) -> pl.Expr:
    """Return each list's members that aren't null, each once, in order; null for none: it means the same as []."""
    members = lists.list.drop_nulls().list.unique(maintain_order=True)
    return map_where(members, lambda e: e.list.len() == 0, lambda _: pl.lit(None, STRINGS), STRINGS)


def _is_untidy(text: pl.Expr) -> pl.Expr:
    return text.str.contains(_UNTIDY)


def _holds_untidy(lists: pl.Expr) -> pl.Expr:
    # A list of one tidy name, the usual case, has nothing to be dropped and nothing that is there twice.
    first = lists.list.first()
    return (lists.list.len() != 1) | first.is_null() | _is_untidy(first)


def _tidied(text: pl.Expr) -> pl.Expr:
    resolved = map_where(text, _needs_more, _resolved)
    visible = resolved.str.normalize("NFC").str.replace_many(dict.fromkeys(INVISIBLE, ""))
    spaced = visible.str.replace_all(_BLANK, " ").str.strip_chars(" ").str.normalize("NFC")
    return map_where(spaced, _needs_more, _resolved).replace("", None)


def _needs_more(text: pl.Expr) -> pl.Expr:
    return text.str.contains_any(list(_NEEDS_MORE))


def _resolved(text: pl.Expr) -> pl.Expr:
    return text.map_batches(lambda texts: pl.Series(map(clean, texts), dtype=pl.String), return_dtype=pl.String)


GUEST = r"(?i)(?:^|[\s(\[])(?:feat(?:uring)?|ft)(?:\.\s*|\s+)"
"""The marker begins a word and ends one: neither Daft, Left nor Featherweight has guests. Never "with"."""

_NAMED = GUEST + r"([^()\[\]]+?)\s*(?:[)\]\[(]|\s[-–—]\s|$)"
_BETWEEN = r"\s*(?:,|;|\s&\s|\s\+\s|\s(?:and|AND|And|x|X)\s)\s*"
_ONE_NAME = r"(?i),\s+(the|jr|sr)\b"


def guests(text: pl.Expr) -> pl.Expr:
    """Return the guests that a text names, as one string; null for most texts.

    >>> frame = pl.DataFrame({"a": ["Stan (feat. Dido)", "Featherweight", "Live with Me", "Left ft. Nas - Live"]})
    >>> frame.select(guests(pl.col("a")))["a"].to_list()
    ['Dido', None, None, 'Nas']
    """
    return text.str.extract(_NAMED).str.strip_chars()


def names(together: pl.Expr) -> pl.Expr:
    """Return the names of guests that are written together: "A, B & C".

    A comma before "The" or "Jr" divides nothing: Tyler, The Creator.
    """
    joined = together.str.replace_all(_ONE_NAME, "\u0001 ${1}")
    divided = joined.str.replace_all(_BETWEEN, "\u0002").str.split("\u0002")
    return divided.list.eval(pl.element().str.replace_all("\u0001", ",", literal=True).str.strip_chars())


def without_guests(text: pl.Expr) -> pl.Expr:
    """Return an artist's name up to its guests; unchanged where there would be nothing left."""
    main = text.str.replace(rf"[\s(\[]*{GUEST}.*$", "")
    return pl.when(main != "").then(main).otherwise(text)
