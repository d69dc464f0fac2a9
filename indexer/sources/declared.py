"""From a declaration to a source: each rule becomes an expression over whole columns."""

import functools
from collections.abc import Callable, Iterator

import polars as pl

from indexer.normalise import scalars
from indexer.normalise.expressions import STRINGS
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
from indexer.sources.declared_files import check_fit, open_declared, patterns
from mappings.track import ARTIST_IDS, EXPLICIT, GENRE_PATH, LANGUAGE, PLAYS, SOURCE_ID, VIDEO_IDS


def make_source(declared: Declared) -> DataSource:
    """Return the source of a declared data set."""
    content = declared.content
    specs = [spec for name, rule in content.fields.given() for spec in _specs(declared, name, rule)]
    has_id = any(spec.field == SOURCE_ID for spec in specs)
    return DataSource(
        card=content.card(),
        patterns=tuple(content.file.names or patterns(content.file.format)),
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
            own = {_plain(term): family for term, family in declared.content.genres.items()}
            terms = _list(rule)
            yield FieldSpec(GENRE_PATH, columns, terms, "its own terms")
            yield genre_field(columns, terms, "families of its terms", said, own)
        case "licence":
            words = {_plain(word): licence for word, licence in declared.content.licences.items()}
            written = _text(rule)
            known = written.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.String)
            yield from licence_fields(columns, written, pl.coalesce(known, written) if words else None)
        case "duration_s" if isinstance(rule, Duration):
            read = functools.partial(read_seconds, unit=rule.unit, decimal=decimal)
            yield duration_field(columns, _read(rule, read, pl.Float64), rule.unit, said)
        case "year" if isinstance(rule, Date):
            yield FieldSpec(WRITTEN_DATE, columns, _date(rule), rule.format or "")
        case "plays":
            lost = "plays: unreadable, dropped"
            plays = _read(rule, functools.partial(read_plays, decimal=decimal), pl.Int64)
            yield FieldSpec(PLAYS, columns, plays, lost=lost, stated=said)
        case "explicit":
            lost = "explicit: unreadable, dropped"
            yield FieldSpec(EXPLICIT, columns, _flag(rule), lost=lost, stated=said)
        case "video_ids":
            lost = "video: no id in any link"
            yield FieldSpec(VIDEO_IDS, columns, scalars.video_ids(_list(rule)), lost=lost, stated=said)
        case _ if isinstance(rule, Values):
            value = tidy_list(_list(rule)) if name == ARTIST_IDS else _list(rule)
            lost = f"{name}: no written list, dropped" if rule.literal else ""
            yield FieldSpec(name, columns, value, lost=lost, stated=said if lost else None)
        case _:
            yield FieldSpec(DECLARED_LANGUAGE if name == LANGUAGE else name, columns, _text(rule))


def _plain(term: str) -> str:
    return term.strip().lower()


def _nothing(rule: Value) -> list[str]:
    """Return the texts that mean nothing."""
    return ["", *rule.empty, *(["[]"] if isinstance(rule, Values) and rule.literal else [])]


def _column(name: str, rule: Value) -> pl.Expr:
    """Return a column's values as text, without blanks around them, null where they mean nothing."""
    text = pl.col(name).map_batches(_as_text, pl.String, is_elementwise=True)
    return text.replace(dict.fromkeys(_nothing(rule)))


def _as_text(values: pl.Series) -> pl.Series:
    if values.dtype == pl.String:
        return values.str.strip_chars()
    if values.dtype.is_decimal():
        values = values.cast(pl.Float64)
    if values.dtype.is_float():  # an id of 78 that a table with gaps holds as 78.0
        whole = values.cast(pl.Int64, strict=False)
        return values.cast(pl.String).zip_with((whole != values).fill_null(value=True), whole.cast(pl.String))
    if values.dtype == pl.Duration:
        return (values.dt.total_milliseconds() / 1000).cast(pl.String)
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
    """Return texts divided into lists, of lists each member."""
    if not isinstance(values.dtype, pl.List):
        text = values.cast(pl.String).to_frame("value")
        return text.select(_parts(rule, pl.col("value"))).to_series()
    lists = values.cast(STRINGS)
    if rule.separator is None and not rule.literal:
        return lists
    return lists.list.eval(_parts(rule, pl.element(), of_list=True).explode())


def _parts(rule: Values, text: pl.Expr, *, of_list: bool = False) -> pl.Expr:
    if rule.separator:
        return text.str.split(rule.separator).list.eval(pl.element().str.strip_chars())
    if not rule.literal:
        return _one(text)

    lists = scalars.parse_lists(text)
    return pl.when(text.str.starts_with("[")).then(lists).otherwise(_one(text)) if of_list else lists


def _read(rule: Value, read: Callable[[pl.Series], pl.Series], dtype: pl.DataType | type[pl.DataType]) -> pl.Expr:
    """Return what a function reads in the values of a rule, which keep the type that the file gives them."""
    if rule.constant is not None or rule.template is not None:
        values = [_text(rule)]
    elif rule.empty:
        values = [pl.when(_column(name, rule).is_not_null()).then(pl.col(name)) for name in rule.named]
    else:
        values = [pl.col(name) for name in rule.named]
    return pl.coalesce(each.map_batches(read, dtype, is_elementwise=True) for each in values)


_PER_SECOND = {"s": 1.0, "ms": 1000.0, "min": 1 / 60, "m:s": 1.0}


def read_seconds(values: pl.Series, unit: str, decimal: str) -> pl.Series:
    """Return durations in seconds, null for what is none in this unit."""
    if values.dtype == pl.Duration:
        values, unit = values.dt.total_milliseconds(), "ms"
    frame, value = values.to_frame("value"), pl.col("value")
    if values.dtype == pl.String and decimal == ",":
        frame = frame.select(scalars.with_point(value))
    if unit == "m:s":
        text = value.cast(pl.String)
        frame = frame.select(pl.when(text.str.contains(":", literal=True)).then(text).alias("value"))
    return frame.select(scalars.seconds(value, _PER_SECOND[unit])).to_series()


def read_plays(values: pl.Series, decimal: str) -> pl.Series:
    """Return how often something was played, null for what is no count."""
    value = pl.col("value")
    counted = scalars.integer(value) if values.dtype.is_numeric() else scalars.parse_count(value, decimal)
    return values.to_frame("value").select(counted).to_series()


_YES_NO = {"yes": "true", "y": "true", "explicit": "true", "no": "false", "n": "false", "clean": "false"}


def _flag(rule: Value) -> pl.Expr:
    return scalars.parse_bool(_text(rule).str.to_lowercase().replace(_YES_NO))


def _date(rule: Date) -> pl.Expr:
    """Return dates as text; what the format doesn't fit stays as it is, and counts as unreadable if it is."""
    text = _text(rule)
    if rule.format is None:
        return text
    return pl.coalesce(text.str.to_date(rule.format, strict=False).dt.to_string("%Y-%m-%d"), text)


def _stated(rule: Value) -> pl.Expr:
    """Tell whether a row says anything for a field."""
    if not rule.named:
        return pl.lit(value=True)

    def says(values: pl.Series) -> pl.Series:
        if isinstance(values.dtype, pl.List):
            return (values.list.len() > 0).fill_null(value=False)
        if values.dtype != pl.String and not rule.empty:
            return values.is_not_null()
        return (~_as_text(values).is_in(_nothing(rule))).fill_null(value=False)

    return pl.any_horizontal(pl.col(name).map_batches(says, pl.Boolean, is_elementwise=True) for name in rule.named)
