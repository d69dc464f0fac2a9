"""Frames that wait on disk, so that memory does not depend on the size of a release."""

import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson
import polars as pl

from indexer.documents.digest import ID, SCHEMA
from indexer.readers.compression import ROOM_HINT, temporary
from indexer.records import Rejection
from mappings.errors import InputError

PART_ROWS = 1_000_000
"""Rows of both sides that are joined at once: LAION's 12.3 million tracks come in 25 parts, each of which goes through
all rows. Four times as many rows take twice the memory, and are 15 % faster (README, "Updates")."""

_MARK = "linernotes-update-"
"""Begins a folder's name; a random part follows."""


OLD, NEW, WITHOUT_ID = "old", "new", "without-id"
"""Digests of the current generation, and of the new release; rows of the new release that have no id."""
UNCHANGED, SUSPECT, REMOVED, CHANGES = "unchanged", "suspect", "removed", "changes"
"""What a record is after joining them; `CHANGES` are added and changed tracks as they are sent."""
ORDINAL, BEFORE = "ordinal", "print_before"
"""Columns: the number of a chunk in the whole plan; the fingerprint in the current generation."""


@dataclass
class WorkDir:
    """Frames by name, in the order in which they were put, and rejected records."""

    folder: Path
    rows: dict[str, int] = field(default_factory=dict)
    _files: dict[str, list[Path]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def put(self, name: str, frame: pl.DataFrame) -> None:
        """Add a frame; may be called from any thread."""
        with self._lock:
            files = self._files.setdefault(name, [])
            self.rows[name] = self.rows.get(name, 0) + frame.height
            if frame.height:
                files.append(self.folder / f"{name}-{len(files):06}.arrow")
                try:
                    frame.write_ipc(files[-1])
                except OSError as error:
                    raise InputError(
                        f"The difference can't be written to {self.folder.parent}: {error}.", ROOM_HINT
                    ) from error

    def clear(self, name: str) -> None:
        """Remove all frames of a name."""
        for path in self._files.pop(name, []):
            path.unlink()
        self.rows.pop(name, None)

    def frames(self, name: str) -> Iterator[pl.DataFrame]:
        """Yield the frames, one after the other."""
        for path in self._files.get(name, []):
            yield pl.read_ipc(path)

    def where(self, name: str, condition: pl.Expr) -> pl.DataFrame | None:
        """Return the rows of all frames for which a condition holds, in order; None where there is no frame at all."""
        frames = [frame.filter(condition) for frame in self.frames(name)]
        return pl.concat(frames) if frames else None

    def parted(self, *names: str) -> int:
        """Return in how many parts names are to be read so that one part of each fits into memory."""
        return sum(self.rows.get(name, 0) for name in names) // PART_ROWS + 1

    def parts(self, name: str, count: int) -> Iterator[pl.DataFrame]:
        """Yield the rows of a name in so many parts; all rows of an id are in one part, in order."""
        for number in range(count):
            part = self.where(name, pl.col(ID) % count == number if count > 1 else pl.lit(value=True))
            yield pl.DataFrame(schema=SCHEMA) if part is None else part

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """Add rejected records."""
        self.rows["rejected"] = self.rows.get("rejected", 0) + len(rejections)
        with (self.folder / "rejected.ndjson").open("ab") as out:
            out.writelines(orjson.dumps(asdict(rejection)) + b"\n" for rejection in rejections)

    def rejections(self) -> Iterator[Rejection]:
        """Yield the rejected records."""
        path = self.folder / "rejected.ndjson"
        if path.exists():
            with path.open("rb") as lines:
                yield from (Rejection(**orjson.loads(line)) for line in lines)


@contextmanager
def work_dir() -> Iterator[WorkDir]:
    """Make a work directory, which is removed at the end; those of dead processes are removed first."""
    sweep()
    folder, lock = _made()
    try:
        yield WorkDir(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _made() -> tuple[Path, int]:
    """Return a new folder, and the lock on it, which the kernel lets go of when this process ends, however it ends."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_MARK, dir=temporary()))
        with suppress(FileNotFoundError):  # a sweep found it before it was locked
            lock = os.open(folder, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)


def sweep() -> None:
    """Remove the folders of updates that were killed; those of the living are locked, in other containers too."""
    for path in Path(temporary()).glob(f"{_MARK}*"):
        with suppress(OSError):  # another user's, another sweep's, or one that is at work
            lock = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
            finally:
                os.close(lock)
