"""Temporary copies of what can't seek: unpacked once, read at any offset, gone when nobody holds them.

They have no name (`O_TMPFILE`), so nothing is left of them, even after SIGKILL. They may have gigabytes, so they
go where large ones belong, `/var/tmp`, as `/tmp` is memory on many machines; `TMPDIR` says otherwise.
"""

import os
import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

from mappings.errors import InputError

BLOCK_BYTES = 1 << 20
STDIN = Path("-")

ROOM_HINT = "Free some, or set TMPDIR to a folder on a larger disk."

Write = Callable[[bytes], None]


class Held:
    """An open file descriptor that is closed when nobody holds it any more; its path works as long as it is held."""

    def __init__(self, descriptor: int) -> None:
        """Take over an open file descriptor."""
        self.descriptor = descriptor
        self.path = Path(f"/proc/self/fd/{descriptor}")
        weakref.finalize(self, os.close, descriptor)


def spooled(name: str, size: int, fill: Callable[[Write], None]) -> Held:
    """Return a temporary file that `fill` wrote; raises InputError when `size` bytes, or what comes, don't fit."""
    folder = temporary()
    if (free := shutil.disk_usage(folder).free) < size:
        raise InputError(f"{name} needs {_mb(size)} in {folder}, which has {_mb(free)} left.", ROOM_HINT)
    with _temporary(name, folder) as file:
        fill(partial(_write, file.fileno(), name, folder))
        return Held(os.dup(file.fileno()))


def copied(path: Path, name: str) -> Held:
    """Return a copy of standard input (`-`) or of a pipe."""
    if path != STDIN:
        with path.open("rb", buffering=0) as stream:
            return spooled(name, 0, partial(_copy, stream, name))
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("Standard input is a terminal.", "Pipe a file into it: zcat FILE | linernotes load ... -")
    with os.fdopen(os.dup(0), "rb", buffering=0) as stream:
        return spooled(name, 0, partial(_copy, stream, name))


def _copy(stream: IO[bytes], name: str, write: Write) -> None:
    try:
        while block := stream.read(BLOCK_BYTES):
            write(block)
    except OSError as error:
        raise InputError(f"{name} can't be read: {error.strerror}.", "Give a file instead.") from error


def _write(descriptor: int, name: str, folder: str, block: bytes) -> None:
    left = memoryview(block)
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError as error:
        raise _no_room(name, folder, error) from error


def _temporary(name: str, folder: str) -> IO[bytes]:
    try:
        return tempfile.TemporaryFile(prefix="linernotes-", dir=folder, buffering=0)
    except OSError as error:
        raise _no_room(name, folder, error) from error


def _no_room(name: str, folder: str, error: OSError) -> InputError:
    return InputError(f"{name} can't be unpacked into {folder}: {error.strerror}.", ROOM_HINT)


def temporary() -> str:
    """Return the folder in which large temporary files belong."""
    large = "/var/tmp"  # noqa: S108 - the file there has no name that anybody could guess
    return large if "TMPDIR" not in os.environ and os.access(large, os.W_OK) else tempfile.gettempdir()


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
