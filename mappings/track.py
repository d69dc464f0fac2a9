"""A track: each field declared once, as an Elasticsearch document.

From it come the index mapping, the Polars schema that every source must produce (`mappings.schema`), the facets, the
field table in the README and Kibana's data view. Fields that only search needs are never shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from elasticsearch.dsl import Boolean, Date, Document, Float, Keyword, Long, M, Object, Short, Text, mapped_field
from elasticsearch.dsl.field import Field

from mappings.analysis import LENGTH_ONLY, NAME, TERMS
from mappings.languages import LANGUAGES

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
ALL_WORDS = "all_words"
WHOLE_NAMES = "whole_names"
TITLE_BY_LANGUAGE = "title_by_language"

FACET = "facet"
"""Subfield by which a field is counted and filtered that isn't a keyword itself."""

LONGEST_NAME = 512
"""Characters of a name that can be looked up whole, and of a facet's value; longer ones are found by their words."""

ARTIST_ROLE, TITLE_ROLE = "a", "t"
"""What a term of `whole_names` begins with."""


@dataclass(frozen=True)
class FieldInfo:
    """What is known of a field beside its mapping.

    `facet` is the name under which it can be counted and filtered; `search_only` fields are never shown; `multi` fields
    hold lists.
    """

    name: str
    mapping: Mapping[str, Any]
    meaning: str
    facet: str | None
    search_only: bool
    multi: bool


_DECLARED: dict[int, tuple[str, str | None, bool]] = {}


def _field(kind: Field, meaning: str, *, facet: str | None = None, search_only: bool = False) -> Any:
    """Declare a field of `Track`, with what `FieldInfo` says of it."""
    _DECLARED[id(kind)] = (meaning, facet, search_only)
    return mapped_field(kind)


def _stored() -> Keyword:
    # Shown and exported, never searched or counted: it costs only its bytes.
    return Keyword(index=False, doc_values=False)


class Track(Document):
    """One track of one data set."""

    dataset: M[str] = _field(Keyword(), "id of the data set", facet="dataset")
    # A column for Kibana alone, which counts and filters synthetic rows by it: docs/decisions/0016.
    revision: M[str] = _field(
        Keyword(index=False), "revision of the data set, as its card names it; of made-up rows: synthetic sample"
    )
    source_id: M[str] = _field(_stored(), "the track's id in the data set")
    platform: M[str] = _field(Keyword(), "where the audio was published", facet="platform")
    url: M[str] = _field(_stored(), "address of the track on its platform")
    video_ids: M[list[str]] = _field(Keyword(), "YouTube video ids; they join data sets exactly")
    title: M[str] = _field(Text(analyzer=NAME, similarity=LENGTH_ONLY), "title as published, white space cleaned")
    # Counted by the subfield, and filtered together with `whole_names`: only columns need to be kept of it.
    artists: M[list[str]] = _field(
        Text(
            analyzer=NAME,
            norms=False,
            similarity="boolean",
            fields={FACET: Keyword(index=False, ignore_above=LONGEST_NAME)},
        ),
        "main artists",
        facet="artist",
    )
    artist_ids: M[list[str]] = _field(Keyword(), "the artists' ids on the platform, in the data set's order")
    contributors: M[list[str]] = _field(
        Text(analyzer=NAME, norms=False, similarity="boolean"), "featured artists, lyricists, composers"
    )
    album: M[str] = _field(Text(analyzer=NAME, norms=False, similarity="boolean"), "album title")
    album_id: M[str] = _field(_stored(), "the album's id on the platform")
    genre: M[list[str]] = _field(Keyword(), "genre families, shared by all data sets", facet="genre")
    genre_path: M[list[str]] = _field(
        Keyword(), "the data set's own genre terms with their ancestors", facet="genre_path"
    )
    tags: M[list[str]] = _field(Keyword(ignore_above=256), "free tags of the data set")
    licence: M[str] = _field(Keyword(), "normalised licence, such as CC-BY-NC-SA-3.0", facet="licence")
    licence_family: M[str] = _field(Keyword(), "licence without version and jurisdiction", facet="licence_family")
    commercial_use: M[str] = _field(Keyword(), "allowed, prohibited or unknown", facet="commercial_use")
    derivatives: M[str] = _field(Keyword(), "allowed, prohibited or unknown", facet="derivatives")
    licence_raw: M[str] = _field(_stored(), "licence as the data set writes it")
    licence_url: M[str] = _field(_stored(), "address of the licence's text")
    # Counted by the subfield: terms of a keyword take half the time of those of a number. The number itself is indexed
    # for sorting, so that Elasticsearch passes over what can't be among the first.
    year: M[int] = _field(Short(fields={FACET: Keyword()}), "year of release or recording", facet="year")
    release_date: M[date] = _field(
        Date(format="strict_date", index=False, doc_values=False), "day of release, where known"
    )
    language: M[str] = _field(Keyword(), "language of the title, ISO 639; und: undetermined", facet="language")
    language_source: M[str] = _field(_stored(), "how it is known: declared, script, detected")
    duration_s: M[float] = _field(Float(index=False), "duration in seconds", facet="duration")
    explicit: M[bool] = _field(Boolean(), "marked as explicit", facet="explicit")
    plays: M[int] = _field(Long(), "plays, views or listens, as published")  # indexed for sorting, as the year is
    recording_key: M[str] = _field(Keyword(), "equal for the same recording in several sets")
    fingerprint: M[int] = _field(
        Long(index=False),
        "48-bit hash of the canonical content: a change of it is a changed track",
    )
    source_file: M[str] = _field(_stored(), "evidence: the source file's name")
    # Also breaks ties in sorting.
    source_row: M[int] = _field(Long(index=False), "evidence: row in that file, from 1")
    all_words: M[str] = _field(
        Text(analyzer=TERMS, search_analyzer=NAME, index_options="docs", norms=False, similarity="boolean"),
        "every word of title, artists, album, contributors, and of their other spellings",
        search_only=True,
    )
    whole_names: M[list[str]] = _field(
        Keyword(doc_values=False, ignore_above=LONGEST_NAME + 2),
        "title (t) and artists (a) as one word: `t=` as written, `t~` folded or spelled otherwise",
        search_only=True,
    )
    title_by_language: M[dict[str, str]] = _field(
        Object(
            properties={
                language.code: Text(analyzer=language.analyzer, index_options="docs", norms=False, similarity="boolean")
                for language in LANGUAGES
            }
        ),
        "title under its own language's code only, for that language's analyzer",
        search_only=True,
    )


_MAPPING = Track._doc_type.mapping


def _info(name: str) -> FieldInfo:
    field = _MAPPING[name]
    meaning, facet, search_only = _DECLARED[id(field)]
    return FieldInfo(name, field.to_dict(), meaning, facet, search_only, bool(field._multi))


FIELDS: Mapping[str, FieldInfo] = {name: _info(name) for name in Track.__annotations__}
"""Field name to what is known of it, in the order of declaration."""

SHOWN: tuple[str, ...] = tuple(name for name, info in FIELDS.items() if not info.search_only)
"""What a hit may show."""

SEARCH_ONLY: tuple[str, ...] = tuple(name for name, info in FIELDS.items() if info.search_only)
"""What is computed while indexing, for searching alone."""

FACETS: Mapping[str, str] = {
    info.facet: f"{name}.{FACET}" if FACET in info.mapping.get("fields", {}) else name
    for name, info in FIELDS.items()
    if info.facet
}
"""Facet name to the indexed field that it counts."""


def mapping() -> dict[str, Any]:
    """Return the strict mapping of all fields: a field that isn't declared is refused, not guessed.

    >>> mapping()["dynamic"]
    'strict'
    """
    return {"dynamic": "strict", "properties": {name: dict(info.mapping) for name, info in FIELDS.items()}}
