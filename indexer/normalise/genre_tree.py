"""The Free Music Archive's genre tree: from a genre's number to its name and those of its ancestors."""

import csv
import functools
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from indexer.formats.inputs import open_archive
from indexer.records import SourceFile
from mappings.genres import families

FILE = "genres.csv"


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


def of(file: SourceFile) -> GenreTree:
    """Return the tree that is published with a `tracks.csv`: beside it, in its archive, or else the project's copy."""
    return _read(file.path, file.member)


@functools.cache
def shipped() -> GenreTree:
    """Return the tree as it was published in 2017."""
    return parse(resources.files("indexer").joinpath("data/fma_genres.csv").read_text("utf-8"))


@functools.lru_cache(maxsize=8)
def _read(path: Path, member: str) -> GenreTree:
    if member:
        with open_archive(path) as archive:
            name = f"{member.rpartition('/')[0]}/{FILE}".lstrip("/")
            found = parse(archive.read(name).decode("utf-8", "replace")) if name in archive.namelist() else None
    else:
        beside = path.with_name(FILE)
        found = parse(beside.read_text("utf-8", "replace")) if beside.is_file() else None
    return found if found and found.names else shipped()
