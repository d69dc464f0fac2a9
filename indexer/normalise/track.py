"""From a source's columns to canonical tracks: the steps that are the same for all data sets."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import polars as pl

from indexer.normalise import language, licence, recording_key, scalars
from indexer.normalise.expressions import STRINGS, extract_where, map_where
from indexer.normalise.text import distinct, guests, names, tidy, tidy_list, without_guests
from mappings.schema import SCHEMA
from mappings.spelling.cleaning import OTHER_REASON, clean, reasons
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
    SOURCE_ROW,
    TAGS,
    TITLE,
    YEAR,
)

NORMALISATION_VERSION = 3
"""Raised whenever a record may become another document than before, from its row to its fingerprint.

A test holds it: it pins what some hundreds of rows of all kinds become. How fields are indexed has its own hash
(`mappings.index.mapping_hash`), as such a change can be made without the source files.
"""


_LIBRARIES = ("anyascii", "polars", "py3langid")
"""They read, fold, detect and hash; Polars' hashes are not promised to stay the same."""

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
    texts = [name for name in TEXTS if name in given.columns]
    tidied = given.with_columns(
        **{name: (tidy_list if COLUMNS[name] == STRINGS else tidy)(pl.col(name)) for name in texts}
    )
    steps = tidied.lazy().with_columns(**missing)
    for step in _steps(constants):
        steps = steps.with_columns(**step)
    counted = {f"changed {rule}": changed.sum() for rule, changed in _CHANGES.items()}
    tracks = {name: pl.col(name).cast(dtype) for name, dtype in COLUMNS.items()}
    done = steps.select(**tracks, **counted).collect()
    counts = {rule: int(done.item(0, f"changed {rule}")) for rule in _CHANGES} if done.height else {}
    counts |= of_texts(given, tidied, _ONCE)
    return done.select(*COLUMNS), {rule: count for rule, count in counts.items() if count}


def _steps(constants: Constants) -> Iterator[dict[str, pl.Expr]]:
    """Yield columns to add or change, each step's made of those of the steps before."""
    first_artist, dataset = pl.col(ARTISTS).list.first(), constants.dataset
    yield {_TITLE_GUESTS: guests(pl.col(TITLE)), _ARTIST_GUESTS: guests(first_artist)}
    yield _people()
    written = scalars.year(pl.col(WRITTEN_DATE))
    plausible, day = scalars.plausible(written, constants.latest_year), scalars.day(pl.col(WRITTEN_DATE))
    yield {
        _WRITTEN_YEAR: written,
        YEAR: plausible,
        RELEASE_DATE: pl.when(plausible.is_not_null()).then(day),
    }
    named = pl.struct(TITLE, ALBUM, first_artist.alias(ARTISTS))
    yield {
        DECLARED_LANGUAGE: language.code(pl.col(DECLARED_LANGUAGE)),
        _SCRIPT_LANGUAGE: extract_where(named, lambda e: language.has_script_hint(e.struct.field(TITLE)), _by_script),
    }
    declared, script, words = pl.col(DECLARED_LANGUAGE), pl.col(_SCRIPT_LANGUAGE), pl.col(_WORDS_LANGUAGE)
    yield {_WORDS_LANGUAGE: language.words(declared, script, dataset)}
    yield {
        LANGUAGE: language.language(declared, script, words, dataset),
        LANGUAGE_SOURCE: language.source(declared, script, words, dataset),
    }
    key = recording_key.recording_key(first_artist, pl.col(TITLE))
    yield {
        RECORDING_KEY: pl.coalesce(key, recording_key.own_key(pl.lit(dataset), pl.col(SOURCE_ID))),
        DATASET: pl.lit(dataset),
        REVISION: pl.lit(constants.revision),
        PLATFORM: pl.lit(constants.platform),
    }


def _people() -> dict[str, pl.Expr]:
    """Return artists without guests, and contributors with them."""
    together = pl.concat_str(_ARTIST_GUESTS, _TITLE_GUESTS, separator=", ", ignore_nulls=True)
    named = extract_where(together, lambda text: text != "", names, STRINGS).alias("named")
    both = map_where(
        pl.struct(pl.col(CONTRIBUTORS), named), lambda e: e.struct.field("named").is_not_null(), _joined, _BOTH
    )
    main = map_where(
        pl.col(ARTISTS),
        lambda lists: guests(lists.list.first()).is_not_null(),
        lambda lists: lists.list.eval(without_guests(pl.element())),
        STRINGS,
    )
    return {CONTRIBUTORS: both.struct.field(CONTRIBUTORS), ARTISTS: main}


def _joined(both: pl.Expr) -> pl.Expr:
    contributors, named = both.struct.field(CONTRIBUTORS), both.struct.field("named")
    everybody = distinct(pl.concat_list(contributors.fill_null([]), named))
    return pl.struct(everybody.alias(CONTRIBUTORS), named)


def _by_script(named: pl.Expr) -> pl.Expr:
    context = pl.concat_str((named.struct.field(name) for name in (ARTISTS, ALBUM)), ignore_nulls=True)
    return language.by_script(named.struct.field(TITLE), context)


def of_texts(before: pl.DataFrame, after: pl.DataFrame, columns: Iterable[str]) -> dict[str, int]:
    """Return how many texts each rule changed, of columns of texts or of lists of texts.

    A blank text is none, so it doesn't count; neither does a name that a list had twice.
    """
    counted: Counter[str] = Counter()
    for name in columns:
        if name in before.columns:
            lists = isinstance(before[name].dtype, pl.List)
            counted.update((_of_lists if lists else _of_strings)(before[name], after[name]))
    return dict(counted)


def _of_strings(before: pl.Series, after: pl.Series) -> Counter[str]:
    differ = before.ne_missing(after)
    if not differ.any():
        return Counter()
    written, left = before.filter(differ), after.filter(differ)
    trimmed = written.str.strip_chars()
    only_blanks = trimmed.eq_missing(left)  # the usual case, which needs no look at each
    looked_at = written.filter(~only_blanks & (trimmed != ""))
    counted = Counter(rule for text in looked_at for rule in reasons(text))
    counted[OTHER_REASON] += int(only_blanks.sum())
    return +counted


def _of_lists(before: pl.Series, after: pl.Series) -> Counter[str]:
    # Lists are compared by their members, laid end to end: ten times cheaper than list by list.
    shorter = before.list.len().fill_null(0) != after.list.len().fill_null(0)
    if not shorter.any():
        return _of_strings(_members(before), _members(after))
    written = _members(before.filter(shorter))
    left = pl.Series([clean(text) or None if text else None for text in written], dtype=pl.String)
    return _of_strings(written, left) + _of_strings(_members(before.filter(~shorter)), _members(after.filter(~shorter)))


def _members(lists: pl.Series) -> pl.Series:
    return lists.explode(empty_as_null=True)


@dataclass(frozen=True)
class Derived:
    """What a field is made of, besides its own column if the data set has one, and how."""

    inputs: tuple[str, ...]
    how: str


DERIVED: Mapping[str, Derived] = {
    YEAR: Derived((WRITTEN_DATE,), "from 1860 to the year after the set's release, else dropped"),
    RELEASE_DATE: Derived((WRITTEN_DATE,), "a whole, plausible date"),
    CONTRIBUTORS: Derived((TITLE, ARTISTS), 'and whom "feat." names in title or artist'),
    LANGUAGE: Derived((DECLARED_LANGUAGE, TITLE), "declared, by script, detected, or und"),
    LANGUAGE_SOURCE: Derived((DECLARED_LANGUAGE, TITLE), "which of these"),
    RECORDING_KEY: Derived((ARTISTS, TITLE), "folded, without guests and release suffixes"),
}

CONSTANT = (DATASET, REVISION, PLATFORM)
"""The same for all tracks of a file: from the data set's card."""

EVIDENCE = (SOURCE_FILE, SOURCE_ROW, FINGERPRINT)
"""Added by the loader: the place of the record, and the hash of the finished track."""


@cache
def normalisation() -> str:
    """Return what a record's document depends on: the version of the normalisation, and those of the libraries."""
    libraries = (f"{name} {version(name)}" for name in _LIBRARIES)
    return ", ".join([str(NORMALISATION_VERSION), *libraries, f"Unicode {unicodedata.unidata_version}"])
