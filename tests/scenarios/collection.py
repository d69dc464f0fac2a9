"""The scenarios' tracks as source files: sample rows cut out of the shipped files, synthetic ones as published."""

import csv
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import yaml

from linernotes import samples
from linernotes.samples.synthetic import LAION_SCHEMA

TRACKS = Path(__file__).with_name("tracks.yaml")

_FMA_HEADER = 3
_SLEEPING = (
    *("song_id", "song_url", "title", "primary_artist", "artist_url", "featured_artists", "lyricists", "tags"),
    *("album_name", "album_url", "album_release_date", "language", "lyrics", "youtube_links", "genius_annotation"),
    "qna",
)


def write(folder: Path) -> dict[str, Path]:
    """Write a file for each data set below a folder, and return those to load."""
    tracks = yaml.safe_load(TRACKS.read_text("utf-8"))
    real, synthetic = tracks["real"], tracks["synthetic"]
    return {
        "spotify-tracks-dataset": _spotify(real["spotify-tracks-dataset"], folder / "six_genres.csv"),
        "free-music-archive": _fma(real["free-music-archive"], folder / "fma"),
        "laion-disco-12m": _laion(synthetic["laion-disco-12m"], folder / "synthetic-scenarios.parquet"),
        "sleeping-disco-9m": _sleeping(synthetic["sleeping-disco-9m"], folder / "synthetic-scenarios.jsonl"),
    }


def _spotify(ids: Iterable[str], path: Path) -> Path:
    rows = pl.read_csv(samples.real("spotify-tracks/six_genres.csv"), infer_schema=False)
    rows.filter(pl.col("track_id").is_in(list(ids))).write_csv(path)
    return path


def _fma(ids: Iterable[int], folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(samples.real("fma/genres.csv"), folder)
    wanted = {str(number) for number in ids}
    with samples.real("fma/tracks.csv").open(encoding="utf-8", newline="") as shipped:
        rows = list(csv.reader(shipped))
    kept = [row for row in rows[_FMA_HEADER:] if row[0] in wanted]
    assert len(kept) == len(wanted)
    path = folder / "tracks.csv"
    with path.open("w", encoding="utf-8", newline="") as written:
        csv.writer(written).writerows([*rows[:_FMA_HEADER], *kept])
    return path


def _laion(rows: Iterable[Mapping[str, Any]], path: Path) -> Path:
    usual = {"isExplicit": False, "artist_ids": []}
    pl.DataFrame([{**usual, **row} for row in rows], schema=LAION_SCHEMA, orient="row").write_parquet(path)
    return path


def _sleeping(rows: Iterable[Mapping[str, Any]], path: Path) -> Path:
    lines = [orjson.dumps({name: row.get(name) for name in _SLEEPING}) for row in rows]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path
