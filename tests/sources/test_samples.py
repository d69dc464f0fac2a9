"""The sample rows: the same each time, counted as listed, and overlapping."""

from pathlib import Path

import polars as pl
import pytest

from linernotes import samples
from linernotes.samples.synthetic import EXPECTED
from tests.sources.support import LAION, SLEEPING, load


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    return samples.write(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="module")
def everything(written: dict[str, list[Path]]) -> pl.DataFrame:
    return pl.concat([batch.tracks for dataset, paths in written.items() for batch in load(dataset, *paths)])


def test_they_are_the_same_each_time(written: dict[str, list[Path]], tmp_path: Path) -> None:
    again = samples.write(tmp_path)
    for dataset, paths in written.items():
        assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again[dataset]]


@pytest.mark.parametrize("dataset", [LAION, SLEEPING])
def test_they_count_as_listed(written: dict[str, list[Path]], dataset: str) -> None:
    batches = load(dataset, *written[dataset])
    frame = pl.concat([batch.tracks for batch in batches])
    expected = EXPECTED[dataset]
    assert sum(batch.read for batch in batches) == expected.read
    assert sum(len(batch.rejections) for batch in batches) == expected.rejected
    assert sum(batch.skipped for batch in batches) == expected.skipped
    assert frame.height - frame["source_id"].n_unique() == expected.duplicates


def test_synthetic_rows_say_so_and_real_ones_do_not(everything: pl.DataFrame) -> None:
    said = dict(everything.group_by("dataset").agg(pl.col("revision").unique()).iter_rows())
    assert {dataset for dataset, revisions in said.items() if revisions == ["synthetic sample"]} == {LAION, SLEEPING}


def test_many_scripts_are_among_them(everything: pl.DataFrame) -> None:
    languages = set(everything["language"])
    assert languages >= {"ru", "uk", "el", "ko", "ja", "zh", "th", "km", "ar", "he", "hi", "vi", "de", "fr", "es", "en"}


def test_sets_overlap_by_video_and_by_recording(everything: pl.DataFrame) -> None:
    videos = everything.select("dataset", pl.col("video_ids").explode(empty_as_null=True)).drop_nulls().unique()
    assert videos.group_by("video_ids").len().filter(pl.col("len") > 1).height > 100
    recordings = everything.select("dataset", "recording_key").drop_nulls().unique()
    sharing = recordings.group_by("recording_key").agg(pl.col("dataset").sort())
    pairs = {tuple(row) for row in sharing["dataset"]}
    assert {("free-music-archive", "laion-disco-12m", "sleeping-disco-9m")} <= pairs
    assert any(len(pair) > 1 and "spotify-tracks-dataset" in pair for pair in pairs)
