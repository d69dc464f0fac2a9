"""Genres: what a set calls them, to families that all sets share.

The crosswalk is the table `indexer/data/genre_families.tsv`: a term, in lower case, and its family. It has FMA's tree
(163 genres, but for Compilation, which takes its parent's), Spotify's 114, and common Genius tags. Ten of Spotify's
have no family, as they name a mood, a use, an instrument or a country of singers: british, groove, guitar, happy,
party, piano, romance, sad, sleep, study. Such tracks have no genre, rather than a guessed one.
"""

from collections.abc import Iterable, Mapping
from importlib import resources

import polars as pl


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


def genre_families(terms: pl.Expr) -> pl.Expr:
    """Return the families of each list of terms, null where none is known."""
    found = terms.list.eval(pl.element().str.to_lowercase().replace_strict(FAMILY, default=None))
    distinct = found.list.drop_nulls().list.unique(maintain_order=True)
    return pl.when(distinct.list.len() > 0).then(distinct)


def known_terms(terms: pl.Expr) -> pl.Expr:
    """Return those of each list's terms that are genres, as they are written."""
    return terms.list.filter(pl.element().str.to_lowercase().is_in(list(FAMILY)))
