"""Verdicts, without a server: names taken apart and compared, ids read, bodies that name mapped fields only."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.catalogue import (
    BY_ID,
    CatalogueRow,
    Verdict,
    compare,
    find_columns,
    identifiers,
    parse_row,
    row_from_json,
    row_queries,
    verdict,
)
from queries.catalogue.identifiers import Kind
from queries.catalogue.verdict import CatalogueMatch
from tests.queries.test_bodies import mapped, named

VIDEO, SPOTIFY = "hTWKbfoikeg", "3wYce5GyRKkhKfUlUE5RID"


def judged(given: CatalogueRow, **track: Any) -> CatalogueMatch | None:
    """Return what a track is to a question."""
    hit = {"_id": track.pop("_id", "laion-disco-12m:x"), "_source": {"dataset": "laion-disco-12m"} | track}
    return verdict.classify(given, given.parsed, compare.parse_candidate(hit))


def row(artist: str, title: str, **cells: str) -> CatalogueRow:
    return parse_row(1, {"artist": artist, "title": title, **cells})


FOUND, LIKELY = Verdict.FOUND, Verdict.LIKELY

PAIRS = [
    # artist and title of the row, artists and title of the track, what it is, its label
    ("Kurt Vile", "Freeway", ["Kurt Vile"], "Freeway", FOUND, "exact"),
    ("KURT VILE", "freeway", ["Kurt Vile"], "Freeway", FOUND, "exact"),
    ("Sigur Ros", "Staralfur", ["Sigur Rós"], "Starálfur", FOUND, "folded"),
    ("Guns N’ Roses", "Don't Cry", ["Guns N' Roses"], "Don’t Cry", FOUND, "folded"),
    ("ACDC", "T.N.T.", ["AC/DC"], "TNT", FOUND, "joined"),
    ("Radio head", "Creep", ["Radiohead"], "Creep", FOUND, "joined"),
    ("Pink", "So What", ["P!nk"], "So What", FOUND, "symbols"),
    ("Kino", "Gruppa krovi", ["Кино"], "Группа крови", FOUND, "transliterated"),
    ("Vile, Kurt", "Freeway", ["Kurt Vile"], "Freeway", FOUND, "exact"),
    ("Vile Kurt", "Freeway", ["Kurt Vile"], "Freeway", FOUND, "folded"),
    ("Kurt Vile", "The Freeway", ["Kurt Vile"], "Freeway", LIKELY, "folded"),
    ("Kurt Vile", "Song Freeway", ["Kurt Vile"], "Freeway Song", LIKELY, "folded"),
    ("Beatles, The", "Help!", ["Beatles"], "Help!", FOUND, "exact"),
    ("The The", "Uncertain Smile", ["The The"], "Uncertain Smile", FOUND, "exact"),
    ("a ha", "Take on Me", ["a-ha"], "Take On Me", FOUND, "folded"),
    ("Simon and Garfunkel", "America", ["Simon & Garfunkel"], "America", FOUND, "folded"),
    ("!!!", "Heart of Hearts", ["!!!"], "Heart of Hearts", FOUND, "exact"),
    ("Queen & David Bowie", "Under Pressure", ["Queen", "David Bowie"], "Under Pressure", FOUND, "exact"),
    ("Queen feat. David Bowie", "Under Pressure", ["Queen"], "Under Pressure - Remastered 2011", FOUND, "folded"),
    (
        "Dan + Shay & Justin Bieber",
        "10,000 Hours",
        ["Dan + Shay"],
        "10,000 Hours (with Justin Bieber)",
        FOUND,
        "folded",
    ),
    ("Queen", "Queen - Bohemian Rhapsody (Official Video)", ["Queen"], "Bohemian Rhapsody", FOUND, "folded"),
    ("Queen", "Bohemian Rhapsody (Live)", ["Queen"], "Bohemian Rhapsody", LIKELY, "folded"),
    ("Queen", "Bohemian Rhapsody", ["Queen"], "Bohemian Rhapsody - Live at Wembley", LIKELY, "folded"),
    ("Zeds Dead", "Alive", ["Zeds Dead"], "Alive - Somebody Remix", LIKELY, "folded"),
    ("Rolling Stones", "Satisfaction", ["The Rolling Stones"], "(I Can't Get No) Satisfaction", LIKELY, "folded"),
    ("Anirudh", "Arabic Kuthu", ["Anirudh"], "Arabic Kuthu - Halamithi Habibo", LIKELY, "folded"),
    ("Bach", "Suite - Allegro", ["Bach"], "Suite - Adagio", None, None),
    ("Quavo", "Lobby (Unc Mary)", ["Quavo"], "Lobby (Unc Phew)", None, None),
    ("Nurko", "Eternity (feat. Theme)", ["Nurko"], "Eternity ft. Dayce", LIKELY, "folded"),
    ("Kurt Vile", "Freewey", ["Kurt Vile"], "Freeway", LIKELY, "fuzzy"),
    ("Nihilore", "Liberosis (Instrmuental)", ["Nihilore"], "Liberosis (Instrumental)", LIKELY, "fuzzy"),
    ("ddt", "eto vse", ["ДДТ"], "Это всё", LIKELY, "transliterated"),
    (
        "kyary pamyu pamyu",
        "fashon monsuta",
        ["きゃりーぱみゅぱみゅ"],
        "ファッションモンスター",
        LIKELY,
        "transliterated",
    ),
    ("Eagles", "A - B - Remastered 2011", ["Eagles"], "A - B", FOUND, "folded"),
    ("Metalica", "Fade to Black", ["Metallica"], "Fade to Black", LIKELY, "fuzzy"),
    ("Garfunkel", "America", ["Simon & Garfunkel"], "America", LIKELY, "exact"),
    ("Metalica", "Fade to Blakc", ["Metallica"], "Fade to Black", LIKELY, "fuzzy"),
    ("Nena", "Fade to Black", ["Metallica"], "Fade to Black", None, None),
    ("Blink183", "Dammit", ["Blink182"], "Dammit", None, None),
    ("Blnik182", "Dammit", ["Blink182"], "Dammit", LIKELY, "fuzzy"),
    ("Kat", "Kino", ["Cat"], "Kino", None, None),
    ("xik", "effects 1-2", ["xik"], "effects 2-1", None, None),
    ("Eminem", 'Mockingbird - From "8 Mile" 2', ["Eminem"], "Mockingbird", None, None),
    ("Metallica", "Fade to Grey", ["Metallica"], "Fade to Black", None, None),
    ("Nirvana", "Come As You Are", ["Nirvana UK"], "Come As You Are", None, None),
    ("Beethoven", "Symphony No. 5", ["Beethoven"], "Symphony No. 6", None, None),
    ("Genesis", "Song Part II", ["Genesis"], "Song Part III", None, None),
    ("Dan + Elken", "Glad You Exist", ["Dan + Shay"], "Glad You Exist", None, None),
    ("ガミ", "カガミ", ["ガミ"], "カカミ", None, None),
]


@pytest.mark.parametrize(("artist", "title", "artists", "theirs", "sure", "label"), PAIRS)
def test_names(artist: str, title: str, artists: list[str], theirs: str, sure: Any, label: str) -> None:
    result = judged(row(artist, title), artists=artists, title=theirs)
    assert (result and result.verdict, result and result.match) == (sure, label)
    assert result is None or result.reason


def test_album_and_year_decide_where_names_dont() -> None:
    track = {"artists": ["Kurt Vile"], "title": "Freeway", "album": "Constant Hitmaker", "year": 2008}
    slipped = judged(row("Kurt Vile", "Freewey", album="constant hitmaker", year="2008"), **track)
    assert slipped
    assert slipped.verdict is FOUND
    assert "same album" in slipped.reason
    for elsewhere in ({"album": "Another"}, {"album": "Constant Hitmaker", "year": "1990"}, {}):
        result = judged(row("Kurt Vile", "Freewey", **elsewhere), **track)
        assert result
        assert result.verdict is LIKELY
    intro = judged(row("Kurt Vile", "Intro", album="Another"), **track | {"title": "Intro"})
    assert intro
    assert intro.verdict is LIKELY


def test_contributors_make_it_likely() -> None:
    result = judged(row("Nena", "Duet"), artists=["Somebody"], title="Duet", contributors=["Nena"])
    assert result
    assert result.verdict is LIKELY
    assert "contributor" in result.reason


@pytest.mark.parametrize(
    ("cells", "track"),
    [
        ({"url": f"https://youtu.be/{VIDEO}?t=3"}, {"video_ids": ["x", VIDEO]}),
        ({"youtube": VIDEO}, {"video_ids": [VIDEO]}),
        ({"url": f"https://music.youtube.com/watch?list=a&v={VIDEO}"}, {"video_ids": [VIDEO]}),
        ({"url": f"https://www.youtube.com/embed/{VIDEO}"}, {"video_ids": [VIDEO]}),
        (
            {"url": f"https://open.spotify.com/intl-de/track/{SPOTIFY}?si=1"},
            {"_id": f"spotify-tracks-dataset:{SPOTIFY}"},
        ),
        ({"spotify": f"spotify:track:{SPOTIFY}"}, {"_id": f"spotify-tracks-dataset:{SPOTIFY}"}),
        (
            {"url": "https://freemusicarchive.org/music/Queen/One_Album/01_-_A_Song_1234/"},
            {"dataset": "free-music-archive", "album": "One Album"},
        ),
        ({"url": "fma:000123"}, {"_id": "free-music-archive:123"}),
        ({"fma": "123"}, {"_id": "free-music-archive:123"}),
        ({"genius": "77"}, {"_id": "sleeping-disco-9m:77"}),
        ({"url": "https://genius.com/Queen-a-song-lyrics"}, {"url": "https://genius.com/queen-a-song-lyrics"}),
    ],
)
def test_identifiers_come_first(cells: dict[str, str], track: dict[str, Any]) -> None:
    result = judged(row("anybody", "anything", **cells), artists=["Queen"], title="A Song", **track)
    assert result
    assert (result.verdict, result.match) == (FOUND, BY_ID)
    assert result.reason.startswith("by ")
    other = judged(row("anybody", "anything", **cells), artists=["Queen"], title="A Song", _id="laion-disco-12m:y")
    assert other is None


def test_an_id_whose_names_differ_says_so() -> None:
    result = judged(row("anybody", "anything", fma="123"), _id="free-music-archive:123", artists=["Queen"], title="A")
    assert result
    assert result.reason == "by FMA id, though artist or title differ"


@pytest.mark.parametrize("size", [300, 1_150])
def test_long_names_are_compared_whole(size: int) -> None:
    title = ("word " * size)[:size].strip()
    result = judged(row("Queen", title), artists=["Queen"], title=title)
    assert result
    assert (result.verdict, result.match) == (FOUND, "exact")
    assert judged(row("Queen", title), artists=["Queen"], title=title[:-5]) is None


def test_what_is_too_long_for_a_name_is_told() -> None:
    assert row("Queen", "a" * 2_000).unreadable == "title of 2,000 characters"
    assert not row("Queen", "a" * 2_000, fma="1").unreadable


@pytest.mark.parametrize("artist", ["", "\u200b"])
def test_a_row_of_ids_alone_asks_for_ids_alone(artist: str) -> None:
    given = row(artist, "", fma="123")
    assert not given.unreadable
    assert not given.parsed.named
    body = row_queries.strict_request(given, given.parsed)
    assert not list(named(body))


def test_bare_ids_are_read_in_their_own_column_only() -> None:
    assert identifiers.parse_identifier(VIDEO) is None
    assert identifiers.parse_identifier("123", Kind.YOUTUBE) is None
    assert row("hTWKbfoikeg", "123").identifiers == ()


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (["Artist", "TITLE"], {"artist": 0, "title": 1}),
        (["Künstler", "Titel", "Jahr"], {"artist": 0, "title": 1, "year": 2}),
        (["track", "Song Title", "performer"], {"artist": 2, "title": 1}),
        (["track_name", "artists", "album_name"], {"artist": 1, "title": 0, "album": 2}),
        (["name of cat", "x"], {}),
    ],
)
def test_columns(header: list[str], known: dict[str, int]) -> None:
    assert find_columns(header) == known


TEXTS = st.text(max_size=400) | st.sampled_from(
    ["!!!", '"a" -b artist:c', "(", "[live", " - ", "\udcff", "a" * 5000, "Ａ", "ß"]
)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_any_text_can_be_asked_and_compared(artist: str, title: str, album: str, url: str) -> None:
    given = row(artist, title, album=album, url=url, year=url)
    assert row_from_json(given.as_json()) == given
    if given.unreadable:
        return
    parsed = given.parsed
    fields = set(named(row_queries.strict_request(given, parsed)))
    if given.artist and given.title:
        fields |= set(named(row_queries.broad_request(parsed)))
        same = judged(given, artists=[given.artist], title=given.title)
        assert same is None or same.verdict is FOUND
    assert fields <= mapped().keys()


def test_the_walk_sees_the_fields_of_both_requests() -> None:
    given = row("Kino", "Freeway", youtube=VIDEO)
    bodies = row_queries.strict_request(given, given.parsed), row_queries.broad_request(given.parsed)
    fields = {name for body in bodies for name in named(body)}
    assert {"title", "artists", "whole_names", "all_words", "contributors", "video_ids"} <= fields
