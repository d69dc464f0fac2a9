"""From a source's columns to canonical tracks: the steps that are the same for all data sets."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from indexer.normalise import artists, language, recording, year
from indexer.normalise.text import some, tidy, tidy_list
from mappings import fields

DECLARED_LANGUAGE = "declared_language"
WRITTEN_DATE = "written_date"

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

_CHANGES: Mapping[str, pl.Expr] = {
    "year: implausible, dropped": pl.col("written_year").is_not_null() & pl.col(fields.YEAR).is_null(),
    "date: unreadable, dropped": pl.col(WRITTEN_DATE).str.contains(r"\S") & pl.col("written_year").is_null(),
    "language: the title's script says another than declared": pl.col(DECLARED_LANGUAGE).is_not_null()
    & (pl.col(fields.LANGUAGE_SOURCE) != language.DECLARED),
    "guests: moved from the artist's name": pl.col("artist_guests").is_not_null(),
    "guests: found in the title": pl.col("title_guests").is_not_null(),
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
    steps = given.lazy().with_columns(**missing)
    for step in (_texts(), _guests(), _people(), _dates(constants.latest_year), _language(), _keys(constants)):
        steps = steps.with_columns(**step)
    done = steps.collect()
    counts = done.select(**{rule: broken.sum() for rule, broken in _CHANGES.items()}).row(0, named=True)
    tracks = done.select(pl.col(name).cast(dtype) for name, dtype in COLUMNS.items())
    return tracks, {rule: int(count) for rule, count in counts.items() if count}


Step = dict[str, pl.Expr]


def _texts() -> Step:
    texts = {name: tidy(pl.col(name)) for name in (fields.TITLE, fields.ALBUM, fields.LICENCE_RAW)}
    lists = (fields.ARTISTS, fields.CONTRIBUTORS, fields.TAGS, fields.GENRE_PATH)
    return texts | {name: tidy_list(pl.col(name)) for name in lists}


def _guests() -> Step:
    first = pl.col(fields.ARTISTS).list.first()
    return {"title_guests": artists.guests(pl.col(fields.TITLE)), "artist_guests": artists.guests(first)}


def _people() -> Step:
    together = pl.concat_list("artist_guests", "title_guests").list.drop_nulls().list.join(", ")
    named = artists.names(pl.when(together != "").then(together))
    contributors = pl.concat_list(pl.col(fields.CONTRIBUTORS).fill_null([]), named.fill_null([]))
    others = contributors.list.unique(maintain_order=True)
    main = pl.col(fields.ARTISTS).list.eval(artists.without_guests(pl.element()))
    return {
        fields.CONTRIBUTORS: some(others),
        fields.ARTISTS: pl.when(pl.col("artist_guests").is_not_null()).then(main).otherwise(fields.ARTISTS),
    }


def _dates(latest: int) -> Step:
    written = year.year(pl.col(WRITTEN_DATE))
    plausible = year.plausible(written, latest)
    day = year.day(pl.col(WRITTEN_DATE))
    return {
        "written_year": written,
        fields.YEAR: plausible,
        fields.RELEASE_DATE: pl.when(plausible.is_not_null()).then(day),
    }


def _language() -> Step:
    title, declared = pl.col(fields.TITLE), language.code(pl.col(DECLARED_LANGUAGE))
    context = pl.concat_str(pl.col(fields.ARTISTS).list.first(), fields.ALBUM, separator=" ", ignore_nulls=True)
    script = language.by_script(title, context)
    return {
        DECLARED_LANGUAGE: declared,
        fields.LANGUAGE: language.language(declared, script),
        fields.LANGUAGE_SOURCE: language.source(declared, script),
    }


def _keys(constants: Constants) -> Step:
    return {
        fields.RECORDING_KEY: recording.recording_key(pl.col(fields.ARTISTS).list.first(), pl.col(fields.TITLE)),
        fields.DATASET: pl.lit(constants.dataset),
        fields.REVISION: pl.lit(constants.revision),
        fields.PLATFORM: pl.lit(constants.platform),
    }
