"""What is handed from stage to stage: stretches of a source file, batches of tracks, rejected records.

source file --plan--> Stretch --read--> RawBatch --normalise--> Batch --encode, send--> acknowledged
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import polars as pl

from mappings.errors import CheckFailedError

SOURCE_ROW = "source_row"
"""Column that every raw batch carries: the record's row in its file, from 1, header rows not counted."""

RECORD_CHARACTERS = 4_000
"""So much of a rejected record is kept: enough to see what is wrong with it, and where it is in its file."""

LYRICS_KEYS = "lyrics|genius_annotation|qna"
"""Keys whose values are never stored, as a pattern."""

_LYRICS = re.compile(rf'("(?:{LYRICS_KEYS})"\s*:\s*")(?:[^"\\]|\\.)*', re.DOTALL)


@dataclass(frozen=True)
class SourceFile:
    """A file as published: where it is, and the name under which evidence cites it.

    `member` is the name inside a zip archive, else empty. `sha256` is of the file's own bytes (the archive's).
    `held` keeps what `path` leads to alive, where that is a temporary copy of standard input.
    """

    path: Path
    name: str
    member: str = ""
    sha256: str = ""
    held: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Stretch:
    """A piece of one source file that can be read alone, by any process that has the same file.

    `offset` and `length` are the format's own unit: bytes of the uncompressed text, or rows in Parquet.
    """

    number: int
    offset: int
    length: int
    first_row: int
    rows: int


@dataclass(frozen=True)
class Rejection:
    """A record that could not become a track, with the reason, and where it is."""

    file: str
    row: int
    kind: str
    reason: str
    record: str
    source_id: str = ""


def rejection(file: str, row: int, kind: str, reason: str, record: str | bytes, source_id: str = "") -> Rejection:
    """Return a Rejection that keeps the record's beginning, without lyrics."""
    text = record if isinstance(record, str) else record.decode("utf-8", "replace")
    text = _LYRICS.sub(r"\1…", text.replace("\0", "\N{SYMBOL FOR NULL}"))
    kept = text if len(text) <= RECORD_CHARACTERS else text[:RECORD_CHARACTERS] + "…"
    return Rejection(file, row, kind, reason, kept, source_id)


@dataclass(frozen=True)
class RawBatch:
    """A stretch as read: raw columns as published and `source_row`; records that could not be read."""

    frame: pl.DataFrame
    rejections: tuple[Rejection, ...] = ()
    skipped: int = 0


@dataclass(frozen=True)
class Batch:
    """Canonical tracks of one stretch, and what became of the other records: the sum is what was read.

    `tracks` has the columns of `mappings.fields.SCHEMA` without the search-only ones, the fingerprint and
    the file's name, which the pipeline adds.
    """

    tracks: pl.DataFrame
    read: int
    duplicates: int = 0
    skipped: int = 0
    rejections: tuple[Rejection, ...] = ()
    changed: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a batch that loses a record: every count starts here."""
        known = self.tracks.height + self.duplicates + self.skipped + len(self.rejections)
        if known != self.read:
            raise CheckFailedError(
                f"{self.read:,} records were read, but {known:,} are accounted for.",
                "Please report this, with the file.",
            )


class Reader(Protocol):
    """Reads one source file: first what stretches it has, then any of them, in any order.

    A file that can't be read at all is an `InputError`; a damaged record is a `Rejection`.
    """

    def stretches(self) -> list[Stretch]:
        """Return all stretches in the file's order; the same file gives the same stretches, always."""
        ...

    def read(self, stretch: Stretch) -> RawBatch:
        """Return the records of one stretch."""
        ...


class Source(Protocol):
    """One data set's published format: what its files are, and what a raw batch means."""

    @property
    def dataset(self) -> str:
        """Return the id of the data set."""
        ...

    def files(self, paths: list[Path]) -> list[SourceFile]:
        """Return the source files that the user's paths stand for, in the order that decides "first wins".

        Raises InputError for a path that is missing, or that holds nothing of this data set.
        """
        ...

    def reader(self, file: SourceFile) -> Reader:
        """Return a reader of one file; raises InputError when its columns are another data set's."""
        ...

    def normalise(self, raw: RawBatch, file: SourceFile) -> Batch:
        """Return the canonical tracks of a raw batch."""
        ...
