"""Where text comes from: a plain file, or a member of a zip archive, read at any offset.

A later kind of input (.gz, .zst, standard input) only has to become a `Text`: something with a size that can be
read at an offset. What can't seek is unpacked once to a temporary file, as archive members are: a second pass
over a bzip2 member costs as much as the first, and a stretch in its middle can't be reached at all.
"""

import os
import shutil
import tempfile
import weakref
import zipfile
import zlib
from pathlib import Path

from indexer.records import SourceFile
from mappings.problems import InputProblem

_UNPACK_BYTES = 1 << 20

_NO_TEXT = (
    (b"PAR1", "a Parquet file", "Check that this is the right file."),
    (b"PK\x03\x04", "a zip archive", "Unpack it first."),
    (b"\x1f\x8b", "packed with gzip", "Unpack it first."),
    (b"BZh", "packed with bzip2", "Unpack it first."),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "Unpack it first."),
    (b"\xfd7zXZ", "packed with xz", "Unpack it first."),
    (b"\xff\xfe", "text in UTF-16", "Save it as UTF-8."),
    (b"\xfe\xff", "text in UTF-16", "Save it as UTF-8."),
)
"""How a file begins that isn't text in UTF-8, what it is instead, and what to do."""

_UNPACK_ERRORS = (KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)


class Text:
    """A file's bytes, readable at any offset, by several threads at once. Closed when nobody uses it any more."""

    def __init__(self, descriptor: int) -> None:
        """Take over an open file descriptor."""
        self._descriptor = descriptor
        self.close = weakref.finalize(self, os.close, descriptor)
        self.size = os.fstat(descriptor).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset` on; fewer only at the end of the file."""
        parts: list[bytes] = []
        while length > 0 and (part := os.pread(self._descriptor, length, offset)):
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def open_text(file: SourceFile) -> Text:
    """Open a source file, or the member of its archive; raises InputProblem for one that is empty, or no text."""
    text = Text(_unpacked(file) if file.member else _opened(file.path))
    if not text.size:
        raise InputProblem(f"{file.name} is empty.", "Download it again.")
    head = text.read_at(0, 8)
    for beginning, what, hint in _NO_TEXT:
        if head.startswith(beginning):
            raise InputProblem(f"{file.name} is {what}.", hint)
    return text


def check_path(path: Path) -> None:
    """Raise InputProblem, with what to do, for a path that is missing or may not be read."""
    if not path.exists():
        raise InputProblem(f"{path} does not exist.", "Check the path.")
    if not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
        raise InputProblem(f"{path} may not be read by this user.", "Change its permissions, or run as its owner.")


def open_archive(path: Path) -> zipfile.ZipFile:
    """Open a zip archive; raises InputProblem when it is none, or was cut off."""
    check_path(path)
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise InputProblem(f"{path} is no whole zip archive ({error}).", "Download it again.") from error


def _opened(path: Path) -> int:
    check_path(path)
    if path.is_dir():
        raise InputProblem(f"{path} is a folder, not a file.", "Name the file in it.")
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise InputProblem(f"{path} can't be read: {error.strerror}.", "Check the disk it is on.") from error


def _unpacked(file: SourceFile) -> int:
    try:
        with (
            tempfile.TemporaryFile(prefix="linernotes-") as spool,
            open_archive(file.path) as archive,
            archive.open(file.member) as member,
        ):
            shutil.copyfileobj(member, spool, _UNPACK_BYTES)
            spool.flush()
            return os.dup(spool.fileno())
    except _UNPACK_ERRORS as error:
        raise InputProblem(f"{file.name} can't be unpacked ({error}).", "Download the archive again.") from error
