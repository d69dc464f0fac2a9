"""Spelling: what the golden names need, what is left alone, and columns that are equal to the scalar functions."""

from collections.abc import Callable, Sequence

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mappings.schema import SCHEMA
from mappings.spelling import columns, folding, variants, whole_names
from mappings.spelling.cleaning import clean
from mappings.spelling.folding import compact, exact_form, fold, tokens, words
from mappings.spelling.transliteration import sounds
from mappings.spelling.variants import apart, joined, latin, symbols, written_out
from mappings.track import ALL_WORDS, LONGEST_NAME, WHOLE_NAMES

_NAMED = ("title", "artists", "album", "contributors")


def search_fields(names: Sequence[str | None], field: str = "title") -> list[tuple[list[str], list[str]]]:
    """Return the words and whole names that are written for tracks whose title (or one artist) is so called."""
    is_list = isinstance(SCHEMA[field], pl.List)
    values = [None if name is None else [name] if is_list else name for name in names]
    frame = pl.DataFrame({each: values if each == field else [None] * len(values) for each in _NAMED}, schema=_schema())
    found = columns.search_fields(frame)
    both = zip(found[ALL_WORDS].to_list(), found[WHOLE_NAMES].to_list(), strict=True)
    return [((held or "").split(), whole or []) for held, whole in both]


def _schema() -> dict[str, pl.DataType]:
    return {name: SCHEMA[name] for name in _NAMED}


def by_column(spelling: columns.Spelling, names: Sequence[str]) -> list[str]:
    frame = pl.DataFrame({"name": pl.Series(names, dtype=pl.String)})
    return frame.select(spelling(pl.col("name"))).to_series().to_list()


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
        ("The B‐52’s", ["the b52s", "the b 52 s"]),
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
        ("Die Ärzte", ["die arzte", "die aerzte"]),
        ("Røyksopp", ["royksopp", "roeyksopp"]),
        ("Rock’n’Roll", ["rocknroll", "rock n roll"]),
    ],
)
def test_names_get_the_spellings_that_listeners_type(name: str, spellings: list[str]) -> None:
    ((held, whole),) = search_fields([name])
    for spelling in spellings:
        assert {*tokens(spelling)} <= {*held}, spelling
        assert {f"t={compact(spelling)}", f"t~{compact(spelling)}"} & {*whole}, spelling


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
    ((held, _),) = search_fields([name])
    for each in typed:
        assert {*sounds(each).split()} <= {*held}
        assert sounds(each) in variants.sounds(name)


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
    ((held, whole),) = search_fields([name])
    accented = [word for word in name.lower().split() if not word.isascii() and fold(word) != word and word.isalpha()]
    assert held == [*tokens(name), *accented]
    assert whole == list(dict.fromkeys([f"t={exact_form(name)}", *_otherwise(name)]))


def _otherwise(name: str) -> list[str]:
    return [f"t~{compact(name)}"] if compact(name) not in ("", exact_form(name)) else []


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("Sigur Rós", "sigur ros"), ("Björk", "bjork"), ("Mötley Crüe", "motley crue"), ("Søren", "soren"),
        ("Łódź", "lodz"), ("Đorđe Balašević", "dorde balasevic"), ("Straße", "strasse"), ("Æon", "aeon"),
        ("Guns N’ Roses", "guns n roses"), ("Guns N' Roses", "guns n roses"), ("Sinéad O’Connor", "sinead oconnor"),
        ("Simon & Garfunkel", "simon and garfunkel"), ("Ёлка", "елка"), ("Μίκης", "μικησ"), ("ΜΊΚΗΣ", "μικησ"),
        ("ＡＢＣ　１", "abc 1"), ("ｹﾞｰﾑ", "ゲーム"), ("İstanbul", "istanbul"), ("ơ Đ ư", "o d u"), ("Ǽ", "ae"),
        ("blink‐182", "blink-182"), ("  a \t b ", "a b"), ("Йод", "йод"), ("ʼNoord", "noord"),
        ("Simon＆Paul", "simon and paul"),
    ],
)  # fmt: skip
def test_folding_makes_equal_what_listeners_type(name: str, same: str) -> None:
    assert fold(name) == same
    assert by_column(columns.fold, [name]) == [same]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Roads（Live）", "roads (live)"), ("Guns N’ Roses", "guns n' roses"), ("ＡＢＣ", "abc"), ("Help！", "help!"),
        ("Roads - Live", "Roads (Live)"), ("blink‐182", "BLINK-182"), ("Rock ｀n｀ Roll", "Rock 'n' Roll"),
        ("Song Feat. Guest", "song (feat guest)"), ("“Heroes”", "Heroes"), ("Live；Dead", "Live;Dead"),
    ],
)  # fmt: skip
def test_typography_alone_makes_no_other_name(name: str, other: str) -> None:
    assert exact_form(name) == exact_form(other)


@pytest.mark.parametrize(("name", "other"), [("P!nk", "Pink"), ("R.E.M.", "REM"), ("Björk", "Bjork"), ("ガ", "カ")])
def test_names_that_are_written_otherwise_are_not_exact(name: str, other: str) -> None:
    assert exact_form(name) != exact_form(other)


def test_folding_spares_the_voicing_of_kana() -> None:
    assert fold("ガ") != fold("カ")
    assert fold("ｶﾞ") == "ガ"


@pytest.mark.parametrize(
    ("name", "same"), [("blink182", "blink182"), ("MP3 U2 2Pac Sum41", "mp3 u2 2pac sum41"), ("50Cent", "50cent")]
)
def test_numbers_are_left_as_they_are(name: str, same: str) -> None:
    assert symbols(name) == same


PAIRS: tuple[tuple[Callable[[str], str], columns.Spelling], ...] = (
    (fold, columns.fold),
    (words, columns.words),
    (exact_form, columns.exact_form),
    (joined, columns.joined),
    (symbols, columns.symbols),
    (latin, columns.latin),
    (written_out, columns.written_out),
    (apart, columns.apart),
)
"""Each spelling of one name, and of a column."""

_ODD = (
    "abBéÉß $!@€&＆+.,-‐–'’ʼ｀/()（）[]!！1½²Ⅷ０Ωσςδ∆λЯиёЁйΐου한가ガｶﾞﾟ東々ーๅกा\u0301\u0327\u200c\u200d♥👩ŉĲİıǅﬃ\u1100"
)
CHARACTERS = st.one_of(
    st.sampled_from(_ODD),
    # Polars knows a newer Unicode than Python 3.11: letters that came since are none to Python.
    st.characters(exclude_categories=["Cs", "Cn"]),
    st.sampled_from([*folding.FOLDS, *folding.TYPOGRAPHY, *folding.HALF_WIDTH_KANA]),
)
NAMES = st.lists(CHARACTERS, max_size=16).map("".join).map(clean)


@pytest.mark.parametrize(("scalar", "column"), PAIRS, ids=[scalar.__name__ for scalar, _ in PAIRS])
@settings(max_examples=100)
@given(st.lists(NAMES, min_size=10, max_size=30))
def test_columns_are_equal_to_the_scalar_functions(
    scalar: Callable[[str], str], column: columns.Spelling, names: list[str]
) -> None:
    assert by_column(column, names) == [scalar(name) for name in names]


@settings(max_examples=300)
@given(NAMES)
@example("ŉ")
@example("（）")
def test_each_spelling_is_the_same_done_twice(name: str) -> None:
    for spelling in (fold, words, exact_form, joined, latin):
        once = spelling(name)
        assert spelling(once) == once


@settings(max_examples=80)
@given(st.lists(NAMES, min_size=10, max_size=30), st.sampled_from(("title", "artists", "album", "contributors")))
def test_every_word_that_may_be_typed_is_written(names: list[str], field: str) -> None:
    for name, (held, _) in zip(names, search_fields(names, field), strict=True):
        assert {*tokens(name)} <= {*held}, name


@settings(max_examples=80)
@given(st.lists(NAMES, min_size=10, max_size=30), st.sampled_from(("title", "artists")))
def test_every_whole_name_that_may_be_typed_is_written(names: list[str], field: str) -> None:
    role = {"title": "t", "artists": "a"}[field]
    for name, (_, whole) in zip(names, search_fields(names, field), strict=True):
        assert (whole_names.written_term(name, role) in whole) == bool(name)
        typed = whole_names.terms([compact(name)], role)
        assert bool({*typed} & {*whole}) == bool(compact(name))
        if field == "artists" and name:
            assert {*whole_names.artist_terms(name)} & {*whole}
        assert len(set(whole)) == len(whole)


@settings(max_examples=80)
@given(st.text(st.sampled_from("aBé$!@./-& 15ёядκŒ’"), max_size=12).map(clean))
def test_what_is_written_differs_from_the_name_and_from_each_other(name: str) -> None:
    ((held, whole),) = search_fields([name])
    own = tokens(name)
    further = [word for word in held[len(own) :] if fold(word) == word]
    assert held[: len(own)] == own
    assert not {*own} & {*further}
    assert len({*whole}) == len(whole)
    assert all(len(term) > 2 for term in whole)


def test_names_too_long_to_be_looked_up_are_found_by_their_words() -> None:
    ((held, whole),) = search_fields(["x" * (LONGEST_NAME + 1)])
    assert held == ["x" * (LONGEST_NAME + 1)]
    assert whole == []
    assert whole_names.terms(["x" * (LONGEST_NAME + 1)]) == []


def test_columns_are_those_of_the_field_table() -> None:
    rows = {
        "title": ["Rós", None, "Моя песня"],
        "artists": [["Björk", "AC/DC", "P!nk"], None, ["Кино", None]],
        "album": [None, "x", "R.E.M."],
        "contributors": [None, None, ["Цой"]],
    }
    found = columns.search_fields(pl.DataFrame(rows, schema=_schema()))
    assert {name: values.dtype for name, values in found.items()} == {n: SCHEMA[n] for n in (ALL_WORDS, WHOLE_NAMES)}
    first, second, third = (set(held.split()) for held in found[ALL_WORDS].to_list())
    assert first == {"ros", "rós", "bjork", "björk", "bjoerk", "ac", "dc", "acdc", "p", "nk", "pink"}
    assert second == {"x"}
    assert {"кино", "kino", "0kino", "цой", "0tsoi", "rem", "r", "e", "m", "песня"} <= third
    names = [set(whole or ()) for whole in found[WHOLE_NAMES].to_list()]
    assert names[0] == {
        *("t=rós", "t~ros", "a=björk", "a~bjork", "a~bjoerk", "a=ac/dc", "a~acdc", "a=p!nk", "a~pnk", "a~pink")
    }
    assert names[1] == set()
    assert {"t=мояпесня", "a=кино", "a~kino"} <= names[2]
    assert not any("r.e.m" in term or "цой" in term for term in names[2])


def test_accents_are_written_beside_what_they_are_folded_to() -> None:
    ((held, _),) = search_fields(["Sigur Rós"])
    assert held == ["sigur", "ros", "rós"]


@pytest.mark.parametrize("height", [0, 3])
def test_tracks_without_names_have_no_words(height: int) -> None:
    found = columns.search_fields(pl.DataFrame({name: [None] * height for name in _NAMED}, schema=_schema()))
    assert all(values.to_list() == [None] * height for values in found.values())


def test_ways_are_named_for_explaining() -> None:
    assert list(variants.SPELLINGS) == ["folded", "joined", "symbols", "transliterated", "written_out"]


@settings(max_examples=40)
@given(st.lists(NAMES, min_size=5, max_size=15), st.sampled_from(("title", "artists", "album", "contributors")))
@example(["한국 노래 Ёлка", "Q&A 1.2 L'été", "東京タワー", "ｶﾀｶﾅ h3ll0"], "title")
def test_what_is_written_of_a_track_does_not_depend_on_its_batch(names: list[str], field: str) -> None:
    assert search_fields(names, field) == [search_fields([name], field)[0] for name in names]
