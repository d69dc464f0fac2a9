"""Writers: frames of rows in, bytes of one format out. Memory depends on the size of a frame, not on their number."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import IO

import polars as pl
from polars.io.plugins import register_io_source

from linernotes.export import cells
from mappings.track import RELEASE_DATE
from queries.export import ROW

Frames = Iterator[pl.DataFrame]
Writer = Callable[[Frames, IO[bytes]], None]

NDJSON = ".ndjson"
DATE = "%Y-%m-%d"

ROWS_IN_GROUP = 50_000
"""Rows of a Parquet row group; so many are in memory until one is full."""

_OS_ERROR = re.compile(r"\(os error (\d+)\)")


def ndjson(frames: Frames, stream: IO[bytes]) -> None:
    """Write a line of JSON for each row: a hit of `search --json` without score and match."""
    for frame in frames:
        # As bytes, never as a Python string; see indexer.encode.
        lines = frame.select(pl.struct(pl.all()).struct.json_encode().str.join("\n").cast(pl.Binary))
        stream.write(lines.item())
        stream.write(b"\n")


def csv(frames: Frames, stream: IO[bytes]) -> None:
    """Write a CSV that is safe to open in a spreadsheet: see `cells`."""
    stream.write(cells.safe(pl.DataFrame(schema=ROW)).write_csv().encode())
    for frame in frames:
        stream.write(cells.safe(frame).write_csv(include_header=False).encode())


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
        if found := _OS_ERROR.search(str(error)):  # Polars tells a full disk in words
            raise OSError(number := int(found[1]), os.strerror(number)) from error
        raise


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(RELEASE_DATE).str.to_date(DATE))


WRITERS: Mapping[str, Writer] = {NDJSON: ndjson, ".csv": csv, ".parquet": parquet}
PACKABLE = (NDJSON, ".csv")
"""Parquet packs itself."""
