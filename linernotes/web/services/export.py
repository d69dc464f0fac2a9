"""Exports: all tracks of a search as a file, streamed, of one moment, whole or visibly broken off."""

import codecs
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from itertools import chain
from typing import IO, Annotated

import polars as pl
from fastapi import Response
from pydantic import Field

from linernotes.export import writers
from linernotes.export.run import Meter
from linernotes.i18n import N_
from linernotes.web.errors import BusyError
from linernotes.web.search_params import SearchParams, TrackParams
from linernotes.web.services.app_state import AppState
from linernotes.web.services.response_cache import NO_STORE
from linernotes.web.services.streaming import CHUNK_BYTES, Download, StreamedDownload, attachment, slug
from queries.export import Scan, open_scan

SLICES = 1
"""Slices of a scan: the next page is fetched while one is sent. Two take more memory, and no less time."""


KEEP_ALIVE = "3m"
"""How long the point in time stays open from one page to the next: the slowest client that isn't cut off takes one page
of 4 MB in 80 s, and a page may take Elasticsearch 60 s."""


class ExportFormat(StrEnum):
    """Format of an export."""

    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"


MEDIA_TYPES: Mapping[ExportFormat, str] = {
    ExportFormat.NDJSON: "application/x-ndjson",
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
}

FORMAT_HELP = "ndjson: hits without score and match; csv: formulas are made harmless; or parquet."


class ExportParams(TrackParams):
    """All tracks of a search, in a format."""

    format: Annotated[ExportFormat, Field(description=FORMAT_HELP)] = ExportFormat.NDJSON


async def export_response(state: AppState, params: ExportParams, *, byte_order_mark: bool = False) -> Response:
    """Return all tracks of a search as a download; raises InputError, UnreachableError.

    A `byte_order_mark` begins a CSV for people: without it a spreadsheet would read it as Windows-1252.
    """
    version = await state.data_version()
    search = params.to_search()
    request = search.to_request()
    headers = {
        "content-type": MEDIA_TYPES[params.format],
        "content-disposition": attachment(_name(search), params.format),
        "x-edition": version.digest,
        **NO_STORE,
    }

    @contextmanager
    def open_export(stop: threading.Event, headers_only: bool) -> Iterator[Download]:
        searcher = replace(state.get_searcher().within(state.options.slow_timeout_s, stop), background=True)
        with open_scan(searcher, request, stop, KEEP_ALIVE) as scan:
            all_headers = {**headers, **_count_headers(scan)}
            if headers_only:
                yield Download(all_headers, ())
                return
            meter = Meter(scan.count.rows)
            frames = meter.count(_until(stop, scan.frames(SLICES), state.fast.give_way))
            if params.format is not ExportFormat.PARQUET:
                pieces = writers.GENERATORS[f".{params.format}"](frames)
                if byte_order_mark and params.format is ExportFormat.CSV:
                    pieces = chain((codecs.BOM_UTF8,), pieces)
                yield Download(all_headers, _reconciled(pieces, meter))
                return
            # The end of a Parquet file says where everything lies, so it is made before it is sent.
            with tempfile.TemporaryFile(prefix="linernotes-") as file:
                writers.parquet(_while_there_is_room(frames, state.options.free_bytes), file)
                meter.reconcile()
                file.flush()
                size = os.fstat(file.fileno()).st_size
                file.seek(0)
                yield Download({**all_headers, "content-length": str(size)}, _read(file))

    return StreamedDownload(state.exports, open_export)


def _count_headers(scan: Scan) -> dict[str, str]:
    generations = ", ".join(f"{name}={rows}" for name, rows in scan.count.generations.items())
    return {"x-rows": str(scan.count.rows), "x-generations": generations}


def _until(
    stop: threading.Event, frames: Iterator[pl.DataFrame], give_way: Callable[[], None]
) -> Iterator[pl.DataFrame]:
    """Yield all frames, each when searches leave time for it; raises CancelledError once the event is set."""
    for frame in frames:
        give_way()
        if stop.is_set():
            raise CancelledError
        yield frame


def _while_there_is_room(frames: Iterator[pl.DataFrame], free_bytes: int) -> Iterator[pl.DataFrame]:
    """Yield all frames; raises BusyError where the disk gets full."""
    for frame in frames:
        if shutil.disk_usage(tempfile.gettempdir()).free < free_bytes:
            raise BusyError(N_("There is no room for a Parquet file just now."), N_("Choose ndjson or csv."))
        yield frame


def _reconciled(pieces: Iterator[bytes], meter: Meter) -> Iterator[bytes]:
    """Yield all pieces; raises CheckFailedError if they are other rows than were counted."""
    yield from pieces
    meter.reconcile()


def _read(file: IO[bytes]) -> Iterator[bytes]:
    return iter(partial(file.read, CHUNK_BYTES), b"")


def _name(search: SearchParams) -> str:
    words = [search.q, *(value for values in search.filters.values() for value in values)]
    return f"linernotes-{slug(' '.join(words))}-{datetime.now(UTC):%Y-%m-%d}".replace("--", "-")
