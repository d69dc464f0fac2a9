"""Guests, recording keys, languages, numbers and years: what a value means, case by case."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from indexer.normalise import recording_key, scalars, text
from indexer.normalise.language import language_of_letters


def of(expression: pl.Expr, **values: Any) -> Any:
    frame = pl.DataFrame({name: [value] for name, value in values.items()}, schema=dict.fromkeys(values, pl.String))
    return frame.select(expression.alias("result")).item()


@pytest.mark.parametrize(
    ("title", "guests"),
    [
        ("Stan (feat. Dido)", "Dido"),
        ("Stan feat. Dido", "Dido"),
        ("Stan ft Dido", "Dido"),
        ("Stan (Featuring Dido)", "Dido"),
        ("Stan [ft. Dido & Elton John] (Live)", "Dido & Elton John"),
        ("Stan feat. Dido - Remastered 2011", "Dido"),
        ("Stan feat.Dido", "Dido"),
        ("STAN FT. DIDO (Official Video)", "DIDO"),
        ("Featherweight", None),
        ("Left", None),
        ("Daft Punk Is Playing", None),
        ("Live with Me", None),
        ("10,000 Hours (with Justin Bieber)", None),
        ("A Soft Feature", None),
        ("ft", None),
        ("Six Feet Under", None),
        ("20 ft. Down", "Down"),  # can't be told from a guest
    ],
)
def test_guests_are_named_after_a_word_of_its_own(title: str, guests: str | None) -> None:
    assert of(text.guests(pl.col("title")), title=title) == guests


@pytest.mark.parametrize(
    ("together", "names"),
    [
        ("Dido", ["Dido"]),
        ("A, B & C", ["A", "B", "C"]),
        ("A and B", ["A", "B"]),
        ("Tyler, The Creator & X", ["Tyler, The Creator", "X"]),
        ("Harry Connick, Jr.", ["Harry Connick, Jr."]),
        ("Anderson Xavier", ["Anderson Xavier"]),
    ],
)
def test_guests_are_told_apart(together: str, names: list[str]) -> None:
    assert of(text.names(pl.col("text")), text=together).to_list() == names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Under Pressure - Remastered 2011", "Under Pressure"),
        ("Under Pressure - 2011 Remaster", "Under Pressure"),
        ("Under Pressure (Remastered)", "Under Pressure"),
        ("Under Pressure [Digitally Remastered 2011]", "under pressure"),
        ("Stan (feat. Dido)", "Stan"),
        ("Stan ft. Dido - Remastered", "Stan"),
        ("Stan (Official Video)", "STAN"),
        ("Stan (Official Lyric Video) [HD]", "Stan"),
        ("Help! - Mono", "Help"),
        ("Sigur Rós", "sigur ros"),
    ],
)
def test_the_same_recording_has_the_same_key(one: str, other: str) -> None:
    keys = [of(recording_key.recording_key(pl.lit("X"), pl.col("title")), title=title) for title in (one, other)]
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    "other",
    ["Stan (Live)", "Stan - Live at Wembley", "Stan (Remix)", "Stan - Acoustic", "Stan (Demo)", "Stan - Radio Edit"],
)
def test_another_recording_has_another_key(other: str) -> None:
    keys = [of(recording_key.recording_key(pl.lit("X"), pl.col("title")), title=title) for title in ("Stan", other)]
    assert keys[0] != keys[1]


@pytest.mark.parametrize(
    ("artist", "title", "key"),
    [
        ("!!!", "???", "!!! / ???"),
        ("AC/DC", "T.N.T.", "acdc / tnt"),
        ("Queen", "(Remastered)", "queen / remastered"),
        (None, "Song", None),
        ("Queen", None, None),
    ],
)
def test_keys_of_odd_names(artist: str | None, title: str | None, key: str | None) -> None:
    assert of(recording_key.recording_key(pl.col("artist"), pl.col("title")), artist=artist, title=title) == key


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Моя песня", "Cyrl"), ("Чёрный ворон", "ru"), ("Їхня зоря", "uk"), ("Ўсё", "be"), ("Љубав", "sr"),
        ("Първа любов", "bg"),
        ("東京", "zh"), ("東京の夜", "ja"), ("ｹﾞｰﾑ", "ja"), ("カ", "ja"), ("바다", "ko"), ("봄 Spring Day", "ko"),
        ("เพลง", "th"), ("បទ", "km"), ("أغنية", "ar"), ("گل یخ", "fa"), ("میں ہوں", "ur"), ("שיר", "he"),
        ("गीत", "hi"), ("Μικρή νύχτα", "el"), ("Ω", None), ("KoЯn", None), ("Song", None), ("Beyoncé", None),
        ("Tuổi thơ", "vi"), ("Mơ", "vi"), ("Für Elise", None), ("123 !?", None), ("", None), ("☆", None),
        ("სიმღერა", "ka"), ("երգ", "hy"), ("பாடல்", "ta"), ("Өлең ән", "kk"),
    ],
)  # fmt: skip
def test_letters_tell_the_language(title: str, language: str | None) -> None:
    assert language_of_letters(title) == language


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("2009", 2009), ("2009-01-05", 2009), ("2009-01-05 00:00:00", 2009), ("2009-01-05T00:00:00Z", 2009),
        ("1/05/2009", 2009), ("1/21/2011 02:11:31 PM", 2011), ("20091", None), ("", None), ("soon", None), (None, None),
    ],
)  # fmt: skip
def test_years(written: str | None, found: int | None) -> None:
    assert of(scalars.year(pl.col("date")), date=written) == found


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("2009-01-05", date(2009, 1, 5)), ("2009-01-05 00:00:00", date(2009, 1, 5)), ("1/05/2009", date(2009, 1, 5)),
        ("2009", None), ("2009-13-01", None), ("2009-02-30", None), ("", None),
    ],
)  # fmt: skip
def test_days(written: str, found: date | None) -> None:
    assert of(scalars.day(pl.col("date")), date=written) == found


@pytest.mark.parametrize(
    ("found", "kept"), [(1859, None), (1860, 1860), (2018, 2018), (2019, None), (0, None), (None, None)]
)
def test_plausible_years(found: int | None, kept: int | None) -> None:
    frame = pl.DataFrame({"year": [found]}, schema={"year": pl.Int16})
    assert frame.select(scalars.plausible(pl.col("year"), 2018)).item() == kept


@pytest.mark.parametrize(
    ("written", "number"),
    [("78", 78), ("78.0", 78), (" 7 ", 7), ("-1", None), ("", None), ("x", None), ("inf", None), ("nan", None)],
)
def test_integers(written: str, number: int | None) -> None:
    assert of(scalars.integer(pl.col("n")), n=written) == number


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("168", 168.0), ("167693.0", 167693.0), ("0", None), ("-1", None), ("inf", None), ("", None)],
)
def test_seconds(written: str, seconds: float | None) -> None:
    assert of(scalars.seconds(pl.col("n")), n=written) == seconds
