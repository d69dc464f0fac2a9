"""The Free Music Archive's genre tree: from a genre's number to its name and those of its ancestors."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from indexer.normalise.expressions import STRINGS, map_distinct
from mappings.genres import families, known


@dataclass(frozen=True)
class GenreTree:
    """Names and parents by genre number. A parent that is missing, or a circle, ends the path."""

    names: Mapping[str, str]
    parents: Mapping[str, str]
    _paths: dict[str, list[str]] = field(default_factory=dict, repr=False, compare=False)

    def path(self, genre: str) -> list[str]:
        """Return a genre's name and its ancestors', root first.

        A number that the tree lacks has no path; a name is its own.
        """
        if genre not in self._paths:
            numbers: list[str] = []
            number = genre
            while number in self.names and number not in numbers:
                numbers.append(number)
                number = self.parents.get(number, "")
            unknown = [] if genre.isdigit() else [genre]
            self._paths[genre] = [self.names[number] for number in reversed(numbers)] or unknown
        return self._paths[genre]

    def terms(self, genres: list[str]) -> list[str]:
        """Return the names of genres and of all their ancestors, each once, ancestors first."""
        return list(dict.fromkeys(name for genre in genres for name in self.path(genre)))

    def families(self, genres: list[str]) -> list[str]:
        """Return the shared families of genres: each genre's own, or the nearest ancestor's that has one."""
        nearest = (next((name for name in reversed(self.path(genre)) if families([name])), "") for genre in genres)
        return families(nearest)


def parse(text: str) -> GenreTree:
    """Return the tree of a `genres.csv` (genre_id, parent, title) or `raw_genres.csv`."""
    names: dict[str, str] = {}
    parents: dict[str, str] = {}
    for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")):
        number = (row.get("genre_id") or "").strip()
        title = (row.get("title") or row.get("genre_title") or "").strip()
        if number and title:
            names[number] = title
            parents[number] = (row.get("parent") or row.get("genre_parent_id") or "").strip().removesuffix(".0")
    return GenreTree(names, parents)


_MARK = "\x1f"


def genre_families(terms: pl.Expr, own: Mapping[str, str] | None = None) -> pl.Expr:
    """Return the families of each list of terms, null where none is known; `own` are further terms in lower case."""
    return _by_list(terms, (lambda listed: families(listed, own)) if own else families)


def known_terms(terms: pl.Expr) -> pl.Expr:
    """Return those of each list's terms that are genres, null where none is."""
    return _by_list(terms, known)


def _by_list(terms: pl.Expr, function: Callable[[list[str]], list[str]]) -> pl.Expr:
    # The same few lists come again and again: joined, they are looked up once each.
    return map_distinct(terms.list.join(_MARK), lambda joined: function(joined.split(_MARK)) or None, STRINGS)
