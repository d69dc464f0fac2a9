"""Drafts a declaration from a file's columns, their types and the first thousand rows.

Each guess has a comment with what it rests on; what couldn't be placed is listed at the end.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from indexer.readers.csv_reader import CsvReader, Dialect
from indexer.readers.files import Text, guess_encoding, open_bytes, open_text
from indexer.readers.jsonl_reader import sample_objects
from indexer.readers.nested import ColumnPath
from indexer.readers.parquet_reader import ParquetReader
from indexer.records import SOURCE_ROW, SourceFile
from indexer.sources.declaration import SCHEMA_FILE, parse
from indexer.sources.declared_files import SAMPLE_ROWS, file_format, find_separator, looks_like, patterns
from indexer.sources.discovery import choose
from indexer.sources.guess_fields import Column, Guess, find_fields, why_not
from mappings.cards import CARDS
from mappings.errors import InputError
from mappings.index_names import is_reserved

_PATTERNS = (*patterns(None), "*.json")


@dataclass(frozen=True)
class Draft:
    """A drafted declaration; `problem` says why it doesn't hold as it stands."""

    text: str
    format: str
    guesses: Sequence[Guess]
    unplaced: Mapping[str, str]
    problem: str

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        fields = {guess.name: {"column": guess.column, **guess.keys, "why": guess.why} for guess in self.guesses}
        content = {"format": self.format, "fields": fields, "unplaced": dict(self.unplaced)}
        return {**content, "holds": not self.problem, "problem": self.problem or None, "declaration": self.text}


def guess_declaration(path: Path) -> Draft:
    """Return a draft for a file; raises InputError for one that can't be read or isn't a table."""
    file = choose([path], "a table", _PATTERNS)[0]
    form, columns = _read(file)
    if not columns:
        raise InputError(f"{file.name} has no columns.", "Check that this is the right file.")
    guesses, decimal = find_fields(columns)
    placed = {guess.column for guess in guesses}
    unplaced = {column.name: why_not(column, guesses) for column in columns if column.name not in placed}
    if decimal != ".":
        form.keys["decimal"] = decimal
    text = _written(file, form, guesses, unplaced)
    problem = _problem(text)
    return Draft(text, form.kind, guesses, unplaced, problem)


def _problem(text: str) -> str:
    try:
        parse(text, "the draft")
    except InputError as error:
        return error.message
    return ""


@dataclass
class _Form:
    """How the file is written: its format, keys of the table `file`, and comments on them."""

    kind: str
    keys: dict[str, Any] = field(default_factory=dict)


def _read(file: SourceFile) -> tuple[_Form, list[Column]]:
    said = file_format(file)
    opened = open_bytes(file)
    seen = looks_like(opened)
    kind = said if said in ("csv", "tsv") and seen != "parquet" else seen
    if kind == "parquet":
        return _read_parquet(file, opened)
    encoding = guess_encoding(opened)
    text = open_text(file, encoding, opened)
    keys: dict[str, Any] = {} if encoding == "utf-8" else {"encoding": encoding}
    if kind == "jsonl":
        objects = sample_objects(text)[:SAMPLE_ROWS]
        if not objects:
            raise InputError(f"{file.name} is no JSON Lines file: no line begins with an object.", "Check the file.")
        return _Form(kind, keys), _of_objects(objects)
    separator = find_separator(text)
    if separator != ("\t" if kind == "tsv" else ","):
        keys["separator"] = separator
    quoted, plain = Dialect(separator), Dialect(separator, "")
    dialect = plain if _damaged(file, plain, text) < _damaged(file, quoted, text) else quoted
    if dialect is plain:
        keys["quote"] = ""
    header_rows = _header_rows(file, dialect, text)
    if header_rows > 1:
        keys["header_rows"] = header_rows
    names = CsvReader(file, (), header_rows, dialect=dialect, text=text).columns
    names = [name for name in dict.fromkeys(names) if name not in ("", SOURCE_ROW)]
    frame = CsvReader(file, names, header_rows, dialect=dialect, text=text).head(SAMPLE_ROWS).frame
    return _Form(kind, keys), [_column(name, frame[name]) for name in names]


def _damaged(file: SourceFile, dialect: Dialect, text: Text) -> int:
    """Return how many of the first rows can't be read in a dialect."""
    return len(CsvReader(file, (), dialect=dialect, text=text).head(SAMPLE_ROWS).rejections)


def _header_rows(file: SourceFile, dialect: Dialect, text: Text) -> int:
    """Return how many rows hold names: more than one where the first repeats groups of columns."""
    first = CsvReader(file, (), dialect=dialect, text=text).columns
    groups = [name for name in first if name]
    if len(groups) < 4 or len(set(groups)) > len(groups) / 2:
        return 1
    third = CsvReader(file, (), 3, lambda rows: rows[2], dialect=dialect, text=text).columns
    return 3 if sum(map(bool, third)) == 1 else 2


def _read_parquet(file: SourceFile, opened: Text) -> tuple[_Form, list[Column]]:
    types = {name: kind for name, kind in ParquetReader(file, (), opened=opened).types.items() if name != SOURCE_ROW}
    frame = ParquetReader(file, list(types), opened=opened).head(SAMPLE_ROWS).frame
    columns: list[Column] = []
    for name, dtype in types.items():
        for path in _parquet_paths(name, dtype):
            taken = pl.col(name) if path == name else ColumnPath.parse(path).expression()
            values = frame.select(taken.alias("value"))
            columns.append(_column(path, values["value"]))
    return _Form("parquet"), columns


def _parquet_paths(name: str, dtype: Any) -> Iterator[str]:
    inner, mark = (dtype.inner, "[]") if isinstance(dtype, pl.List) else (dtype, "")
    if not isinstance(inner, pl.Struct):
        yield name
        return
    for member in inner.fields:
        if not mark or not isinstance(member.dtype, pl.List | pl.Struct):
            yield from _parquet_paths(f"{name}{mark}.{member.name}", member.dtype)


def _column(name: str, values: pl.Series) -> Column:
    return Column(name, [value for value in values.to_list() if value is not None and value != []], values.len())


def _of_objects(objects: Sequence[dict[str, Any]]) -> list[Column]:
    """Return a column for each path to texts, numbers, or lists of these."""
    values: dict[str, list[Any]] = {}
    for entry in objects:
        for path, value in _paths("", entry):
            values.setdefault(path, []).append(value)
    return [Column(path, listed, len(objects)) for path, listed in values.items()]


def _paths(before: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in entry.items():
        path = before + re.sub(r"([.\[\]\\])", r"\\\1", key)
        if isinstance(value, dict):
            yield from _paths(f"{path}.", value)
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            members: dict[str, list[Any]] = {}
            for item in value:
                for name, inner in item.items() if isinstance(item, dict) else ():
                    if not isinstance(inner, dict | list):
                        members.setdefault(name, []).append(inner)
            yield from ((f"{path}[].{name}", listed) for name, listed in members.items())
        elif value is not None and value not in ("", []):
            yield path, value


def _written(file: SourceFile, form: _Form, guesses: Sequence[Guess], unplaced: Mapping[str, str]) -> str:
    """Return the draft as TOML."""
    endings = "|".join(re.escape(pattern[1:]) for pattern in _PATTERNS)
    stem = re.split(rf"(?:{endings})\b", Path(file.member or file.name).name)[0]
    day = datetime.fromtimestamp(file.path.stat().st_mtime, UTC).date().isoformat()
    has_url = next((guess for guess in guesses if guess.name == "url"), None)
    lines = [
        f"#:schema ./{SCHEMA_FILE}",
        f"# For editors: linernotes datasets schema > {SCHEMA_FILE}",
        f"# Drafted from {_comment(Path(file.name).name)} by: linernotes datasets guess",
        "# Each guess says what it rests on. Look it over, and replace what is marked with FILL IN.",
        "",
        f"id = {_toml(_id_of(stem))}",
        f"name = {_toml(stem or 'My data set')}",
        'platform = "unknown"  # FILL IN: where the audio was published, such as Jamendo',
        'licence = "none stated"  # FILL IN: the licence of the data set itself',
        'sources = ["https://example.org/"]  # FILL IN: where the data set is from',
        f"# released = {_toml(day)}  FILL IN: when it was published; this is the day of the file",
        'acknowledged_use = []  # {who = ..., what = ..., said_by = ..., kind = "self-disclosed", source = "https://..."}',
        "",
        "[file]",
        f"format = {_toml(form.kind)}",
        *(f"{key} = {_toml(value)}" for key, value in form.keys.items()),
        "",
        "[fields]",
    ]
    given = {guess.name: guess for guess in guesses}
    if "title" not in given:
        lines.append("# title = ...  no column looks like it: name one, it is needed")
    if "artists" not in given:
        lines.append("# artists = ...  no column looks like it: name one")
    for guess in guesses:
        lines.append(f"# {_comment(guess.why)}")
        lines.append(f"{guess.name} = {_rule(guess)}")
    if "source_id" not in given:
        lines.append("# source_id is left out: no column holds an id in every row, so it is a hash of the record")
    if has_url is None:
        lines.append('# url = {template = "https://example.org/track/{id}"}')
    if unplaced:
        lines += ["", "# Not used:", *(f"#   {_comment(name)}: {_comment(why)}" for name, why in unplaced.items())]
    return "\n".join(lines) + "\n"


def _rule(guess: Guess) -> str:
    if not guess.keys:
        return _toml(guess.column)
    keys = {"column": guess.column, **guess.keys}
    return "{" + ", ".join(f"{key} = {_toml(value)}" for key, value in keys.items()) + "}"


def _toml(value: Any) -> str:
    """Return a text, a number or a boolean as TOML, which writes these as JSON does."""
    return orjson.dumps(value).decode().replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _id_of(stem: str) -> str:
    """Return an id made of a file's name.

    >>> _id_of("My Songs (2024)"), _id_of("history")
    ('my-songs-2024', 'history-tracks')
    """
    made = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:50].strip("-") or "my-data-set"
    return f"{made}-tracks" if made in CARDS or is_reserved(made) else made
