"""Cells of a CSV that no spreadsheet takes for a formula.

Numbers and flags have columns of their own and stay as they are. In a text, a sign that begins a formula gets an
apostrophe before it: at the beginning, behind blanks and quotes, and behind what may begin a new cell where the comma
doesn't separate (a semicolon in half of Europe, a tab). So also for each entry of a list.

Source: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
"""

import gzip
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import IO

import polars as pl
from polars.io.plugins import register_io_source

from mappings.track import RELEASE_DATE
from queries.export import ROW

BETWEEN = "; "
"""What stands between the entries of a list."""

_SIGNS = "=+\\-@＝＋－＠"
_BLANK = "\\s\"'\\x00-\\x1f\\x7f\u200b\u200e\u200f\u2060\ufeff"
_FORMULA = f"(^|[;\\t\\r\\n])([{_BLANK}]*)([{_SIGNS}])"
_BREAK = "^([\\t\\r\\n\\x00])"


def safe(frame: pl.DataFrame) -> pl.DataFrame:
    r"""Return a frame of the same columns that holds neither lists nor formulas.

    >>> safe(pl.DataFrame({"title": ["=1+1", ' "-2', "AC/DC"], "plays": [-1, 2, 3]})).rows()
    [("'=1+1", -1), (' "\'-2', 2), ('AC/DC', 3)]
    >>> safe(pl.DataFrame({"artists": [["a", "@b"], []]}))["artists"].to_list()
    ["a; '@b", None]
    """
    return frame.select(_flat(name, dtype) for name, dtype in frame.schema.items()).with_columns(
        pl.col(pl.String).str.replace_all(_FORMULA, "${1}${2}'${3}").str.replace(_BREAK, "'${1}")
    )


def _flat(name: str, dtype: pl.DataType) -> pl.Expr:
    if not isinstance(dtype, pl.List):
        return pl.col(name)
    return pl.when(pl.col(name).list.len() > 0).then(pl.col(name).list.join(BETWEEN))


if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["zstd"]

GZIP_LEVEL = 1
"""Of 60 MB NDJSON level 1 makes 10.0 MB at 280 MB a second, level 6 8.7 MB at 125 MB a second."""


Frames = Iterator[pl.DataFrame]
Generate = Callable[[Frames], Iterator[bytes]]
Writer = Callable[[Frames, IO[bytes]], None]

DATE = "%Y-%m-%d"

ROWS_IN_GROUP = 50_000
"""Rows of a Parquet row group; so many are in memory until one is full."""

ROWS_AT_A_TIME = 5_000

_OS_ERROR = re.compile(r"\(os error (\d+)\)")


def ndjson(frames: Frames) -> Iterator[bytes]:
    """Yield a line of JSON for each row: a hit of `search --json` without score and match."""
    for frame in frames:
        # As bytes, never as a Python string; see indexer.encode.
        lines = frame.select(pl.struct(pl.all()).struct.json_encode().str.join("\n").cast(pl.Binary))
        yield lines.item()
        yield b"\n"


def csv(frames: Frames) -> Iterator[bytes]:
    """Yield a CSV that is safe to open in a spreadsheet: see `safe`. It has no byte order mark: programs stumble."""
    yield safe(pl.DataFrame(schema=ROW)).write_csv().encode()
    for frame in frames:
        yield safe(frame).write_csv(include_header=False).encode()


def csv_rows(rows: Iterable[Sequence[object]], schema: pl.Schema) -> Iterator[bytes]:
    """Yield rows as such a CSV, too, some thousands at a time."""
    yield pl.DataFrame(schema=schema).write_csv().encode()
    for frame in frames(rows, schema):
        yield safe(frame).write_csv(include_header=False).encode()


def frames(rows: Iterable[Sequence[object]], schema: pl.Schema) -> Frames:
    """Yield rows as frames of some thousands."""
    rows = iter(rows)
    while batch := list(islice(rows, ROWS_AT_A_TIME)):
        yield pl.DataFrame(batch, schema=schema, orient="row")


def parquet(frames: Frames, stream: IO[bytes]) -> None:
    """Write Parquet, packed with zstd; its columns have the types of the field table.

    Polars takes a frame when it has written the one before. Peak memory of a process that writes small rows: 85 MB for
    2 million, 103 MB for 8 million.
    """
    schema = {**ROW, RELEASE_DATE: pl.Date}
    rows = register_io_source(lambda *_: (_typed(frame) for frame in frames), schema=schema)
    try:
        rows.sink_parquet(stream, compression="zstd", row_group_size=ROWS_IN_GROUP)
    except pl.exceptions.ComputeError as error:
        if match := _OS_ERROR.search(str(error)):  # Polars reports a full disk in words
            raise OSError(number := int(match[1]), os.strerror(number)) from error
        raise


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(RELEASE_DATE).str.to_date(DATE))


def _gzip(stream: IO[bytes]) -> IO[bytes]:
    return gzip.GzipFile(filename="", fileobj=stream, mode="wb", compresslevel=GZIP_LEVEL)  # type: ignore[return-value]


def _zstd(stream: IO[bytes]) -> IO[bytes]:
    return zstd.ZstdFile(stream, mode="w")  # type: ignore[return-value]


def _packed(
    generate: Generate,
    pack: Callable[[IO[bytes]], AbstractContextManager[IO[bytes]]] = nullcontext,
) -> Writer:
    def write(frames: Frames, stream: IO[bytes]) -> None:
        with pack(stream) as packer:
            packer.writelines(generate(frames))

    return write


GENERATORS: Mapping[str, Generate] = {".ndjson": ndjson, ".csv": csv}
"""Suffix to what generates such a file piece by piece."""

WRITERS: Mapping[str, Writer] = {
    ".ndjson": _packed(ndjson),
    ".csv": _packed(csv),
    ".parquet": parquet,
    ".ndjson.gz": _packed(ndjson, _gzip),
    ".ndjson.zst": _packed(ndjson, _zstd),
    ".csv.gz": _packed(csv, _gzip),
    ".csv.zst": _packed(csv, _zstd),
}
"""Suffix to what writes such a file. Parquet packs itself."""
