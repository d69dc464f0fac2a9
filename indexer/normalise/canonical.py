"""From a source's columns to canonical tracks: the steps that are the same for all data sets."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from indexer.normalise import artists, changes, language, licence, recording, year
from indexer.normalise.sparse import found_where, only_where
from indexer.normalise.text import distinct, tidy, tidy_list
from indexer.normalise.unique import STRINGS
from mappings.schema import SCHEMA
from mappings.track import (
    ALBUM,
    ARTISTS,
    CONTRIBUTORS,
    DATASET,
    FIELDS,
    FINGERPRINT,
    GENRE_PATH,
    LANGUAGE,
    LANGUAGE_SOURCE,
    LICENCE,
    LICENCE_RAW,
    PLATFORM,
    RECORDING_KEY,
    RELEASE_DATE,
    REVISION,
    SOURCE_FILE,
    SOURCE_ID,
    TAGS,
    TITLE,
    YEAR,
)

DECLARED_LANGUAGE = "declared_language"
WRITTEN_DATE = "written_date"

_TITLE_GUESTS, _ARTIST_GUESTS, _WRITTEN_YEAR, _SCRIPT_LANGUAGE, _WORDS_LANGUAGE = (
    "title_guests",
    "artist_guests",
    "written_year",
    "script_language",
    "words_language",
)

_BOTH = pl.Struct({CONTRIBUTORS: STRINGS, "named": STRINGS})

_ADDED_LATER = {FINGERPRINT, SOURCE_FILE}
COLUMNS = {name: dtype for name, dtype in SCHEMA.items() if not FIELDS[name].search_only and name not in _ADDED_LATER}
"""The columns of canonical tracks, in the field table's order, with their types."""

INPUTS: Mapping[str, pl.DataType | type[pl.DataType]] = COLUMNS | {
    DECLARED_LANGUAGE: pl.String,
    WRITTEN_DATE: pl.String,
}
"""What a source may give; what it doesn't is null."""

TEXTS = (
    TITLE,
    ARTISTS,
    CONTRIBUTORS,
    ALBUM,
    TAGS,
    GENRE_PATH,
    LICENCE_RAW,
)
"""Fields that hold text for people: it is tidied, and what that changes is counted."""
_ONCE = tuple(name for name in TEXTS if name != GENRE_PATH)
"""A term's text is counted as a tag's, or as the genre's in another row."""

_CHANGES: Mapping[str, pl.Expr] = {
    "year: implausible, dropped": pl.col(_WRITTEN_YEAR).is_not_null() & pl.col(YEAR).is_null(),
    "date: unreadable, dropped": (pl.col(WRITTEN_DATE).str.strip_chars() != "") & pl.col(_WRITTEN_YEAR).is_null(),
    "language: the title's script says another than declared": pl.col(DECLARED_LANGUAGE).is_not_null()
    & (pl.col(LANGUAGE_SOURCE) == language.SCRIPT),
    "language: the title's words say another than declared": pl.col(DECLARED_LANGUAGE).is_not_null()
    & (pl.col(LANGUAGE_SOURCE) == language.DETECTED),
    "licence: missing": pl.col(LICENCE_RAW).is_null() & (pl.col(LICENCE) == licence.UNKNOWN),
    "licence: not recognised": pl.col(LICENCE_RAW).is_not_null() & (pl.col(LICENCE) == licence.UNKNOWN),
    "guests: moved from the artist's name": pl.col(_ARTIST_GUESTS).is_not_null(),
    "guests: found in the title": pl.col(_TITLE_GUESTS).is_not_null(),
}


@dataclass(frozen=True)
class Constants:
    """What is the same for all tracks of a file."""

    dataset: str
    revision: str
    platform: str
    latest_year: int


def canonical(given: pl.DataFrame, constants: Constants) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return tracks with `COLUMNS`, and how many values were changed by which rule."""
    missing = {name: pl.lit(None, dtype) for name, dtype in INPUTS.items() if name not in given.columns}
    tidied = given.with_columns(**_texts(given.columns))
    steps = tidied.lazy().with_columns(**missing)
    dates, name = _dates(constants.latest_year), constants.dataset
    for step in (_guests(), _people(), dates, _script(), _words(name), _language(name), _keys(constants)):
        steps = steps.with_columns(**step)
    counted = {f"changed {rule}": changed.sum() for rule, changed in _CHANGES.items()}
    tracks = {name: pl.col(name).cast(dtype) for name, dtype in COLUMNS.items()}
    done = steps.select(**tracks, **counted).collect()
    counts = {rule: int(done.item(0, f"changed {rule}")) for rule in _CHANGES} if done.height else {}
    counts |= changes.of_texts(given, tidied, _ONCE)
    return done.select(*COLUMNS), {rule: count for rule, count in counts.items() if count}


Step = dict[str, pl.Expr]


def _texts(given: Collection[str]) -> Step:
    return {name: (tidy_list if COLUMNS[name] == STRINGS else tidy)(pl.col(name)) for name in TEXTS if name in given}


def _guests() -> Step:
    first = pl.col(ARTISTS).list.first()
    return {_TITLE_GUESTS: artists.guests(pl.col(TITLE)), _ARTIST_GUESTS: artists.guests(first)}


def _people() -> Step:
    together = pl.concat_str(_ARTIST_GUESTS, _TITLE_GUESTS, separator=", ", ignore_nulls=True)
    named = found_where(together, lambda text: text != "", artists.names, STRINGS).alias("named")
    both = pl.struct(pl.col(CONTRIBUTORS), named)
    main = only_where(
        pl.col(ARTISTS),
        lambda lists: artists.guests(lists.list.first()).is_not_null(),
        lambda lists: lists.list.eval(artists.without_guests(pl.element())),
        STRINGS,
    )
    return {
        CONTRIBUTORS: only_where(both, _has_named, _joined, _BOTH).struct.field(CONTRIBUTORS),
        ARTISTS: main,
    }


def _has_named(both: pl.Expr) -> pl.Expr:
    return both.struct.field("named").is_not_null()


def _joined(both: pl.Expr) -> pl.Expr:
    contributors, named = both.struct.field(CONTRIBUTORS), both.struct.field("named")
    everybody = distinct(pl.concat_list(contributors.fill_null([]), named))
    return pl.struct(everybody.alias(CONTRIBUTORS), named)


def _dates(latest: int) -> Step:
    written = year.year(pl.col(WRITTEN_DATE))
    plausible = year.plausible(written, latest)
    day = year.day(pl.col(WRITTEN_DATE))
    return {
        _WRITTEN_YEAR: written,
        YEAR: plausible,
        RELEASE_DATE: pl.when(plausible.is_not_null()).then(day),
    }


def _script() -> Step:
    named = pl.struct(TITLE, ALBUM, pl.col(ARTISTS).list.first().alias(ARTISTS))
    return {
        DECLARED_LANGUAGE: language.code(pl.col(DECLARED_LANGUAGE)),
        _SCRIPT_LANGUAGE: found_where(named, lambda e: language.tells(e.struct.field(TITLE)), _by_script),
    }


def _by_script(named: pl.Expr) -> pl.Expr:
    parts = (named.struct.field(name) for name in (ARTISTS, ALBUM))
    return language.by_script(named.struct.field(TITLE), pl.concat_str(parts, ignore_nulls=True))


def _words(dataset: str) -> Step:
    return {_WORDS_LANGUAGE: language.words(pl.col(DECLARED_LANGUAGE), pl.col(_SCRIPT_LANGUAGE), dataset)}


def _language(dataset: str) -> Step:
    given = (pl.col(DECLARED_LANGUAGE), pl.col(_SCRIPT_LANGUAGE), pl.col(_WORDS_LANGUAGE))
    return {
        LANGUAGE: language.language(*given, dataset),
        LANGUAGE_SOURCE: language.source(*given, dataset),
    }


def _keys(constants: Constants) -> Step:
    key = recording.recording_key(pl.col(ARTISTS).list.first(), pl.col(TITLE))
    own = recording.own_key(pl.lit(constants.dataset), pl.col(SOURCE_ID))
    return {
        RECORDING_KEY: pl.coalesce(key, own),
        DATASET: pl.lit(constants.dataset),
        REVISION: pl.lit(constants.revision),
        PLATFORM: pl.lit(constants.platform),
    }
