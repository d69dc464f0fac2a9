"""From a declaration to a source: each rule becomes an expression over whole columns."""

import functools
import operator
from collections.abc import Callable, Iterator, Mapping

import polars as pl

from indexer.normalise import scalars
from indexer.normalise.expressions import STRINGS, map_distinct
from indexer.normalise.record_id import record_id
from indexer.normalise.text import distinct, tidy_list
from indexer.normalise.track import DECLARED_LANGUAGE, WRITTEN_DATE
from indexer.sources.dataset import (
    DataSource,
    FieldSpec,
    duration_field,
    genre_field,
    licence_fields,
)
from indexer.sources.declaration import Date, Declared, Duration, Value, Values
from indexer.sources.declared_files import LIST_FIELDS, check_fit, open_declared
from mappings.track import ALBUM, ARTIST_IDS, EXPLICIT, GENRE_PATH, PLAYS, SOURCE_ID, TITLE, VIDEO_IDS

PATTERNS: Mapping[str | None, tuple[str, ...]] = {
    "csv": ("*.csv", "*.txt"),
    "tsv": ("*.tsv", "*.tab", "*.txt", "*.csv"),
    "jsonl": ("*.jsonl", "*.ndjson", "*.json"),
    "parquet": ("*.parquet",),
    None: ("*.parquet", "*.jsonl", "*.ndjson", "*.csv", "*.tsv", "*.tab", "*.txt"),
}
"""What files of a format are called, where a declaration doesn't say."""


def make_source(declared: Declared) -> DataSource:
    """Return the source of a declared data set."""
    content = declared.content
    specs = [spec for name, rule in content.fields.given() for spec in _specs(declared, name, rule)]
    has_id = any(spec.field == SOURCE_ID for spec in specs)
    return DataSource(
        card=content.card(),
        patterns=tuple(content.file.names or PATTERNS[content.file.format]),
        required=(),
        given=tuple(specs),
        open=functools.partial(open_declared, declared),
        lists=(),
        check=functools.partial(check_fit, declared),
        identify=None if has_id else record_id(),
        definition=declared.digest,
    )


def _specs(declared: Declared, name: str, rule: Value) -> Iterator[FieldSpec]:
    """Yield the fields of a track that one declared field makes."""
    columns, decimal = tuple(rule.named), declared.content.file.decimal
    said = _stated(rule)
    match name:
        case "genre":
            own = {term.lower(): family for term, family in declared.content.genres.items()}
            terms = _list(rule)
            yield FieldSpec(GENRE_PATH, columns, terms, "its own terms")
            yield genre_field(columns, terms, "families of its terms", said, own)
        case "licence":
            written, words = _text(rule), declared.content.licences
            named = written.replace(words) if words else None
            yield from licence_fields(columns, written, named)
        case "duration_s" if isinstance(rule, Duration):
            yield duration_field(columns, _seconds(rule, decimal), rule.unit, said)
        case "year" if isinstance(rule, Date):
            yield FieldSpec(WRITTEN_DATE, columns, _date(rule), rule.format or "")
        case "language":
            yield FieldSpec(DECLARED_LANGUAGE, columns, _text(rule))
        case "plays":
            lost = "plays: unreadable, dropped"
            yield FieldSpec(PLAYS, columns, _plays(rule, decimal), lost=lost, stated=said)
        case "explicit":
            lost = "explicit: unreadable, dropped"
            yield FieldSpec(EXPLICIT, columns, _flag(rule), lost=lost, stated=said)
        case "video_ids":
            lost = "video: no id in any link"
            yield FieldSpec(VIDEO_IDS, columns, scalars.video_ids(_list(rule)), lost=lost, stated=said)
        case "artist_ids":
            yield FieldSpec(ARTIST_IDS, columns, tidy_list(_list(rule)))
        case _:
            read = _list if name in LIST_FIELDS else _name if name in (TITLE, ALBUM) else _text
            yield FieldSpec(name, columns, read(rule))


def _column(name: str, rule: Value) -> pl.Expr:
    """Return a column's values as text, without blanks around them, null where nothing is left."""
    text = pl.col(name).map_batches(_as_text, pl.String, is_elementwise=True)
    nothing = ["", *rule.empty]
    return text.replace(dict.fromkeys(nothing)) if rule.empty else text.replace("", None)


def _name(rule: Value) -> pl.Expr:
    """Return a title as it is written: the normalisation tidies it, and would do so twice if it was stripped here."""
    if rule.column is None or rule.empty:
        return _text(rule)
    return pl.col(rule.column).map_batches(_unstripped, pl.String, is_elementwise=True)


def _unstripped(values: pl.Series) -> pl.Series:
    return values if values.dtype == pl.String else _as_text(values)


def _as_text(values: pl.Series) -> pl.Series:
    if values.dtype == pl.String:
        return values.str.strip_chars()
    if values.dtype.is_float():  # an id of 78 that a table with gaps holds as 78.0
        whole = values.cast(pl.Int64, strict=False)
        return values.cast(pl.String).zip_with((whole != values).fill_null(value=True), whole.cast(pl.String))
    return values.cast(pl.String).str.strip_chars()


def _text(rule: Value) -> pl.Expr:
    """Return the value of a rule as one text."""
    if rule.constant is not None:
        return pl.lit(rule.constant)
    if rule.template is not None:
        pieces = ((pl.lit(text), _column(name, rule) if name else None) for text, name in rule.pieces)
        return pl.concat_str([part for both in pieces for part in both if part is not None])
    return pl.coalesce(_column(name, rule) for name in rule.named)


def _list(rule: Value) -> pl.Expr:
    """Return the value of a rule as a list of texts."""
    if rule.constant is not None or rule.template is not None or not isinstance(rule, Values):
        return _one(_text(rule))
    members = [_members(name, rule) for name in rule.named]
    if len(members) == 1:
        return members[0]
    if rule.columns:
        return pl.concat_list(each.fill_null([]) for each in members)
    return pl.coalesce(distinct(each) for each in members)


def _one(text: pl.Expr) -> pl.Expr:
    return pl.when(text.is_not_null()).then(pl.concat_list(text))


def _members(name: str, rule: Values) -> pl.Expr:
    """Return a column's lists, or its texts divided into lists, whichever it has."""
    listed = pl.col(name).map_batches(functools.partial(_divided, rule), STRINGS, is_elementwise=True)
    if not rule.empty:
        return listed
    return listed.list.eval(pl.element().filter(~pl.element().str.strip_chars().is_in(rule.empty)))


def _divided(rule: Values, values: pl.Series) -> pl.Series:
    if isinstance(values.dtype, pl.List):
        lists = values if values.dtype == STRINGS else values.cast(STRINGS)
        if rule.separator is None:
            return lists
        return lists.list.eval(pl.element().str.split(rule.separator).explode())
    text, value = values.cast(pl.String).alias("value").to_frame(), pl.col("value")
    if rule.literal:
        divided = map_distinct(value, lambda written: scalars.parse_list(written) or None, STRINGS)
    elif rule.separator is None:
        divided = _one(value)
    else:
        divided = value.str.split(rule.separator).list.eval(pl.element().str.strip_chars())
    return text.select(divided).to_series()


def _number(values: pl.Series, decimal: str) -> pl.Series:
    """Return numbers as they are, and texts with a decimal point where a comma is written, without thousands."""
    if values.dtype != pl.String or decimal == ".":
        return values
    return values.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)


def _read(rule: Value, read: Callable[[pl.Series], pl.Series], dtype: pl.DataType | type[pl.DataType]) -> pl.Expr:
    """Return what a function reads in the values of a rule, which keep the type that the file gives them."""
    if rule.constant is not None or rule.template is not None:
        values = [_text(rule)]
    elif rule.empty:
        values = [_column(name, rule) for name in rule.named]
    else:
        values = [pl.col(name) for name in rule.named]
    return pl.coalesce(each.map_batches(read, dtype, is_elementwise=True) for each in values)


_PER_SECOND = {"s": 1.0, "ms": 1000.0, "min": 1 / 60, "m:s": 1.0}


def _seconds(rule: Duration, decimal: str) -> pl.Expr:
    def read(values: pl.Series) -> pl.Series:
        if values.dtype == pl.Duration:
            written, per_second = values.dt.total_milliseconds(), 1000.0
        else:
            written, per_second = _number(values, decimal), _PER_SECOND[rule.unit]
        if rule.unit == "m:s" and values.dtype != pl.Duration:
            text = written.cast(pl.String)
            written = text.set(~text.str.contains(":", literal=True).fill_null(value=False), None)
        value = pl.col("value")
        return written.alias("value").to_frame().select(scalars.seconds(value, per_second)).to_series()

    return _read(rule, read, pl.Float64)


def _plays(rule: Value, decimal: str) -> pl.Expr:
    def read(values: pl.Series) -> pl.Series:
        value, written = pl.col("value"), _number(values, decimal)
        counted = scalars.integer(value) if written.dtype.is_numeric() else scalars.parse_count(value)
        return written.alias("value").to_frame().select(counted).to_series()

    return _read(rule, read, pl.Int64)


_YES_NO = {"yes": "true", "y": "true", "explicit": "true", "no": "false", "n": "false", "clean": "false"}


def _flag(rule: Value) -> pl.Expr:
    return scalars.parse_bool(_text(rule).str.to_lowercase().replace(_YES_NO))


def _date(rule: Date) -> pl.Expr:
    text = _text(rule)
    return text.str.to_date(rule.format, strict=False).dt.to_string("%Y-%m-%d") if rule.format else text


def _stated(rule: Value) -> pl.Expr:
    """Tell whether a row says anything for a field."""
    if not rule.named:
        return pl.lit(value=True)
    each = (_says_any(column) for column in rule.named)
    return functools.reduce(operator.or_, each)


def _says_any(name: str) -> pl.Expr:
    def says(values: pl.Series) -> pl.Series:
        if isinstance(values.dtype, pl.List):
            return (values.list.len() > 0).fill_null(value=False)
        if values.dtype == pl.String:
            return (values.str.strip_chars() != "").fill_null(value=False)
        return values.is_not_null()

    return pl.col(name).map_batches(says, pl.Boolean, is_elementwise=True)
