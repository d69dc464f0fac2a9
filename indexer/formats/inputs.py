"""Where text comes from: a plain file, or a member of a zip archive, read at any offset.

A later kind of input (.gz, .zst, standard input) only has to become a `Text`: something with a size that can be
read at an offset. What can't seek is unpacked once to a temporary file, as archive members are: a second pass
over a bzip2 member costs as much as the first, and a stretch in its middle can't be reached at all.
"""

import os
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from indexer.records import SourceFile
from mappings.problems import InputProblem

_UNPACK_BYTES = 1 << 20


class Text:
    """A file's bytes, readable at any offset, by several threads at once."""

    def __init__(self, stream: BinaryIO) -> None:
        """Keep the stream open: its descriptor is what every read uses."""
        self._stream = stream
        self.size = os.fstat(stream.fileno()).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset` on; fewer only at the end of the file."""
        parts: list[bytes] = []
        while length > 0 and (part := os.pread(self._stream.fileno(), length, offset)):
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Close the file; a temporary one is gone then."""
        self._stream.close()


def open_text(file: SourceFile) -> Text:
    """Open a source file, or the member of its archive; raises InputProblem for one that can't be read or is empty."""
    text = Text(_unpacked(file) if file.member else _opened(file.path))
    if not text.size:
        raise InputProblem(f"{file.name} is empty.", "Download it again.")
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


def _opened(path: Path) -> BinaryIO:
    check_path(path)
    if path.is_dir():
        raise InputProblem(f"{path} is a folder, not a file.")
    try:
        return path.open("rb")
    except OSError as error:
        raise InputProblem(f"{path} can't be read: {error.strerror}.") from error


def _unpacked(file: SourceFile) -> BinaryIO:
    spool = tempfile.TemporaryFile(prefix="linernotes-")  # noqa: SIM115 the Text that gets it closes it
    try:
        with open_archive(file.path) as archive, archive.open(file.member) as member:
            shutil.copyfileobj(member, spool, _UNPACK_BYTES)
    except (KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        spool.close()
        raise InputProblem(f"{file.name} can't be unpacked ({error}).", "Download the archive again.") from error
    spool.flush()
    return spool
