"""Spotify Tracks Dataset: one CSV file, in which a track is repeated for each of its genres."""

import polars as pl

from indexer.formats.csv import CsvReader
from indexer.normalise import numbers
from indexer.normalise.genre import genre_families
from indexer.normalise.text import distinct
from indexer.records import SOURCE_ROW, Reader, SourceFile
from indexer.sources.foreign import check_columns
from indexer.sources.table import Columns, Table
from mappings import fields

_ADDRESS = "https://open.spotify.com/track/"
_POPULARITY = "popularity"


def _open(file: SourceFile, table: Table) -> Reader:
    # One stretch: the repeats of a track are spread over the whole file, which has only 20 MB.
    reader = CsvReader(file, table.wanted, block=None)
    check_columns(file.name, table.dataset, reader.seen, table.required)
    return reader


def _columns(_: SourceFile) -> Columns:
    track = pl.col("track_id").str.strip_chars()
    genre = pl.col("track_genre").str.strip_chars()
    return {
        fields.SOURCE_ID: track,
        fields.URL: pl.lit(_ADDRESS) + track,
        fields.TITLE: pl.col("track_name"),
        fields.ARTISTS: pl.col("artists").str.split(";"),
        fields.ALBUM: pl.col("album_name"),
        fields.GENRE_PATH: pl.concat_list(genre),
        fields.GENRE: genre_families(pl.concat_list(genre)),
        fields.DURATION_S: numbers.seconds(pl.col("duration_ms"), per_second=1000),
        fields.EXPLICIT: numbers.truth(pl.col("explicit")),
        _POPULARITY: numbers.integer(pl.col("popularity")),
    }


def _merge(tracks: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each id: that of the highest popularity, the first of equals, with the genres of all."""
    ranked = tracks.sort([_POPULARITY, SOURCE_ROW], descending=[True, False], nulls_last=True)
    others = pl.exclude(fields.SOURCE_ID, fields.GENRE, fields.GENRE_PATH).first()
    kept = ranked.group_by(fields.SOURCE_ID, maintain_order=True).agg(others)
    genres = tracks.group_by(fields.SOURCE_ID, maintain_order=True).agg(
        pl.col(name).explode(empty_as_null=True).drop_nulls().unique(maintain_order=True)
        for name in (fields.GENRE, fields.GENRE_PATH)
    )
    found = genres.with_columns(distinct(pl.col(name)) for name in (fields.GENRE, fields.GENRE_PATH))
    return kept.join(found, on=fields.SOURCE_ID, how="left").sort(SOURCE_ROW)


SOURCE = Table(
    dataset="spotify-tracks-dataset",
    patterns=("dataset.csv", "*.csv"),
    required=("track_id", "artists", "track_name", "track_genre"),
    optional=("album_name", "popularity", "duration_ms", "explicit"),
    open=_open,
    columns=_columns,
    merge=_merge,
)
