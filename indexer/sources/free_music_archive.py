"""Free Music Archive (FMA): `tracks.csv`, alone or in `fma_metadata.zip`. Private contact data is in other files."""

import functools
from importlib import resources
from pathlib import Path

import polars as pl

from indexer.normalise import genre, scalars
from indexer.normalise.expressions import STRINGS, map_distinct
from indexer.normalise.track import DECLARED_LANGUAGE, WRITTEN_DATE
from indexer.readers.csv_reader import CsvReader
from indexer.readers.files import open_archive
from indexer.records import Reader, SourceFile
from indexer.sources.dataset import DataSource, FieldSpec, copied, duration_field, licence_fields, stated, stripped
from mappings.cards import CARDS
from mappings.track import (
    ALBUM,
    ALBUM_ID,
    ARTIST_IDS,
    ARTISTS,
    CONTRIBUTORS,
    GENRE,
    GENRE_PATH,
    PLAYS,
    SOURCE_ID,
    TAGS,
    TITLE,
)

_TREE_FILE = "genres.csv"
_HEADER_ROWS = 3


def _open(file: SourceFile, table: DataSource) -> Reader:
    return CsvReader(file, table.columns, _HEADER_ROWS)


def _tree(file: SourceFile) -> genre.GenreTree:
    """Return the tree that is published with a `tracks.csv`: beside it, in its archive, or else the project's copy."""
    return _read_tree(file.path, file.member)


@functools.cache
def shipped_tree() -> genre.GenreTree:
    """Return the tree as it was published in 2017."""
    return genre.parse(resources.files("indexer").joinpath("data/fma_genres.csv").read_text("utf-8"))


@functools.lru_cache(maxsize=8)
def _read_tree(path: Path, member: str) -> genre.GenreTree:
    if member:
        with open_archive(path) as archive:
            name = f"{member.rpartition('/')[0]}/{_TREE_FILE}".lstrip("/")
            tree = genre.parse(archive.read(name).decode("utf-8", "replace")) if name in archive.namelist() else None
    else:
        beside = path.with_name(_TREE_FILE)
        tree = genre.parse(beside.read_text("utf-8", "replace")) if beside.is_file() else None
    return tree if tree and tree.names else shipped_tree()


def _families(file: SourceFile) -> pl.Expr:
    tree = _tree(file)
    return map_distinct(_genres(), lambda written: tree.families(scalars.parse_list(written)) or None, STRINGS)


def _path(file: SourceFile) -> pl.Expr:
    tree = _tree(file)
    return map_distinct(_genres(), lambda written: tree.terms(scalars.parse_list(written)) or None, STRINGS)


def _number(name: str) -> pl.Expr:
    """Return an id as text; null for -1."""
    return scalars.integer(pl.col(name)).cast(pl.String)


def _genres() -> pl.Expr:
    """Return the list of genre numbers as written; the name of the top genre, as a list, where it is empty."""
    genres, top = stripped("track.genres"), stripped("track.genre_top")
    return pl.when(genres.is_null() | (genres == "[]")).then("['" + top + "']").otherwise(genres)


def _recorded() -> pl.Expr:
    """Return the day of recording, unless it is the day of the upload: 236 of the 682 oldest rows say that."""
    recorded, uploaded = stripped("track.date_recorded"), stripped("track.date_created")
    same = recorded.str.slice(0, 10) == uploaded.str.slice(0, 10)
    return pl.when(~same.fill_null(value=False)).then(recorded)


_RECORDED = _recorded()
_GENRES = ("track.genres", "track.genre_top")
_HAS_GENRES = stated("track.genres") & (pl.col("track.genres").str.strip_chars() != "[]")


SOURCE = DataSource(
    card=CARDS["free-music-archive"],
    patterns=("tracks.csv", "fma_metadata.zip", "*tracks*.csv"),
    required=("track_id", "track.title", "artist.name", "track.license", "track.genres"),
    open=_open,
    is_id=lambda identifier: identifier.str.contains(r"^\d+$"),
    given=(
        FieldSpec(SOURCE_ID, ("track_id",), stripped("track_id").str.strip_suffix(".0")),
        copied(TITLE, "track.title"),
        FieldSpec(ARTISTS, ("artist.name",), pl.concat_list("artist.name"), "one name: its commas divide nothing"),
        FieldSpec(ARTIST_IDS, ("artist.id",), pl.concat_list(_number("artist.id")), "-1 is none"),
        FieldSpec(
            CONTRIBUTORS,
            ("track.composer", "track.lyricist"),
            pl.concat_list("track.composer", "track.lyricist"),
        ),
        FieldSpec(
            ALBUM,
            ("album.title",),
            scalars.null_if_placeholder(stripped("album.title")),
            'without "N/A" and the like',
            lost="album: placeholder, dropped",
            stated=stated("album.title"),
        ),
        FieldSpec(ALBUM_ID, ("album.id",), _number("album.id"), "-1 is none"),
        FieldSpec(
            GENRE,
            _GENRES,
            _families,
            "families of the genres in `genres.csv`, or of the nearest ancestors that have one",
            lost="genre: term without a family",
            stated=_HAS_GENRES,
        ),
        FieldSpec(GENRE_PATH, _GENRES, _path, "names and ancestors by the tree in `genres.csv`, roots first"),
        FieldSpec(
            TAGS,
            ("track.tags",),
            map_distinct(stripped("track.tags"), lambda written: scalars.parse_list(written) or None, STRINGS),
            "Python list",
            lost="tags: unreadable list, dropped",
            stated=stated("track.tags") & (pl.col("track.tags").str.strip_chars() != "[]"),
        ),
        *licence_fields(("track.license",), pl.col("track.license")),
        FieldSpec(
            WRITTEN_DATE,
            ("album.date_released", "track.date_recorded", "track.date_created"),
            pl.coalesce(stripped("album.date_released"), _RECORDED),
            "the album's release, else the recording, unless that is the day of the upload",
        ),
        FieldSpec(DECLARED_LANGUAGE, ("track.language_code",), pl.col("track.language_code"), "a weak en"),
        duration_field(
            ("track.duration",),
            scalars.seconds(pl.col("track.duration")),
            "seconds, or HH:MM:SS",
            stated("track.duration"),
        ),
        FieldSpec(
            PLAYS,
            ("track.listens",),
            scalars.integer(pl.col("track.listens")),
            "-1 is none",
            lost="plays: unreadable, dropped",
            stated=stated("track.listens") & (pl.col("track.listens").str.strip_chars() != "-1"),
        ),
    ),
    counted={
        "recorded: the day of upload, dropped": stripped("track.date_recorded").is_not_null() & _RECORDED.is_null(),
    },
)
