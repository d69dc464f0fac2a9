"""Answers kept on disk between the check and the report, whose first page needs the sums: memory stays flat."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import orjson


class Spool:
    """Rows as JSON, a line each, in a temporary file."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def add(self, line: bytes) -> None:
        """Keep a row's JSON."""
        self._stream.write(line + b"\n")

    def lines(self) -> Iterator[str]:
        """Yield the JSON of each row, from the first; one reader at a time."""
        self._stream.flush()
        self._stream.seek(0)
        for line in self._stream:
            yield line.decode().rstrip("\n")

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield each row, from the first; one reader at a time."""
        for line in self.lines():
            yield orjson.loads(line)


@contextmanager
def opened() -> Iterator[Spool]:
    """Give a spool that is gone afterwards."""
    with tempfile.TemporaryFile(prefix="linernotes-") as stream:
        yield Spool(stream)
