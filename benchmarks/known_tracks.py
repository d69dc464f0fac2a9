"""The tracks that known-item search runs over: real rows among synthetic ones, in the published formats of two sets.

Real are the rows that the project ships (FMA 682, Spotify 6,000), the names of `compiled.tsv`, and, where a path is
given, a CSV with the columns title and author. All else is synthetic, and made by `benchmarks.corpora`.
"""

import csv
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from benchmarks import corpora
from linernotes import samples
from mappings.index_names import alias
from mappings.track import ALBUM, ARTISTS, CONTRIBUTORS, SOURCE_FILE, TITLE

COMPILED = Path(__file__).with_name("compiled.tsv")
COMPILED_FILE, MORE_FILE = "compiled.parquet", "more.parquet"

SYNTHETIC = ("laion-disco-12m", "sleeping-disco-9m")
REAL_FILES = {
    "free-music-archive": ("fma/tracks.csv", "fma/genres.csv"),
    "spotify-tracks-dataset": ("spotify-tracks/six_genres.csv",),
}
ORIGINS = {COMPILED_FILE: "compiled", MORE_FILE: "real", "tracks.csv": "real", "six_genres.csv": "real"}
"""What the rows of a source file are; synthetic those of all others."""

_READ_BACK = (TITLE, ARTISTS, ALBUM, CONTRIBUTORS, SOURCE_FILE)


def write(folder: Path, tracks: int, more: Path | None) -> None:
    """Write source files of at least so many tracks below a folder, real ones included."""
    everything = sum(corpora.WRITERS[dataset][1] for dataset in SYNTHETIC)
    shutil.rmtree(folder, ignore_errors=True)
    # One record in 330 repeats another's id or is damaged.
    corpora.write(folder, tracks / everything * 1.01, list(SYNTHETIC))
    for dataset, names in REAL_FILES.items():
        (folder / dataset).mkdir(parents=True)
        for name in names:
            shutil.copy(samples.real(name), folder / dataset)
    write_laion(compiled(), folder / SYNTHETIC[0] / COMPILED_FILE)
    if more:
        with more.open(encoding="utf-8", newline="") as rows:
            write_laion(
                ((row["author"], row["title"]) for row in csv.DictReader(rows)), folder / SYNTHETIC[0] / MORE_FILE
            )


def typed() -> list[dict[str, str]]:
    """Return the rows of `compiled.tsv`: script, artist, title, and how both are typed in Latin letters."""
    names = ("script", "artist", "title", "artist_typed", "title_typed")
    lines = COMPILED.read_text("utf-8").splitlines()
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines if not line.startswith("#")]


def compiled() -> Iterator[tuple[str, str]]:
    """Yield artist and title of the compiled rows."""
    return ((row["artist"], row["title"]) for row in typed())


def write_laion(rows: Iterable[tuple[str, str]], path: Path) -> None:
    """Write artist and title as LAION-DISCO-12M has them; ids are hashes of both, so that repeats are repeats."""
    named = [(artist.strip(), title.strip()) for artist, title in rows]
    ids = [hashlib.sha256("\0".join(name).encode()).hexdigest()[:11] for name in named]
    frame = pl.DataFrame({"song_id": ids, "title": [title for _, title in named]}).with_columns(
        artist_names=pl.Series([[artist] for artist, _ in named], dtype=pl.List(pl.String)),
        artist_ids=pl.lit(None, pl.List(pl.String)),
        album_name=pl.lit(None, pl.String),
        album_id=pl.lit(None, pl.String),
        isExplicit=pl.lit(value=False),
        views=pl.lit("1K views"),
        duration=pl.lit(180, pl.Int64),
    )
    frame.write_parquet(path)


def load(folder: Path, url: str, prefix: str) -> None:
    """Load all of it with the real loader; its progress goes to standard error."""
    environment = os.environ | {"LINERNOTES_URL": url, "LINERNOTES_PREFIX": prefix}
    for dataset in (*REAL_FILES, *SYNTHETIC):
        command = [sys.executable, "-m", "linernotes", "load", dataset, str(folder / dataset), "--fresh"]
        ran = subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
        if ran.returncode not in (0, 4):  # 4: damaged records were rejected, as the generator wants it
            raise SystemExit(f"{' '.join(command)} ended with {ran.returncode}.")


def read_back(client: Elasticsearch, prefix: str, cache: Path) -> pl.DataFrame:
    """Return id, title, artists, album, contributors and origin of all indexed tracks: what peers index too.

    Kept in a file, as a million take a minute.
    """
    if cache.exists():
        return pl.read_parquet(cache)
    body = {"query": {"match_all": {}}, "_source": list(_READ_BACK)}
    hits = scan(client, body, index=alias(prefix), size=5_000)
    frame = pl.DataFrame([_row(hit) for hit in hits], schema=_SCHEMA, orient="row").sort("id")
    frame.write_parquet(cache)
    return frame


_SCHEMA: dict[str, pl.DataType] = {
    "id": pl.String(),
    "title": pl.String(),
    "artists": pl.List(pl.String),
    "album": pl.String(),
    "contributors": pl.List(pl.String),
    "origin": pl.String(),
}


def _row(hit: dict[str, Any]) -> tuple[object, ...]:
    source = hit["_source"]
    title, artists, album, guests, file = (source.get(name) for name in _READ_BACK)
    return hit["_id"], title, artists or [], album, guests or [], ORIGINS.get(Path(file or "").name, "synthetic")
