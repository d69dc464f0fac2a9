"""Facet counts and totals, against counting in Python."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

import queries
from queries import FACETS, FacetCount, counting
from queries.filters import NONE
from tests.queries import made
from tests.queries.conftest import Collection

Track = Mapping[str, Any]
Filters = Mapping[str, list[str]]

FIELDS = {"artist": "artists"}
CHOICES: Mapping[str, Callable[[random.Random], str]] = {
    "dataset": lambda rng: rng.choice(made.DATASETS),
    "genre": lambda rng: rng.choice((*made.GENRES, NONE, "polka")),
    "licence": lambda rng: rng.choice((*made.LICENCES, NONE)),
    "commercial_use": lambda rng: rng.choice(("allowed", "prohibited", "unknown")),
    "language": lambda rng: rng.choice((*made.LANGUAGES, NONE)),
    "platform": lambda rng: rng.choice(("YouTube Music", "Spotify")),
    "artist": lambda rng: rng.choice((*made.ARTISTS, NONE)),
    "year": lambda rng: rng.choice(("1990..1999", "..1975", "2004..", "1987", NONE)),
    "explicit": lambda rng: rng.choice(("true", "false", NONE)),
}


def values(track: Track, facet: str) -> list[Any]:
    value = track.get(FIELDS.get(facet, facet))
    return value if isinstance(value, list) else [] if value is None else [value]


def wanted(track: Track, facet: str, asked: str) -> bool:
    held = values(track, facet)
    if asked == NONE:
        return not held
    if facet == "year":
        first, dots, last = asked.partition("..")
        return any(int(first or 0) <= year <= int(last or (9999 if dots else first)) for year in held)
    return (asked == "true") in held if facet == "explicit" else asked in held


def passes(track: Track, filters: Filters, but: str = "") -> bool:
    return all(any(wanted(track, facet, value) for value in asked) for facet, asked in filters.items() if facet != but)


def has_words(track: Track, text: str) -> bool:
    names = [track["title"], track["album"] or "", *track["artists"]]
    return set(text.split()) <= set(" ".join(names).lower().split())


def made_request(rng: random.Random) -> tuple[str, Filters, list[str]]:
    text = " ".join(rng.sample(made.WORDS, rng.choice((0, 1, 1, 2))))
    chosen = rng.sample(sorted(CHOICES), rng.choice((0, 1, 1, 2, 3)))
    filters = {facet: [CHOICES[facet](rng) for _ in range(rng.choice((1, 1, 2)))] for facet in chosen}
    return text, filters, rng.sample(sorted(CHOICES), rng.randint(0, len(CHOICES)))


@pytest.mark.parametrize("seed", range(120))
def test_counts_are_those_of_python(collection: Collection, seed: int) -> None:
    text, filters, facets = made_request(random.Random(seed))

    asked = queries.request(text, filters_by_facet=filters, facet_names=facets, size=0)
    answer = collection.searcher.search(asked)

    matched = [track for track in collection.tracks if has_words(track, text)]
    assert answer.total.value == sum(passes(track, filters) for track in matched)
    assert answer.total.exact
    assert list(answer.facets) == facets
    for facet, counted in answer.facets.items():
        under = [track for track in matched if passes(track, filters, but=facet)]
        check(facet, counted, under, filters.get(facet, []))


def check(facet: str, counted: FacetCount, under: Sequence[Track], asked: list[str]) -> None:
    counts = Counter(value for track in under for value in values(track, facet))
    shown = {bucket.value: bucket.count for bucket in counted.buckets}
    assert shown == {value: counts[value] for value in shown}
    assert counted.missing == sum(not values(track, facet) for track in under)
    assert counted.other == counts.total() - sum(shown.values())
    assert counted.distinct == len(counts) or not counted.exact
    assert counted.exact or FACETS[facet].wide
    assert {bucket.value for bucket in counted.buckets if bucket.selected} == selected(facet, counts, asked)
    least = min((bucket.count for bucket in counted.buckets if not bucket.selected), default=0)
    assert all(count <= least for value, count in counts.items() if value not in shown)


def selected(facet: str, counts: Counter[Any], asked: list[str]) -> set[Any]:
    """Return the values that must be listed as selected: those asked for by name, and all within a range."""
    named = [value for value in asked if value != NONE and ".." not in value]
    if facet == "year":
        return {int(value) for value in named} | {
            y for y in counts if any(wanted({"year": y}, facet, a) for a in asked)
        }
    return {value == "true" for value in named} if facet == "explicit" else set(named)


def test_a_selected_value_outside_the_top_keeps_its_count(collection: Collection) -> None:
    counts = Counter(artist for track in collection.tracks for artist in track["artists"])
    rare = min(counts, key=lambda artist: (counts[artist], artist))

    asked = queries.request(filters_by_facet={"artist": [rare, "Nobody"]}, facet_names=["artist"])
    facet = collection.searcher.search(asked).facets["artist"]

    found = {bucket.value: bucket.count for bucket in facet.buckets if bucket.selected}
    assert found == {rare: counts[rare], "Nobody": 0}
    assert len(facet.buckets) == FACETS["artist"].shown + 2


def test_years_are_listed_in_their_order_as_numbers(collection: Collection) -> None:
    facet = collection.searcher.search(queries.request(facet_names=["year"], size=0)).facets["year"]

    years = [bucket.value for bucket in facet.buckets]
    assert years == sorted(years)
    assert all(type(year) is int for year in years)


def test_what_is_too_much_to_list_says_that_it_isnt_exact(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "ROOM", 25)
    counts = Counter(artist for track in collection.tracks for artist in track["artists"])
    rare = min(counts, key=lambda artist: (counts[artist], artist))

    asked = queries.request(filters_by_facet={"artist": [rare]}, facet_names=["artist"], size=0)
    facet = collection.searcher.search(asked).facets["artist"]

    assert not facet.exact
    assert facet.distinct == pytest.approx(len(counts), rel=0.05)
    assert facet.other == counts.total() - sum(bucket.count for bucket in facet.buckets)
    assert [(bucket.value, bucket.count) for bucket in facet.buckets if bucket.selected] == [(rare, counts[rare])]
