"""Where bytes come from: a plain file, a packed one, or a member of a zip archive, read at any offset.

What can't be entered in its middle is unpacked once, to a temporary file: a second pass over bzip2 costs as much as
the first, and a chunk in its middle can't be reached at all. A load has one reader for each file, so unpacks it once.
"""

import codecs
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from indexer.readers.compression import PACKINGS, TemporaryCopy, packing, recoded, unpacked
from indexer.records import Chunk, SourceFile
from mappings.errors import InputError

CHUNK_BYTES = 16 << 20
"""Bytes of text in a chunk. Smaller ones cost more CPU, as each has some before its first row; larger ones memory."""

UNENDED_BYTES = 256 << 20
"""Text that goes on for so long without the end of a record isn't of this format; a limit keeps memory flat."""

Cut = Callable[[bytes, bool], tuple[int, int]]
"""Takes bytes that begin with a record, and whether they are the last of the file. Returns how many of them are whole
records (0: none yet, more is needed), and how many records these are."""

_BOM = b"\xef\xbb\xbf"
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

UTF_8 = "utf-8"
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_WESTERN = "cp1252"
_SAMPLE_BYTES = 1 << 20


class Text:
    """A file's bytes, readable at any offset, by several threads at once; it is open only while it is read.

    `path` is where others can open the same bytes: the file, or the temporary copy, which is there as long as this is.
    """

    def __init__(self, name: str, path: Path, copy: TemporaryCopy | None = None) -> None:
        """Look how large the file is; raises InputError when it can't be read."""
        self.name = name
        self.path = path
        self._copy = copy
        try:
            state = path.stat()
        except OSError as error:
            raise _unreadable(name, error) from error
        self.size, self._changed = state.st_size, state.st_mtime_ns

    @property
    def start(self) -> int:
        """Return where the text begins, after a byte order mark."""
        return len(_BOM) if self.read_at(0, len(_BOM)) == _BOM else 0

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset` on; fewer only at the end of the file."""
        try:
            with self.path.open("rb") as stream:
                state = os.fstat(stream.fileno())
                if (state.st_size, state.st_mtime_ns) != (self.size, self._changed):
                    raise InputError(f"{self.name} was changed while it was read.", "Start again.")
                stream.seek(offset)
                return stream.read(length)
        except OSError as error:
            raise _unreadable(self.name, error) from error

    def chunks(self, start: int, cut: Cut, block: int = CHUNK_BYTES) -> Iterator[Chunk]:
        """Yield the chunks from byte `start` on: whole records, about `block` bytes each, rows counted from 1."""
        number, first_row, offset, buffer = 0, 1, start, b""
        while offset < self.size:
            buffer += self.read_at(offset + len(buffer), block)
            end, rows = cut(buffer, offset + len(buffer) >= self.size)
            if end:
                yield Chunk(number, offset, end, first_row, rows)
                number, first_row, offset, buffer = number + 1, first_row + rows, offset + end, buffer[end:]
            elif len(buffer) > max(UNENDED_BYTES, block):
                size = f"{len(buffer) / 1e6:,.0f} MB"
                raise InputError(f"{self.name} has no end of a record in {size}.", "Check that this is the right file.")


def open_text(file: SourceFile, encoding: str = UTF_8, opened: Text | None = None) -> Text:
    """Open a source file's text, recoded if it isn't in UTF-8; raises InputError for one that is empty, or no text.

    `opened` are its bytes, where they are open already: a packed file is unpacked once.
    """
    text = opened or open_bytes(file)
    if not text.size:
        raise InputError(f"{file.name} is empty.", "Download it again.")
    if encoding != UTF_8:
        copy = recoded(file.name, text.path, encoding)
        text = Text(file.name, copy.path, copy)
    head = text.read_at(0, _HEAD_BYTES)
    for beginning, what, hint in _NO_TEXT:
        if head.startswith(beginning):
            raise InputError(f"{file.name} is {what}.", hint)
    return text


def guess_encoding(opened: Text) -> str:
    """Return the encoding that a file's first megabyte is in: UTF-8, UTF-16 with its mark, or else Windows-1252."""
    head = opened.read_at(0, _SAMPLE_BYTES)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    return UTF_8 if is_utf8(head) else _WESTERN


def is_utf8(beginning: bytes) -> bool:
    r"""Tell whether the beginning of a text is UTF-8: it has more accents that are than bytes that aren't.

    >>> is_utf8("é, ö, \N{EN DASH}".encode() + b"\\xff"), is_utf8("é, ö".encode("cp1252")), is_utf8("é".encode()[:1])
    (True, False, True)
    """
    text = codecs.getincrementaldecoder(UTF_8)(errors="replace").decode(beginning)
    broken = text.count("\N{REPLACEMENT CHARACTER}")
    return not broken or sum(letter > "\x7f" for letter in text) > 2 * broken


def open_bytes(file: SourceFile) -> Text:
    """Open a source file, unpacked; raises InputError when it can't be read, is damaged or ends in the middle."""
    if file.member:
        with open_archive(file.path, file.name) as archive:
            size = archive.getinfo(file.member).file_size
            copy = unpacked(file.name, size, lambda: archive.open(file.member))
            return Text(file.name, copy.path, copy)
    check_path(file.path)
    if file.path.is_dir():
        raise InputError(f"{file.name} is a folder, not a file.", "Name the file in it.")
    plain = Text(file.name, file.path)
    opened = packing(plain.read_at(0, _HEAD_BYTES))
    if opened is None:
        return plain
    copy = unpacked(file.name, plain.size, lambda: opened(file.path))
    return Text(file.name, copy.path, copy)


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


def _unreadable(name: str, error: OSError) -> InputError:
    return InputError(f"{name} can't be read: {error.strerror}.", "Check the disk it is on.")
