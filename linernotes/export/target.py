"""Where an export goes: a file that appears when it is whole, or standard output."""

import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from linernotes.export import writers
from mappings.errors import InputError

STDOUT = Path("-")


@dataclass(frozen=True)
class Place:
    """A file that may be written, how its rows are written (a suffix of `writers.WRITERS`), and how they are packed."""

    out: Path
    kind: str
    packed: str = ""

    @property
    def is_stdout(self) -> bool:
        """Say whether it is standard output."""
        return self.out == STDOUT


def of(out: Path, *, overwrite: bool) -> Place:
    """Return the place that a person names; raises InputError for one that can't be written, before anything is done.

    >>> of(Path("tracks.ndjson.gz"), overwrite=True).packed
    '.gz'
    """
    if out == STDOUT:
        return Place(out, writers.NDJSON)
    packed = out.suffix.lower() if out.suffix.lower() in writers.PACKERS else ""
    kind = Path(out.stem).suffix.lower() if packed else out.suffix.lower()
    if kind not in writers.WRITERS or (packed and kind not in writers.PACKABLE):
        raise InputError(f"{out} is no kind of file that can be written.", f"End it in {', '.join(known())}.")
    if out.is_dir() or not out.parent.is_dir():
        raise InputError(f"{out} can't be written: its folder is missing, or it is one.", "Give the path of a file.")
    if out.exists() and not overwrite:
        raise InputError(f"{out} exists.", "Give another name, or --overwrite.")
    return Place(out, kind, packed)


def known() -> list[str]:
    """Return all suffixes that may be written."""
    return [*writers.WRITERS, *(kind + packed for kind in writers.PACKABLE for packed in writers.PACKERS)]


@contextmanager
def opened(place: Place) -> Iterator[IO[bytes]]:
    """Give a stream; what is written to it becomes the file when the block ends well, and nothing when it doesn't.

    Raises InputError, in one sentence, when the folder doesn't let us write or the disk is full.
    """
    try:
        if place.is_stdout:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        else:
            with _whole(place.out.resolve()) as stream:
                yield stream
    except BrokenPipeError as error:  # who read it has seen enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the interpreter complains when it ends
        raise KeyboardInterrupt from error
    except OSError as error:
        name = "Standard output" if place.is_stdout else place.out
        raise InputError(f"{name} can't be written: {error.strerror}.", "Give another place with --out.") from error


@contextmanager
def _whole(final: Path) -> Iterator[IO[bytes]]:
    part = final.with_name(f".{final.name[:100]}.{uuid.uuid4().hex[:8]}.part")
    try:
        with part.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(final)
        _sync_folder(final.parent)
    finally:
        part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
