"""How many rows each row group of a Parquet file has: the one thing of its footer that Polars doesn't tell.

A footer is Thrift's compact protocol. Sources: parquet-format's README.md ("File format") and parquet.thrift
(FileMetaData.row_groups is field 4, RowGroup.num_rows is field 3); Thrift's doc/specs/thrift-compact-protocol.md.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mappings.errors import InputError

_MAGIC = b"PAR1"
_ROW_GROUPS = 4
_NUM_ROWS = 3

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)


def row_groups(path: Path, name: str) -> list[int]:
    """Return the number of rows of each row group; raises InputError for a file that is cut off or isn't Parquet."""
    footer = _footer(path, name)
    try:
        metadata = _Compact(footer).struct()
        return [int(group[_NUM_ROWS]) for group in metadata.get(_ROW_GROUPS, [])]
    except (IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{name} has a damaged footer.", "Download it again.") from error


def _footer(path: Path, name: str) -> bytes:
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        if not size:
            raise InputError(f"{name} is empty.", "Download it again.")
        stream.seek(0)
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise InputError(f"{name} is no Parquet file.", "Check that this is the right file.")
        stream.seek(max(size - 8, 0))
        ending = stream.read(8)
        length = int.from_bytes(ending[:4], "little")
        if ending[4:] != _MAGIC or length > size - 12:
            raise InputError(f"{name} is cut off: its footer is missing.", "Download it again.")
        stream.seek(size - 8 - length)
        return stream.read(length)


@dataclass
class _Compact:
    """Reads Thrift's compact protocol: structs become dicts from field number to value."""

    data: bytes
    at: int = 0

    def struct(self) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            kind = head & 15
            fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind)
        return fields

    def _value(self, kind: int) -> Any:
        if kind in (_TRUE, _FALSE, _BYTE):  # inside a list a boolean takes a byte
            return self._byte()
        if kind in (_I16, _I32, _I64):
            return self._zigzag()
        if kind == _STRUCT:
            return self.struct()
        if kind in (_LIST, _SET):
            return self._list()
        if kind == _MAP:
            return self._map()
        return self._bytes(8 if kind == _DOUBLE else self._varint())

    def _list(self) -> list[Any]:
        head = self._byte()
        size = head >> 4 if head >> 4 < 15 else self._varint()
        return [self._value(head & 15) for _ in range(size)]

    def _map(self) -> list[tuple[Any, Any]]:
        size = self._varint()
        kinds = self._byte() if size else 0
        return [(self._value(kinds >> 4), self._value(kinds & 15)) for _ in range(size)]

    def _byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def _bytes(self, length: int) -> bytes:
        self.at += length
        if self.at > len(self.data):
            raise IndexError("the footer ends too early")
        return self.data[self.at - length : self.at]

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 128:
            value |= (byte & 127) << shift
            shift += 7
        return value | byte << shift

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
