"""Pages lose nothing and double nothing, under ties, and while the index changes."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from elasticsearch import Elasticsearch

import queries
from mappings.errors import InputError
from mappings.index_names import alias
from queries import Hit, Searcher
from tests.queries import made
from tests.queries.conftest import Collection
from tests.queries.tracks import documents, load, track, write

SORTS = ("relevance", "plays", "year")


def pages(
    searcher: Searcher, text: str, size: int, sort: str, between: Callable[[int], None] = lambda page: None
) -> Iterator[Sequence[Hit]]:
    after = None
    for number in range(1000):
        answer = searcher.search(queries.request(text, size=size, sort=sort, after=after))
        assert len(answer.hits) == size or answer.next is None
        yield answer.hits
        after = answer.next
        if after is None:
            return
        between(number)
    raise AssertionError("endless")


def ids(found: Iterator[Sequence[Hit]]) -> list[str]:
    return [hit.id for page in found for hit in page]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(("text", "size"), [("", 700), (made.WORDS[0], 7), (f"{made.WORDS[0]} {made.WORDS[1]}", 1)])
def test_all_pages_are_the_whole_once(collection: Collection, text: str, size: int, sort: str) -> None:
    result = ids(pages(collection.searcher, text, size, sort))
    total = collection.searcher.search(queries.request(text, size=0)).total.value

    assert len(result) == len(set(result)) == total


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("text", ["bakolu", "bakollu dremon"])
def test_documents_that_stay_are_seen_once_while_others_come_and_go(
    client: Elasticsearch, prefix: str, sort: str, text: str
) -> None:
    titles = ["bakolu dremon", "bakolu", "dremon bakolu fithas"]
    staying = [track(n, titles[n % 3], ["Horzin"], plays=n % 2, year=1990 + n % 2) for n in range(60)]
    load(client, prefix, staying)
    searcher = Searcher(client, prefix)

    def change(page: int) -> None:
        new = [track(1000 + page * 50 + n, titles[n % 3], ["Bakolu"], plays=n % 4, language="en") for n in range(50)]
        write(client, prefix, documents(new))
        client.indices.forcemerge(index=alias(prefix), max_num_segments=1)
        if page % 2:
            client.delete_by_query(index=alias(prefix), query={"term": {"artists": "bakolu"}}, refresh=True)

    result = [name for name in ids(pages(searcher, text, 7, sort, change)) if int(name[-5:]) < 1000]
    expected = [n for n, entry in enumerate(staying) if "dremon" not in text or "dremon" in entry["title"]]
    assert sorted(result) == [f"laion-disco-12m:t{n:05d}" for n in expected]


def test_missing_values_come_last(collection: Collection) -> None:
    for sort in ("plays", "year"):
        values = [hit.track.get(sort) for page in pages(collection.searcher, "", 1000, sort) for hit in page]
        present = [value for value in values if value is not None]
        assert values[: len(present)] == sorted(present, reverse=True)
        assert 0 < len(present) < len(values)


def test_more_plays_only_break_ties(collection: Collection) -> None:
    hits = [hit for page in pages(collection.searcher, made.WORDS[0], 50, "relevance") for hit in page]
    keys = [(-(hit.score or 0), -(hit.track.get("plays") or -1)) for hit in hits]
    assert [score for score, _ in keys] == sorted(score for score, _ in keys)


def test_a_cursor_outlives_the_generation(client: Elasticsearch, prefix: str) -> None:
    tracks = [track(n, "bakolu", ["Horzin"]) for n in range(10)]
    load(client, prefix, tracks)
    searcher = Searcher(client, prefix)
    first = searcher.search(queries.request("bakolu", size=4))

    client.indices.delete(index=f"{prefix}-laion-disco-12m-g000001")
    load(client, prefix, tracks)
    second = searcher.search(queries.request("bakolu", size=6, after=first.next))

    assert sorted(hit.track["source_id"] for hit in (*first.hits, *second.hits)) == [t["source_id"] for t in tracks]
    assert second.next is None


def test_a_cursor_of_another_search_is_refused(collection: Collection) -> None:
    cursor = collection.searcher.search(queries.request("bakolu", size=1)).next
    assert cursor is not None
    others = (
        queries.request("dremon", after=cursor),
        queries.request("bakolu", filters_by_facet={"year": ["1990.."]}, after=cursor),
        queries.request("bakolu", sort="plays", after=cursor),
    )
    for other in others:
        with pytest.raises(InputError, match="Bad cursor: it belongs to another search"):
            collection.searcher.search(other)


def test_page_size_and_facets_may_change_between_pages(collection: Collection) -> None:
    first = collection.searcher.search(queries.request("bakolu", size=3))
    second = collection.searcher.search(queries.request("bakolu", size=5, facet_names=["genre"], after=first.next))
    assert second.total == first.total
    assert not {hit.id for hit in first.hits} & {hit.id for hit in second.hits}
