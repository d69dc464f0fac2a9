"""One export: the rows of a scan go into a stream, are counted, and must be as many as were said."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import IO, Any

import polars as pl

from linernotes.export.writers import WRITERS
from linernotes.output.files import OutputFile
from mappings.errors import CheckFailedError
from queries import Stage
from queries.export import Scan

LOOK_EVERY_S = 0.25


@dataclass
class Meter:
    """How many of how many rows are written, and for how long already."""

    rows: int
    done: int = 0
    started: float = field(default_factory=time.monotonic)

    def count(self, frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Yield frames, and count the rows of each when it has been written."""
        for frame in frames:
            yield frame
            self.done += frame.height

    def reconcile(self) -> None:
        """Raise CheckFailedError when other rows came than were counted."""
        if self.done != self.rows:
            raise CheckFailedError(
                f"{self.done:,} rows came where {self.rows:,} were counted.", "Nothing was written. Run it again."
            )

    @property
    def seconds(self) -> float:
        """Return the seconds since the export began."""
        return time.monotonic() - self.started

    @property
    def rate(self) -> float:
        """Return rows a second."""
        return self.done / max(self.seconds, 1e-6)


@dataclass(frozen=True)
class Exported:
    """What was written. `generations` are those that were asked, with the rows that each gave."""

    rows: int
    seconds: float
    out: str
    size: int
    generations: Mapping[str, int]
    stage: Stage | None
    text_truncated: bool

    def as_json(self) -> dict[str, Any]:
        """Return the summary as the contract has it; `exact`, as an export that isn't fails."""
        return {
            "rows": self.rows,
            "seconds": round(self.seconds, 3),
            "rows_per_second": round(self.rows / max(self.seconds, 1e-6), 1),
            "out": self.out,
            "bytes": self.size,
            "generations": dict(self.generations),
            "exact": True,
            "stage": self.stage,
            "text_truncated": self.text_truncated,
        }


def run(
    scan: Scan,
    file: OutputFile,
    stream: IO[bytes],
    stop: threading.Event,
    look: Callable[[Meter], None] = lambda _: None,
) -> Exported:
    """Write all rows into a stream; `look` sees now and then how far it is.

    Raises KeyboardInterrupt when `stop` is set, CheckFailedError when other rows came than were counted.
    """
    meter = Meter(scan.count.rows)
    # In a thread of its own: what Polars writes in one call must not keep this one from signals and progress.
    with ThreadPoolExecutor(1, thread_name_prefix="writer") as pool:
        writing = pool.submit(_write, meter.count(_until(stop, scan.frames())), file, stream)
        try:
            while wait([writing], LOOK_EVERY_S).not_done:
                look(meter)
        except BaseException:
            stop.set()
            raise
        try:
            size = writing.result()
        except CancelledError as error:
            raise KeyboardInterrupt from error
    meter.reconcile()
    return Exported(
        meter.done, meter.seconds, str(file.path), size, scan.count.generations, scan.stage, scan.text_truncated
    )


def _write(frames: Iterator[pl.DataFrame], file: OutputFile, stream: IO[bytes]) -> int:
    """Write all frames and return how many bytes the file has then."""
    WRITERS[file.suffix](frames, stream)
    stream.flush()
    return os.fstat(stream.fileno()).st_size


def _until(stop: threading.Event, frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    for frame in frames:
        if stop.is_set():
            raise KeyboardInterrupt
        yield frame
