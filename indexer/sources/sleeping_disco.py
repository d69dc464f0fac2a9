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

_NO_NAME = r"^\s*(?:\{\s*\"|\[\s*[\"{\]]|\{\s*\})"
"""How an object or a list begins, where a name should be."""


def _open(file: SourceFile, table: Table) -> Reader:
    reader = JsonLinesReader(file, {name: table.kind(name) for name in table.wanted})
    check_columns(file.name, table.dataset, reader.seen_keys(), table.required)
    return reader


def _columns(_: SourceFile) -> Columns:
    tags = tidy_list(pl.col("tags"))
    return {
        fields.SOURCE_ID: _text("song_id").str.strip_suffix(".0"),
        fields.URL: _text("song_url"),
        fields.VIDEO_IDS: youtube.video_ids(pl.col("youtube_links")),
        fields.TITLE: _text("title"),
        fields.ARTISTS: pl.concat_list(_person(_stated("primary_artist"))),
        fields.CONTRIBUTORS: pl.concat_list(_people("featured_artists"), _people("lyricists")),
        fields.ALBUM: _stated("album_name"),
        fields.GENRE: genre_families(tags),
        fields.GENRE_PATH: known_terms(tags),
        fields.TAGS: tags,
        WRITTEN_DATE: _stated("album_release_date"),
        DECLARED_LANGUAGE: _stated("language"),
    }


def _text(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars()
    return pl.when(text != "").then(text)


def _stated(name: str) -> pl.Expr:
    """Return a text, null for "N/A"; not for titles, of which one may be that."""
    text = _text(name)
    return pl.when(text.str.to_uppercase() != "N/A").then(text)


def _person(text: pl.Expr) -> pl.Expr:
    """Return a name, null for what was an object or a list in the JSON."""
    return pl.when(~text.str.contains(_NO_NAME)).then(text)


def _people(name: str) -> pl.Expr:
    return pl.col(name).list.eval(_person(pl.element())).fill_null([])


SOURCE = Table(
    dataset="sleeping-disco-9m",
    patterns=("*.jsonl", "*.ndjson"),
    required=("song_id",),
    optional=(
        "primary_artist",
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
    lists=("featured_artists", "lyricists", "tags", "youtube_links"),
    open=_open,
    columns=_columns,
    changes={"artist: not a name, dropped": pl.col("primary_artist").str.contains(_NO_NAME)},
)
