"""Spotify: repeats are merged into one track with several genres; copies differ in columns and number formats."""

from pathlib import Path

import polars as pl
import pytest

from tests.sources.support import SPOTIFY, SPOTIFY_ORIGINAL, SPOTIFY_SIX, by_id, csv_text, load, tracks

COLUMNS = ("track_id", "artists", "track_name", "popularity", "duration_ms", "explicit", "track_genre")


def loaded(tmp_path: Path, *rows: tuple[str, ...]) -> pl.DataFrame:
    path = tmp_path / "dataset.csv"
    path.write_text(csv_text(COLUMNS, *rows))
    return tracks(SPOTIFY, path)


def test_real_rows_are_merged_by_id() -> None:
    (batch,) = load(SPOTIFY, SPOTIFY_SIX)
    assert (batch.read, batch.tracks.height, batch.duplicates) == (6_000, 5_849, 151)
    assert batch.tracks["source_id"].is_unique().all()


def test_a_repeated_track_has_all_its_genres() -> None:
    frame = tracks(SPOTIFY, SPOTIFY_ORIGINAL)
    found = by_id(frame, "2Ns9vtFyKhGoI0vCFLHQOR")
    assert (found["genre_path"], found["genre"], found["source_row"]) == (["alt-rock", "alternative"], ["rock"], 3)


def test_the_row_of_the_highest_popularity_is_kept_the_first_of_equals(tmp_path: Path) -> None:
    frame = loaded(
        tmp_path,
        ("a" * 22, "X", "first", "10", "1000", "False", "rock"),
        ("a" * 22, "X", "best", "50.0", "2000", "False", "metal"),
        ("a" * 22, "X", "as good", "50", "3000", "False", "rock"),
        ("b" * 22, "X", "other", "", "1000", "False", "jazz"),
    )
    found = by_id(frame, "a" * 22)
    assert (found["title"], found["source_row"], found["genre_path"]) == ("best", 2, ["rock", "metal"])
    assert frame["source_row"].to_list() == [2, 4]


@pytest.mark.parametrize(
    ("written", "meant"), [("True", True), ("TRUE", True), ("False", False), ("FALSE", False), ("", None)]
)
def test_explicit_in_any_case(tmp_path: Path, written: str, meant: bool | None) -> None:
    frame = loaded(tmp_path, ("a" * 22, "X", "t", "1", "1000", written, "rock"))
    assert frame["explicit"].to_list() == [meant]


def test_copies_that_write_integers_with_a_point(tmp_path: Path) -> None:
    frame = loaded(tmp_path, ("a" * 22, "X", "t", "78.0", "167693.0", "False", "rock"))
    assert frame["duration_s"].to_list() == [167.693]


def test_artists_are_several_and_names_hold_quotation_marks() -> None:
    frame = tracks(SPOTIFY, SPOTIFY_ORIGINAL)
    assert by_id(frame, "3PcIfTefcjfWTK6WFmOLqK")["artists"] == ["Boyce Avenue", "Rachel Grae"]
    assert by_id(frame, "5RcuQ6S2thR4oTsgHC4tIO")["artists"] == ['"Weird Al" Yankovic']
    assert by_id(frame, "1jJyoWpBdYbstYTJjr2GQb")["language"] == "zh"


def test_a_row_without_names_is_a_track_all_the_same(tmp_path: Path) -> None:
    frame = loaded(tmp_path, ("1kR4gIb7nGxHPI3D2ifs59", "", "", "0", "0", "False", "k-pop"))
    assert by_id(frame, "1kR4gIb7nGxHPI3D2ifs59") == {
        "dataset": SPOTIFY,
        "revision": "2022-10",
        "source_id": "1kR4gIb7nGxHPI3D2ifs59",
        "platform": "Spotify",
        "url": "https://open.spotify.com/track/1kR4gIb7nGxHPI3D2ifs59",
        "genre": ["pop"],
        "genre_path": ["k-pop"],
        "language": "und",
        "explicit": False,
        "recording_key": f"{SPOTIFY}:1kR4gIb7nGxHPI3D2ifs59",
        "source_row": 1,
    }


def test_a_file_of_rejected_rows_is_no_error(tmp_path: Path) -> None:
    assert loaded(tmp_path, ("", "X", "t", "1", "1000", "False", "rock")).height == 0


def test_rows_that_differ_only_in_their_id_stay_apart(tmp_path: Path) -> None:
    rows = [(letter * 22, "X", "t", "1", "1000", "False", "rock") for letter in "ab"]
    assert loaded(tmp_path, *rows).height == 2


def test_a_genre_that_names_a_mood_has_no_family(tmp_path: Path) -> None:
    found = by_id(loaded(tmp_path, ("a" * 22, "X", "t", "1", "1000", "False", "happy")), "a" * 22)
    assert found["genre_path"] == ["happy"]
    assert "genre" not in found


def test_there_is_no_licence_to_speak_of() -> None:
    frame = tracks(SPOTIFY, SPOTIFY_ORIGINAL)
    for column in ("licence", "licence_family", "commercial_use", "derivatives"):
        assert frame[column].null_count() == frame.height
