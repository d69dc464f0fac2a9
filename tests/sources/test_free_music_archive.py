"""FMA: three header rows, Python literals, -1, a genre tree, licences; from the 682 real rows and damaged copies."""

import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from indexer.normalise.track import COLUMNS
from indexer.sources import SOURCES
from linernotes.samples import real
from mappings.errors import InputError
from tests.sources.support import FMA, FMA_TRACKS, by_id, load, tracks, values


@pytest.fixture(scope="module")
def real_tracks() -> pl.DataFrame:
    return tracks(FMA, FMA_TRACKS)


def changed(tmp_path: Path, old: bytes, new: bytes) -> Path:
    content = FMA_TRACKS.read_bytes()
    assert old in content
    path = tmp_path / "tracks.csv"
    path.write_bytes(content.replace(old, new))
    return path


def test_all_real_rows_become_tracks(real_tracks: pl.DataFrame) -> None:
    (batch,) = load(FMA, FMA_TRACKS)
    assert (batch.read, batch.tracks.height, batch.rejections) == (682, 682, ())
    assert dict(real_tracks.schema) == COLUMNS
    assert real_tracks["source_row"].to_list() == list(range(1, 683))


def test_a_track_is_as_published(real_tracks: pl.DataFrame) -> None:
    assert by_id(real_tracks, "10") == {
        "dataset": FMA,
        "revision": "2017-04",
        "source_id": "10",
        "platform": "Free Music Archive",
        "title": "Freeway",
        "artists": ["Kurt Vile"],
        "artist_ids": ["6"],
        "contributors": ["Kurt Vile"],
        "album": "Constant Hitmaker",
        "album_id": "6",
        "genre": ["pop"],
        "genre_path": ["Pop"],
        "licence": "CC-BY-NC-ND-3.0",
        "licence_family": "CC-BY-NC-ND",
        "commercial_use": "prohibited",
        "derivatives": "prohibited",
        "licence_raw": "Attribution-NonCommercial-NoDerivatives (aka Music Sharing) 3.0 International",
        "licence_url": "https://creativecommons.org/licenses/by-nc-nd/3.0/",
        "year": 2008,
        "release_date": date(2008, 2, 6),
        "language": "en",
        "language_source": "declared",
        "duration_s": 161.0,
        "plays": 50135,
        "recording_key": "kurt vile / freeway",
        "source_row": 4,
    }


def test_real_licences_are_all_recognised(real_tracks: pl.DataFrame) -> None:
    counts = dict(real_tracks["licence"].value_counts().iter_rows())
    assert counts == {
        "CC-BY-NC-SA-3.0": 547,
        "CC-BY-NC-ND-2.0": 68,
        "CC-BY-NC-ND-3.0": 66,
        "CC-BY": 1,
    }


def test_genres_carry_their_ancestors(real_tracks: pl.DataFrame) -> None:
    deep = real_tracks.filter(pl.col("genre_path").list.contains("Post-Punk"))
    assert deep["genre_path"].list.head(3).to_list()[0] == ["Rock", "Punk", "Post-Punk"]
    assert deep["genre"].list.contains("punk").all()


def test_minus_one_is_no_album(tmp_path: Path) -> None:
    path = changed(tmp_path, b",4,1,<p></p>,6073,", b",4,-1,<p></p>,6073,")
    assert "album_id" not in by_id(tracks(FMA, path), "2")


def test_the_day_of_upload_is_no_day_of_recording(real_tracks: pl.DataFrame) -> None:
    undated = real_tracks.filter(pl.col("year").is_null())
    assert undated.height > 0
    assert load(FMA, FMA_TRACKS)[0].changed["recorded: the day of upload, dropped"] == 232


def test_an_implausible_year_is_dropped_and_counted(tmp_path: Path) -> None:
    path = changed(tmp_path, b"2009-01-05 00:00:00", b"2031-01-05 00:00:00")
    (batch,) = load(FMA, path)
    dropped = batch.changed["year: implausible, dropped"]
    assert dropped > 0
    assert batch.tracks.filter(pl.col("year") > 2018).is_empty()


def test_lists_are_read_as_python_does(tmp_path: Path) -> None:
    path = changed(tmp_path, b"['baltimore']", b'"[\'it\\\'s\', ""d\'n\'b"", None]"')
    assert ["it's", "d'n'b"] in tracks(FMA, path)["tags"].drop_nulls().to_list()


def test_a_broken_list_is_dropped_and_counted(tmp_path: Path) -> None:
    (batch,) = load(FMA, changed(tmp_path, b"['baltimore']", b"['baltimore'"))
    assert batch.changed["tags: unreadable list, dropped"] == 3


def test_a_cut_off_last_row_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "tracks.csv"
    path.write_bytes(FMA_TRACKS.read_bytes()[:-200])
    (batch,) = load(FMA, path)
    assert (batch.read, batch.tracks.height) == (682, 681)
    assert [(entry.row, entry.file) for entry in batch.rejections] == [(682, "tracks.csv")]
    assert "cut off" in batch.rejections[0].reason


def test_an_id_that_is_no_number_is_rejected(tmp_path: Path) -> None:
    (batch,) = load(FMA, changed(tmp_path, b"\n10,0,2008", b"\nten,0,2008"))
    assert [(entry.row, entry.kind, entry.reason) for entry in batch.rejections] == [
        (4, "id", "'ten' is no id of this data set")
    ]


def test_entities_and_spaces_are_tidied(tmp_path: Path) -> None:
    path = changed(tmp_path, b",[],Food\n", b",[],  Food &amp; Drink\t \n")
    assert by_id(tracks(FMA, path), "2")["title"] == "Food & Drink"


def test_columns_may_be_in_another_order_and_some_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "tracks.csv"
    path.write_text(
        ",track,artist,track,track\n,title,name,license,genres\ntrack_id,,,,\n7,Song,Someone,Attribution,[12]\n"
    )
    assert by_id(tracks(FMA, path), "7")["licence"] == "CC-BY"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_the_archive_gives_the_same_tracks_as_the_file(tmp_path: Path, real_tracks: pl.DataFrame, method: int) -> None:
    path = tmp_path / "fma_metadata.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.write(FMA_TRACKS, "fma_metadata/tracks.csv")
        archive.write(real("fma/genres.csv"), "fma_metadata/genres.csv")
    assert tracks(FMA, path).equals(real_tracks)
    (file,) = SOURCES[FMA].files([path])
    assert (file.name, file.member) == ("fma_metadata.zip/fma_metadata/tracks.csv", "fma_metadata/tracks.csv")


def test_a_cut_off_archive_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "fma_metadata.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.write(FMA_TRACKS, "fma_metadata/tracks.csv")
    path.write_bytes(path.read_bytes()[:5_000])
    with pytest.raises(InputError, match="no whole zip archive"):
        SOURCES[FMA].files([path])


def test_a_damaged_member_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "fma_metadata.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.write(FMA_TRACKS, "fma_metadata/tracks.csv")
    content = bytearray(path.read_bytes())
    content[5_000:5_100] = b"\0" * 100
    path.write_bytes(content)
    (file,) = SOURCES[FMA].files([path])
    with pytest.raises(InputError, match=r"tracks\.csv is damaged"):
        SOURCES[FMA].reader(file)


def test_no_private_or_long_text_is_read() -> None:
    (file,) = SOURCES[FMA].files([FMA_TRACKS])
    reader = SOURCES[FMA].reader(file)
    columns = reader.read(reader.chunks()[0]).frame.columns
    assert not {"artist.bio", "artist.members", "artist.website", "artist.location"}.intersection(columns)


def test_values_are_of_closed_sets(real_tracks: pl.DataFrame) -> None:
    assert values(real_tracks, "commercial_use") == ["allowed", "prohibited"]
    assert set(values(real_tracks, "language_source")) <= {"declared", "script", "detected"}
