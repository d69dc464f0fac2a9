"""What the tests of sources share: the real rows, and a whole file read and normalised."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from indexer.records import TrackBatch
from indexer.sources import SOURCES
from linernotes.samples import real
from linernotes.samples.synthetic import sleeping_row

FMA = "free-music-archive"
SPOTIFY = "spotify-tracks-dataset"
LAION = "laion-disco-12m"
SLEEPING = "sleeping-disco-9m"

FMA_TRACKS = real("fma/tracks.csv")
SPOTIFY_SIX = real("spotify-tracks/six_genres.csv")
SPOTIFY_ORIGINAL = real("spotify-tracks/original_header.csv")


def load(dataset: str, *paths: Path) -> list[TrackBatch]:
    """Return the batches of all chunks of all files."""
    source = SOURCES[dataset]
    batches = []
    for file in source.files(list(paths)):
        reader = source.reader(file)
        batches += [source.normalise(reader.read(chunk), file) for chunk in reader.chunks()]
    return batches


def tracks(dataset: str, *paths: Path) -> pl.DataFrame:
    """Return all tracks of files, in order."""
    return pl.concat([batch.tracks for batch in load(dataset, *paths)])


def by_id(frame: pl.DataFrame, identifier: str) -> dict[str, Any]:
    """Return one track without its null columns."""
    found = frame.filter(pl.col("source_id") == identifier).row(0, named=True)
    return {name: value for name, value in found.items() if value is not None}


def values(frame: pl.DataFrame, column: str) -> list[Any]:
    """Return the distinct values of a column, sorted as text, nulls left out."""
    return sorted(frame[column].drop_nulls().unique().to_list(), key=str)


def csv_text(header: Sequence[str], *rows: Sequence[str]) -> str:
    """Return CSV with every cell quoted."""
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in (header, *rows)]
    return "\n".join(quoted) + "\n"


def json_lines(rows: int) -> bytes:
    """Return made-up rows of Sleeping-DISCO, each ended by a newline."""
    return b"".join(orjson.dumps(sleeping_row(number)) + b"\n" for number in range(1, rows + 1))
