"""Known items: tracks drawn from an index, each with the queries that somebody who knows it might type.

A query is the title where that is enough to know the track, that is from three words on and no other track's; else
title and first artist. Which tracks are right is decided by title and artist, not by id: the same recording is often
in several rows. Every draw is seeded.
"""

import random
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from benchmarks import known_kinds

ENOUGH_WORDS = 3
"""Words from which a title that no other track bears is asked alone."""


@dataclass(frozen=True)
class Query:
    """What is typed, of which kind it is, and the tracks that answer it."""

    kind: str
    text: str
    right: frozenset[str]
    origin: str


@dataclass
class Shelf:
    """Tracks by folded names: who else bears a title, and which rows are the same recording."""

    by_title: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_both: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    by_core: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass(frozen=True)
class Item:
    """One track, as it is indexed."""

    id: str
    title: str
    artist: str
    origin: str


def folded(name: str) -> str:
    """Return the letters and digits of a name, folded; other scripts keep theirs.

    >>> folded("Guns N’ Roses"), folded("!!!")
    ('gunsnroses', '!!!')
    """
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in plain if letter.isalnum()) or name


def shelf(tracks: pl.DataFrame) -> Shelf:
    """Return the tracks by folded names."""
    found = Shelf()
    for identifier, title, artists in tracks.select("id", "title", "artists").iter_rows():
        named = folded(title or "")
        found.by_title[named].add(identifier)
        for artist in artists:
            found.by_both[named, folded(artist)].add(identifier)
            found.by_core[folded(known_kinds.core(title or "")), folded(artist)].add(identifier)
    return found


def draw(tracks: pl.DataFrame, number: int, seed: int) -> list[Item]:
    """Return so many items: one in five compiled, as many real ones as there are, the rest synthetic."""
    usable = tracks.filter(
        pl.col("title").str.contains(r"\p{L}|\p{N}") & pl.col("artists").list.first().str.contains(r"\p{L}|\p{N}")
    )
    named = usable.select("id", "title", "origin", artist=pl.col("artists").list.first())
    one_each = named.unique(["title", "artist"], keep="first", maintain_order=True)
    items: list[Item] = []
    for origin, most in {"compiled": number // 5, "real": number, "synthetic": number}.items():
        rows = one_each.filter(pl.col("origin") == origin)
        taken = rows.sample(min(rows.height, most, number - len(items)), seed=seed, shuffle=True)
        items += [Item(**row) for row in taken.iter_rows(named=True)]
    return items


def queries(
    items: list[Item], found: Shelf, typed: Mapping[tuple[str, str], tuple[str, str]], seed: int
) -> list[Query]:
    """Return all queries of all items. `typed`: artist and title to how they are typed in Latin letters."""
    return [query for item in items for query in _of_item(item, found, typed, random.Random(f"{seed} {item.id}"))]


def _of_item(
    item: Item, found: Shelf, typed: Mapping[tuple[str, str], tuple[str, str]], rng: random.Random
) -> Iterator[Query]:
    same = frozenset(found.by_both[folded(item.title), folded(item.artist)])
    core = known_kinds.core(item.title)
    same_core = frozenset(found.by_core[folded(core), folded(item.artist)])
    alone = len(item.title.split()) >= ENOUGH_WORDS and found.by_title[folded(item.title)] <= same
    base = item.title if alone else f"{item.title} {item.artist}"
    asked = known_kinds.Asked(item.title, item.artist, core, base, typed.get((item.artist, item.title)))
    for kind, make in known_kinds.KINDS.items():
        if text := make(asked, rng):
            right = same_core if kind in known_kinds.OF_CORE else same
            yield Query(kind, text, right, item.origin)
