"""From a source's columns to canonical tracks: the steps that are the same for all data sets."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from indexer.normalise import artists, changes, language, licence, recording, year
from indexer.normalise.sparse import found_where, only_where
from indexer.normalise.text import distinct, tidy, tidy_list
from indexer.normalise.unique import STRINGS
from mappings import fields

DECLARED_LANGUAGE = "declared_language"
WRITTEN_DATE = "written_date"

_TITLE_GUESTS, _ARTIST_GUESTS, _WRITTEN_YEAR, _SCRIPT_LANGUAGE, _WORDS_LANGUAGE = (
    "title_guests",
    "artist_guests",
    "written_year",
    "script_language",
    "words_language",
)

_BOTH = pl.Struct({fields.CONTRIBUTORS: STRINGS, "named": STRINGS})

_ADDED_LATER = {fields.FINGERPRINT, fields.SOURCE_FILE}
COLUMNS = {
    entry.name: entry.dtype for entry in fields.FIELDS if not entry.search_only and entry.name not in _ADDED_LATER
}
"""The columns of canonical tracks, in the field table's order, with their types."""

INPUTS: Mapping[str, pl.DataType | type[pl.DataType]] = COLUMNS | {
    DECLARED_LANGUAGE: pl.String,
    WRITTEN_DATE: pl.String,
}
"""What a source may give; what it doesn't is null."""

TEXTS = (
    fields.TITLE,
    fields.ARTISTS,
    fields.CONTRIBUTORS,
    fields.ALBUM,
    fields.TAGS,
    fields.GENRE_PATH,
    fields.LICENCE_RAW,
)
"""Fields that hold text for people: it is tidied, and what that changes is counted."""
_ONCE = tuple(name for name in TEXTS if name != fields.GENRE_PATH)
"""A term's text is counted as a tag's, or as the genre's in another row."""

_CHANGES: Mapping[str, pl.Expr] = {
    "year: implausible, dropped": pl.col(_WRITTEN_YEAR).is_not_null() & pl.col(fields.YEAR).is_null(),
    "date: unreadable, dropped": (pl.col(WRITTEN_DATE).str.strip_chars() != "") & pl.col(_WRITTEN_YEAR).is_null(),
    "language: the title's script says another than declared": pl.col(DECLARED_LANGUAGE).is_not_null()
    & (pl.col(fields.LANGUAGE_SOURCE) == language.SCRIPT),
    "language: the title's words say another than declared": pl.col(DECLARED_LANGUAGE).is_not_null()
    & (pl.col(fields.LANGUAGE_SOURCE) == language.DETECTED),
    "licence: missing": pl.col(fields.LICENCE_RAW).is_null() & (pl.col(fields.LICENCE) == licence.UNKNOWN),
    "licence: not recognised": pl.col(fields.LICENCE_RAW).is_not_null() & (pl.col(fields.LICENCE) == licence.UNKNOWN),
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
    first = pl.col(fields.ARTISTS).list.first()
    return {_TITLE_GUESTS: artists.guests(pl.col(fields.TITLE)), _ARTIST_GUESTS: artists.guests(first)}


def _people() -> Step:
    together = pl.concat_str(_ARTIST_GUESTS, _TITLE_GUESTS, separator=", ", ignore_nulls=True)
    named = found_where(together, lambda text: text != "", artists.names, STRINGS).alias("named")
    both = pl.struct(pl.col(fields.CONTRIBUTORS), named)
    main = only_where(
        pl.col(fields.ARTISTS),
        lambda lists: artists.guests(lists.list.first()).is_not_null(),
        lambda lists: lists.list.eval(artists.without_guests(pl.element())),
        STRINGS,
    )
    return {
        fields.CONTRIBUTORS: only_where(both, _has_named, _joined, _BOTH).struct.field(fields.CONTRIBUTORS),
        fields.ARTISTS: main,
    }


def _has_named(both: pl.Expr) -> pl.Expr:
    return both.struct.field("named").is_not_null()


def _joined(both: pl.Expr) -> pl.Expr:
    contributors, named = both.struct.field(fields.CONTRIBUTORS), both.struct.field("named")
    everybody = distinct(pl.concat_list(contributors.fill_null([]), named))
    return pl.struct(everybody.alias(fields.CONTRIBUTORS), named)


def _dates(latest: int) -> Step:
    written = year.year(pl.col(WRITTEN_DATE))
    plausible = year.plausible(written, latest)
    day = year.day(pl.col(WRITTEN_DATE))
    return {
        _WRITTEN_YEAR: written,
        fields.YEAR: plausible,
        fields.RELEASE_DATE: pl.when(plausible.is_not_null()).then(day),
    }


def _script() -> Step:
    named = pl.struct(fields.TITLE, fields.ALBUM, pl.col(fields.ARTISTS).list.first().alias(fields.ARTISTS))
    return {
        DECLARED_LANGUAGE: language.code(pl.col(DECLARED_LANGUAGE)),
        _SCRIPT_LANGUAGE: found_where(named, lambda e: language.tells(e.struct.field(fields.TITLE)), _by_script),
    }


def _by_script(named: pl.Expr) -> pl.Expr:
    parts = (named.struct.field(name) for name in (fields.ARTISTS, fields.ALBUM))
    return language.by_script(named.struct.field(fields.TITLE), pl.concat_str(parts, ignore_nulls=True))


def _words(dataset: str) -> Step:
    return {_WORDS_LANGUAGE: language.words(pl.col(DECLARED_LANGUAGE), pl.col(_SCRIPT_LANGUAGE), dataset)}


def _language(dataset: str) -> Step:
    given = (pl.col(DECLARED_LANGUAGE), pl.col(_SCRIPT_LANGUAGE), pl.col(_WORDS_LANGUAGE))
    return {
        fields.LANGUAGE: language.language(*given, dataset),
        fields.LANGUAGE_SOURCE: language.source(*given, dataset),
    }


def _keys(constants: Constants) -> Step:
    key = recording.recording_key(pl.col(fields.ARTISTS).list.first(), pl.col(fields.TITLE))
    own = recording.own_key(pl.lit(constants.dataset), pl.col(fields.SOURCE_ID))
    return {
        fields.RECORDING_KEY: pl.coalesce(key, own),
        fields.DATASET: pl.lit(constants.dataset),
        fields.REVISION: pl.lit(constants.revision),
        fields.PLATFORM: pl.lit(constants.platform),
    }
