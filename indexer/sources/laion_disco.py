"""LAION-DISCO-12M: songs of YouTube Music, in Parquet files."""

import polars as pl

from indexer.formats.parquet import ParquetReader
from indexer.normalise import numbers, youtube
from indexer.normalise.sparse import only_where
from indexer.normalise.text import distinct
from indexer.normalise.unique import STRINGS
from indexer.records import Reader, SourceFile
from indexer.sources.foreign import check_columns
from indexer.sources.table import Columns, Table
from mappings import fields

_ADDRESS = "https://music.youtube.com/watch?v="


def _open(file: SourceFile, table: Table) -> Reader:
    reader = ParquetReader(file, table.wanted)
    check_columns(file.name, table.dataset, reader.columns, table.required)
    return reader


def _columns(_: SourceFile) -> Columns:
    song = pl.col("song_id").cast(pl.String).str.strip_chars()
    video = youtube.whole_id(song)
    return {
        fields.SOURCE_ID: song,
        fields.URL: pl.concat_str(pl.lit(_ADDRESS), video),
        fields.VIDEO_IDS: pl.when(video.is_not_null()).then(pl.concat_list(video)),
        fields.TITLE: pl.col("title"),
        fields.ARTISTS: pl.col("artist_names"),
        fields.ARTIST_IDS: _ids(pl.col("artist_ids")),
        fields.ALBUM: pl.col("album_name"),
        fields.ALBUM_ID: _id(pl.col("album_id")),
        fields.DURATION_S: numbers.seconds(pl.col("duration")),
        fields.EXPLICIT: numbers.truth(pl.col("isExplicit")),
        fields.PLAYS: numbers.spoken_count(pl.col("views")),
    }


def _id(written: pl.Expr) -> pl.Expr:
    text = written.cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


def _ids(written: pl.Expr) -> pl.Expr:
    return only_where(written, _holds_blank, lambda lists: distinct(lists.list.eval(_id(pl.element()))), STRINGS)


def _holds_blank(lists: pl.Expr) -> pl.Expr:
    # One id without blanks around it, the usual case, is taken as it is.
    first = lists.list.first()
    return (lists.list.len() != 1) | first.is_null() | (first == "") | (first.str.strip_chars() != first)


SOURCE = Table(
    dataset="laion-disco-12m",
    patterns=("*.parquet",),
    required=("song_id", "title", "artist_names"),
    optional=("artist_ids", "album_name", "album_id", "isExplicit", "views", "duration"),
    lists=("artist_names", "artist_ids"),
    open=_open,
    columns=_columns,
    changes={
        "plays: unreadable, dropped": pl.col("views").is_not_null() & numbers.spoken_count(pl.col("views")).is_null(),
        "duration: not above 0, dropped": pl.col("duration").is_not_null()
        & numbers.seconds(pl.col("duration")).is_null(),
    },
)
