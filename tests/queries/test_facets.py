"""Facets, one trait at a time; that all of them are right is for `test_random_requests`."""

from collections import Counter
from typing import Any

import pytest
from elasticsearch import Elasticsearch

import queries
from mappings.errors import InputError
from queries import FACETS, FacetCount, Searcher
from queries.facets import aggregations
from queries.facets.table import Not, Seconds
from tests.queries.conftest import Collection
from tests.queries.tracks import load, track


def artists(collection: Collection) -> Counter[str]:
    return Counter(artist for row in collection.tracks for artist in set(row["artists"]))


def rarest(counts: Counter[str]) -> str:
    return min(counts, key=lambda artist: (counts[artist], artist))


def facet(collection: Collection, name: str, **filters: list[str]) -> FacetCount:
    request = queries.request(filters_by_facet=filters, facet_names=[name], size=0)
    return collection.searcher.search(request).facets[name]


def total(collection: Collection, **filters: list[str]) -> int:
    return collection.searcher.search(queries.request(filters_by_facet=filters, size=0)).total.value


def test_a_selected_value_outside_the_top_keeps_its_count(collection: Collection) -> None:
    counts = artists(collection)
    rare = rarest(counts)
    result = facet(collection, "artist", artist=[rare, "Nobody"])
    assert {b.value: b.count for b in result.buckets if b.selected} == {rare: counts[rare], "Nobody": 0}
    assert len(result.buckets) == FACETS["artist"].shown + 2


def test_an_excluded_value_is_listed_with_its_count(collection: Collection) -> None:
    counts = artists(collection)
    rare = rarest(counts)
    result = facet(collection, "artist", artist=[f"-{rare}"])
    assert [(b.count, b.selected) for b in result.buckets if b.value == rare] == [(counts[rare], False)]
    assert total(collection, artist=[f"-{rare}"]) == len(collection.tracks) - counts[rare]


def test_not_none_and_none_are_the_whole(collection: Collection) -> None:
    for name in FACETS:
        assert total(collection, **{name: ["none"]}) + total(collection, **{name: ["-none"]}) == len(collection.tracks)


def test_what_is_wanted_and_excluded_is_excluded(collection: Collection) -> None:
    assert total(collection, genre=["rock", "-rock"]) == 0
    assert total(collection, year=["1990..1999", "-1995"]) == total(collection, year=["1990..1994", "1996..1999"])


def test_years_are_listed_in_their_order_as_numbers(collection: Collection) -> None:
    for name in ("year", "decade"):
        values = [bucket.value for bucket in facet(collection, name).buckets]
        assert values == sorted(values)
        assert all(type(value) is int for value in values)


def test_a_decade_is_its_ten_years(collection: Collection) -> None:
    years = {bucket.value: bucket.count for bucket in facet(collection, "year").buckets}
    for decade in facet(collection, "decade").buckets:
        assert decade.count == sum(n for year, n in years.items() if int(year) // 10 * 10 == decade.value)
        assert decade.count == total(collection, decade=[f"{decade.value}s"])


@pytest.fixture
def durations(client: Elasticsearch, prefix: str) -> Collection:
    rows = [track(n, "x", duration_s=s) for n, s in enumerate((59.999, 60.0, 60.5, 119.9, 120.0, 5000.0, None))]
    load(client, prefix, rows)
    return Collection(rows, Searcher(client, prefix), prefix)


def test_durations_lie_in_one_range_each_and_its_label_is_its_filter(durations: Collection) -> None:
    result = facet(durations, "duration")
    labels = {"0:30..1:00": 1, "1:00..2:00": 3, "2:00..3:00": 1, "60:00..": 1}
    assert [(bucket.value, bucket.count) for bucket in result.buckets] == list(labels.items())
    assert (result.missing, result.other, result.distinct, result.exact) == (1, 0, 4, True)
    for label, count in labels.items():
        assert total(durations, duration=[label]) == count
        assert total(durations, duration=[f"-{label}"]) == len(durations.tracks) - count


def test_a_range_of_seconds_that_was_asked_for_is_listed_beside_the_others(durations: Collection) -> None:
    result = facet(durations, "duration", duration=["60..61", "1:00..2:00", "7:00"])
    chosen = {bucket.value: bucket.count for bucket in result.buckets if bucket.selected}
    assert chosen == {"1:00..1:01": 2, "1:00..2:00": 3, "7:00..7:01": 0}
    assert (result.missing, result.other, result.distinct) == (1, 0, 4)


def test_what_is_too_much_to_list_says_that_it_isnt_exact(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aggregations, "MAX_BUCKETS", 25)
    counts = artists(collection)
    rare = rarest(counts)
    result = facet(collection, "artist", artist=[rare])
    assert not result.exact
    assert result.distinct == pytest.approx(len(counts), rel=0.05)
    assert result.other == counts.total() - sum(bucket.count for bucket in result.buckets)
    assert [(bucket.value, bucket.count) for bucket in result.buckets if bucket.selected] == [(rare, counts[rare])]


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("3:25", Seconds(205, 206)),
        ("180..240", Seconds(180, 240)),
        ("3:00..4:00", Seconds(180, 240)),
        ("1:00:00..", Seconds(3600, None)),
        ("..1:30", Seconds(0, 90)),
        (" 10:00 .. ", Seconds(600, None)),
    ],
)
def test_durations_are_read(given: str, seconds: Seconds) -> None:
    for written in (given, str(seconds)):
        ((value,),) = queries.request(filters_by_facet={"duration": [written]}).filters.values()
        assert value == seconds
    ((value,),) = queries.request(filters_by_facet={"duration": [f"-{given}"]}).filters.values()
    assert value == Not(seconds)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        *(
            ("duration", d)
            for d in ("", "..", "4:00..3:00", "3:00..3:00", "x", "1:99", "-", "--1:00", "9" * 9, "１:00")
        ),
        *(("decade", d) for d in ("1995", "90s", "1990..1999", "", "0000", "9990")),
        *(("explicit", e) for e in ("yes", "-", "--true")),
        *(("artist", a) for a in ("", "-", "\\", "a\x1bb", "\udcff", "x" * 100_000, "-" + "*" * 100_000)),
    ],
)
def test_hostile_values_are_an_error_of_one_sentence(name: str, given: str) -> None:
    with pytest.raises(InputError) as problem:
        queries.request(filters_by_facet={name: [given]})
    assert len(str(problem.value)) < 400


@pytest.mark.parametrize(
    "value", ["-", "none", "-none", "\\x", "*", "a|b", ".*", "👩‍👩‍👧", "\u200fx", "\ue000", '"', "--"]
)
def test_any_name_can_be_asked_for_and_excluded(client: Elasticsearch, prefix: str, value: str) -> None:
    load(client, prefix, [track(0, "x", [value]), track(1, "y", ["Other"]), track(2, "z")])
    searcher = Searcher(client, prefix)

    def ids(given: str) -> list[Any]:
        request = queries.request(filters_by_facet={"artist": [given]}, facet_names=["artist"])
        return [hit.track["source_id"] for hit in searcher.search(request).hits]

    assert ids(f"\\{value}") == ["t00000"]
    assert ids(f"-\\{value}") == ["t00001", "t00002"]
