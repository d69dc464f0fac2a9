"""Sleeping-DISCO-9M: songs of Genius with links to YouTube, in JSON Lines files. Lyrics are never read."""

import polars as pl

from indexer.formats.json_lines import JsonLinesReader
from indexer.normalise import youtube
from indexer.normalise.canonical import DECLARED_LANGUAGE, WRITTEN_DATE
from indexer.normalise.genre import genre_families, known_terms
from indexer.normalise.text import tidy_list
from indexer.records import Reader, SourceFile
from indexer.sources.foreign import check_columns
from indexer.sources.table import Columns, Table
from mappings import fields

_LISTS = ("featured_artists", "lyricists", "tags", "youtube_links")


def _open(file: SourceFile, table: Table) -> Reader:
    kinds = {name: pl.List(pl.String) if name in _LISTS else pl.String() for name in table.wanted}
    reader = JsonLinesReader(file, kinds)
    if seen := reader.seen_keys():
        check_columns(file.name, table.dataset, seen, table.required)
    return reader


def _columns(_: SourceFile) -> Columns:
    tags = tidy_list(pl.col("tags"))
    return {
        fields.SOURCE_ID: _text("song_id").str.strip_suffix(".0"),
        fields.URL: _text("song_url"),
        fields.VIDEO_IDS: youtube.video_ids(pl.col("youtube_links")),
        fields.TITLE: _text("title"),
        fields.ARTISTS: pl.concat_list(_text("primary_artist")),
        fields.CONTRIBUTORS: pl.concat_list(
            pl.col("featured_artists").fill_null([]), pl.col("lyricists").fill_null([])
        ),
        fields.ALBUM: _text("album_name"),
        fields.GENRE: genre_families(tags),
        fields.GENRE_PATH: known_terms(tags),
        fields.TAGS: tags,
        WRITTEN_DATE: _text("album_release_date"),
        DECLARED_LANGUAGE: _text("language"),
    }


def _text(name: str) -> pl.Expr:
    """Return a text without the ways in which Genius says that there is none."""
    text = pl.col(name).str.strip_chars()
    return pl.when(~text.is_in(["", "N/A", "n/a", "None", "null", "{}", "[]"])).then(text)


SOURCE = Table(
    dataset="sleeping-disco-9m",
    patterns=("*.jsonl", "*.ndjson"),
    member="",
    required=("song_id", "primary_artist"),
    optional=(
        "song_url",
        "title",
        "featured_artists",
        "lyricists",
        "tags",
        "album_name",
        "album_release_date",
        "language",
        "youtube_links",
    ),
    open=_open,
    columns=_columns,
)
