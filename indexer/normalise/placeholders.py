"""Words that stand for nothing, in columns that are never left empty otherwise."""

import polars as pl

PLACEHOLDERS = ("n/a", "n.a.", "-", "--", "---", "–", "—")
"""Compared in lower case. Only for the sets that write such words: LAION has null, and an album may be named so."""


def none(text: pl.Expr) -> pl.Expr:
    """Return a text, null for a placeholder.

    >>> frame = pl.DataFrame({"a": ["N/A", "-", "Nevermind", None]})
    >>> frame.select(none(pl.col("a")))["a"].to_list()
    [None, None, 'Nevermind', None]
    """
    return pl.when(~text.str.to_lowercase().is_in(PLACEHOLDERS)).then(text)
