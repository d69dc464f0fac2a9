"""500 random requests, while nothing happens and while records are being indexed, against counting in Polars."""

import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from elasticsearch import Elasticsearch

import queries
from mappings.errors import InputError
from mappings.index_names import alias
from queries import FACETS, FacetCount, Hit, Searcher
from queries.analysis import facet_values as values
from queries.cursor import TIE_BREAKERS
from queries.facets.table import NONE
from tests.queries import made
from tests.queries.brute import STEPS, Brute, Filters, artists, brute, has, plain, tracks
from tests.queries.tracks import documents, forget, load, write

TRACKS, REQUESTS = 20_000, 500
ID = pl.concat_str("dataset", pl.lit(":"), "source_id")

_ARTISTS = artists()
CHOICES: Mapping[str, Callable[[random.Random], str]] = {
    "dataset": lambda rng: rng.choice(made.DATASETS),
    "genre": lambda rng: rng.choice((*made.GENRES, NONE, "polka")),
    "genre_path": lambda rng: f"{rng.choice(made.GENRES).title()} {rng.randint(0, 9)}",
    "licence": lambda rng: rng.choice((*made.LICENCES, NONE)),
    "licence_family": lambda rng: rng.choice(("CC-BY", "CC0", NONE)),
    "commercial_use": lambda rng: rng.choice(("allowed", "prohibited", "unknown")),
    "derivatives": lambda rng: rng.choice(("allowed", "prohibited", "unknown")),
    "language": lambda rng: rng.choice((*made.LANGUAGES, NONE)),
    "platform": lambda rng: rng.choice(("YouTube Music", "Spotify")),
    "artist": lambda rng: rng.choice((*rng.sample(_ARTISTS, 5), NONE, "Nobody")),
    "year": lambda rng: rng.choice(("1990..1999", "..1975", "2004..", "1987", "1900", NONE)),
    "decade": lambda rng: rng.choice(("1990", "1960s", "1900", NONE)),
    "duration": lambda rng: rng.choice(("1:00..2:00", "90..150", "3:00", "10:00..", "..1:00", "30:00..40:00", NONE)),
    "explicit": lambda rng: rng.choice(("true", "false", NONE)),
}


@dataclass(frozen=True)
class Made:
    """One random request."""

    text: str
    filters: Filters
    facets: list[str]
    size: int
    pages: int
    sort: str


def made_request(rng: random.Random) -> Made:
    chosen = rng.sample(sorted(CHOICES), rng.choice((0, 1, 1, 2, 3, 4)))
    filters = {
        facet: [rng.choice(("", "", "-")) + CHOICES[facet](rng) for _ in range(rng.choice((1, 1, 2, 3)))]
        for facet in chosen
    }
    return Made(
        text=" ".join(rng.sample(made.WORDS, rng.choice((0, 1, 1, 2, 3)))),
        filters=filters,
        facets=rng.sample(sorted(CHOICES), rng.choice((0, 1, 3, 6, len(CHOICES)))),
        size=rng.choice((1, 3, 10, 40, 150)),
        pages=rng.choice((1, 1, 1, 2, 5)),
        sort=rng.choice(list(queries.Sort)),
    )


@dataclass(frozen=True)
class Large:
    """The tracks, in Elasticsearch and as a frame."""

    searcher: Searcher
    brute: Brute
    prefix: str
    rows: list[dict[str, Any]]


@pytest.fixture(scope="module")
def large(client: Elasticsearch) -> Iterator[Large]:
    prefix, rows = f"t{uuid.uuid4().hex[:10]}", tracks(TRACKS, seed=6)
    try:
        load(client, prefix, rows, shards=2)
        prints = {(doc["dataset"], doc["source_id"]): doc["fingerprint"] for doc in documents(rows)}
        printed = [row | {"fingerprint": prints[row["dataset"], row["source_id"]]} for row in rows]
        yield Large(Searcher(client, prefix), brute(printed), prefix, rows)
    finally:
        forget(client, prefix)


def test_every_facet_is_tried() -> None:
    assert set(CHOICES) == set(FACETS)


def test_they_agree(large: Large) -> None:
    rng = random.Random(60)
    for _ in range(REQUESTS // 2):
        agree(large, made_request(rng))


@pytest.mark.slow
def test_they_agree_while_records_are_indexed(client: Elasticsearch, large: Large) -> None:
    """Known records are sent again, as a resumed load does; others arrive that each request excludes."""
    rng = random.Random(61)
    with indexing(client, large):
        for _ in range(REQUESTS // 2):
            case = made_request(rng)
            facets = [facet for facet in case.facets if facet != "platform"]
            filters = {**case.filters, "platform": [*case.filters.get("platform", []), "-arriving"]}
            agree(large, Made(case.text, filters, facets, case.size, case.pages, case.sort))


@contextmanager
def indexing(client: Elasticsearch, large: Large) -> Iterator[None]:
    """Index, replace and refresh as long as the block lasts; at least once, and what fails in it fails the test.

    What arrived is deleted again: later tests count the known records only.
    """
    done, failed, rounds = threading.Event(), list[Exception](), list[int]()
    arriving = [row | {"source_id": f"new{row['source_id']}", "platform": "arriving"} for row in large.rows[:5_000]]

    def work() -> None:
        rng = random.Random(7)
        try:
            while not done.is_set():
                again = rng.sample(large.rows, 200) + rng.sample(arriving, 200)
                write(client, large.prefix, documents(again))
                rounds.append(len(again))
                done.wait(0.2)
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        arrived = {"term": {"platform": "arriving"}}
        client.delete_by_query(index=alias(large.prefix), query=arrived, refresh=True)
    assert not failed
    assert len(rounds) > 5


def agree(large: Large, case: Made) -> None:
    """Check a request's total, facets and pages."""
    found = large.brute.matched(case.text, case.filters)
    hits: list[Hit] = []
    after = None
    for page in range(case.pages):
        request = queries.request(
            case.text,
            filters_by_facet=case.filters,
            facet_names=case.facets if page == 0 else [],
            size=case.size,
            after=after,
            sort=case.sort,
        )
        answer = large.searcher.search(request)
        assert (answer.total.value, answer.total.exact) == (found.height, True), case
        assert page or list(answer.facets) == case.facets
        for facet, counted in answer.facets.items():
            under = large.brute.matched(case.text, case.filters, but=facet)
            check_facet(large.brute, facet, counted, under, case.filters.get(facet, []))
        hits += answer.hits
        after = answer.next
        assert (after is not None) == (len(hits) < found.height), case
        if after is None:
            break
    check_hits(case, hits, found)


def check_facet(whole: Brute, facet: str, counted: FacetCount, under: pl.DataFrame, case: list[str]) -> None:
    counts = whole.counts(facet, under)
    shown = {bucket.value: bucket.count for bucket in counted.buckets}
    wanted = named(facet, [value for value in case if not value.startswith("-")], counts)
    refused = named(facet, [value[1:] for value in case if value.startswith("-")], counts)
    assert {bucket.value for bucket in counted.buckets if bucket.selected} == wanted - refused
    assert {bucket.value for bucket in counted.buckets if bucket.excluded} == refused
    assert wanted | refused <= shown.keys()
    extra = shown.keys() - counts.keys() if facet == "duration" else set()
    sure = shown.keys() if counted.exact else wanted | refused
    for value in sure - extra:
        assert shown[value] == counts.get(value, 0), (facet, value)
    assert counted.missing == missing(facet, under)
    assert counted.other == sum(counts.values()) - sum(shown[value] for value in shown.keys() - extra)
    assert counted.exact == (len(counts) <= 1000)
    assert counted.distinct == (len(counts) if counted.exact else pytest.approx(len(counts), rel=0.05))
    if counted.exact:
        least = min((b.count for b in counted.buckets if b.value not in wanted | refused), default=0)
        assert all(count <= least for value, count in counts.items() if value not in shown)


def missing(facet: str, under: pl.DataFrame) -> int:
    return under.filter(has(facet, NONE)).height


def named(facet: str, values: list[str], counts: Mapping[Any, int]) -> set[Any]:
    """Return what must be listed of the values of a filter."""
    values = [value for value in values if value != NONE]
    if facet == "explicit":
        return {value == "true" for value in values}
    if facet == "decade":
        return {int(value.rstrip("s")) for value in values}
    if facet == "duration":
        labels = {"90..150": "1:30..2:30", "3:00": "3:00..3:01", "..1:00": "0:00..1:00"}
        return {labels.get(value, value) for value in values}
    if facet == "year":
        single = {int(value) for value in values if ".." not in value}
        ranges = [value.partition("..") for value in values if ".." in value]
        return single | {y for y in counts for a, _, b in ranges if int(a or 0) <= y <= int(b or 9999)}
    return set(values)


def check_hits(case: Made, hits: list[Hit], found: pl.DataFrame) -> None:
    """Check that hits are the first of the tracks found, in order, none twice."""
    ids = [hit.id for hit in hits]
    assert len(ids) == min(case.size * case.pages, found.height)
    rows = {row.pop("id"): row for row in found.select(ID.alias("id"), "plays", *TIE_BREAKERS).to_dicts()}
    assert set(ids) <= rows.keys()
    assert len(set(ids)) == len(ids)
    if case.text and case.sort == "relevance":
        # What a score is worth is for the tests of relevance; here it only has to be the order.
        keys = [(-(hit.score or 0), *order(rows[hit.id])) for hit in hits]
        assert keys == sorted(keys)
        return
    by = "year" if case.sort == "year" else "plays"
    ordered = found.sort(by, *TIE_BREAKERS, descending=[True, False, False], nulls_last=[True, False, False])
    assert ids == ordered.head(len(hits)).select(ID).to_series().to_list()


def order(row: dict[str, Any]) -> tuple[int, int, int]:
    """Return what tracks of one score are ordered by: plays, then the row in the source file, then the fingerprint."""
    return (-(-1 if row["plays"] is None else row["plays"]), row["source_row"], row["fingerprint"])


def test_all_values_of_a_facet_agree(large: Large, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, ends = random.Random(62), Counter[bool]()
    for _ in range(60):
        case = made_request(rng)
        # Sometimes so small that what is listed by count is not certain.
        for name, sizes in {"OFFERED": (20, 300, 10_000), "LISTED": (100, 600, 20_000)}.items():
            monkeypatch.setattr(values, name, rng.choice(sizes))
        facet = rng.choice(("artist", "artist", rng.choice(sorted(FACETS))))
        ends[check_values(large, case, facet, rng.choice(("", "", "a", "BÁK", "o d", "44", "199")), rng)] += 1
    assert ends[True] > 40
    assert ends[False] > 1


def check_values(large: Large, case: Made, facet: str, contains: str, rng: random.Random) -> bool:
    """Check all pages of a facet's values: every value once, with its count, in order; return whether they end."""
    counts = large.brute.counts(facet, large.brute.matched(case.text, case.filters, but=facet))
    wanted = {value: n for value, n in counts.items() if plain(contains) in plain(str(value))}
    sort, size = rng.choice(list(queries.By)), max(rng.choice((7, 100, 1000)), len(wanted) // 5 + 1)
    refused = named(facet, [value[1:] for value in case.filters.get(facet, []) if value.startswith("-")], counts)
    found: list[tuple[Any, int]] = []
    after = None
    is_whole = False
    while not is_whole:
        request = queries.values_request(
            facet,
            case.text,
            filters_by_facet=case.filters,
            contains=contains,
            size=min(size, 1000),
            after=after,
            sort=sort,
        )
        try:
            page = large.searcher.values(request)
        except InputError as error:  # deep in the list by count, without a text that values contain
            assert "Ask for them by value" in str(error)
            assert (facet, contains, sort) == ("artist", "", "count")
            break
        found += [(bucket.value, bucket.count) for bucket in page.values]
        assert all(bucket.excluded == (bucket.value in refused) for bucket in page.values)
        assert page.total.value == large.brute.matched(case.text, case.filters).height
        assert page.distinct in (None, len(wanted))
        after = page.next
        is_whole = after is None
    own = {f"{a}..{b}": n for n, (a, b) in enumerate(pairwise(STEPS))} if facet == "duration" else None
    expected = sorted(
        wanted.items(), key=lambda pair: (-pair[1] if sort == "count" else 0, own[pair[0]] if own else pair[0])
    )
    assert found == (expected if is_whole else expected[: len(found)]), (facet, contains, sort, case)
    return is_whole
