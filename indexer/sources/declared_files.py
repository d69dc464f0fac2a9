"""The files of a declared data set: opened as the declaration says or as they look, and tried against it."""

import codecs
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

import polars as pl

from indexer.readers.compression import SUFFIXES, RecodeError
from indexer.readers.csv_reader import CsvReader, Dialect
from indexer.readers.files import UTF_8, Text, guess_encoding, is_utf8, open_bytes, open_text
from indexer.readers.jsonl_reader import JsonLinesReader, sample_objects
from indexer.readers.nested import STRINGS, ColumnPath, Type, json_types
from indexer.readers.parquet_reader import ParquetReader
from indexer.records import SOURCE_ROW, Chunk, RawBatch, Reader, SourceFile
from indexer.sources.dataset import DataSource
from indexer.sources.declaration import Declared, Value, Values
from mappings.errors import InputError
from mappings.private import holds_addresses
from mappings.track import SOURCE_ID, TITLE

FORMATS: Mapping[str, str] = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet",
}  # fmt: skip

_UNSURE: Mapping[str, tuple[str, ...]] = {"csv": (".txt",), "tsv": (".txt", ".csv"), "jsonl": (".json",)}
"""Endings that say a format only where it is declared."""

SAMPLE_ROWS = 1_000
_FEW = 3
"""Values from which on "none of them can be read" says that a column holds something else."""

_SEPARATORS = (",", ";", "\t", "|")
_HEAD_BYTES = 1 << 16
_PARQUET = b"PAR1"


def file_format(file: SourceFile) -> str | None:
    """Return the format that a file's name says, without the ending of a packed one."""
    suffixes = [suffix.lower() for suffix in PurePath(file.member or file.name).suffixes]
    own = [suffix for suffix in suffixes if suffix not in SUFFIXES]
    return FORMATS.get(own[-1]) if own else None


def patterns(form: str | None) -> tuple[str, ...]:
    """Return what files of a format, or of any, are called."""
    sure = [ending for ending, kind in FORMATS.items() if form in (None, kind)]
    return tuple(f"*{ending}" for ending in (*sure, *_UNSURE.get(form or "csv", ())))


def looks_like(text: Text) -> str:
    """Return the format that a file's content says."""
    head = text.read_at(text.start, _HEAD_BYTES)
    if head.startswith(_PARQUET):
        return "parquet"
    if head.lstrip().startswith(b"{"):
        return "jsonl"
    first = head.split(b"\n", 1)[0]
    return "tsv" if first.count(b"\t") > max(first.count(b","), first.count(b";")) else "csv"


def find_separator(text: Text) -> str:
    """Return what most likely stands between the cells of a text: the most frequent separator of its first line."""
    first = text.read_at(text.start, _HEAD_BYTES).split(b"\n", 1)[0].decode("utf-8", "replace")
    return max(_SEPARATORS, key=first.count)


@dataclass(frozen=True)
class _Flat:
    """A reader whose nested columns are taken apart: each path becomes a column of its own."""

    inner: JsonLinesReader | ParquetReader
    taken: Mapping[str, pl.Expr]

    def seen_columns(self) -> list[str]:
        return list(self.inner.seen_columns())

    def head(self, rows: int) -> RawBatch:
        return self._flat(self.inner.head(rows))

    def chunks(self) -> list[Chunk]:
        return self.inner.chunks()

    def read(self, chunk: Chunk) -> RawBatch:
        return self._flat(self.inner.read(chunk))

    def _flat(self, raw: RawBatch) -> RawBatch:
        return RawBatch(raw.frame.select(SOURCE_ROW, **self.taken), raw.rejections, raw.skipped)


def open_declared(declared: Declared, file: SourceFile, source: DataSource) -> Reader:
    """Return a reader of one file; raises InputError, with line and key, for one that the declaration doesn't fit."""
    opened = open_bytes(file)
    kind = declared.content.file.format or file_format(file) or looks_like(opened)
    is_parquet = opened.read_at(0, len(_PARQUET)) == _PARQUET
    if is_parquet != (kind == "parquet"):
        what = "it is a Parquet file" if is_parquet else "it is no Parquet file"
        raise misfit(declared, file, what, "file", "format")
    if kind == "parquet":
        return _open_parquet(declared, file, opened)
    text = _open_text(declared, file, opened)
    if kind == "jsonl":
        return _open_json(declared, file, text)
    form = declared.content.file
    separator = form.separator or ("\t" if kind == "tsv" else find_separator(text))
    dialect, names = Dialect(separator, form.quote), form.columns
    if names is not None:
        first = CsvReader(file, (), dialect=dialect, text=text).columns
        if set(names) <= set(first):
            raise misfit(declared, file, "its first line has names of columns: leave columns out", "file", "columns")
        return CsvReader(file, source.columns, 0, lambda _: names, dialect=dialect, text=text, public=False)
    reader = CsvReader(file, source.columns, form.header_rows, dialect=dialect, text=text, public=False)
    if form.separator and len(reader.columns) == 1 and (other := find_separator(text)) in reader.columns[0]:
        what = f"its first line has {other!r}, but no {separator!r}"
        raise misfit(declared, file, what, "file", "separator")
    return reader


def _open_text(declared: Declared, file: SourceFile, opened: Text) -> Text:
    stated = declared.content.file.encoding
    encoding = codecs.lookup(stated).name.removesuffix("-sig") if stated else guess_encoding(opened)
    if stated and encoding == UTF_8 and not is_utf8(opened.read_at(0, _HEAD_BYTES)):
        raise misfit(declared, file, f"it is not in {stated}", "file", "encoding")
    try:
        return open_text(file, encoding, opened)
    except RecodeError as error:
        raise misfit(declared, file, f"it is not in {encoding}", "file", "encoding") from error


def _open_parquet(declared: Declared, file: SourceFile, opened: Text) -> Reader:
    types = ParquetReader(file, (), opened=opened).types
    taken: dict[str, pl.Expr] = {}
    read: list[str] = []
    for name, field, rule in _named(declared):
        path = ColumnPath(name, name) if name in types else ColumnPath.parse(name)
        if path.column not in types:
            continue  # `check_fit` says so
        end = path.end(types[path.column])
        if isinstance(end, str):
            raise misfit(declared, file, end, "fields", field)
        _check_type(declared, file, name, field, rule, end)
        read.append(path.column)
        taken[name] = path.expression()
    inner = ParquetReader(file, list(dict.fromkeys(read)), opened=opened)
    return _Flat(inner, taken) if any(name not in types for name in taken) else inner


def _check_type(declared: Declared, file: SourceFile, name: str, field: str, rule: Value, end: Type) -> None:
    """Raise InputError for a list or an object where a rule needs something else."""
    many = isinstance(end, pl.List)
    inner = end.inner if isinstance(end, pl.List) else end
    if isinstance(inner, pl.Struct):
        members = ", ".join(member.name for member in inner.fields)
        written = f"{name}{'[]' if many else ''}.{inner.fields[0].name if inner.fields else 'member'}"
        raise misfit(declared, file, f"{name!r} holds objects with {members}: write {written}", "fields", field)
    if isinstance(inner, pl.List):
        raise misfit(declared, file, f"{name!r} holds lists of lists", "fields", field)
    if many and not _takes_lists(rule):
        raise misfit(declared, file, f"{name!r} holds lists: write {name}[0] for their first", "fields", field)


def _takes_lists(rule: Value) -> bool:
    return isinstance(rule, Values) and rule.template is None


def _open_json(declared: Declared, file: SourceFile, text: Text) -> Reader:
    objects = sample_objects(text)
    if not objects:
        raise misfit(declared, file, "no line begins with an object", "file", "format")
    keys = {key for entry in objects for key in entry}
    paths: dict[ColumnPath, Type] = {}
    for name, field, rule in _named(declared):
        path = ColumnPath(name, name) if name in keys else ColumnPath.parse(name)
        values = [value for entry in objects for value in _values(entry, path)]
        if path.steps and path.column in keys and not values and not rule.optional:
            raise misfit(declared, file, f"no object has {name!r}", "fields", field)
        end = _json_type(values)
        _check_type(declared, file, name, field, rule, pl.List(end) if path.many else end)
        # Lists may come later than here. Where the same column is a text elsewhere too, they are rejected then.
        is_list = _takes_lists(rule) and not path.many
        paths[path] = STRINGS if is_list and paths.get(path, STRINGS) == STRINGS else pl.String()
    inner = JsonLinesReader(file, json_types(paths), text=text, strict=True)
    taken = {path.text: path.expression() for path in paths}
    return _Flat(inner, taken) if any(path.steps for path in paths) else inner


def _json_type(values: list[object]) -> Type:
    """Return the type of JSON values: texts, objects, or lists of these."""
    items = [item for value in values if isinstance(value, list) for item in value]
    objects = [value for value in (items or values) if isinstance(value, dict)]
    if objects:
        inner: Type = pl.Struct(dict.fromkeys(sorted({key for each in objects for key in each}), pl.String()))
    else:
        inner = STRINGS if any(isinstance(item, list) for item in items) else pl.String()
    return pl.List(inner) if any(isinstance(value, list) for value in values) else inner


def _values(entry: object, path: ColumnPath) -> list[object]:
    """Return the values at the end of a path in one object."""
    here = [entry.get(path.column)] if isinstance(entry, dict) else []
    for step in path.steps:
        if isinstance(step, str):
            here = [each.get(step) for each in here if isinstance(each, dict)]
        elif step is None:
            here = [item for each in here if isinstance(each, list) for item in each]
        else:
            here = [each[step] for each in here if isinstance(each, list) and len(each) > step]
    return [each for each in here if each is not None]


def _named(declared: Declared) -> Iterator[tuple[str, str, Value]]:
    """Yield each column with each field in which it is named, and that field's rule."""
    for field, rule in declared.content.fields.given():
        for name in rule.named:
            yield name, field, rule


def check_fit(declared: Declared, file: SourceFile, reader: Reader, source: DataSource) -> None:
    """Raise InputError for the first declared column that a file lacks, or in which nothing can be read as declared."""
    nested = not isinstance(reader, CsvReader)
    seen = set(reader.columns if isinstance(reader, CsvReader) else reader.seen_columns())
    for name, field, rule in _named(declared):
        missing = name not in seen and not (nested and ColumnPath.parse(name).column in seen)
        if missing and not rule.optional:
            raise misfit(declared, file, _absent(name, seen), "fields", field)
    raw = reader.head(SAMPLE_ROWS)
    for name, field, rule in _named(declared):
        values = raw.frame[name] if name in raw.frame.columns else pl.Series([], dtype=pl.String)
        if holds_addresses((values.explode() if isinstance(values.dtype, pl.List) else values).to_list()):
            raise misfit(declared, file, f"{name!r} holds e-mail addresses, which are never loaded", "fields", field)
        is_empty = values.null_count() == values.len() and raw.frame.height >= _FEW
        if field in (TITLE, SOURCE_ID) and is_empty and len(rule.named) == 1:
            raise misfit(declared, file, f"{name!r} is empty in its first rows", "fields", field)
    if raw.frame.height >= _FEW:
        batch = source.normalise(raw, file)
        _check_readable(declared, file, raw, batch.tracks)


_TRIED = ("duration_s", "year", "plays", "explicit", "video_ids")
"""Fields of which a value may be unreadable."""


def _check_readable(declared: Declared, file: SourceFile, raw: RawBatch, tracks: pl.DataFrame) -> None:
    rows = raw.frame.join(tracks.select(SOURCE_ROW), on=SOURCE_ROW, how="semi")
    for field in _TRIED:
        rule = getattr(declared.content.fields, field)
        if rule is None or rule.optional or not rule.named:
            continue
        names = [name for name in rule.named if name in rows.columns]
        stated = [value for name in names for value in rows[name].to_list() if not _is_nothing(value, rule.empty)]
        if len(stated) >= _FEW and not tracks[field].count():
            example = str(stated[0])[:60]
            what = f"nothing in {' and '.join(map(repr, names))} can be read as declared, such as {example!r}"
            raise misfit(declared, file, what, "fields", field)


def _is_nothing(value: object, empty: list[str]) -> bool:
    return value is None or value == [] or str(value).strip() in ("", *empty)


def _absent(name: str, seen: Iterable[str]) -> str:
    columns = sorted(filter(None, seen))
    shown = ", ".join(columns[:12]) + (", ..." if len(columns) > 12 else "")
    return f"it has no column {name!r}, but {shown}"


def misfit(declared: Declared, file: SourceFile, what: str, *key: str) -> InputError:
    """Return the error for a file that isn't as it was declared."""
    return InputError(
        f"{file.name} does not fit its declaration ({declared.place(*key)}): {what}.",
        "Correct the declaration, or give another file.",
    )
