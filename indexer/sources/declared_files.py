"""The files of a declared data set: opened as the declaration says or as they look, and tried against it."""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

import polars as pl

from indexer.readers.compression import SUFFIXES, RecodeError
from indexer.readers.csv_reader import CsvReader, Dialect, joined_names
from indexer.readers.files import UTF_8, Text, guess_encoding, is_utf8, open_bytes, open_text
from indexer.readers.jsonl_reader import JsonLinesReader, sample_objects
from indexer.readers.nested import STRINGS, ColumnPath, Type, json_types
from indexer.readers.parquet_reader import ParquetReader
from indexer.records import SOURCE_ROW, Chunk, RawBatch, Reader, SourceFile
from indexer.sources.dataset import DataSource
from indexer.sources.declaration import Declared
from mappings.errors import InputError
from mappings.track import SOURCE_ID, TITLE

LIST_FIELDS = frozenset({"artists", "artist_ids", "contributors", "genre", "tags", "video_ids"})

FORMATS: Mapping[str, str] = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet",
}  # fmt: skip

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
        return CsvReader(file, source.columns, 0, lambda _: names, dialect=dialect, text=text)
    reader = CsvReader(file, source.columns, form.header_rows, joined_names, dialect=dialect, text=text)
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
    for name, field in _places(declared).items():
        path = ColumnPath(name, name) if name in types else ColumnPath.parse(name)
        if path.column not in types:
            continue  # `check_fit` says so
        end = path.end(types[path.column])
        if isinstance(end, str):
            raise misfit(declared, file, end, "fields", field)
        _check_type(declared, file, name, field, end)
        read.append(path.column)
        taken[name] = path.expression()
    inner = ParquetReader(file, list(dict.fromkeys(read)), opened=opened)
    return _Flat(inner, taken) if any(name not in types for name in taken) else inner


def _check_type(declared: Declared, file: SourceFile, name: str, field: str, end: Type) -> None:
    """Raise InputError for a list or an object where a field needs something else."""
    many = isinstance(end, pl.List | pl.Array)
    inner = end.inner if isinstance(end, pl.List | pl.Array) else end
    if isinstance(inner, pl.Struct):
        members = ", ".join(member.name for member in inner.fields)
        written = f"{name}{'[]' if many else ''}.{inner.fields[0].name if inner.fields else 'member'}"
        raise misfit(declared, file, f"{name!r} holds objects with {members}: write {written}", "fields", field)
    if isinstance(inner, pl.List | pl.Array):
        raise misfit(declared, file, f"{name!r} holds lists of lists", "fields", field)
    if many and field not in LIST_FIELDS:
        raise misfit(declared, file, f"{name!r} holds lists: write {name}[0] for their first", "fields", field)


def _open_json(declared: Declared, file: SourceFile, text: Text) -> Reader:
    objects = sample_objects(text)
    if not objects:
        raise misfit(declared, file, "no line begins with an object", "file", "format")
    keys = {key for entry in objects for key in entry}
    paths: dict[ColumnPath, Type] = {}
    for name, field in _places(declared).items():
        path = ColumnPath(name, name) if name in keys else ColumnPath.parse(name)
        if path.column not in keys:
            continue
        values = [value for entry in objects for value in _values(entry, path)]
        many = any(isinstance(value, list) for value in values)
        if path.steps and not values and not getattr(declared.content.fields, field).optional:
            raise misfit(declared, file, f"no object has {name!r}", "fields", field)
        if any(isinstance(value, dict) for value in values):
            members = ", ".join(sorted({key for value in values if isinstance(value, dict) for key in value}))
            raise misfit(declared, file, f"{name!r} holds objects with {members}: write {name}.MEMBER", "fields", field)
        if any(isinstance(item, dict) for value in values if isinstance(value, list) for item in value):
            raise misfit(declared, file, f"{name!r} holds lists of objects: write {name}[].MEMBER", "fields", field)
        if many and field not in LIST_FIELDS:
            raise misfit(declared, file, f"{name!r} holds lists: write {name}[0] for their first", "fields", field)
        paths[path] = STRINGS if many else pl.String()
    inner = JsonLinesReader(file, json_types(paths), text=text)
    taken = {path.text: path.expression() for path in paths}
    return _Flat(inner, taken) if any(path.steps for path in paths) else inner


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


def _places(declared: Declared) -> dict[str, str]:
    """Return the field in which each column is named first."""
    named = ((name, field) for field, rule in declared.content.fields.given() for name in rule.named)
    places: dict[str, str] = {}
    for name, field in named:
        places.setdefault(name, field)
    return places


def check_fit(declared: Declared, file: SourceFile, reader: Reader, source: DataSource) -> None:
    """Raise InputError for the first declared column that a file lacks, or in which nothing can be read as declared."""
    seen = set(reader.seen_columns())
    for field, rule in declared.content.fields.given():
        for name in rule.named:
            missing = name not in seen and ColumnPath.parse(name).column not in seen
            if missing and not rule.optional:
                raise misfit(declared, file, _absent(name, reader), "fields", field)
    raw = reader.head(SAMPLE_ROWS)
    if raw.frame.height < _FEW:
        return
    for name, field in _places(declared).items():
        is_empty = name in raw.frame.columns and raw.frame[name].null_count() == raw.frame.height
        if field in (TITLE, SOURCE_ID) and is_empty and len(getattr(declared.content.fields, field).named) == 1:
            raise misfit(declared, file, f"{name!r} is empty in its first rows", "fields", field)
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


def _absent(name: str, reader: Reader) -> str:
    columns = [column for column in sorted(reader.seen_columns()) if column]
    shown = ", ".join(columns[:12]) + (", ..." if len(columns) > 12 else "")
    return f"it has no column {name!r}, but {shown}"


def misfit(declared: Declared, file: SourceFile, what: str, *key: str) -> InputError:
    """Return the error for a file that isn't as it was declared."""
    return InputError(
        f"{file.name} does not fit its declaration ({declared.place(*key)}): {what}.",
        "Correct the declaration, or give another file.",
    )
