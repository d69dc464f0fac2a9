"""JSON Lines: an object a line."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from indexer.readers.files import CHUNK_BYTES, Text, open_text
from indexer.readers.nested import Type
from indexer.records import SOURCE_ROW, Chunk, RawBatch, Rejection, SourceFile, rejection
from mappings.errors import InputError
from mappings.private import LYRICS_KEYS

_SAMPLE_BYTES = 1 << 20

_HINT = "Check that this is the right file."
_KINDS = {
    list: "a JSON array",
    str: "a JSON string",
    int: "a JSON number",
    float: "a JSON number",
    bool: "a JSON boolean",
    type(None): "a JSON null",
}

_GROUP = 256
"""Lines that are tried together where a chunk has a bad one: only its group is then read line by line, by Python's
own parser, which takes ten times as long."""

_UNQUOTED = re.compile(rf"""["']?(?:{LYRICS_KEYS})\\*["']?\s*[:=].*""", re.DOTALL | re.IGNORECASE)

_STRING = r'"(?:[^"\\]|\\.)*+(?:"|\Z)'
_ITEM = rf"(?:{_STRING}|null)\s*(?:,\s*|(?=\])|\Z)"
_VALUE = rf"(?:{_STRING}|\[\s*(?:{_ITEM})*+\]?|-?[0-9][-+.0-9eE]*|true|false|null)"

Keys = Mapping[str, Type]
"""The keys to read: each as a string, as a list of strings, or as objects and lists of these."""


class JsonLinesReader:
    """Reads `keys` of each object; a key that is missing is null, other keys are passed over.

    A row is a line, blank ones too, so that `source_row` is the line's number in the file. An object or a list where a
    text is expected is read as JSON, or, if the reader is `strict`, its record is rejected: nobody knows what is in it.
    """

    def __init__(
        self, file: SourceFile, keys: Keys, block: int = CHUNK_BYTES, text: Text | None = None, *, strict: bool = False
    ) -> None:
        """Open the file (`text`: it is open); raises InputError when it can't be read or is empty."""
        self.file = file
        self._keys = dict(keys)
        self._strict = strict
        self._block = block
        self._text: Text = text or open_text(file)

    def chunks(self) -> list[Chunk]:
        """Return chunks that end at line ends."""
        return list(self._text.chunks(self._text.start, _cut, self._block))

    def head(self, rows: int) -> RawBatch:
        """Return the first objects, as far as they lie in the file's first megabyte."""
        data = self._text.read_at(self._text.start, _SAMPLE_BYTES)
        end = count = 0
        while count < rows and (line_end := data.find(b"\n", end) + 1):
            end, count = line_end, count + 1
        if count < rows and end < len(data) and self._text.start + len(data) == self._text.size:
            end, count = len(data), count + 1  # the last line, without a newline
        return self.read(Chunk(0, self._text.start, end, 1, count))

    def read(self, chunk: Chunk) -> RawBatch:
        """Return the chunk's objects as columns of strings; lines that hold none are rejected."""
        data = self._text.read_at(chunk.offset, chunk.length)
        return self._read_whole(data, chunk) or self._read_lines(data, chunk)

    def seen_columns(self) -> set[str]:
        """Return the keys of the objects in the file's first megabyte, as an object may lack some.

        Raises InputError when there is none: the file is something else.
        """
        if seen := {key for entry in sample_objects(self._text) for key in entry}:
            return seen
        raise InputError(f"{self.file.name} is no JSON Lines file: no line begins with an object.", _HINT)

    def _read_whole(self, data: bytes, chunk: Chunk) -> RawBatch | None:
        frame = self._decoded(data)
        if frame is None or frame.height != chunk.rows:  # blank lines: rows have to be numbered one by one
            return None
        rows = pl.int_range(chunk.first_row, chunk.first_row + frame.height, dtype=pl.Int64, eager=True)
        return RawBatch(frame.with_columns(rows.alias(SOURCE_ROW)))

    def _read_lines(self, data: bytes, chunk: Chunk) -> RawBatch:
        lines = data.removesuffix(b"\n").split(b"\n")
        numbered = [(row, line) for row, line in enumerate(lines, chunk.first_row) if line.strip()]
        groups = [numbered[start : start + _GROUP] for start in range(0, len(numbered), _GROUP)]
        read = [self._read_group(group) for group in groups]
        frame = pl.concat([self._empty(), *(frame for frame, _ in read)])
        rejected = tuple(entry for _, entries in read for entry in entries)
        return RawBatch(frame, rejected, len(lines) - len(numbered))

    def _read_group(self, numbered: list[tuple[int, bytes]]) -> tuple[pl.DataFrame, list[Rejection]]:
        frame = self._decoded(b"\n".join(line for _, line in numbered))
        if frame is not None and frame.height == len(numbered):
            rows = pl.Series(SOURCE_ROW, [row for row, _ in numbered], dtype=pl.Int64)
            return frame.with_columns(rows), []
        records: list[dict[str, Any]] = []
        rejected: list[Rejection] = []
        for row, line in numbered:
            entry = _parsed(line)
            if isinstance(entry, dict) and self._strict:
                nested = [key for key, kind in self._keys.items() if _is_nested(entry.get(key), kind)]
                entry = f"{nested[0]!r} is an object or a list, where a text is expected" if nested else entry
            if isinstance(entry, dict):
                records.append({key: _as(entry.get(key), kind) for key, kind in self._keys.items()} | {SOURCE_ROW: row})
            else:
                rejected.append(rejection(self.file.name, row, "unreadable", entry, only(self._keys, line)))
        return pl.DataFrame(records, schema=self._empty().schema), rejected

    def _decoded(self, data: bytes) -> pl.DataFrame | None:
        try:
            # Polars would unpack what begins like gzip or zstd; nothing begins so after a newline.
            frame = pl.read_ndjson(b"\n" + data, schema=self._keys)
        except pl.exceptions.PolarsError:
            return None
        return None if self._strict and any(map(_may_be_nested, frame)) else frame

    def _empty(self) -> pl.DataFrame:
        return pl.DataFrame(schema=self._keys | {SOURCE_ROW: pl.Int64()})


def sample_objects(text: Text) -> list[dict[str, Any]]:
    """Return the objects in the first bytes of a text; what is none is left out."""
    head = map(_parsed, text.read_at(text.start, _SAMPLE_BYTES).split(b"\n"))
    return [entry for entry in head if isinstance(entry, dict)]


def _cut(buffer: bytes, last: bool) -> tuple[int, int]:
    if last:
        return len(buffer), buffer.count(b"\n") + (not buffer.endswith(b"\n"))
    end = buffer.rfind(b"\n") + 1
    return end, buffer.count(b"\n", 0, end)


def _parsed(line: bytes) -> dict[str, Any] | str:
    """Return the object of a line, or the reason why there is none."""
    try:
        entry = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start + 1} of the line"
    except json.JSONDecodeError as error:
        return f"no valid JSON: {error.msg.removesuffix(' at')} at character {error.pos + 1} of the line"
    except RecursionError:
        return "no valid JSON: it is nested too deeply"
    except ValueError as error:
        return f"no valid JSON: {error}"
    return entry if isinstance(entry, dict) else f"{_KINDS[type(entry)]}, not an object"


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not allowed")


def _as(value: Any, kind: Type) -> Any:
    """Return a value as Polars reads it into a column of strings, of objects, or of lists of these.

    One value in a list's place is a list of one; anything else in an object's place is none.
    """
    if value is None or kind == pl.String:
        return _string(value)
    if isinstance(kind, pl.Struct):
        known = isinstance(value, dict)
        return {field.name: _as(value.get(field.name), field.dtype) for field in kind.fields} if known else None
    inner = kind.inner if isinstance(kind, pl.List) else pl.String()
    return [_as(item, inner) for item in (value if isinstance(value, list) else [value])]


_JSON = r'^(?:\{\s*["}]|\[\s*(?:["\d\[\]{-]|true|false|null))'


def _may_be_nested(values: pl.Series) -> bool:
    """Tell whether some texts look like an object or a list: Polars writes these as JSON where it reads texts."""
    if isinstance(values.dtype, pl.List):
        return _may_be_nested(values.explode())
    if isinstance(values.dtype, pl.Struct):
        return any(_may_be_nested(values.struct.field(field.name)) for field in values.dtype.fields)
    return bool(values.str.contains(_JSON).any())


def _is_nested(value: Any, kind: Type) -> bool:
    """Tell whether there is an object or a list where a column of this type has a text."""
    if isinstance(kind, pl.Struct):
        return isinstance(value, dict) and any(_is_nested(value.get(part.name), part.dtype) for part in kind.fields)
    if isinstance(kind, pl.List):
        return any(_is_nested(item, kind.inner) for item in (value if isinstance(value, list) else [value]))
    return isinstance(value, dict | list)


def _string(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        # A lone surrogate is valid JSON, but no Unicode text.
        return value and value.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(value, ensure_ascii=False)


def only(keys: Iterable[str], line: bytes) -> str:
    r"""Return what may be stored of a line that is no JSON: the keys that are read anyhow, with their values.

    Where lyrics end can't be known in a line that is damaged, or only a part of a record. So nothing is stored but what
    is certainly something else.

    >>> only(["id", "title"], b'{"lyrics": "la "la" la", "id": 5, "title": "T')
    '… "id": 5 … "title": "T …'
    >>> only(["id"], b"la la la")
    '… (8 bytes)'
    """
    text = line.decode("utf-8", "replace")
    pair = rf'"(?:{"|".join(map(re.escape, keys))})"\s*:\s*{_VALUE}'
    pieces = [_UNQUOTED.sub("", piece) for piece in re.findall(pair, text, re.DOTALL)]
    return " … ".join(["", *pieces, ""]).strip() if pieces else f"… ({len(line)} bytes)"
