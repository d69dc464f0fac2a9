"""Candidates and the profile of an artist: every number is what the tracks say."""

from collections import Counter
from typing import Any

import pytest

from mappings.cards import CARDS
from mappings.errors import InputError
from queries import ArtistResult, Match, artist_request
from queries.artists.artist_profile import Profile
from tests.queries import made
from tests.queries.conftest import Collection


def artist(crowd: Collection, name: str = "", **options: Any) -> ArtistResult:
    return crowd.searcher.artist(artist_request(name, **options))


def profile(crowd: Collection, name: str = "", **options: Any) -> Profile:
    result = artist(crowd, name, **options).profile
    assert result
    return result


@pytest.mark.parametrize("name", [made.ARTISTS[0], made.ARTISTS[50], "Over Represented", "Noah", "AC/DC"])
def test_a_profile_is_what_the_tracks_say(crowd: Collection, name: str) -> None:
    own = [one for one in crowd.tracks if name in one["artists"]]
    result = profile(crowd, name, size=100)
    assert (result.name, result.tracks.value, result.tracks.exact) == (name, len(own), True)
    assert result.recordings.value == len({one.get("recording_key") for one in own} - {None})
    assert (result.plays, result.plays_tracks) == (
        sum(one.get("plays") or 0 for one in own),
        sum(one.get("plays") is not None for one in own),
    )
    for facet in ("dataset", "year", "licence", "commercial_use", "language"):
        counts = Counter(one.get(facet) for one in own)
        missing = counts.pop(None, 0)
        assert {bucket.value: bucket.count for bucket in result.facets[facet].buckets} == counts
        assert (result.facets[facet].missing, result.facets[facet].exact) == (missing, True)
    genres = Counter(genre for one in own for genre in one.get("genre") or ())
    assert {bucket.value: bucket.count for bucket in result.facets["genre"].buckets} == genres
    albums = Counter(one["album"] for one in own if one.get("album"))
    assert {row.name: row.count for row in result.albums.rows} == albums
    assert (result.albums.distinct.value, result.albums.distinct.exact) == (len(albums), True)
    titles = Counter(one["title"] for one in own)
    assert result.titles.distinct.value == len(titles)
    assert {row.name: row.count for row in result.titles.rows}.items() <= titles.items()


@pytest.mark.parametrize("name", [made.ARTISTS[0], "Over Represented"])
def test_who_else_is_on_the_tracks(crowd: Collection, name: str) -> None:
    own = [one for one in crowd.tracks if name in one["artists"]]
    main = Counter(other for one in own for other in set(one["artists"]) - {name})
    further = Counter(other for one in own for other in set(one.get("contributors") or ()) - {name})
    either = Counter(other for one in own for other in {*one["artists"], *(one.get("contributors") or ())} - {name})
    result = profile(crowd, name, size=100)
    assert result.collaborators_exact
    assert len(result.collaborators) == min(len(either), 100) > 0
    for other in result.collaborators:
        expected = (either[other.name], main[other.name], further[other.name])
        assert (other.count, other.as_artist, other.as_contributor) == expected
    assert [other.count for other in result.collaborators] == sorted(either.values(), reverse=True)[:100]


@pytest.mark.parametrize(
    ("typed", "name", "match"),
    [("acdc", "AC/DC", Match.JOINED), ("bjork", "Björk", Match.FOLDED), ("Kino", "Кино", Match.TRANSLITERATED),
     ("pink", "P!nk", Match.SYMBOLS), ("!!!", "!!!", Match.EXACT), ("björk", "Björk", Match.EXACT),
     ("ty dollasign", "Ty Dolla $ign", Match.SYMBOLS), ("ｹﾞｽの極み乙女", "ゲスの極み乙女", Match.EXACT),
     ("die aerzte", "Die Ärzte", Match.TRANSLITERATED), ("viktortsoy", "Виктор Цой", Match.TRANSLITERATED)],
)  # fmt: skip
def test_the_only_name_spelt_so_is_meant(crowd: Collection, typed: str, name: str, match: Match) -> None:
    result = artist(crowd, typed)
    assert result.profile
    assert result.profile.name == name
    assert (result.candidates[0].name, result.candidates[0].match) == (name, match)


def test_the_name_as_written_is_meant(crowd: Collection) -> None:
    for name in ("Noah", "NOAH", "noah"):
        result = artist(crowd, name)
        assert result.profile
        assert result.profile.name == result.candidates[0].name == name
        assert {one.name for one in result.candidates} == {"Noah", "NOAH", "noah"}
    assert artist(crowd, "nOAH").profile is None


def test_namesakes(crowd: Collection) -> None:
    result = profile(crowd, "Noah")
    assert result.namesakes == 2
    assert result.tracks.value == sum("Noah" in one["artists"] for one in crowd.tracks)
    titles = {one.ids: one.titles for one in artist(crowd, "Noah").candidates if one.name == "Noah"}
    assert all(title.startswith("Ark") for title in titles[("UC-one",)])
    assert all(title.startswith("Dove") for title in titles[("UC-two",)])
    for key, number in {"UC-one": 5, "UC-two": 3, "UC-guest": 1, "77": 3}.items():
        answer = artist(crowd, artist_id=key)
        assert {one.ids for one in answer.candidates} == {(key,)}
        assert answer.profile
        assert answer.profile.tracks.value == (number if key != "77" else 1)
    assert profile(crowd, "Noah", artist_id="UC-two").tracks.value == 3


def test_what_isnt_there(crowd: Collection) -> None:
    for options in ({"name": "nobody called so at all"}, {"artist_id": "UC-none"}):
        result = artist(crowd, **options)
        assert (result.candidates, result.profile, result.misspelt) == ((), None, False)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("represneted over", "Over Represented"),
        ("wver represented", "Over Represented"),
        ("vjörk", "Björk"),
        ("yhe beatles", "The Beatles"),
        ("the beattles", "The Beatles"),
        ("ty dolasign", "Ty Dolla $ign"),
    ],
)
def test_slips_anywhere_are_forgiven_where_nobody_is_spelt_so(crowd: Collection, typed: str, name: str) -> None:
    result = artist(crowd, typed)
    assert result.misspelt
    assert [one.name for one in result.candidates] == [name]
    assert result.profile is None


@pytest.mark.parametrize("typed", ["noh", "東京", "!?", "1999"])
def test_short_names_numbers_and_syllables_have_no_slips(crowd: Collection, typed: str) -> None:
    assert artist(crowd, typed).candidates == ()


def test_the_answer_has_the_contracts_keys(crowd: Collection) -> None:
    answer = artist(crowd, "noah").as_json()
    assert answer.keys() == {
        "candidates", "candidates_omitted", "misspelt", "artist", "note", "text_truncated", "took_ms",
    }  # fmt: skip
    assert answer["candidates"][0].keys() == {
        "name", "count", "datasets", "ids", "match", "shares_name", "spellings", "titles",
    }  # fmt: skip
    assert {"albums", "collaborators", "titles", "used_by"} <= answer["artist"].keys()


def test_use_is_told_as_the_cards_tell_it(crowd: Collection) -> None:
    result = profile(crowd, "Noah")
    assert result.used_by == {name: CARDS[name].used_by for name in result.used_by}
    assert set(result.used_by) == {one["dataset"] for one in crowd.tracks if "Noah" in one["artists"]}


def test_more_tracks_than_are_read(crowd: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queries.artists.artist_profile.MAX_TRACKS", 10)
    result = profile(crowd, "Over Represented")
    assert result.tracks.exact
    assert not any((result.recordings.exact, result.albums.distinct.exact, result.titles.distinct.exact))
    assert not result.collaborators_exact


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "no name"),
        ({"name": " \x00"}, "no name"),
        ({"name": "a", "size": 0}, "0 rows"),
        ({"name": "a", "size": 101}, "101"),
        ({"artist_id": ""}, "artist's id"),
        ({"artist_id": "x" * 1000}, "artist's id"),
        ({"artist_id": "a\x00"}, "artist's id"),
    ],
)
def test_what_cant_be_asked_is_told_in_a_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        artist_request(**options)


@pytest.mark.parametrize(
    "name",
    [
        "x" * 100_000,
        '"(',
        "none",
        "-none",
        "\\none",
        "a*",
        "🎵",
        "ガ" * 5000,
        "東京" * 200,
        "é " * 300,
        "\u202eabc",
        "ß" * 300,
        "ß" * 280 + " x",
        "ʼ",
        "a ʼ",
        "$$$",
        "ー",
        "ｰﾞ",
        "Ꭰ",
        "ſ",
        "\u0301a",
        "İ" * 300,
    ],
)
def test_any_name_gets_an_answer(crowd: Collection, name: str) -> None:
    assert artist(crowd, name).took_ms >= 0
