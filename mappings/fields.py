"""Each field of a track, declared once.

From this table come the index mapping, the schema that every source must produce, the facets that can be asked
for, the field table in the README and the Kibana data view.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from mappings import analysis
from mappings.languages import CODES, LANGUAGES

DATASET = "dataset"
REVISION = "revision"
SOURCE_ID = "source_id"
PLATFORM = "platform"
URL = "url"
VIDEO_IDS = "video_ids"
TITLE = "title"
ARTISTS = "artists"
ARTIST_IDS = "artist_ids"
CONTRIBUTORS = "contributors"
ALBUM = "album"
ALBUM_ID = "album_id"
GENRE = "genre"
GENRE_PATH = "genre_path"
TAGS = "tags"
LICENCE = "licence"
LICENCE_FAMILY = "licence_family"
COMMERCIAL_USE = "commercial_use"
DERIVATIVES = "derivatives"
LICENCE_RAW = "licence_raw"
LICENCE_URL = "licence_url"
YEAR = "year"
RELEASE_DATE = "release_date"
LANGUAGE = "language"
LANGUAGE_SOURCE = "language_source"
DURATION_S = "duration_s"
EXPLICIT = "explicit"
PLAYS = "plays"
RECORDING_KEY = "recording_key"
FINGERPRINT = "fingerprint"
SOURCE_FILE = "source_file"
SOURCE_ROW = "source_row"
TITLE_ACCENTED = "title_accented"
ARTISTS_ACCENTED = "artists_accented"
TITLE_SPELLINGS = "title_spellings"
ARTISTS_SPELLINGS = "artists_spellings"
ALBUM_SPELLINGS = "album_spellings"
TITLE_BY_LANGUAGE = "title_by_language"

EXACT_SUBFIELD = "exact"
COMPACT_SUBFIELD = "compact"
FACET_SUBFIELD = "facet"

_STRINGS = pl.List(pl.String)


@dataclass(frozen=True)
class Field:
    """One field: its name, Elasticsearch mapping, Polars type, and what it means.

    `facet` is the name under which it can be counted and filtered; `search_only` fields are never shown.
    """

    name: str
    mapping: Mapping[str, Any] = field(hash=False)
    dtype: pl.DataType | type[pl.DataType]
    meaning: str
    facet: str | None = None
    search_only: bool = False


def _keyword(**options: Any) -> dict[str, Any]:
    return {"type": "keyword", **options}


def _stored_only() -> dict[str, Any]:
    # Shown and exported, never searched: neither indexed nor in columns, so that it costs only its bytes.
    return {"type": "keyword", "index": False, "doc_values": False}


def _name(*keywords: str, **options: Any) -> dict[str, Any]:
    subfields = {
        EXACT_SUBFIELD: _keyword(normalizer=analysis.EXACT, doc_values=False, norms=False, ignore_above=512),
        COMPACT_SUBFIELD: _keyword(normalizer=analysis.COMPACT, doc_values=False, norms=False, ignore_above=512),
        FACET_SUBFIELD: _keyword(ignore_above=512),
    }
    text = {
        "type": "text",
        "analyzer": analysis.NAME,
        "search_analyzer": analysis.NAME_QUERY,
        "similarity": analysis.STEADY,
        **options,
    }
    return text | ({"fields": {name: subfields[name] for name in keywords}} if keywords else {})


def _spellings(*keywords: str) -> dict[str, Any]:
    return _name(*keywords, norms=False, index_options="docs", similarity="boolean")


def _accented() -> dict[str, Any]:
    return {"type": "text", "analyzer": analysis.ACCENTED, "norms": False, "index_options": "docs"}


def _titles_by_language() -> dict[str, Any]:
    properties = {
        language.code: {"type": "text", "analyzer": language.analyzer, "norms": False} for language in LANGUAGES
    }
    return {"properties": properties}


FIELDS: tuple[Field, ...] = (
    Field(DATASET, _keyword(), pl.String, "id of the data set", facet="dataset"),
    Field(REVISION, _keyword(), pl.String, "revision of the data set, as its card names it"),
    Field(SOURCE_ID, _keyword(), pl.String, "the track's id in the data set"),
    Field(PLATFORM, _keyword(), pl.String, "where the audio was published", facet="platform"),
    Field(URL, _stored_only(), pl.String, "address of the track on its platform"),
    Field(VIDEO_IDS, _keyword(), _STRINGS, "YouTube video ids; they join data sets exactly"),
    Field(TITLE, _name("exact", "compact"), pl.String, "title as published, white space tidied"),
    Field(ARTISTS, _name("exact", "compact", "facet"), _STRINGS, "main artists", facet="artist"),
    Field(ARTIST_IDS, _keyword(), _STRINGS, "the artists' ids on the platform, in the data set's order"),
    Field(CONTRIBUTORS, _name(), _STRINGS, "featured artists, lyricists, composers"),
    Field(ALBUM, _name(), pl.String, "album title"),
    Field(ALBUM_ID, _keyword(), pl.String, "the album's id on the platform"),
    Field(GENRE, _keyword(), _STRINGS, "genre families, shared by all data sets", facet="genre"),
    Field(
        GENRE_PATH,
        _keyword(),
        _STRINGS,
        "the data set's own genre terms with their ancestors",
        facet="genre_path",
    ),
    Field(TAGS, _keyword(ignore_above=256), _STRINGS, "free tags of the data set"),
    Field(LICENCE, _keyword(), pl.String, "normalised licence, such as CC-BY-NC-SA-3.0", facet="licence"),
    Field(
        LICENCE_FAMILY,
        _keyword(),
        pl.String,
        "licence without version and jurisdiction",
        facet="licence_family",
    ),
    Field(COMMERCIAL_USE, _keyword(), pl.String, "allowed, prohibited or unknown", facet="commercial_use"),
    Field(DERIVATIVES, _keyword(), pl.String, "allowed, prohibited or unknown", facet="derivatives"),
    Field(LICENCE_RAW, _stored_only(), pl.String, "licence as the data set writes it"),
    Field(LICENCE_URL, _stored_only(), pl.String, "address of the licence's text"),
    Field(YEAR, {"type": "short"}, pl.Int16, "year of release or recording", facet="year"),
    Field(RELEASE_DATE, {"type": "date", "format": "strict_date"}, pl.Date, "day of release, where known"),
    Field(LANGUAGE, _keyword(), pl.String, "language of the title, ISO 639; und: undetermined", facet="language"),
    Field(LANGUAGE_SOURCE, _keyword(), pl.String, "how it is known: declared, script, detected"),
    Field(DURATION_S, {"type": "float"}, pl.Float64, "duration in seconds", facet="duration"),
    Field(EXPLICIT, {"type": "boolean"}, pl.Boolean, "marked as explicit", facet="explicit"),
    Field(PLAYS, {"type": "long"}, pl.Int64, "plays, views or listens, as published"),
    Field(RECORDING_KEY, _keyword(), pl.String, "equal for the same recording in several sets"),
    Field(
        FINGERPRINT,
        {"type": "long", "index": False},
        pl.Int64,
        "64-bit hash of the canonical content; a change of it is a changed track",
    ),
    Field(SOURCE_FILE, _keyword(), pl.String, "evidence: the source file's name"),
    Field(SOURCE_ROW, {"type": "long", "index": False}, pl.Int64, "evidence: row in that file, from 1"),
    Field(TITLE_ACCENTED, _accented(), pl.String, "title, where accents tell it apart", search_only=True),
    Field(ARTISTS_ACCENTED, _accented(), _STRINGS, "artists, where accents tell them apart", search_only=True),
    Field(TITLE_SPELLINGS, _spellings("exact"), _STRINGS, "other spellings of the title", search_only=True),
    Field(ARTISTS_SPELLINGS, _spellings("exact"), _STRINGS, "other spellings of the artists", search_only=True),
    Field(ALBUM_SPELLINGS, _spellings(), _STRINGS, "other spellings of the album", search_only=True),
    Field(
        TITLE_BY_LANGUAGE,
        _titles_by_language(),
        pl.Struct(dict.fromkeys(CODES, pl.String)),
        "title under its own language's code only, for that language's analyzer",
        search_only=True,
    ),
)

BY_NAME: Mapping[str, Field] = {entry.name: entry for entry in FIELDS}

SCHEMA: Mapping[str, pl.DataType | type[pl.DataType]] = {entry.name: entry.dtype for entry in FIELDS}
"""What a source must produce, column by column, apart from the search-only fields, which are computed for it."""

SHOWN: tuple[str, ...] = tuple(entry.name for entry in FIELDS if not entry.search_only)
"""What a hit may show."""

SEARCH_ONLY: tuple[str, ...] = tuple(entry.name for entry in FIELDS if entry.search_only)
"""What is computed while indexing, for searching alone."""

FACETS: Mapping[str, str] = {
    entry.facet: f"{entry.name}.{FACET_SUBFIELD}" if entry.mapping.get("type") == "text" else entry.name
    for entry in FIELDS
    if entry.facet
}
"""Facet name to the indexed field that it counts."""
