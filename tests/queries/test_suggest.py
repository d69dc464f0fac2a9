"""Suggestions: what begins so is found however spelt, namesakes stay apart, and counts are those of the tracks."""

import uuid
from collections import Counter
from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch

from mappings.errors import InputError
from queries import Searcher
from queries.people import bodies, suggesting, typed
from queries.people.suggesting import Suggestions
from tests.queries import made, people
from tests.queries.conftest import Collection
from tests.queries.tracks import forget, load


@pytest.fixture(scope="module")
def crowd(client: Elasticsearch) -> Iterator[Collection]:
    prefix, tracks = f"t{uuid.uuid4().hex[:10]}", people.tracks(2_000, seed=3)
    try:
        load(client, prefix, tracks, shards=2)
        yield Collection(tracks, Searcher(client, prefix), prefix)
    finally:
        forget(client, prefix)


def suggest(crowd: Collection, text: str, size: int = 10) -> Suggestions:
    return crowd.searcher.suggest(suggesting.request(text, size=size))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("acd", "AC/DC"), ("AC/", "AC/DC"), ("a.c.d.c", "AC/DC"), ("kin", "Кино"), ("кин", "Кино"), ("bjo", "Björk"),
        ("BJÖR", "Björk"), ("pin", "P!nk"), ("p!n", "P!nk"), ("!!", "!!!"), ("beat", "The Beatles"),
        ("the bea", "The Beatles"), ("thebea", "The Beatles"), ("some co", "Some Cover"),
    ],
)  # fmt: skip
def test_names_are_found_as_they_are_typed(crowd: Collection, text: str, name: str) -> None:
    found = suggest(crowd, text)
    assert name in [artist.name for artist in found.artists][:3]
    assert found.complete


@pytest.mark.parametrize(
    ("text", "title"),
    [("gruppa", "Группа крови"), ("joga", "Jóga"), ("thunders", "Thunderstruck"), ("tnt", "T.N.T."),
     ("and shou", "Twist and Shout"), ("björk jo", "Jóga"), ("giuli", "Me and Giuliani")],
)  # fmt: skip
def test_titles_too(crowd: Collection, text: str, title: str) -> None:
    assert title in [one.title for one in suggest(crowd, text).titles][:3]


def test_every_artist_that_begins_so_is_there_with_its_tracks(crowd: Collection) -> None:
    counts = Counter(name for one in crowd.tracks for name in set(one["artists"]))
    for word in made.WORDS[:9]:
        for text in (word[:4], word, f"{word} {made.WORDS[10][:2]}", word[:2].upper()):
            found = suggest(crowd, text, size=50)
            begun = {name: number for name, number in counts.items() if name.lower().startswith(text.lower())}
            shown = {artist.name: artist.count for artist in found.artists}
            assert begun.items() <= shown.items()
            assert shown.items() <= counts.items()
            in_order = [shown[name] for name in shown if name in begun]
            assert in_order == sorted(in_order, reverse=True)


def test_counts_by_data_set(crowd: Collection) -> None:
    (artist,) = suggest(crowd, "over repres").artists
    own = Counter(one["dataset"] for one in crowd.tracks if artist.name in one["artists"])
    assert artist.name == "Over Represented"
    assert (artist.datasets, artist.count) == (own, own.total())


def test_titles_are_counted_whatever_their_case(crowd: Collection) -> None:
    (title,) = suggest(crowd, "thunders").titles
    assert (title.count, set(title.artists)) == (2, {"AC/DC", "Some Cover"})
    counts = Counter(str(one["title"]).lower() for one in crowd.tracks)
    for word in made.WORDS[:5]:
        titles = suggest(crowd, word[:5]).titles
        assert titles
        assert all(one.count == counts[one.title.lower()] for one in titles)


def test_namesakes_are_kept_apart_where_ids_tell(crowd: Collection) -> None:
    noahs = [artist for artist in suggest(crowd, "noah").artists if artist.name == "Noah"]
    assert {artist.ids: artist.count for artist in noahs} == {("UC-one",): 5, ("UC-two",): 3, ("77",): 3}
    assert sum(artist.count for artist in noahs) == sum("Noah" in one["artists"] for one in crowd.tracks)
    assert {artist.name for artist in suggest(crowd, "noah").artists} >= {"Noah", "NOAH", "noah"}


def test_short_prefixes_are_bounded() -> None:
    whole, begun, whole_title, *titles = suggesting.first(suggesting.request("a"))
    assert all(body["terminate_after"] == bodies.LOOKED_AT for body in (begun, *titles))
    assert not any("prefix" in str(body) for body in (whole, whole_title))
    assert "match_bool_prefix" not in str(begun)


def test_whole_names_are_there_however_little_is_looked_at(crowd: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LOOKED_AT", 1)
    found = suggest(crowd, "noah")
    assert {artist.name for artist in found.artists} == {"Noah", "NOAH", "noah"}
    assert suggest(crowd, "thunderstruck").titles[0].count == 2
    word = made.WORDS[0]
    assert not suggest(crowd, word[:3]).complete
    counts = Counter(name for one in crowd.tracks for name in set(one["artists"]))
    assert all(artist.count == counts[artist.name] for artist in suggest(crowd, word[:3]).artists)


@pytest.mark.parametrize("text", ["", " ", "\x00\x1b", "\u202e", "\udcff"])
def test_nothing_typed_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match="no name"):
        suggesting.request(text)


@pytest.mark.parametrize("size", [0, -1, 51])
def test_sizes_that_cant_be(size: int) -> None:
    with pytest.raises(InputError, match="suggestions"):
        suggesting.request("a", size=size)


@pytest.mark.parametrize(
    "text",
    ["x" * 100_000, "a " * 50_000, '"', "a*", "(", "\\", "AND OR", "[x TO", "artist:x -y", "🎵", "ガ", "é\x07b", "½ ♥",
     "'" * 9, "ㅤ", "ñ\u0303", "0x", "&", "+/-", "#1", "the", "the the", "日本語のとても長い名前" * 30, "東京" * 200,
     "$!@€0" * 60, "Ωя" * 100, "é " * 300],
)  # fmt: skip
def test_any_text_gets_an_answer(crowd: Collection, text: str) -> None:
    found = suggest(crowd, text)
    assert found.text_truncated == (len(text) > 300)
    assert typed.read(text).words
