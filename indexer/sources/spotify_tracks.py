"""Spotify Tracks Dataset: one CSV file, in which a track is repeated for each of its genres."""

import polars as pl

from indexer.normalise import scalars
from indexer.normalise.text import distinct
from indexer.readers.csv_reader import CsvReader
from indexer.records import SOURCE_ROW, Reader, SourceFile
from indexer.sources.dataset import DataSource, FieldSpec, copied, duration_field, genre_field, stated
from mappings.cards import CARDS
from mappings.track import ALBUM, ARTISTS, EXPLICIT, GENRE, GENRE_PATH, SOURCE_ID, TITLE, URL

_ADDRESS = "https://open.spotify.com/track/"
_POPULARITY = "popularity"


def _open(file: SourceFile, table: DataSource) -> Reader:
    # One chunk: the repeats of a track are spread over the whole file, which has only 20 MB.
    return CsvReader(file, table.columns, block=None)


def _merge(tracks: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each id: that of the highest popularity, the first of equals, with the genres of all."""
    ranked = tracks.sort([_POPULARITY, SOURCE_ROW], descending=[True, False], nulls_last=True)
    others = pl.exclude(SOURCE_ID, GENRE, GENRE_PATH).first()
    best = ranked.group_by(SOURCE_ID, maintain_order=True).agg(others)
    genres = tracks.group_by(SOURCE_ID, maintain_order=True).agg(
        pl.col(name).explode(empty_as_null=True).drop_nulls().unique(maintain_order=True)
        for name in (GENRE, GENRE_PATH)
    )
    distinct_genres = genres.with_columns(distinct(pl.col(name)) for name in (GENRE, GENRE_PATH))
    return best.join(distinct_genres, on=SOURCE_ID, how="left").sort(SOURCE_ROW)


_TRACK = pl.col("track_id").str.strip_chars()
_TERMS = pl.concat_list(pl.col("track_genre").str.strip_chars())

SOURCE = DataSource(
    card=CARDS["spotify-tracks-dataset"],
    patterns=("dataset.csv", "*.csv"),
    required=("track_id", "artists", "track_name", "track_genre"),
    open=_open,
    given=(
        FieldSpec(SOURCE_ID, ("track_id",), _TRACK),
        FieldSpec(URL, ("track_id",), pl.lit(_ADDRESS) + _TRACK, "address of Spotify"),
        copied(TITLE, "track_name"),
        FieldSpec(ARTISTS, ("artists",), pl.col("artists").str.split(";"), "divided at ;"),
        copied(ALBUM, "album_name"),
        FieldSpec(GENRE_PATH, ("track_genre",), _TERMS, "those of all rows of the id"),
        genre_field(("track_genre",), _TERMS, "families of all rows of the id", stated("track_genre")),
        duration_field(
            ("duration_ms",),
            scalars.seconds(pl.col("duration_ms"), per_second=1000),
            "milliseconds / 1000",
            stated("duration_ms"),
        ),
        FieldSpec(
            EXPLICIT,
            ("explicit",),
            scalars.parse_bool(pl.col("explicit")),
            "True, TRUE, 1.0 and their opposites",
            lost="explicit: unreadable, dropped",
            stated=stated("explicit"),
        ),
        FieldSpec(
            _POPULARITY, ("popularity",), scalars.integer(pl.col("popularity")), "decides which row of an id is kept"
        ),
    ),
    merge=_merge,
)
