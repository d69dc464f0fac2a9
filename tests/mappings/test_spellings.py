"""Spellings: what the golden names need, what is left alone, and nothing written that says nothing new."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mappings.romanise import SOUND_MARK, sounds
from mappings.spellings import WAYS, folded, joined, latin, symbols, with_search_fields, words

from mappings.schema import SCHEMA
from mappings.track import FIELDS, TITLE_BY_LANGUAGE


def spelled(name: str) -> list[str]:
    """Return what is written to the index for a name."""
    frame = pl.DataFrame({"title": [name], "artists": [[name]], "album": [name], "language": ["en"]})
    found = with_search_fields(frame)
    title, artists, album = (found[f"{field}_spellings"].to_list()[0] for field in ("title", "artists", "album"))
    assert title == artists == album
    return title or []


def one(way: pl.Expr) -> str:
    return str(pl.select(way).item())


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("AC/DC", ["acdc"]),
        ("R.E.M.", ["r e m", "rem"]),
        ("M.I.A.", ["m i a", "mia"]),
        ("will.i.am", ["will i am", "william"]),
        ("blink‐182", ["blink182"]),
        ("JAY‐Z", ["jayz"]),
        ("Ne-Yo", ["neyo"]),
        ("The B‐52’s", ["the b52s"]),
        ("tUnE-yArDs", ["tuneyards"]),
        ("The Notorious B.I.G.", ["the notorious b i g", "the notorious big"]),
        ("P!nk", ["pink"]),
        ("Ke$ha", ["kesha"]),
        ("A$AP Rocky", ["asap rocky"]),
        ("Ty Dolla $ign", ["ty dolla sign"]),
        ("Too $hort", ["too short"]),
        ("$uicideboy$", ["suicideboys"]),
        ("deadmau5", ["deadmaus"]),
        ("S3RL", ["serl"]),
        ("R3HAB", ["rehab"]),
        ("!llmind", ["illmind"]),
        ("M@tt", ["matt"]),
        ("KoЯn", ["korn", "koyan"]),
        ("Кино", ["kino"]),
        ("Земфира", ["zemfira"]),
        ("Μίκης Θεοδωράκης", ["mikis theodorakis"]),
        ("방탄소년단", ["bangtansonyeondan"]),
        ("東京事変", ["dongjingshibian", "dong jing shi bian"]),
        ("좋은 날", ["좋은날", "joeun nal"]),
        ("Χάρις Αλεξίου", ["charis alexiou", "haris alexiou"]),
        ("きゃりーぱみゅぱみゅ", ["kyaripamyupamyu"]),
        ("スピッツ", ["supittsu"]),
        ("ｹﾞｰﾑ", ["gemu"]),
        ("ゲーム", ["gemu"]),
        ("Алёна", ["алена", "alyona", "alena"]),
    ],
)
def test_names_get_the_spellings_that_listeners_type(name: str, spellings: list[str]) -> None:
    assert [each for each in spelled(name) if not each.startswith(SOUND_MARK)] == spellings


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Виктор Цой", ["viktor tsoi", "victor tsoy"]),
        ("Океан Ельзи", ["okean elzi", "okean elzy"]),
        ("Ты не хочешь", ["ty ne khochesh", "ty ne hochesh"]),
        ("Чайковский", ["chaikovskiy", "chaykovski", "chajkovskij"]),
        ("Μίκης Θεοδωράκης", ["mikis theodorakis", "mikis teodorakis"]),
        ("とうきょう", ["toukyou", "tokyo"]),
    ],
)
def test_other_scripts_sound_like_what_listeners_type(name: str, typed: list[str]) -> None:
    assert {sounds(each) for each in typed} <= set(spelled(name))


@given(st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz019 '-"), max_size=30))
def test_sounding_twice_is_sounding_once(text: str) -> None:
    assert sounds(sounds(text)) == sounds(text)


@pytest.mark.parametrize(
    "name",
    [
        "!!!", "Wham!", "The Beatles", "Sigur Rós", "Guns N’ Roses", "Simon & Garfunkel", "Earth, Wind & Fire", "fun.",
        "Florence + the Machine", "Tyler, The Creator", "Godspeed You! Black Emperor", "U2", "MP3", "Sum 41", "50 Cent",
        "2Pac", "UB40", "M83", "3 Doors Down", "Stan (feat. Dido)", "Under Pressure - Remastered 2011", "Live with Me",
        "Featherweight", "$100 Bill", "100% Pure", "Song #1",
    ],
)  # fmt: skip
def test_names_that_need_none_get_none(name: str) -> None:
    assert spelled(name) == []


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("Sigur Rós", "sigur ros"), ("Björk", "bjork"), ("Mötley Crüe", "motley crue"), ("Søren", "soren"),
        ("Łódź", "lodz"), ("Đorđe Balašević", "dorde balasevic"), ("Straße", "strasse"), ("Æon", "aeon"),
        ("Guns N’ Roses", "guns n roses"), ("Guns N' Roses", "guns n roses"), ("Sinéad O’Connor", "sinead oconnor"),
        ("Simon & Garfunkel", "simon and garfunkel"), ("Ёлка", "елка"), ("Μίκης", "μικησ"), ("ΜΊΚΗΣ", "μικησ"),
        ("ＡＢＣ　１", "abc 1"), ("ｹﾞｰﾑ", "ゲーム"), ("İstanbul", "istanbul"), ("ơ Đ ư", "o d u"), ("Ǽ", "ae"),
        ("blink‐182", "blink-182"), ("  a \t b ", "a b"), ("Йод", "йод"),
    ],
)  # fmt: skip
def test_folding_makes_equal_what_the_analyzer_does(name: str, same: str) -> None:
    assert one(folded(pl.lit(name))) == same


def test_folding_spares_the_voicing_of_kana() -> None:
    assert one(folded(pl.lit("ガ"))) != one(folded(pl.lit("カ")))
    assert one(folded(pl.lit("ｶﾞ"))) == "ガ"


@pytest.mark.parametrize(
    ("name", "same"), [("blink182", "blink182"), ("MP3 U2 2Pac Sum41", "mp3 u2 2pac sum41"), ("50Cent", "50cent")]
)
def test_numbers_are_left_as_they_are(name: str, same: str) -> None:
    assert one(symbols(pl.lit(name))) == same


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=20))
def test_each_way_is_the_same_done_twice(name: str) -> None:
    text = name.encode("utf-8", "replace").decode()
    for way in (folded, words, joined, latin):
        once = one(way(pl.lit(text)))
        assert one(way(pl.lit(once))) == once


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("aBé$!@./-& 15ёяд한ｶﾞ’"), max_size=12))
def test_what_is_written_differs_from_the_name_and_from_each_other(name: str) -> None:
    spellings = spelled(name)
    assert len(set(spellings)) == len(spellings)
    assert name.lower() not in spellings
    assert all(spellings)


def test_columns_are_those_of_the_field_table() -> None:
    frame = pl.DataFrame(
        {
            "title": ["Rós", None, "Моя песня"],
            "artists": [["Björk", "AC/DC", "P!nk"], None, ["Кино", None]],
            "album": [None, "x", "R.E.M."],
            "language": ["und", "en", "ru"],
        },
        schema={"title": pl.String, "artists": pl.List(pl.String), "album": pl.String, "language": pl.String},
    )
    found = with_search_fields(frame)
    added = [entry for entry in FIELDS if entry.search_only and entry.name != TITLE_BY_LANGUAGE]
    assert found.columns[frame.width :] == [entry.name for entry in added]
    assert [found.schema[entry.name] for entry in added] == [entry.dtype for entry in added]
    assert found["artists_accented"].to_list() == [["Björk"], None, None]
    assert found["artists_spellings"].to_list() == [["acdc", "pink", "bjoerk"], None, ["kino", "0kino"]]
    assert found["title_accented"].to_list() == ["Rós", None, None]


def test_an_empty_frame_stays_empty() -> None:
    schema = {name: SCHEMA[name] for name in ("title", "artists", "album", "language")}
    assert with_search_fields(pl.DataFrame(schema=schema)).height == 0


def test_ways_are_named_for_explaining() -> None:
    assert list(WAYS) == ["folded", "joined", "symbols", "transliterated", "written_out"]
