"""What the four sources have in common: a table that says where each field comes from, and how it is made.

The table is data: reading takes its columns from it, normalising its expressions, counting its rules, and the READMEs
their table of fields.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import polars as pl

from indexer.normalise.track import Constants, canonical
from indexer.records import SOURCE_ROW, RawBatch, Reader, Rejection, SourceFile, TrackBatch, rejection
from indexer.sources.discovery import check_columns, choose
from mappings.cards import CARDS, SYNTHETIC, Card
from mappings.track import SOURCE_ID


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


@dataclass(frozen=True)
class DataSource:
    """A published table: how its files are discovered and opened, and what its columns mean.

    `required` columns tell the data set's files from others; any other may be missing. `counted` are rules beside
    those of `given`: expressions over the published columns, of which the sum is counted.
    """

    dataset: str
    patterns: tuple[str, ...]
    required: tuple[str, ...]
    given: tuple[FieldSpec, ...]
    open: Callable[[SourceFile, "DataSource"], Reader]
    lists: tuple[str, ...] = ()
    is_id: Callable[[pl.Expr], pl.Expr] = lambda identifier: identifier.str.strip_chars() != ""
    counted: Mapping[str, pl.Expr] = field(default_factory=dict)
    merge: Callable[[pl.DataFrame], pl.DataFrame] | None = None

    @property
    def card(self) -> Card:
        """Return what is known of the data set."""
        return CARDS[self.dataset]

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
        check_columns(file.name, self.dataset, reader.seen_columns(), self.required)
        return reader

    @property
    def row_independent(self) -> bool:
        """Tell whether each track is made of one row alone, without merging rows or reading other files.

        >>> from indexer.sources import SOURCES
        >>> [name for name, source in SOURCES.items() if source.row_independent]
        ['laion-disco-12m', 'sleeping-disco-9m']
        """
        return self.merge is None and all(isinstance(entry.value, pl.Expr) for entry in self.given)

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
        has_id = given.select(self.is_id(pl.col(SOURCE_ID)).fill_null(value=False)).to_series()
        refused = self._refused(frame.filter(~has_id), given.filter(~has_id), file)
        given = given.filter(has_id)
        changed = {rule: count for rule in self.rules if (count := int(given[rule].sum()))}
        merged = self.merge(given) if self.merge else given
        tracks, more = canonical(merged, self._constants(file))
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
        revision = f"{SYNTHETIC} sample" if name.startswith(SYNTHETIC) else self.card.revision
        return Constants(self.dataset, revision, self.card.platform, self.card.released_year + 1)

    def _refused(self, raw: pl.DataFrame, given: pl.DataFrame, file: SourceFile) -> list[Rejection]:
        return [
            rejection(file.name, record[SOURCE_ROW], "id", _reason(identifier), orjson.dumps(record, default=str))
            for record, identifier in zip(raw.iter_rows(named=True), given[SOURCE_ID], strict=True)
        ]


def _reason(identifier: str | None) -> str:
    return f"{identifier!r} is no id of this data set" if identifier and identifier.strip() else "it has no id"
