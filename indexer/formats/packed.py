"""Packed files: told by how they begin, not by their names, and unpacked as far as they can be trusted.

A packed file that is *cut off* is right up to the cut: what it holds is read, and the cut itself is a rejected
record. One that is *damaged* (a wrong checksum, an impossible code) may be wrong anywhere before: none of it is read.
"""

import bz2
import gzip
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from indexer.formats.spool import BLOCK_BYTES, Write
from mappings.errors import InputError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SUFFIXES = (".gz", ".bz2", ".zst", ".zip")
"""Endings that a packed file's name may have after its own."""

CUT_MARK = b"\xff"
"""Ends the text of a file that is cut off. No UTF-8 text has this byte, so the record it is in can't be taken for a
whole one; and where the cut is between two records, it is one of its own."""

_ERRORS = (OSError, zipfile.BadZipFile, zlib.error, zstd.ZstdError, KeyError, NotImplementedError, RuntimeError)


class Stream(Protocol):
    """What unpacks: `read1` returns what is there, so that nothing of it is lost when the next read fails."""

    def read1(self, size: int, /) -> bytes:
        """Return some bytes; none at the end."""
        ...


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


class Unpacking:
    """Writes what a stream holds; `cut` says afterwards whether it ended too early."""

    def __init__(self, name: str, opened: Callable[[], AbstractContextManager[Any]]) -> None:
        """Keep how the stream is opened: that alone may fail."""
        self._name = name
        self._opened = opened
        self.cut = False

    def __call__(self, write: Write) -> None:
        """Write everything, and the mark where it is cut off; raises InputError when it is damaged."""
        try:
            with self._opened() as stream:
                self._copy(stream, write)
        except _ERRORS as error:
            raise InputError(f"{self._name} is damaged ({error}).", "Download it again.") from error

    def _copy(self, stream: Stream, write: Write) -> None:
        some = False
        try:
            while block := stream.read1(BLOCK_BYTES):
                write(block)
                some = True
        except EOFError as error:
            if not some:
                raise InputError(f"{self._name} is cut off before its first record.", "Download it again.") from error
            self.cut = True
            write(CUT_MARK)
