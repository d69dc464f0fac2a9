"""Where bytes come from: a plain file, a packed one, or a member of a zip archive, read at any offset.

What can't be entered in its middle is unpacked once, to a temporary file: a second pass over bzip2 costs as much as
the first, and a stretch in its middle can't be reached at all. A load has one reader for each file, so unpacks it once.
"""

import os
import stat
import zipfile
from pathlib import Path

from indexer.formats.packed import PACKINGS, Unpacking, packing
from indexer.formats.spool import Held, spooled
from indexer.records import SourceFile, Stretch
from mappings.errors import InputError

_NO_TEXT = (
    (b"PAR1", "a Parquet file", "Check that this is the right file."),
    (b"PK\x03\x04", "a zip archive", "Unpack it first."),
    *((magic, f"packed with {name} twice", "Unpack it first.") for magic, (name, _) in PACKINGS.items()),
    (b"\xfd7zXZ", "packed with xz", "Unpack it first."),
    (b"\xff\xfe", "text in UTF-16", "Save it as UTF-8."),
    (b"\xfe\xff", "text in UTF-16", "Save it as UTF-8."),
)
"""How what was unpacked begins when it isn't text in UTF-8, what it is instead, and what to do."""

_HEAD_BYTES = 8


class Text:
    """A file's bytes, readable at any offset, by several threads at once. Closed when nobody uses it any more.

    `path` is where others can open the same bytes. `cut` tells that the packed file ended too early; the bytes end
    with `CUT_MARK` then.
    """

    def __init__(self, name: str, held: Held, path: Path | None = None, *, cut: bool = False) -> None:
        """Read through what is held; `path` is the file's own, if it has one."""
        self.name = name
        self._held = held
        self.path = path or held.path
        self.cut = cut
        self.size = os.fstat(held.descriptor).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset` on; fewer only at the end of the file."""
        parts: list[bytes] = []
        while length > 0 and (part := os.pread(self._held.descriptor, length, offset)):
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def is_cut_in(self, stretch: Stretch) -> bool:
        """Tell whether a stretch ends with the mark of a cut."""
        return self.cut and stretch.offset + stretch.length == self.size


def open_text(file: SourceFile) -> Text:
    """Open a source file's text; raises InputError for one that is empty, or no text."""
    text = open_bytes(file)
    if not text.size:
        raise InputError(f"{file.name} is empty.", "Download it again.")
    head = text.read_at(0, _HEAD_BYTES)
    for beginning, what, hint in _NO_TEXT:
        if head.startswith(beginning):
            raise InputError(f"{file.name} is {what}.", hint)
    return text


def open_bytes(file: SourceFile) -> Text:
    """Open a source file, unpacked; raises InputError when it can't be read or is damaged."""
    if file.member:
        return _member(file)
    plain = Text(file.name, _opened(file.path, file.name), file.path)
    unpack = packing(plain.read_at(0, _HEAD_BYTES))
    if unpack is None:
        return plain
    unpacking = Unpacking(file.name, lambda: unpack(file.path))
    return _unpacked(file, plain.size, unpacking)


def check_path(path: Path) -> None:
    """Raise InputError, with what to do, for a path that is missing or may not be read."""
    try:
        folder = stat.S_ISDIR(path.stat().st_mode)
        readable = os.access(path, os.R_OK | (os.X_OK if folder else 0), effective_ids=True)
    except PermissionError:  # a folder above it
        readable = False
    except (OSError, ValueError) as error:
        raise InputError(f"{path} does not exist.", "Check the path.") from error
    if not readable:
        raise InputError(f"{path} may not be read by this user.", "Change its permissions, or run as its owner.")


def open_archive(path: Path, name: str = "") -> zipfile.ZipFile:
    """Return a zip archive; raises InputError, in the archive's name, when it is damaged or cut off."""
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(f"{name or path} is no whole zip archive ({error}).", "Download it again.") from error


def _member(file: SourceFile) -> Text:
    with open_archive(file.path, file.name) as archive:
        size = archive.getinfo(file.member).file_size
        return _unpacked(file, size, Unpacking(file.name, lambda: archive.open(file.member)))


def _unpacked(file: SourceFile, size: int, unpacking: Unpacking) -> Text:
    held = spooled(file.name, size, unpacking)
    return Text(file.name, held, cut=unpacking.cut)


def _opened(path: Path, name: str) -> Held:
    check_path(path)
    if path.is_dir():
        raise InputError(f"{name} is a folder, not a file.", "Name the file in it.")
    try:
        return Held(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        raise InputError(f"{name} can't be read: {error.strerror}.", "Check the disk it is on.") from error
