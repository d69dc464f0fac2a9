"""Guests: who is named after "feat.", "ft." or "featuring", in a title or in an artist's name."""

import polars as pl

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
    kept = together.str.replace_all(_ONE_NAME, "\u0001 ${1}")
    divided = kept.str.replace_all(_BETWEEN, "\u0002").str.split("\u0002")
    return divided.list.eval(pl.element().str.replace_all("\u0001", ",", literal=True).str.strip_chars())


def without_guests(text: pl.Expr) -> pl.Expr:
    """Return an artist's name up to its guests; unchanged where there would be nothing left."""
    main = text.str.replace(rf"[\s(\[]*{GUEST}.*$", "")
    return pl.when(main != "").then(main).otherwise(text)
