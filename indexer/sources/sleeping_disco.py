"""Sleeping-DISCO-9M: songs of Genius with links to YouTube, in JSON Lines files. Lyrics are never read."""

import polars as pl

from indexer.normalise import scalars
from indexer.normalise.genre import genre_families, known_terms
from indexer.normalise.text import tidy_list
from indexer.normalise.track import DECLARED_LANGUAGE, WRITTEN_DATE
from indexer.readers.jsonl_reader import JsonLinesReader
from indexer.records import Reader, SourceFile
from indexer.sources.dataset import DataSource, FieldSpec, copied, stated, stripped
from mappings.cards import CARDS
from mappings.track import ALBUM, ARTISTS, CONTRIBUTORS, GENRE, GENRE_PATH, SOURCE_ID, TAGS, TITLE, URL, VIDEO_IDS

_NO_NAME = r"^\s*(?:\{\s*\"|\[\s*[\"{\]]|\{\s*\})"
"""How an object or a list begins, where a name should be."""


def _open(file: SourceFile, table: DataSource) -> Reader:
    return JsonLinesReader(file, {name: table.kind(name) for name in table.columns})


def _value(name: str) -> pl.Expr:
    """Return a text, null for a placeholder such as "N/A"; not for titles, of which one may be that."""
    return scalars.null_if_placeholder(stripped(name))


def _person(text: pl.Expr) -> pl.Expr:
    """Return a name, null for what was an object or a list in the JSON."""
    return pl.when(~text.str.contains(_NO_NAME)).then(text)


def _people(name: str) -> pl.Expr:
    return pl.col(name).list.eval(_person(pl.element())).fill_null([])


_TAGS = tidy_list(pl.col("tags"))
_GENRES = known_terms(_TAGS)

SOURCE = DataSource(
    card=CARDS["sleeping-disco-9m"],
    patterns=("*.jsonl", "*.ndjson"),
    required=("song_id",),
    lists=("featured_artists", "lyricists", "tags", "youtube_links"),
    open=_open,
    given=(
        FieldSpec(SOURCE_ID, ("song_id",), stripped("song_id").str.strip_suffix(".0"), "number or text"),
        FieldSpec(URL, ("song_url",), stripped("song_url")),
        FieldSpec(
            VIDEO_IDS,
            ("youtube_links",),
            scalars.video_ids(pl.col("youtube_links")),
            "the ids in youtu.be/ID, watch?v=ID, embed/ID",
            lost="video: no id in any link",
            stated=pl.col("youtube_links").list.len() > 0,
        ),
        FieldSpec(TITLE, ("title",), stripped("title")),
        FieldSpec(
            ARTISTS,
            ("primary_artist",),
            pl.concat_list(_person(_value("primary_artist"))),
            "one name, not divided",
        ),
        FieldSpec(
            CONTRIBUTORS,
            ("featured_artists", "lyricists"),
            pl.concat_list(_people("featured_artists"), _people("lyricists")),
        ),
        FieldSpec(
            ALBUM,
            ("album_name",),
            _value("album_name"),
            'without "N/A" and the like',
            lost="album: placeholder, dropped",
            stated=stated("album_name"),
        ),
        FieldSpec(
            GENRE,
            ("tags",),
            genre_families(_TAGS),
            "families of those tags that are genres",
            lost="genre: none among the tags",
            stated=pl.col("tags").list.len() > 0,
        ),
        FieldSpec(GENRE_PATH, ("tags",), _GENRES, "those tags that are genres"),
        copied(TAGS, "tags"),
        FieldSpec(WRITTEN_DATE, ("album_release_date",), _value("album_release_date"), "YYYY-MM-DD or YYYY"),
        FieldSpec(DECLARED_LANGUAGE, ("language",), _value("language"), "ISO 639-1"),
    ),
    counted={"artist: not a name, dropped": pl.col("primary_artist").str.contains(_NO_NAME)},
)
