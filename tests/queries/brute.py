"""A search evaluated without Elasticsearch: made-up tracks in a Polars frame, and what a request should find there."""

import bisect
import random
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from queries.facets.table import NONE
from tests.queries import made
from tests.queries.tracks import track

Filters = Mapping[str, list[str]]

COLUMNS: Mapping[str, str] = {"artist": "artists", "decade": "year", "duration": "duration_s"}
"""Facet to column, where they differ."""

SEVERAL = frozenset({"artists", "genre", "genre_path"})

STEPS = ("0:00", "0:30", "1:00", "2:00", "3:00", "4:00", "5:00", "6:00", "8:00", "10:00", "20:00", "60:00", "")

ACCENTED = str.maketrans("aeiou", "áèîõü")


def artists() -> list[str]:
    """Return 2,646 artists, more than a facet lists; some differ from others by accents or case alone."""
    pairs = [f"{first.title()} {second.title()}" for first in made.WORDS for second in made.WORDS]
    numbered = [f"{name} {number}" for number in ("II", "3", "44") for name in pairs]
    return [*pairs, *(name.translate(ACCENTED) for name in pairs), *numbered, *map(str.upper, pairs)]


def tracks(number: int, seed: int) -> list[dict[str, Any]]:
    """Return so many tracks, with few plays, years and durations, so that many are equal in all that they sort by."""
    rng, names = random.Random(seed), artists()
    rng.shuffle(names)
    return [_track(rng, names, index) for index in range(number)]


def _track(rng: random.Random, names: Sequence[str], index: int) -> dict[str, Any]:
    genres = rng.choice((None, rng.sample(made.GENRES, rng.randint(1, 3))))
    return track(
        index,
        " ".join(rng.choices(made.WORDS, k=rng.randint(1, 4))),
        [names[int(len(names) * rng.random() ** 3)] for _ in range(rng.choice((0, 1, 1, 1, 2)))],
        album=rng.choice((None, rng.choice(made.WORDS))),
        dataset=rng.choice(made.DATASETS),
        platform=rng.choice(("YouTube Music", "Spotify")),
        genre=genres,
        genre_path=genres and [f"{genre.title()} {rng.randint(1, 9)}" for genre in genres],
        licence=rng.choice((None, *made.LICENCES)),
        licence_family=rng.choice((None, "CC-BY", "CC0")),
        commercial_use=rng.choice(("allowed", "prohibited", "unknown")),
        derivatives=rng.choice(("allowed", "prohibited", "unknown")),
        language=rng.choice((None, *made.LANGUAGES)),
        year=rng.choice((None, rng.randint(1955, 2024))),
        duration_s=rng.choice((None, round(rng.uniform(1, 700), 2), rng.choice((60.0, 120.0, 180.0, 4000.0)))),
        explicit=rng.choice((None, True, False)),
        plays=rng.choice((None, rng.randint(0, 5))),
        source_row=index // 4 + 1,
    )


@dataclass(frozen=True)
class Brute:
    """The tracks as a frame, with a column for each word: whether the track's names have it."""

    frame: pl.DataFrame

    def matched(self, text: str, filters: Filters, but: str = "") -> pl.DataFrame:
        """Return the tracks that have all words and pass all filters but one."""
        wanted = [pl.col(f"word:{word}") for word in text.split()]
        passed = [passes(facet, values) for facet, values in filters.items() if facet != but]
        return self.frame.filter(pl.all_horizontal(pl.lit(True), *wanted, *passed))

    def counts(self, facet: str, under: pl.DataFrame) -> dict[Any, int]:
        """Return the tracks that have each value."""
        values = under.select(value(facet).alias("value"))["value"]
        values = values.list.unique().explode(empty_as_null=True) if COLUMNS.get(facet, facet) in SEVERAL else values
        return dict(values.drop_nulls().value_counts(name="n").iter_rows())


def brute(rows: Sequence[Mapping[str, Any]]) -> Brute:
    frame = pl.DataFrame(list(rows), infer_schema_length=None)
    names = pl.concat_str(
        pl.col("artists").list.join(" "), pl.col("title"), pl.col("album").fill_null(""), separator=" "
    )
    words = frame.select(names.map_elements(plain, return_dtype=pl.String).str.split(" ")).to_series()
    frame = frame.with_columns(duration_label=pl.col("duration_s").map_elements(label, return_dtype=pl.String))
    return Brute(frame.with_columns(words.list.contains(word).alias(f"word:{word}") for word in made.WORDS))


def plain(name: str) -> str:
    """Return a name in lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(c))


def value(facet: str) -> pl.Expr:
    """Return a track's values of a facet."""
    column = pl.col(COLUMNS.get(facet, facet))
    if facet == "decade":
        return column // 10 * 10
    return pl.col("duration_label") if facet == "duration" else column


def label(duration: float) -> str:
    """Return the range of the facet that a duration lies in."""
    number = bisect.bisect_right([seconds(step) for step in STEPS[:-1]], duration) - 1
    return f"{STEPS[number]}..{STEPS[number + 1]}"


def seconds(clock: str) -> int:
    minutes, _, rest = clock.rpartition(":")
    return int(minutes or 0) * 60 + int(rest)


def passes(facet: str, values: Sequence[str]) -> pl.Expr:
    """Return whether a track has one of the wanted values, if there are such, and no excluded one."""
    wanted = [has(facet, each) for each in values if not each.startswith("-")]
    refused = [has(facet, each[1:]) for each in values if each.startswith("-")]
    some = pl.any_horizontal(*wanted) if wanted else pl.lit(True)
    return some & ~pl.any_horizontal(pl.lit(False), *refused)


def has(facet: str, given: str) -> pl.Expr:
    """Return whether a track has a value; a filter's value without its minus."""
    column = pl.col(COLUMNS.get(facet, facet))
    several = COLUMNS.get(facet, facet) in SEVERAL
    if given == NONE:
        return (column.list.len() == 0).fill_null(True) if several else column.is_null()
    if several:
        return column.list.contains(given).fill_null(False)
    if facet in ("year", "duration"):
        return within(facet, column, given).fill_null(False)
    if facet == "decade":
        return (column // 10 * 10 == int(given.rstrip("s"))).fill_null(False)
    return (column == (given == "true" if facet == "explicit" else given)).fill_null(False)


def within(facet: str, column: pl.Expr, given: str) -> pl.Expr:
    start, dots, end = given.partition("..")
    if facet == "year":
        return column.is_between(int(start or 0), int(end or (9999 if dots else start)))
    first = seconds(start) if start else 0
    return (column >= first) & (column < (seconds(end) if end else 1e9 if dots else first + 1))
