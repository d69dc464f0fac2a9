"""What all sources have in common: a table that says where each field comes from, and how it is made.

The table is data: reading takes its columns from it, normalising its expressions, counting its rules, and the READMEs
their table of fields. `declared` makes it of a declaration; the built-in sets write it in Python, as they need one or
the other of its plug-in points:

    open       how a file is read                           FMA: three header rows; Spotify: one chunk
    value      an expression that depends on a file         FMA: the genre tree that lies beside it
    merge      several rows to one track                    Spotify: a row for each genre of a track
    is_id      what is an id                                FMA: a number
    check      whether a file is of the data set            declared: each declared column, and what it holds
    identify   the id of a track whose row has none         declared: a hash of the record
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import polars as pl

from indexer.normalise.genre import genre_families
from indexer.normalise.licence import licence_columns
from indexer.normalise.recording_key import own_key
from indexer.normalise.track import Constants, canonical
from indexer.records import SOURCE_ROW, RawBatch, Reader, Rejection, SourceFile, TrackBatch, rejection
from indexer.sources.discovery import check_columns, choose
from mappings.cards import SYNTHETIC, SYNTHETIC_SAMPLE, Card
from mappings.track import (
    ARTISTS,
    COMMERCIAL_USE,
    DERIVATIVES,
    DURATION_S,
    GENRE,
    LICENCE,
    LICENCE_FAMILY,
    LICENCE_RAW,
    LICENCE_URL,
    RECORDING_KEY,
    SOURCE_ID,
    TITLE,
)


@dataclass(frozen=True)
class FieldSpec:
    """One field of a track: the published columns that it is made of, how, and what is counted on the way.

    `field` is one of `track.INPUTS`. `value` is an expression over the columns, or makes one for a source file
    whose neighbours say what its values mean. `how` is for people, "" for a text as published. `lost` names the rule
    under which a record counts whose `stated` columns hold something, while the field is null.
    """

    field: str
    columns: tuple[str, ...]
    value: pl.Expr | Callable[[SourceFile], pl.Expr]
    how: str = ""
    lost: str = ""
    stated: pl.Expr | None = None

    def of(self, file: SourceFile) -> pl.Expr:
        """Return the expression for the columns of a file."""
        return self.value if isinstance(self.value, pl.Expr) else self.value(file)


def copied(field: str, column: str) -> FieldSpec:
    """Return a field that is one column, as it is."""
    return FieldSpec(field, (column,), pl.col(column))


def stripped(column: str) -> pl.Expr:
    """Return a column's text without blanks around it, null where nothing is left."""
    text = pl.col(column).str.strip_chars()
    return pl.when(text != "").then(text)


def stated(column: str) -> pl.Expr:
    """Tell whether a column of text holds anything but blanks."""
    return pl.col(column).str.strip_chars() != ""


_LICENCE_HOWS = {
    LICENCE: "recognised, without the jurisdiction; else unknown",
    LICENCE_FAMILY: "recognised, without the version",
    COMMERCIAL_USE: "what the licence says",
    DERIVATIVES: "what the licence says",
    LICENCE_URL: "address of its text, where the version is known",
}


def licence_fields(columns: tuple[str, ...], written: pl.Expr, named: pl.Expr | None = None) -> tuple[FieldSpec, ...]:
    """Return the fields of a licence, and what the set wrote; `named` is that in words that are known here."""
    made = licence_columns(written if named is None else named)
    recognised = (FieldSpec(name, columns, made[name], how) for name, how in _LICENCE_HOWS.items())
    return (*recognised, FieldSpec(LICENCE_RAW, columns, written))


def duration_field(columns: tuple[str, ...], value: pl.Expr, how: str, stated: pl.Expr) -> FieldSpec:
    """Return the field of a duration, of which implausible ones are dropped."""
    return FieldSpec(DURATION_S, columns, value, how, lost="duration: implausible, dropped", stated=stated)


def genre_field(
    columns: tuple[str, ...], terms: pl.Expr, how: str, stated: pl.Expr, own: Mapping[str, str] | None = None
) -> FieldSpec:
    """Return the field of genre families, of lists of terms; `own` are terms of the data set with their families."""
    lost = "genre: term without a family"
    return FieldSpec(GENRE, columns, genre_families(terms, own), how, lost=lost, stated=stated)


Check = Callable[[SourceFile, Reader, "DataSource"], None]


def check_required(file: SourceFile, reader: Reader, source: "DataSource") -> None:
    """Raise InputError when required columns are missing, or a file's columns are another data set's."""
    check_columns(file.name, source.dataset, reader.seen_columns(), source.required)


@dataclass(frozen=True)
class DataSource:
    """A published table: how its files are discovered and opened, and what its columns mean.

    `required` columns tell the data set's files from others; any other may be missing. `counted` are rules beside
    those of `given`: expressions over the published columns, of which the sum is counted. `definition` is what changes
    with a declaration.
    """

    card: Card
    patterns: tuple[str, ...]
    required: tuple[str, ...]
    given: tuple[FieldSpec, ...]
    open: Callable[[SourceFile, "DataSource"], Reader]
    lists: tuple[str, ...] = ()
    is_id: Callable[[pl.Expr], pl.Expr] = lambda identifier: identifier.str.strip_chars() != ""
    counted: Mapping[str, pl.Expr] = field(default_factory=dict)
    merge: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    check: Check = check_required
    identify: pl.Expr | None = None
    definition: str = ""

    @property
    def dataset(self) -> str:
        """Return the id of the data set."""
        return self.card.id

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the published columns that are read: no others are."""
        named = (column for entry in self.given for column in entry.columns)
        return tuple(dict.fromkeys([*self.required, *named]))

    def files(self, paths: Sequence[Path]) -> list[SourceFile]:
        """Return the source files that paths stand for, each once, sorted within a folder or an archive."""
        return choose(paths, self.card.name, self.patterns)

    def reader(self, file: SourceFile) -> Reader:
        """Return a reader of one file; raises InputError when its columns are another data set's."""
        reader = self.open(file, self)
        self.check(file, reader, self)
        return reader

    @property
    def row_independent(self) -> bool:
        """Tell whether each track is made of one row alone, has its id from there, and depends on no other files.

        >>> from indexer.sources import SOURCES
        >>> [name for name, source in SOURCES.items() if source.row_independent]
        ['laion-disco-12m', 'sleeping-disco-9m']
        """
        whole = self.merge is None and self.identify is None
        return whole and all(isinstance(entry.value, pl.Expr) for entry in self.given)

    def ids(self, raw: pl.DataFrame) -> pl.Series:
        """Return the id of each raw row, null where `normalise` will reject the row."""
        value = next(entry.value for entry in self.given if entry.field == SOURCE_ID)
        if not isinstance(value, pl.Expr):
            raise TypeError(f"{self.dataset} has no id of its own rows")
        ids = raw.with_columns(self._shaped(raw.schema)).select(value.cast(pl.String).alias(SOURCE_ID))
        valid = self.is_id(pl.col(SOURCE_ID)).fill_null(value=False)
        return ids.select(pl.when(valid).then(pl.col(SOURCE_ID))).to_series()

    def normalise(self, raw: RawBatch, file: SourceFile) -> TrackBatch:
        """Return the tracks of a raw batch; rows without an id are rejected, repeats are merged."""
        frame = raw.frame.with_columns(self._shaped(raw.frame.schema))
        values = {entry.field: entry.of(file) for entry in self.given}
        given = frame.select(SOURCE_ROW, **values, **self._counting()).with_columns(**self._losses())
        has_id = given.select(self._has_id().fill_null(value=False)).to_series()
        refused = self._refused(frame.filter(~has_id), given.filter(~has_id), file)
        given = given.filter(has_id)
        changed = {rule: count for rule in self.rules if (count := int(given[rule].sum()))}
        merged = self.merge(given) if self.merge else given
        tracks, more = canonical(merged, self._constants(file))
        if self.identify is not None:
            tracks = tracks.with_columns(self.identify.alias(SOURCE_ID)).with_columns(
                pl.coalesce(RECORDING_KEY, own_key(pl.lit(self.dataset), pl.col(SOURCE_ID)))
            )
        return TrackBatch(
            tracks=tracks,
            read=raw.frame.height + len(raw.rejections) + raw.skipped,
            duplicates=given.height - merged.height,
            skipped=raw.skipped,
            rejections=(*raw.rejections, *refused),
            changed=changed | more,
        )

    @property
    def rules(self) -> tuple[str, ...]:
        """Return the names of what this data set's own columns are counted under."""
        return (*self.counted, *(entry.lost for entry in self.given if entry.lost))

    def _has_id(self) -> pl.Expr:
        """Return whether a row can become a track: it has an id, or something that an id can be made of."""
        if self.identify is None:
            return self.is_id(pl.col(SOURCE_ID))
        titled = (pl.col(TITLE).str.strip_chars() != "").fill_null(value=False)
        if all(entry.field != ARTISTS for entry in self.given):
            return titled
        names = pl.col(ARTISTS).list.eval(pl.element().filter(pl.element().str.strip_chars() != ""))
        return titled | (names.list.len() > 0)

    def _counting(self) -> dict[str, pl.Expr]:
        says = {entry.lost: entry.stated for entry in self.given if entry.stated is not None}
        return {**self.counted, **says}

    def _losses(self) -> dict[str, pl.Expr]:
        return {entry.lost: pl.col(entry.lost) & pl.col(entry.field).is_null() for entry in self.given if entry.lost}

    def kind(self, name: str) -> pl.DataType | type[pl.DataType]:
        """Return the type that a column is expected to have: a list of strings, or a string."""
        return pl.List(pl.String) if name in self.lists else pl.String

    def _shaped(self, schema: pl.Schema) -> list[pl.Expr]:
        """Return null columns for those that are missing, and lists where a copy has single values."""
        absent = [pl.lit(None, self.kind(name)).alias(name) for name in self.columns if name not in schema]
        single = [name for name in self.lists if name in schema and not isinstance(schema[name], pl.List)]
        return absent + [pl.concat_list(pl.col(name).cast(pl.String)).alias(name) for name in single]

    def _constants(self, file: SourceFile) -> Constants:
        name = Path(file.member or file.name).name
        revision = SYNTHETIC_SAMPLE if name.startswith(SYNTHETIC) else self.card.revision
        return Constants(self.dataset, revision, self.card.platform, self.card.released_year + 1)

    def _refused(self, raw: pl.DataFrame, given: pl.DataFrame, file: SourceFile) -> list[Rejection]:
        ids = given[SOURCE_ID] if self.identify is None else [_NAMELESS] * raw.height
        return [
            rejection(file.name, record[SOURCE_ROW], "id", _reason(identifier), orjson.dumps(record, default=str))
            for record, identifier in zip(raw.iter_rows(named=True), ids, strict=True)
        ]


_NAMELESS = object()


def _reason(identifier: object) -> str:
    if identifier is _NAMELESS:
        return "it has neither title nor artist"
    return f"{identifier!r} is no id of this data set" if identifier and str(identifier).strip() else "it has no id"
