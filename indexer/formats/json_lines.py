"""JSON Lines: an object a line."""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from indexer.formats.inputs import Text, open_text
from indexer.formats.rejecting import rejection
from indexer.formats.stretches import STRETCH_BYTES, plan
from indexer.records import SOURCE_ROW, RawBatch, Rejection, SourceFile, Stretch
from mappings.problems import InputProblem

_BOM = b"\xef\xbb\xbf"
_HEAD_BYTES = 1 << 20

Keys = Mapping[str, pl.DataType | type[pl.DataType]]
"""The keys to read: each as a string, or as a list of strings."""


class JsonLinesReader:
    """Reads `keys` of each object; a key that is missing is null, keys that aren't asked for are passed over.

    A row is a line, blank ones too, so that `source_row` is the line's number in the file.
    """

    def __init__(self, file: SourceFile, keys: Keys, block: int = STRETCH_BYTES) -> None:
        """Open the file; raises InputProblem when it can't be read or is empty."""
        self.file = file
        self._keys = dict(keys)
        self._block = block
        self._text: Text = open_text(file)
        self._start = len(_BOM) if self._text.read_at(0, len(_BOM)) == _BOM else 0

    def stretches(self) -> list[Stretch]:
        """Return stretches that end at line ends."""
        return list(plan(self._text, self._start, _cut, self._block))

    def read(self, stretch: Stretch) -> RawBatch:
        """Return the stretch's objects as columns of strings; lines that hold none are rejected."""
        data = self._text.read_at(stretch.offset, stretch.length)
        return self._read_whole(data, stretch) or self._read_lines(data, stretch)

    def seen_keys(self) -> set[str]:
        """Return the keys of the first object in the file's first megabyte (empty: none could be read)."""
        for line in self._text.read_at(self._start, _HEAD_BYTES).splitlines():
            entry = _parsed(line)
            if isinstance(entry, dict):
                return set(entry)
        return set()

    def _read_whole(self, data: bytes, stretch: Stretch) -> RawBatch | None:
        try:
            frame = pl.read_ndjson(data, schema=self._keys)
        except pl.exceptions.PolarsError:
            return None
        if frame.height != stretch.rows:  # blank lines: rows have to be numbered one by one
            return None
        rows = pl.int_range(stretch.first_row, stretch.first_row + frame.height, dtype=pl.Int64, eager=True)
        return RawBatch(frame.with_columns(rows.alias(SOURCE_ROW)))

    def _read_lines(self, data: bytes, stretch: Stretch) -> RawBatch:
        lines = data.removesuffix(b"\n").split(b"\n")
        records: list[dict[str, Any]] = []
        rejected: list[Rejection] = []
        for row, line in enumerate(lines, stretch.first_row):
            if not line.strip():
                continue
            entry = _parsed(line)
            if isinstance(entry, dict):
                records.append({key: _as(entry.get(key), kind) for key, kind in self._keys.items()} | {SOURCE_ROW: row})
            else:
                rejected.append(rejection(self.file.name, row, "unreadable", str(entry), line))
        frame = pl.DataFrame(records, schema=self._keys | {SOURCE_ROW: pl.Int64()})
        return RawBatch(frame, tuple(rejected), len(lines) - len(records) - len(rejected))


def reject_foreign(reader: JsonLinesReader, required: tuple[str, ...], message: str) -> None:
    """Raise InputProblem when the file's first object lacks all required keys."""
    seen = reader.seen_keys()
    if seen and not seen.intersection(required):
        raise InputProblem(message)


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
        return f"no valid JSON: {error.msg} at character {error.pos + 1} of the line"
    except (ValueError, RecursionError) as error:
        return f"no valid JSON: {error}"
    return entry if isinstance(entry, dict) else f"a JSON {type(entry).__name__}, not an object"


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not allowed")


def _as(value: Any, kind: pl.DataType | type[pl.DataType]) -> Any:
    """Return a value as Polars reads it into a column of strings, or of lists of strings."""
    if value is None or kind == pl.String:
        return _string(value)
    return [_string(item) for item in value] if isinstance(value, list) else [_string(value)]


def _string(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        # A lone surrogate is valid JSON, but no Unicode text.
        return value and value.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(value, ensure_ascii=False)
