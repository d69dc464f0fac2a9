"""What a file is written in: found out by reading it once, in pieces, while its hash is made."""

import codecs
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from mappings.errors import InputError

UTF8, WINDOWS = "utf-8-sig", "cp1252"
"""The first reads UTF-8 with and without a byte order mark."""

_PIECE = 1 << 20
_MARKS = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_BROKEN = re.compile("[\udc80-\udcff\ufffd]")
_UTF32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_FOREIGN = {b"PK\x03\x04": "a spreadsheet or zip file", b"%PDF": "a PDF", b"\x1f\x8b": "a gzip file"}
_CSV_HINT = "Save it as CSV (UTF-8) and check that."


@dataclass(frozen=True)
class Written:
    """The encoding of a file, and the hash of the whole file."""

    encoding: str
    sha256: str

    @property
    def errors(self) -> str:
        """Return how to read what isn't of the encoding, so that the rows that hold it can be told."""
        return "surrogateescape" if self.encoding == UTF8 else "replace"


def broken(text: str) -> bool:
    """Say whether a text holds what was no text in the file."""
    return not text.isascii() and bool(_BROKEN.search(text))


def of(path: Path, name: str) -> Written:
    """Return how a file is written: UTF-8 or UTF-16, with or without a mark, else Windows-1252.

    A file of UTF-8 with a few bytes that aren't stays UTF-8: read as Windows-1252, all its other accents would be
    lost. Raises InputError for what is no text.
    """
    with path.open("rb") as stream:
        start = stream.read(4096)
        if not start.strip(b"\xef\xbb\xbf\xff\xfe\x00\r\n\t "):
            raise InputError(f"{name} is empty.", "It needs a header with artist and title, and a row for each song.")
        encoding = _marked(start, name)
        stream.seek(0)
        digest, seen = hashlib.sha256(), _Seen(encoding or UTF8)
        while piece := stream.read(_PIECE):
            digest.update(piece)
            seen.add(piece)
        seen.add(b"", final=True)
    if seen.nul:
        raise InputError(f"{name} is no text: it holds NUL bytes.", _CSV_HINT)
    guessed = WINDOWS if seen.broken > seen.accents else UTF8
    return Written(encoding or guessed, digest.hexdigest())


def _marked(start: bytes, name: str) -> str | None:
    """Return the encoding that the first bytes tell, None if they don't."""
    for magic, kind in _FOREIGN.items():
        if start.startswith(magic):
            raise InputError(f"{name} is no CSV but {kind}.", _CSV_HINT)
    if start.startswith(_UTF32):
        raise InputError(f"{name} is written in UTF-32.", _CSV_HINT)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    even, odd = start[::2].count(0), start[1::2].count(0)
    if even + odd > len(start) // 5:
        # A header is mostly ASCII: in UTF-16 nearly every second byte of it is NUL.
        return "utf-16-le" if not even else "utf-16-be" if not odd else None
    return None


class _Seen:
    """What has been seen of a text: NULs, characters that aren't ASCII, bytes that are none."""

    def __init__(self, encoding: str) -> None:
        self.decoder = codecs.getincrementaldecoder(encoding)(errors=Written(encoding, "").errors)
        self.nul, self.accents, self.broken = False, 0, 0

    def add(self, piece: bytes, *, final: bool = False) -> None:
        text = self.decoder.decode(piece, final)
        self.nul |= "\x00" in text
        if not text.isascii():
            broken = len(_BROKEN.findall(text))
            self.broken += broken
            self.accents += len(text) - len(text.encode("ascii", "ignore")) - broken
