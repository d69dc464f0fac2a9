"""All values of one facet: what they contain, pages while the index changes, cursors, hostile texts."""

import random
from collections import Counter

import pytest
from elasticsearch import Elasticsearch

import queries
from mappings.errors import InputError
from mappings.index_names import alias
from mappings.spelling import folding
from queries import Searcher, Stage, ValuesRequest, cursor, values_request
from queries.analysis import facet_values
from queries.cursor import Cursor
from queries.facets import aggregations
from tests.queries.conftest import Collection
from tests.queries.test_hostile import HOSTILE
from tests.queries.tracks import documents, load, track, write

LITTLE, TINY = 70, 10
"""Values of a facet that are listed: more than there are years here, and fewer than artists."""


def set_room(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    for module in (aggregations, facet_values):
        monkeypatch.setattr(module, "MAX_BUCKETS", room)


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """List few values of a facet, so that those of artists are asked for apart."""
    set_room(monkeypatch, LITTLE)


@pytest.fixture
def tiny_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """List very few."""
    set_room(monkeypatch, TINY)


def names(searcher: Searcher, contains: str) -> set[object]:
    answer = searcher.values(values_request("artist", contains=contains, size=1000))
    assert answer.next is None
    assert answer.distinct == len(answer.values)
    return {bucket.value for bucket in answer.values}


@pytest.mark.usefixtures("tiny_room")
def test_case_accents_and_script_dont_matter(client: Elasticsearch, prefix: str) -> None:
    held = [
        "Björk",
        "BJORK",
        "Sigur Rós",
        "Guns N’ Roses",
        "Simon & Garfunkel",
        "AC/DC",
        "東京事変",
        "Кино",
        "Æther",
        "Алёна",
    ]
    load(client, prefix, [track(n, "x", [name]) for n, name in enumerate([*held, *(f"Other {n}" for n in range(9))])])
    searcher = Searcher(client, prefix)
    for contained, expected in {
        "BJÖ": {"Björk", "BJORK"},
        "bjo\u0308rk": {"Björk", "BJORK"},
        "r ro": {"Sigur Rós"},
        "guns n' ros": {"Guns N’ Roses"},
        "n and g": {"Simon & Garfunkel"},
        "C/D": {"AC/DC"},
        "京事": {"東京事変"},
        "ИНО": {"Кино"},
        "aeth": {"Æther"},
        "ален": {"Алёна"},
        "nobody": set(),
        ".*": set(),
        "[a-z]": set(),
        "a|b": set(),
        "other 1": {"Other 1"},
    }.items():
        assert names(searcher, contained) == expected, contained


@pytest.mark.slow
def test_narrowing_loses_no_name(client: Elasticsearch, prefix: str) -> None:
    """Every character that is folded, between letters and beside each other, as a needle for its own name."""
    rng = random.Random(4)
    letters = folding.HALF_WIDTH_KANA | folding.FOLDS
    folded = [*letters, *map(str.upper, letters)]
    others = [*"abzAZ059 .-_&+'’!$@/#,·\u0301\u0327\u200d\u200b½²ªⅧ①Ωшё♥🎵", *"東京事変가나ガｶﾞゲไทยعرب"]
    held = [f"a{character}b c{character}" for character in folded]
    held += ["".join(rng.choices([*folded, *others, *others], k=rng.randint(2, 12))) for _ in range(1500)]
    rows = [track(n, "x", [name]) for n, name in enumerate(held)]
    load(client, prefix, rows)

    searches = list[dict[str, object]]()
    for row in rows:
        narrowed = facet_values._may_contain(folding.fold(row["artists"][0]))
        itself = {"ids": {"values": [f"{row['dataset']}:{row['source_id']}"]}}
        clauses = [itself, *([narrowed.to_dict()] if narrowed else [])]
        searches += [{"index": alias(prefix)}, {"query": {"bool": {"filter": clauses}}, "size": 0}]
    response = client.msearch(searches=searches)["responses"]

    lost = [name for name, answer in zip(held, response, strict=True) if answer["hits"]["total"]["value"] != 1]
    assert not lost


@pytest.mark.usefixtures("tiny_room")
@pytest.mark.parametrize("contains", ["", "ba"])
def test_values_that_stay_are_seen_once_while_others_come_and_go(
    client: Elasticsearch, prefix: str, contains: str
) -> None:
    staying = [f"Bako {n}" for n in range(40)]
    load(client, prefix, [track(n, "x", [name]) for n, name in enumerate(staying)], shards=2)
    searcher, seen = Searcher(client, prefix), list[str]()
    after = None
    for number in range(100):
        page = searcher.values(values_request("artist", contains=contains, size=7, sort="value", after=after))
        seen += [str(bucket.value) for bucket in page.values]
        after = page.next
        if after is None:
            break
        passing = [track(1000 + 10 * number + n, "x", [f"Bako {n} passing {number}"]) for n in range(10)]
        write(client, prefix, documents(passing))
        client.delete_by_query(
            index=alias(prefix), query={"ids": {"values": [f"{passing[3]['dataset']}:t01003"]}}, refresh=True
        )
    assert sorted(value for value in seen if "passing" not in value) == sorted(staying)
    assert len(seen) == len(set(seen))


def test_selected_values_are_marked_where_they_rank(collection: Collection) -> None:
    filters = {"artist": ["Bakolu Oxtabel", "-Bakolu Nerwyck"], "genre": ["rock"]}
    answer = collection.searcher.values(values_request("artist", filters_by_facet=filters, size=1000))
    assert [bucket.value for bucket in answer.values if bucket.selected] == ["Bakolu Oxtabel"]
    assert "Bakolu Nerwyck" in {bucket.value for bucket in answer.values}
    counts = [bucket.count for bucket in answer.values]
    assert counts == sorted(counts, reverse=True)


def test_one_page_is_json(collection: Collection) -> None:
    page = collection.searcher.values(values_request("explicit", size=1)).as_json()
    assert list(page) == [
        *("facet", "values", "distinct", "missing", "total", "exact", "next", "stage", "text_truncated", "took_ms")
    ]
    assert set(page["values"][0]) >= {"value", "count", "selected"}
    assert (page["distinct"], page["exact"]) == (2, True)


def test_a_cursor_of_another_request_is_refused(collection: Collection) -> None:
    after = collection.searcher.values(values_request("artist", size=1)).next
    others: list[dict[str, object]] = [
        {"name": "genre"},
        {"typed": "bakolu"},
        {"filters_by_facet": {"year": ["1990.."]}},
        {"filters_by_facet": {"artist": ["-x"]}},
        {"contains": "a"},
        {"sort": "value"},
    ]
    assert values_request("artist", size=3, after=after).after
    for other in others:
        with pytest.raises(InputError, match="Bad cursor: it belongs to another search"):
            values_request(**{"name": "artist", "after": after} | other)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="Bad cursor"):
        collection.searcher.search(queries.request("", after=after))


@pytest.mark.parametrize("name", ["artist", "year", "explicit", "duration", "decade"])
@pytest.mark.parametrize(
    "keys", [(), ("a",), (1,), (1, 2, 3), (None,), (1, None), (True, "a"), (1, {}), (1.5,), ("x", "x")]
)
def test_forged_keys_never_reach_elasticsearch(collection: Collection, name: str, keys: tuple[object, ...]) -> None:
    for sort in queries.By:
        request: ValuesRequest = values_request(name, sort=sort)
        forged = cursor.write_cursor(Cursor(Stage.STRICT, keys), request.fingerprint)
        try:
            again = values_request(name, sort=sort, after=forged)
        except InputError:
            continue
        collection.searcher.values(again)


@pytest.mark.parametrize("typed", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts_are_answered_or_refused(collection: Collection, typed: str) -> None:
    for name in ("artist", "genre", "year"):
        try:
            request = values_request(name, contains=typed)
        except InputError as problem:
            assert len(str(problem)) < 400
            continue
        assert collection.searcher.values(request).values == () or len(typed.strip(" -*.?!'\"\u200b\u200c\u200d")) < 3


def test_what_cant_be_asked_is_an_error() -> None:
    for given in ({"size": 0}, {"size": 1001}, {"sort": "counts"}, {"contains": "x" * 201}, {"after": "nonsense"}):
        with pytest.raises(InputError):
            values_request("artist", **given)


def test_there_are_no_pages_by_count_of_what_is_uncertain(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each shard offers its most frequent artists: what is counted above what may be missing is certain."""
    monkeypatch.setattr(facet_values, "OFFERED", 30)
    monkeypatch.setattr(facet_values, "LISTED", 40)
    with pytest.raises(InputError, match=r"Beyond the artists with most tracks .* Ask for them by value."):
        collection.searcher.values(values_request("artist", size=100))
    page = collection.searcher.values(values_request("artist", size=100, sort="value"))
    assert len(page.values) == 100
    assert page.next


def test_certain_pages_by_count_are_right(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Counter(name for one in collection.tracks for name in set(one["artists"]))
    expected = sorted(held.items(), key=lambda pair: (-pair[1], pair[0]))
    monkeypatch.setattr(facet_values, "OFFERED", 100)
    monkeypatch.setattr(facet_values, "LISTED", 104)
    result, after = list[tuple[object, int]](), None
    with pytest.raises(InputError, match="Beyond the artists"):
        while True:
            page = collection.searcher.values(values_request("artist", size=2, after=after))
            result += [(bucket.value, bucket.count) for bucket in page.values]
            after = page.next
    assert result == expected[: len(result)]
    assert len(result) >= 4


@pytest.mark.usefixtures("tiny_room")
def test_values_of_other_facets_contain_what_they_contain(client: Elasticsearch, prefix: str) -> None:
    load(client, prefix, [track(n, "x", ["Somebody"], genre_path=[f"Style {n}"]) for n in range(20)])
    response = Searcher(client, prefix).values(values_request("genre_path", contains="style 1", size=100))
    assert {bucket.value for bucket in response.values} == {"Style 1", *(f"Style {n}" for n in range(10, 20))}
