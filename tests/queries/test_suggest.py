"""Suggestions: what begins so is found however spelt, namesakes stay apart, and counts are those of the tracks."""

from collections import Counter

import pytest

from mappings.errors import InputError
from queries import Suggestions, suggest_request
from queries.artists import name_queries, suggest
from queries.artists.name_input import parse_name
from tests.queries import made
from tests.queries.conftest import Collection


def suggestions(crowd: Collection, text: str, size: int = 10) -> Suggestions:
    return crowd.searcher.suggest(suggest_request(text, size=size))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("acd", "AC/DC"), ("AC/", "AC/DC"), ("a.c.d.c", "AC/DC"), ("kin", "Кино"), ("кин", "Кино"), ("bjo", "Björk"),
        ("BJÖR", "Björk"), ("pin", "P!nk"), ("p!n", "P!nk"), ("!!", "!!!"), ("beat", "The Beatles"),
        ("the bea", "The Beatles"), ("thebea", "The Beatles"), ("some co", "Some Cover"), ("bea", "The Beatles"),
        ("ty dollas", "Ty Dolla $ign"), ("ｹﾞｽ", "ゲスの極み乙女"), ("極み", "ゲスの極み乙女"), ("tsoi", "Виктор Цой"),
        ("aerz", "Die Ärzte"), ("the b", "The Beatles"),
    ],
)  # fmt: skip
def test_names_are_found_as_they_are_typed(crowd: Collection, text: str, name: str) -> None:
    result = suggestions(crowd, text)
    assert name in [artist.name for artist in result.artists][:3]
    assert result.complete


@pytest.mark.parametrize(
    ("text", "title"),
    [("gruppa", "Группа крови"), ("joga", "Jóga"), ("thunders", "Thunderstruck"), ("tnt", "T.N.T."),
     ("and shou", "Twist and Shout"), ("björk jo", "Jóga"), ("giuli", "Me and Giuliani"),
     ("kino grup", "Группа крови"), ("krov", "Группа крови"), ("acdc thun", "Thunderstruck")],
)  # fmt: skip
def test_titles_too(crowd: Collection, text: str, title: str) -> None:
    assert title in [one.title for one in suggestions(crowd, text).titles][:3]


def test_every_artist_that_begins_so_is_there_with_its_tracks(crowd: Collection) -> None:
    counts = Counter(name for one in crowd.tracks for name in set(one["artists"]))
    for word in made.WORDS[:9]:
        for text in (word[:4], word, f"{word} {made.WORDS[10][:2]}", word[:2].upper()):
            result = suggestions(crowd, text, size=50)
            begun = {name: number for name, number in counts.items() if name.lower().startswith(text.lower())}
            shown = {artist.name: artist.count for artist in result.artists}
            assert begun.items() <= shown.items()
            assert shown.items() <= counts.items()
            in_order = [shown[name] for name in shown if name in begun]
            assert in_order == sorted(in_order, reverse=True)


def test_counts_by_data_set(crowd: Collection) -> None:
    (artist,) = suggestions(crowd, "over repres").artists
    own = Counter(one["dataset"] for one in crowd.tracks if artist.name in one["artists"])
    assert artist.name == "Over Represented"
    assert (artist.datasets, artist.count) == (own, own.total())


def test_titles_are_counted_whatever_their_case(crowd: Collection) -> None:
    (title,) = suggestions(crowd, "thunders").titles
    assert (title.count, set(title.artists)) == (2, {"AC/DC", "Some Cover"})
    counts = Counter(str(one["title"]).lower() for one in crowd.tracks)
    for word in made.WORDS[:5]:
        titles = suggestions(crowd, word[:5]).titles
        assert titles
        assert all(one.count == counts[one.title.lower()] for one in titles)


def test_namesakes_are_kept_apart_where_ids_tell(crowd: Collection) -> None:
    noahs = [artist for artist in suggestions(crowd, "noah").artists if artist.name == "Noah"]
    assert {artist.ids: artist.count for artist in noahs} == {("UC-one",): 5, ("UC-two",): 3, ("77",): 3}
    assert sum(artist.count for artist in noahs) == sum("Noah" in one["artists"] for one in crowd.tracks)
    assert {artist.name for artist in suggestions(crowd, "noah").artists} >= {"Noah", "NOAH", "noah"}


def test_short_prefixes_are_bounded() -> None:
    whole, begun, whole_title, *titles = suggest.candidate_bodies(parse_name("a"))
    assert all(body["terminate_after"] == name_queries.LOOKED_AT for body in (begun, *titles))
    assert not any("prefix" in str(body) for body in (whole, whole_title))
    assert "match_bool_prefix" not in str(begun)
    several = suggest.candidate_bodies(parse_name("the bea"))
    assert [body["terminate_after"] for body in several if "terminate_after" in body] == [name_queries.LOOKED_AT] * 4


def test_whole_names_are_there_however_little_is_looked_at(crowd: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_queries, "LOOKED_AT", 1)
    result = suggestions(crowd, "noah")
    assert {artist.name for artist in result.artists} == {"Noah", "NOAH", "noah"}
    assert suggestions(crowd, "thunderstruck").titles[0].count == 2
    word = made.WORDS[0]
    assert not suggestions(crowd, word[:3]).complete
    counts = Counter(name for one in crowd.tracks for name in set(one["artists"]))
    assert all(artist.count == counts[artist.name] for artist in suggestions(crowd, word[:3]).artists)


@pytest.mark.parametrize("text", ["", " ", "\x00\x1b", "\u202e", "\udcff"])
def test_nothing_typed_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match="no name"):
        suggest_request(text)


@pytest.mark.parametrize("size", [0, -1, 51])
def test_sizes_that_cant_be(size: int) -> None:
    with pytest.raises(InputError, match="suggestions"):
        suggest_request("a", size=size)


@pytest.mark.parametrize(
    "text",
    ["x" * 100_000, "a " * 50_000, '"', "a*", "(", "\\", "AND OR", "[x TO", "artist:x -y", "🎵", "ガ", "é\x07b", "½ ♥",
     "'" * 9, "ㅤ", "ñ\u0303", "0x", "&", "+/-", "#1", "the", "the the", "日本語のとても長い名前" * 30, "東京" * 200,
     "$!@€0" * 60, "Ωя" * 100, "é " * 300],
)  # fmt: skip
def test_any_text_gets_an_answer(crowd: Collection, text: str) -> None:
    result = suggestions(crowd, text)
    assert result.text_truncated == (len(text) > 300)
    assert parse_name(text).words
