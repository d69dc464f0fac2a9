"""What can't be read at any offset is copied first: packed files, members of archives, pipes, standard input.

A packed file is recognised by how it begins, not by its name. One that is damaged, or ends in the middle, may be wrong
anywhere before: none of it is read.

Copies have no name (`O_TMPFILE`), so nothing is left of them, even after SIGKILL. They may have gigabytes, so they
go where large ones belong, `/var/tmp`, as `/tmp` is memory on many machines; `TMPDIR` says otherwise.
"""

import bz2
import errno
import gzip
import os
import resource
import shutil
import sys
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from io import FileIO
from pathlib import Path
from typing import IO, Any

from mappings.errors import InputError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STDIN = Path("-")

SUFFIXES = (".gz", ".bz2", ".zst", ".zip")
"""Endings that a packed file's name may have after its own."""

ROOM_HINT = "Free some, or set TMPDIR to a folder on a larger disk."

_BLOCK_BYTES = 1 << 20
_ERRORS = (OSError, zipfile.BadZipFile, zlib.error, zstd.ZstdError, KeyError, NotImplementedError, RuntimeError)

Open = Callable[[Any], AbstractContextManager[Any]]

PACKINGS: Mapping[bytes, tuple[str, Open]] = {
    b"\x1f\x8b": ("gzip", gzip.open),
    b"BZh": ("bzip2", bz2.open),
    b"\x28\xb5\x2f\xfd": ("zstd", zstd.open),
}
"""How a packed file begins, what it is packed with, and what opens it."""

_ZIP = b"PK\x03\x04"


def packing(beginning: bytes) -> Open | None:
    """Return what opens a packed file that begins so; None for one that isn't packed."""
    return next((opened for magic, (_, opened) in PACKINGS.items() if beginning.startswith(magic)), None)


def is_archive(path: Path) -> bool:
    """Tell whether a file is a zip archive: by its beginning, or, as a cut-off one may have lost that, by its name."""
    if path.suffix.lower() == ".zip":
        return True
    try:
        with path.open("rb") as stream:
            return stream.read(len(_ZIP)) == _ZIP
    except OSError:
        return False  # the reader says why it can't be read


class TemporaryCopy:
    """A temporary file that is closed with the last reference to this; its path works as long as it is open."""

    def __init__(self, file: IO[bytes]) -> None:
        """Take over an open file."""
        self.path = Path(f"/proc/self/fd/{file.fileno()}")
        weakref.finalize(self, file.close)


def unpacked(name: str, size: int, opened: Callable[[], AbstractContextManager[Any]]) -> TemporaryCopy:
    """Return a copy of what a packed stream holds, which is `size` bytes or more.

    Raises InputError when it is damaged, ends in the middle, or doesn't fit on the disk.
    """
    return _written(name, size, _unpacking(name, opened))


class RecodeError(InputError):
    """A text isn't in the encoding that it is said to be in."""


def recoded(name: str, path: Path, encoding: str) -> TemporaryCopy:
    """Return a copy of a text in UTF-8; raises RecodeError where it isn't in the encoding that it is said to be in."""
    return _written(name, 0, _recoding(name, path, encoding))


def _recoding(name: str, path: Path, encoding: str) -> Iterator[bytes]:
    try:
        with path.open(encoding=encoding, newline="") as stream:
            while text := stream.read(_BLOCK_BYTES):
                yield text.encode()
    except UnicodeError as error:
        raise RecodeError(f"{name} is not in {encoding}.", "Check its encoding.") from error
    except OSError as error:
        raise InputError(f"{name} can't be read: {error.strerror}.", "Check the disk it is on.") from error


def copied(path: Path, name: str) -> TemporaryCopy:
    """Return a copy of standard input (`-`) or of a pipe."""
    if path != STDIN:
        with path.open("rb", buffering=0) as stream:
            return _written(name, 0, _reading(name, stream))
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("Standard input is a terminal.", "Pipe a file into it: zcat FILE | linernotes load ... -")
    with os.fdopen(os.dup(0), "rb", buffering=0) as stream:
        return _written(name, 0, _reading(name, stream))


def temporary() -> str:
    """Return the folder in which large temporary files belong."""
    large = "/var/tmp"  # noqa: S108 - the file there has no name that anybody could guess
    return large if "TMPDIR" not in os.environ and os.access(large, os.W_OK) else tempfile.gettempdir()


def _unpacking(name: str, opened: Callable[[], AbstractContextManager[Any]]) -> Iterator[bytes]:
    try:
        with opened() as stream:
            while block := stream.read(_BLOCK_BYTES):
                yield block
    except EOFError as error:
        raise InputError(f"{name} ends in the middle.", "Download it again.") from error
    except _ERRORS as error:
        raise InputError(f"{name} is damaged ({error}).", "Download it again.") from error


def _reading(name: str, stream: IO[bytes]) -> Iterator[bytes]:
    try:
        while block := stream.read(_BLOCK_BYTES):
            yield block
    except OSError as error:
        raise InputError(f"{name} can't be read: {error.strerror}.", "Give a file instead.") from error


def _written(name: str, size: int, blocks: Iterable[bytes]) -> TemporaryCopy:
    folder = temporary()
    if (free := shutil.disk_usage(folder).free) < size:
        raise InputError(f"{name} needs {_mb(size)} in {folder}, which has {_mb(free)} left.", ROOM_HINT)
    file = _temporary(name, folder)
    copy = TemporaryCopy(file)
    for block in blocks:
        left = memoryview(block)
        try:
            while left:
                left = left[file.write(left) :]
        except OSError as error:
            raise _no_room(name, folder, error) from error
    return copy


def _temporary(name: str, folder: str) -> FileIO:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a load may have thousands of copies, all open
    try:
        return tempfile.TemporaryFile(prefix="linernotes-", dir=folder, buffering=0)
    except OSError as error:
        raise _no_room(name, folder, error) from error


def _no_room(name: str, folder: str, error: OSError) -> InputError:
    hint = "Unpack some, or raise the limit of open files." if error.errno == errno.EMFILE else ROOM_HINT
    return InputError(f"{name} can't be unpacked into {folder}: {error.strerror}.", hint)


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
