"""Types that stages pass on: chunks of a source file, batches of raw records and tracks, rejected records, counts.

source file --plan--> Chunk --read--> RawBatch --normalise--> TrackBatch --encode, send--> acknowledged
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from mappings.cards import Card
from mappings.errors import CheckFailedError
from mappings.private import LYRICS_KEYS, without_addresses

SOURCE_ROW = "source_row"
"""Column that every raw batch carries: the record's row in its file, from 1, header rows not counted."""

RECORD_CHARACTERS = 4_000
"""So much of a rejected record is stored: enough to see what is wrong with it, and where it is in its file."""

_LYRICS = re.compile(rf'("(?:{LYRICS_KEYS})"\s*:\s*")(?:[^"\\]|\\.)*', re.DOTALL)


@dataclass(frozen=True)
class SourceFile:
    """A file as published: where it is, and the name under which evidence cites it.

    `member` is the name inside a zip archive, else empty. `sha256` is of the file's own bytes (the archive's).
    `copy` keeps what `path` leads to alive, where that is a temporary copy of standard input.
    """

    path: Path
    name: str
    member: str = ""
    sha256: str = ""
    copy: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Chunk:
    """A byte or row range of a source file that can be read alone, by any process that has the same file.

    `offset` and `length` are the format's own unit: bytes of the uncompressed text, or rows in Parquet.
    """

    number: int
    offset: int
    length: int
    first_row: int
    rows: int


@dataclass(frozen=True)
class ChunkId:
    """A chunk: the number of its file in the plan, and its own number in that file."""

    file: int
    number: int


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
    """Return a Rejection that keeps the record's beginning, without lyrics and e-mail addresses."""
    text = record if isinstance(record, str) else record.decode("utf-8", "replace")
    text = _LYRICS.sub(r"\1…", text.replace("\0", "\N{SYMBOL FOR NULL}"))
    beginning = text if len(text) <= RECORD_CHARACTERS else text[:RECORD_CHARACTERS] + "…"
    return Rejection(file, row, kind, reason, without_addresses(beginning), source_id)


@dataclass(frozen=True)
class RawBatch:
    """A chunk as read: raw columns as published and `source_row`; records that could not be read."""

    frame: pl.DataFrame
    rejections: tuple[Rejection, ...] = ()
    skipped: int = 0


@dataclass(frozen=True)
class TrackBatch:
    """Canonical tracks of one chunk, and what became of the other records: the sum is what was read.

    `tracks` has the columns of `mappings.schema.SCHEMA` without the search-only ones, the fingerprint and
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
        accounted = self.tracks.height + self.duplicates + self.skipped + len(self.rejections)
        if accounted != self.read:
            raise CheckFailedError(
                f"{self.read:,} records were read, but {accounted:,} are accounted for.",
                "Please report this, with the file.",
            )

    @property
    def totals(self) -> "Totals":
        """Return the counts that are known before anything is sent."""
        return Totals(read=self.read, duplicates=self.duplicates, skipped=self.skipped, rejected=len(self.rejections))


class Reader(Protocol):
    """Reads one source file: first what chunks it has, then any of them, in any order.

    A file that can't be read at all is an `InputError`; a damaged record is a `Rejection`.
    """

    def seen_columns(self) -> Collection[str]:
        """Return the columns that the file has, by which its data set is recognised."""
        ...

    def head(self, rows: int) -> RawBatch:
        """Return some of the first records, to see what they are like."""
        ...

    def chunks(self) -> list[Chunk]:
        """Return all chunks in the file's order; the same file gives the same chunks, always."""
        ...

    def read(self, chunk: Chunk) -> RawBatch:
        """Return the records of one chunk."""
        ...


class Source(Protocol):
    """One data set's published format: what its files are, and what a raw batch means."""

    @property
    def card(self) -> Card:
        """Return what is known of the data set."""
        ...

    @property
    def dataset(self) -> str:
        """Return the id of the data set."""
        ...

    @property
    def definition(self) -> str:
        """Return what changes with the declaration that says what columns mean; "" where the program says it."""
        ...

    def files(self, paths: list[Path]) -> list[SourceFile]:
        """Return the source files that the user's paths stand for, in the order that decides "first wins".

        Raises InputError for a path that is missing, or that holds nothing of this data set.
        """
        ...

    def reader(self, file: SourceFile) -> Reader:
        """Return a reader of one file; raises InputError when its columns are another data set's."""
        ...

    @property
    def row_independent(self) -> bool:
        """Tell whether each track is made of one row alone, without merging rows or reading other files."""
        ...

    def ids(self, raw: pl.DataFrame) -> pl.Series:
        """Return the id of each raw row, null where `normalise` will reject the row."""
        ...

    def normalise(self, raw: RawBatch, file: SourceFile) -> TrackBatch:
        """Return the canonical tracks of a raw batch."""
        ...


@dataclass(frozen=True)
class Totals:
    """Counts of records.

    While a load runs, `indexed` are all records that were accepted, also where several have one id; `distinct` tells
    them apart at its end.
    """

    read: int = 0
    indexed: int = 0
    duplicates: int = 0
    skipped: int = 0
    rejected: int = 0

    @classmethod
    def read_from(cls, stored: Mapping[str, Any]) -> "Totals":
        """Return the counts among stored values; what is not there is 0."""
        return cls(**{entry.name: int(stored.get(entry.name, 0)) for entry in fields(cls)})

    def __add__(self, other: "Totals") -> "Totals":
        """Return the sums, count by count."""
        return Totals(**{entry.name: getattr(self, entry.name) + getattr(other, entry.name) for entry in fields(self)})

    @property
    def missing(self) -> int:
        """Return how many records are not accounted for; anything but 0 is a failed load."""
        return self.read - self.indexed - self.duplicates - self.skipped - self.rejected

    def distinct(self, ids: int) -> "Totals":
        """Return the totals of accepted records that have so many distinct ids: all others are duplicates."""
        return replace(self, indexed=ids, duplicates=self.duplicates + self.indexed - ids)

    def differences(self, documents: int, stored: int, planned: int | None = None) -> list[str]:
        """Return each sum that does not hold, as a part of a sentence; none for a load that adds up.

        `documents` are in the index, `stored` rejected records in theirs, `planned` records in the source files.
        """
        sums = (
            ("records planned and read", self.read if planned is None else planned, self.read),
            ("records read and accounted for", self.read, self.read - self.missing),
            ("records indexed and documents in the index", self.indexed, documents),
            ("records rejected and kept", self.rejected, stored),
        )
        return [f"{name} differ, {left:,} and {right:,}" for name, left, right in sums if left != right]


def by_rule(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return how many values each rule changed or dropped, over all chunks, in the rules' order.

    >>> by_rule([{"year: implausible": 2}, {}, {"plays: unreadable": 1, "year: implausible": 1}])
    {'plays: unreadable': 1, 'year: implausible': 3}
    """
    summed: Counter[str] = Counter()
    for entry in counts:
        summed.update(entry)
    return dict(sorted(summed.items()))
