"""LAION-DISCO: counts as text, lists with holes, blank ids. Every row here is synthetic."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from linernotes.samples.synthetic import laion_row
from tests.sources.support import LAION, load, tracks

SCHEMA: dict[str, Any] = {
    "song_id": pl.String, "title": pl.String, "artist_names": pl.List(pl.String), "artist_ids": pl.List(pl.String),
    "album_name": pl.String, "album_id": pl.String, "isExplicit": pl.Boolean, "views": pl.String, "duration": pl.Int64,
}  # fmt: skip


def written(tmp_path: Path, *changes: dict[str, Any]) -> Path:
    rows = [laion_row(number) | {"artist_names": ["Someone"]} | change for number, change in enumerate(changes)]
    path = tmp_path / "synthetic-test.parquet"
    pl.DataFrame(rows, schema=SCHEMA).write_parquet(path)
    return path


def one(tmp_path: Path, **change: Any) -> dict[str, Any]:
    return tracks(LAION, written(tmp_path, change)).row(0, named=True)


@pytest.mark.parametrize(
    ("views", "plays"),
    [
        ("3 plays", 3),
        ("10K plays", 10_000),
        ("1.2M views", 1_200_000),
        ("1B plays", 1_000_000_000),
        ("1,234 views", 1_234),
        ("872k plays", 872_000),
        ("No views", None),
        ("1 play", 1),
        ("1.2 M views", 1_200_000),
        ("1,2M views", None),
        ("", None),
        (None, None),
    ],
)
def test_plays_are_numbers(tmp_path: Path, views: str | None, plays: int | None) -> None:
    assert one(tmp_path, views=views)["plays"] == plays


def test_unreadable_plays_are_counted(tmp_path: Path) -> None:
    (batch,) = load(LAION, written(tmp_path, {"views": "many"}, {"views": None}, {"duration": 0}))
    assert batch.changed == {"plays: unreadable, dropped": 1, "duration: implausible, dropped": 1}


@pytest.mark.parametrize("names", [[], None, [None], [""], ["  "]])
def test_no_artist_is_null(tmp_path: Path, names: list[str | None] | None) -> None:
    found = one(tmp_path, artist_names=names)
    assert found["artists"] is None
    assert found["recording_key"] == f"laion-disco-12m:{found['source_id']}"


def test_holes_and_repeats_leave_the_list(tmp_path: Path) -> None:
    assert one(tmp_path, artist_names=["A", None, "", " B ", "A"])["artists"] == ["A", "B"]
    assert one(tmp_path, artist_ids=["UC1", None, "", " UC2 "])["artist_ids"] == ["UC1", "UC2"]
    assert one(tmp_path, artist_ids=[])["artist_ids"] is None


def test_case_variants_are_left_as_they_are(tmp_path: Path) -> None:
    assert one(tmp_path, artist_names=["NOAH", "Noah", "noah"])["artists"] == ["NOAH", "Noah", "noah"]


@pytest.mark.parametrize("song_id", ["", "   ", None])
def test_a_blank_id_is_rejected_with_its_row(tmp_path: Path, song_id: str | None) -> None:
    (batch,) = load(LAION, written(tmp_path, {}, {"song_id": song_id}))
    assert batch.tracks.height == 1
    assert [(entry.row, entry.kind, entry.reason) for entry in batch.rejections] == [(2, "id", "it has no id")]


def test_a_batch_of_rejected_rows_is_no_error(tmp_path: Path) -> None:
    (batch,) = load(LAION, written(tmp_path, {"song_id": ""}, {"song_id": None}))
    assert (batch.read, batch.tracks.height, len(batch.rejections), batch.changed) == (2, 0, 2, {})


def test_the_id_makes_address_and_join(tmp_path: Path) -> None:
    found = one(tmp_path, song_id="hTWKbfoikeg")
    assert found["url"] == "https://music.youtube.com/watch?v=hTWKbfoikeg"
    assert found["video_ids"] == ["hTWKbfoikeg"]


def test_an_id_of_another_form_is_kept_but_joins_nothing(tmp_path: Path) -> None:
    found = one(tmp_path, song_id="short")
    assert (found["source_id"], found["url"], found["video_ids"]) == ("short", None, None)


def test_guests_are_contributors_and_the_title_stays(tmp_path: Path) -> None:
    found = one(tmp_path, title="Stan (feat. Dido)", artist_names=["Eminem ft. Someone"])
    assert found["title"] == "Stan (feat. Dido)"
    assert (found["artists"], found["contributors"]) == (["Eminem"], ["Someone", "Dido"])
    assert found["recording_key"] == "eminem / stan"


def test_licence_is_missing_not_unknown(tmp_path: Path) -> None:
    assert one(tmp_path)["licence"] is None


def test_synthetic_rows_say_so(tmp_path: Path) -> None:
    assert one(tmp_path)["revision"] == "synthetic sample"


def test_optional_columns_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"song_id": ["hTWKbfoikeg"], "title": ["t"], "artist_names": [["A"]]}).write_parquet(path)
    assert tracks(LAION, path).row(0, named=True)["plays"] is None


def test_a_row_group_without_any_value_is_read(tmp_path: Path) -> None:
    empty = dict.fromkeys(SCHEMA) | {"song_id": "hTWKbfoikeg"}
    assert one(tmp_path, **empty)["title"] is None
