"""Which files a path stands for, and what is said of those that can't be used: one sentence each."""

import json
import os
import zipfile
from pathlib import Path

import polars as pl
import pytest

from indexer.sources import SOURCES
from linernotes.samples.synthetic import laion_row, sleeping_row
from mappings.cards import CARDS
from mappings.errors import InputError
from tests.sources.support import FMA, FMA_TRACKS, LAION, SLEEPING, SPOTIFY, SPOTIFY_SIX


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tracks.csv").write_bytes(FMA_TRACKS.read_bytes())
    (tmp_path / "dataset.csv").write_bytes(SPOTIFY_SIX.read_bytes())
    (tmp_path / "a.jsonl").write_text(json.dumps(sleeping_row(1)))
    pl.DataFrame([laion_row(1)]).write_parquet(tmp_path / "0.parquet")
    return tmp_path


FILES = {FMA: "tracks.csv", SPOTIFY: "dataset.csv", SLEEPING: "a.jsonl", LAION: "0.parquet"}


def test_there_is_a_source_for_every_card() -> None:
    assert set(SOURCES) == set(CARDS)
    assert all(source.dataset == name for name, source in SOURCES.items())


@pytest.mark.parametrize("dataset", FILES)
def test_a_folder_stands_for_the_files_of_the_data_set(folder: Path, dataset: str) -> None:
    assert [file.name for file in SOURCES[dataset].files([folder])] == [FILES[dataset]]


@pytest.mark.parametrize("dataset", FILES)
@pytest.mark.parametrize("other", FILES)
def test_a_file_of_another_data_set_is_told_by_its_columns(folder: Path, dataset: str, other: str) -> None:
    if dataset == other:
        return
    path = folder / FILES[other]
    suffixes = {path.suffix, Path(FILES[dataset]).suffix}
    with pytest.raises(InputError) as told:
        for file in SOURCES[dataset].files([path]):
            SOURCES[dataset].reader(file)
    if suffixes == {".csv"}:
        assert f"look like those of {other}" in told.value.message
    assert "\n" not in str(told.value)


def test_files_of_a_folder_are_sorted_and_each_is_read_once(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl", "sub/c.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(sleeping_row(1)))
    files = SOURCES[SLEEPING].files([tmp_path / "b.jsonl", tmp_path, tmp_path / "a.jsonl"])
    assert [file.name for file in files] == ["b.jsonl", "a.jsonl", "sub/c.jsonl"]


def test_numbered_files_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("part-10.jsonl", "part-2.jsonl"):
        (tmp_path / name).write_text(json.dumps(sleeping_row(1)))
    assert [file.name for file in SOURCES[SLEEPING].files([tmp_path])] == ["part-2.jsonl", "part-10.jsonl"]


@pytest.mark.parametrize("dataset", FILES)
def test_what_is_missing_or_empty_is_told(tmp_path: Path, dataset: str) -> None:
    source = SOURCES[dataset]
    with pytest.raises(InputError, match="does not exist"):
        source.files([tmp_path / "absent"])
    with pytest.raises(InputError, match="holds no file of"):
        source.files([tmp_path])
    with pytest.raises(InputError, match="No file of"):
        source.files([])
    empty = tmp_path / FILES[dataset]
    empty.touch()
    with pytest.raises(InputError, match="is empty"):
        source.reader(source.files([empty])[0])


@pytest.mark.parametrize("dataset", FILES)
def test_an_archive_without_the_file_is_told(tmp_path: Path, dataset: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(InputError, match=r"holds no|is no Parquet file|is a zip archive"):
        source = SOURCES[dataset]
        source.reader(source.files([path])[0])


@pytest.mark.parametrize("dataset", FILES)
def test_a_file_that_may_not_be_read_is_told(folder: Path, dataset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / FILES[dataset]
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # root, who runs the tests here, may read everything
    with pytest.raises(InputError, match="may not be read"):
        SOURCES[dataset].files([path])


@pytest.mark.parametrize(
    ("beginning", "what"),
    [
        (b"\x1f\x8b\x08", "damaged"),
        (b"BZh9", "damaged"),
        (b"\xff\xfea\x00", "text in UTF-16"),
        (b"PAR1", "a Parquet file"),
    ],
)
@pytest.mark.parametrize("dataset", [FMA, SPOTIFY, SLEEPING])
def test_what_is_no_text_is_told(tmp_path: Path, dataset: str, beginning: bytes, what: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(beginning + b"\0" * 100)
    with pytest.raises(InputError, match=f"file is {what}"):
        SOURCES[dataset].reader(SOURCES[dataset].files([path])[0])


def test_a_packed_file_without_its_end_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\x28\xb5\x2f\xfd" + b"\0" * 100)
    with pytest.raises(InputError, match="file ends in the middle"):
        SOURCES[SLEEPING].reader(SOURCES[SLEEPING].files([tmp_path / "file"])[0])


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.jsonl").write_text(json.dumps(sleeping_row(1)))
    names = [file.name for file in SOURCES[SLEEPING].files([tmp_path / "one", tmp_path / "two"])]
    assert names == [str(tmp_path / "one" / "a.jsonl"), str(tmp_path / "two" / "a.jsonl")]


def test_a_text_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("just a note\n")
    for source in SOURCES.values():
        with pytest.raises(InputError):
            source.reader(source.files([path])[0])
