"""LAION-DISCO-12M: songs of YouTube Music, in Parquet files."""

import polars as pl

from indexer.normalise import scalars
from indexer.normalise.expressions import STRINGS, map_where
from indexer.normalise.text import distinct
from indexer.readers.parquet_reader import ParquetReader
from indexer.records import Reader, SourceFile
from indexer.sources.dataset import DataSource, FieldSpec, copied, duration_field
from mappings.cards import CARDS
from mappings.track import (
    ALBUM,
    ALBUM_ID,
    ARTIST_IDS,
    ARTISTS,
    EXPLICIT,
    PLAYS,
    SOURCE_ID,
    TITLE,
    URL,
    VIDEO_IDS,
)

_ADDRESS = "https://music.youtube.com/watch?v="


def _open(file: SourceFile, table: DataSource) -> Reader:
    return ParquetReader(file, table.columns)


def _id(written: pl.Expr) -> pl.Expr:
    text = written.cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


def _ids(written: pl.Expr) -> pl.Expr:
    return map_where(written, _holds_blank, lambda lists: distinct(lists.list.eval(_id(pl.element()))), STRINGS)


def _holds_blank(lists: pl.Expr) -> pl.Expr:
    # One id without blanks around it, the usual case, is taken as it is.
    first = lists.list.first()
    return (lists.list.len() != 1) | first.is_null() | (first == "") | (first.str.strip_chars() != first)


_SONG = pl.col("song_id").cast(pl.String).str.strip_chars()
_VIDEO = scalars.whole_id(_SONG)

SOURCE = DataSource(
    card=CARDS["laion-disco-12m"],
    patterns=("*.parquet",),
    required=("song_id", "title", "artist_names"),
    lists=("artist_names", "artist_ids"),
    open=_open,
    given=(
        FieldSpec(SOURCE_ID, ("song_id",), _SONG),
        FieldSpec(
            URL,
            ("song_id",),
            pl.concat_str(pl.lit(_ADDRESS), _VIDEO),
            "address of YouTube Music, for a video's id",
        ),
        FieldSpec(
            VIDEO_IDS,
            ("song_id",),
            pl.when(_VIDEO.is_not_null()).then(pl.concat_list(_VIDEO)),
            "where it is a video's id: 11 characters",
            lost="video: no id of 11 characters",
            stated=_SONG != "",
        ),
        copied(TITLE, "title"),
        FieldSpec(ARTISTS, ("artist_names",), pl.col("artist_names"), "without null and blank names"),
        FieldSpec(ARTIST_IDS, ("artist_ids",), _ids(pl.col("artist_ids"))),
        copied(ALBUM, "album_name"),
        FieldSpec(ALBUM_ID, ("album_id",), _id(pl.col("album_id"))),
        duration_field(("duration",), scalars.seconds(pl.col("duration")), "seconds", pl.col("duration").is_not_null()),
        FieldSpec(EXPLICIT, ("isExplicit",), scalars.parse_bool(pl.col("isExplicit"))),
        FieldSpec(
            PLAYS,
            ("views",),
            scalars.parse_count(pl.col("views")),
            'the number in "1.2M views", "3 plays"',
            lost="plays: unreadable, dropped",
            stated=pl.col("views").cast(pl.String).str.len_bytes() > 0,
        ),
    ),
)
