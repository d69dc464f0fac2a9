"""Genres: what a set calls them, to families that all sets share.

The crosswalk is the table `indexer/data/genre_families.tsv`: a term, in lower case, and its family. It has FMA's tree
(163 genres, but for Compilation, which takes its parent's), Spotify's 114, and common Genius tags. Ten of Spotify's
have no family, as they name a mood, a use, an instrument or a country of singers: british, groove, guitar, happy,
party, piano, romance, sad, sleep, study. Such tracks have no genre, rather than a guessed one.
"""

from collections.abc import Callable, Iterable, Mapping
from importlib import resources

import polars as pl

from indexer.normalise.unique import STRINGS, by_unique

_MARK = "\x1f"


def _crosswalk() -> dict[str, str]:
    lines = resources.files("indexer").joinpath("data/genre_families.tsv").read_text("utf-8").splitlines()
    return {term: family for family, term in (line.split("\t") for line in lines[1:])}


FAMILY: Mapping[str, str] = _crosswalk()
"""Lower-case term to its family."""


def families(terms: Iterable[str]) -> list[str]:
    """Return the families of genre terms, each once, in the terms' order.

    >>> families(["Post-Punk", "Rock", "happy", "punk"])
    ['punk', 'rock']
    """
    found = (FAMILY.get(term.lower()) for term in terms)
    return list(dict.fromkeys(family for family in found if family))


def known(terms: Iterable[str]) -> list[str]:
    """Return the terms that have a family, as they are written."""
    return [term for term in terms if term.lower() in FAMILY]


def genre_families(terms: pl.Expr) -> pl.Expr:
    """Return the families of each list of terms, null where none is known."""
    return _by_list(terms, families)


def known_terms(terms: pl.Expr) -> pl.Expr:
    """Return those of each list's terms that are genres, null where none is."""
    return _by_list(terms, known)


def _by_list(terms: pl.Expr, function: Callable[[list[str]], list[str]]) -> pl.Expr:
    # The same few lists come again and again: joined, they are looked up once each.
    return by_unique(terms.list.join(_MARK), lambda joined: function(joined.split(_MARK)) or None, STRINGS)
