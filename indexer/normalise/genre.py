"""Genres: what a set calls them, to families that all sets share (`mappings.genres`), in Polars columns.

Tracks whose terms have no family have no genre, rather than a guessed one.
"""

from collections.abc import Callable

import polars as pl

from indexer.normalise.unique import STRINGS, by_unique
from mappings.genres import families, known

_MARK = "\x1f"


def genre_families(terms: pl.Expr) -> pl.Expr:
    """Return the families of each list of terms, null where none is known."""
    return _by_list(terms, families)


def known_terms(terms: pl.Expr) -> pl.Expr:
    """Return those of each list's terms that are genres, null where none is."""
    return _by_list(terms, known)


def _by_list(terms: pl.Expr, function: Callable[[list[str]], list[str]]) -> pl.Expr:
    # The same few lists come again and again: joined, they are looked up once each.
    return by_unique(terms.list.join(_MARK), lambda joined: function(joined.split(_MARK)) or None, STRINGS)
