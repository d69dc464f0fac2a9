"""Free Music Archive (FMA): `tracks.csv`, alone or in `fma_metadata.zip`. Private contact data is in other files."""

import polars as pl

from indexer.formats.csv import CsvReader
from indexer.normalise import genre_tree, literals, numbers
from indexer.normalise.canonical import DECLARED_LANGUAGE, WRITTEN_DATE
from indexer.normalise.licence import licence_columns
from indexer.normalise.unique import STRINGS, by_unique
from indexer.records import Reader, SourceFile
from indexer.sources.foreign import check_columns
from indexer.sources.table import Columns, Table
from mappings import fields

_HEADER_ROWS = 3


def _header(rows: list[list[str]]) -> list[str]:
    """Return names such as `track.title`: the group is in the first row, the field in the second."""
    groups, names, first = rows
    named = [f"{group}.{name}" for group, name in zip(groups, names, strict=False)]
    return [first[0] if first else "", *named[1:]]


def _open(file: SourceFile, table: Table) -> Reader:
    reader = CsvReader(file, table.wanted, _HEADER_ROWS, _header)
    check_columns(file.name, table.dataset, reader.seen, table.required)
    return reader


def _columns(file: SourceFile) -> Columns:
    tree = genre_tree.of(file)
    return {
        fields.SOURCE_ID: _text("track_id").str.strip_suffix(".0"),
        fields.TITLE: pl.col("track.title"),
        fields.ARTISTS: pl.concat_list("artist.name"),
        fields.ARTIST_IDS: pl.concat_list(_number("artist.id")),
        fields.CONTRIBUTORS: pl.concat_list("track.composer", "track.lyricist"),
        fields.ALBUM: pl.col("album.title"),
        fields.ALBUM_ID: _number("album.id"),
        fields.GENRE: by_unique(_genres(), lambda written: tree.families(literals.members(written)) or None, STRINGS),
        fields.GENRE_PATH: by_unique(_genres(), lambda written: tree.terms(literals.members(written)), STRINGS),
        fields.TAGS: by_unique(_text("track.tags"), literals.members, STRINGS),
        **licence_columns(pl.col("track.license")),
        fields.LICENCE_RAW: pl.col("track.license"),
        WRITTEN_DATE: pl.coalesce(_text("album.date_released"), _recorded()),
        DECLARED_LANGUAGE: pl.col("track.language_code"),
        fields.DURATION_S: numbers.seconds(pl.col("track.duration")),
        fields.PLAYS: numbers.integer(pl.col("track.listens")),
    }


def _text(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars()
    return pl.when(text != "").then(text)


def _number(name: str) -> pl.Expr:
    """Return an id as text; null for -1."""
    return numbers.integer(pl.col(name)).cast(pl.String)


def _genres() -> pl.Expr:
    """Return the list of genre numbers as written; the name of the top genre, as a list, where it is empty."""
    genres, top = _text("track.genres"), _text("track.genre_top")
    return pl.when(genres.is_null() | (genres == "[]")).then("['" + top + "']").otherwise(genres)


def _recorded() -> pl.Expr:
    """Return the day of recording, unless it is the day of the upload: 236 of the 682 oldest rows say that."""
    recorded, uploaded = _text("track.date_recorded"), _text("track.date_created")
    same = recorded.str.slice(0, 10) == uploaded.str.slice(0, 10)
    return pl.when(~same.fill_null(value=False)).then(recorded)


_LISTS = ("track.tags", "track.genres")

SOURCE = Table(
    dataset="free-music-archive",
    patterns=("tracks.csv", "fma_metadata.zip", "*tracks*.csv"),
    required=("track_id", "track.title", "artist.name", "track.license", "track.genres"),
    optional=(
        "track.genre_top",
        "track.tags",
        "track.language_code",
        "track.date_recorded",
        "track.date_created",
        "track.duration",
        "track.listens",
        "track.composer",
        "track.lyricist",
        "artist.id",
        "album.id",
        "album.title",
        "album.date_released",
    ),
    open=_open,
    columns=_columns,
    identified=lambda identifier: identifier.str.contains(r"^\d+$"),
    changes={
        f"{name.removeprefix('track.')}: unreadable list, dropped": (pl.col(name).str.strip_chars() != "")
        & by_unique(pl.col(name), literals.readable, pl.Boolean).not_()
        for name in _LISTS
    }
    | {"recorded: the day of upload, dropped": (_text("track.date_recorded").is_not_null()) & _recorded().is_null()},
)
